"""The documents name what the commands have: options, exit codes and files."""

import re
from pathlib import Path

import pytest
import typer

from streetkeeper.main import app

DOCS = Path(__file__).parents[2] / "docs"


def test_every_exit_code_of_analyze_stands_in_its_help_and_its_document() -> None:
    command = typer.main.get_command(app)
    told = str(command.commands["analyze"].help)  # type: ignore[attr-defined]
    document = (DOCS / "recordings.md").read_text(encoding="utf-8")
    in_document = set(re.findall(r"^\| (\d+) \|", document, re.MULTILINE))
    in_help = set(re.findall(r"(?:^|; |codes:\*\* )(\d+) ", told.replace("\n    ", " ").replace("\n", " ")))
    assert in_document == in_help == {"0", "1", "2", "3", "4", "130"}


@pytest.mark.parametrize(
    "name",
    [
        "report.html",
        "events.jsonl",
        "incidents.geojson",
        "incidents.csv",
        "evidence/",
        "run.json",
        "run.sqlite",
    ],
)
def test_every_result_is_explained(name: str) -> None:
    assert f"`{name}`" in (DOCS / "recordings.md").read_text(encoding="utf-8")


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in [DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if not target.startswith(("http://", "https://", "mailto:")):
                assert (document.parent / target).exists(), f"{document.name}: {target}"
