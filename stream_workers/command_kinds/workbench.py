"""What commands are done with, and what doing one gives."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.command import Command
from contracts.site import Site
from stream_workers.build import Models
from stream_workers.errors import StreamError
from stream_workers.evidence import EvidenceFile
from stream_workers.sight import Sights
from stream_workers.sinks.commands import CommandApi

__all__ = ["CommandFailed", "Done", "DoneLater", "Errand", "Workbench"]


class CommandFailed(StreamError):
    """It cannot be done; the reason goes to who asked."""


class DoneLater(StreamError):
    """It cannot be done now; the lease runs out, and it is tried again here or elsewhere."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was found, and the masked pictures that show it."""

    answer: dict[str, Any]
    files: Sequence[EvidenceFile] = ()


@dataclass(frozen=True, slots=True)
class Workbench:
    """What all commands share.

    Args:
        sights: The live views of this worker.
        models: Detector and mask.
        site: Gives the running site.
        api: The case API.
        api_url: Its address, for analyses.
        data_dir: The worker's folder.
        drop_dir: Where recordings lie; None where there is none.
        stop: Set when the worker ends.
    """

    sights: Sights
    models: Models
    site: Callable[[], Site]
    api: CommandApi
    api_url: str
    data_dir: Path
    drop_dir: Path | None
    stop: threading.Event

    @property
    def evidence_dir(self) -> Path:
        """Folder of the pictures that are sent."""
        return self.data_dir / "evidence"


@dataclass(slots=True)
class Errand:
    """A command that is being done; written by its thread, told to the API by another.

    Args:
        command: The command.
        progress: The part that is done, 0 to 1.
        note: What a person should know.
        is_over: Set when another worker has the command, or this one ends.
    """

    command: Command
    progress: float = 0.0
    note: str = ""
    is_over: threading.Event = field(default_factory=threading.Event)
