"""How the command line speaks: plain lines, a progress bar, and faults with their remedy."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from api.errors import ApiError
from api.store.migrating import MigrationRefused
from contracts.yaml_document import DocumentRejected
from stream_workers.errors import StreamError
from vision.errors import VisionError

__all__ = ["camera_days_told", "faults_told", "make_progress", "read_key", "say", "work_told"]

_OUT = Console(highlight=False, soft_wrap=True)
_ERR = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """One line to standard output."""
    _OUT.print(escape(line))


def read_key(file: Path | None) -> str:
    """The key for the case API, from a file or from STREETKEEPER_KEY; never from the command line.

    Raises:
        OSError: The file cannot be read.
    """
    return (
        file.read_text(encoding="utf-8") if file is not None else os.environ.get("STREETKEEPER_KEY", "")
    ).strip()


def make_progress() -> Progress:
    """A progress bar with rate and remaining time, on standard error."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=_ERR,
    )


@contextmanager
def camera_days_told(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar over simulated camera-days, with how many an hour takes; told of each by its name."""
    began = time.monotonic()
    done = 0
    with make_progress() as progress:
        task = progress.add_task("simulating", total=total, rate="")

        def tell(name: str) -> None:
            nonlocal done
            done += 1
            hours = max(1e-6, (time.monotonic() - began) / 3600)
            progress.update(task, advance=1, description=name, rate=f"{done / hours:.1f} camera-days/hour")

        yield tell


@contextmanager
def work_told() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar over one kind of work after the other: told what is done, how much, and of how much."""
    with make_progress() as progress:
        task = progress.add_task("starting", total=None, rate="")

        def tell(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield tell


EXPECTED = (StreamError, VisionError, ApiError, MigrationRefused, ValidationError, OSError)
"""Faults that a user can meet and mend; anything else is a fault of ours and is shown whole."""


@contextmanager
def faults_told() -> Iterator[None]:
    """Tell an expected fault in plain words and end with code 2."""
    try:
        yield
    except DocumentRejected as error:
        for fault in error.faults:
            _ERR.print(escape(f"{fault.path}: {fault.problem}. {fault.remedy}"))
        raise typer.Exit(2) from error
    except EXPECTED as error:
        _ERR.print(f"[red]error:[/red] {escape(_told(error))}")
        raise typer.Exit(2) from error


def _told(error: Exception) -> str:
    """An expected fault in words, with its remedy where it has one."""
    if isinstance(error, ApiError) and error.remedy:
        return f"{error} {error.remedy}"
    if isinstance(error, ValidationError):
        # Only settings are validated out here; a wrong site or event is told by its own faults.
        return "; ".join(
            f"setting {'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in error.errors()
        )
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
