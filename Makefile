# Two commands are enough: `make demo` and `make test`. Each sets itself up; a second run starts in seconds.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.ready-dev
DEMO_SECONDS ?=
TESTS ?= tests

.PHONY: demo sample-videos test test-fast check fmt lint types arrows bench schema requirements clean help

help:  ## Say what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# A venv that was made without python3-venv has no pip: it is made anew.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, and $(PYTHON) is $$($(PYTHON) --version); try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf $(VENV); echo "Setting up $(VENV), once; this takes a minute or two."; \
	  $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "python3-venv is missing: apt-get install python3-venv make"; exit 1; }; }
	@if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(BIN)/python -r requirements.txt; \
	  else $(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt; fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): $(READY) requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: $(READY)  ## Replay the sample district's films over RTSP and watch events arrive (DEMO_SECONDS=90: headless, then stop)
	$(BIN)/streetkeeper demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS))

test: $(READY)  ## All tests: unit, property, real peers, end to end
	$(BIN)/python -m pytest $(TESTS)

test-fast: $(READY)  ## The tests that take less than a minute together
	$(BIN)/python -m pytest -m "not slow and not peer and not e2e" $(TESTS)

check: lint types arrows test  ## Format, lint, types, import arrows, and all tests

fmt: $(DEV_READY)  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(DEV_READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(DEV_READY)
	$(BIN)/mypy

arrows: $(DEV_READY)
	$(BIN)/lint-imports

sample-videos: $(READY)  ## Make the sample district's films that are missing, and truth, site and map anew
	$(BIN)/streetkeeper district films

bench: $(READY)  ## The benchmarks, one JSON line each
	$(BIN)/streetkeeper bench all

schema: $(READY)  ## Export JSON Schemas and the OpenAPI document
	$(BIN)/streetkeeper site schema
	$(BIN)/streetkeeper api openapi

requirements: $(READY)  ## Compile the requirements files from pyproject.toml (needs uv)
	uv pip compile --quiet --python-version 3.11 --extra test --no-emit-index-url -o requirements.txt pyproject.toml
	uv pip compile --quiet --python-version 3.11 --extra dev --no-emit-index-url -c requirements.txt -o requirements-dev.txt pyproject.toml
	uv pip compile --quiet --python-version 3.11 --extra train --no-emit-index-url -c requirements.txt -o requirements-train.txt pyproject.toml

clean:  ## Remove what make made
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
