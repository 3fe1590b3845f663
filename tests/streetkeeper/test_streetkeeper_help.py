"""The command line teaches: each command says what it does, how it ends, and shows an example that parses."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streetkeeper.main import app

NO_FAULT_TO_TELL = {
    ("api", "keys", "list"),
    ("api", "openapi"),
    ("models", "list"),
    ("site", "schema"),
    ("bench", "density"),
    ("bench", "analyze"),
    ("bench", "all"),
}


def command_at(path: tuple[str, ...]) -> Any:
    """The command; of any type, since Typer carries its own Click where it likes."""
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    return command


def commands(path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    command = command_at(path)
    inner = getattr(command, "commands", None)
    if path and (inner is None or command.invoke_without_command):
        yield path
    for name in inner or ():
        yield from commands((*path, name))


ALL = sorted(commands())


def help_of(path: tuple[str, ...]) -> str:
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "400", "TERM": "dumb"})
    assert shown.exit_code == 0
    return shown.output


def test_the_commands_are_those_of_the_readme() -> None:
    assert {path[0] for path in ALL} == {
        "demo", "worker", "api", "analyze", "calibrate", "site", "models", "bench", "district", "audit",
        "responsibility",
    }  # fmt: skip


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_command_shows_an_example_that_its_own_options_take(path: tuple[str, ...]) -> None:
    text = help_of(path)
    example = next(line for line in text.splitlines() if "Example:" in line).partition("Example:")[2]
    words = shlex.split(example.strip(" │"))
    assert words[: len(path) + 1] == ["streetkeeper", *path]
    command = command_at(path)
    command.make_context(" ".join(path), words[len(path) + 1 :], resilient_parsing=False)


@pytest.mark.parametrize("path", [path for path in ALL if path not in NO_FAULT_TO_TELL], ids=" ".join)
def test_a_command_says_how_it_ends(path: tuple[str, ...]) -> None:
    assert "Exit codes:" in help_of(path)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_is_explained(path: tuple[str, ...]) -> None:
    for parameter in command_at(path).params:
        assert parameter.help, f"{' '.join(path)}: {parameter.name} is not explained"
