"""The audit log's head in a file of its own, so that a log cut short is found.

A chain of hashes shows a change or a gap, but a log whose last entries were taken away is still a chain.
So the number and hash of the newest entry are written beside the database after each commit; whoever
copies that line elsewhere holds proof of everything up to it.
"""

import fcntl
import logging
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from api.store.private import write_private

__all__ = ["ANCHOR_FILE", "Anchor", "AnchorKeeper", "read_anchor", "read_head"]

log = logging.getLogger(__name__)

ANCHOR_FILE = "audit.head"
LINE = re.compile(r"^([0-9]{1,18}):([0-9a-f]{64})\s*\Z")


@dataclass(frozen=True, slots=True)
class Anchor:
    """An entry's number and hash; as text `NUMBER:HASH`."""

    number: int
    hash: bytes

    def __str__(self) -> str:
        """The line that people copy."""
        return f"{self.number}:{self.hash.hex()}"

    @classmethod
    def from_text(cls, text: str) -> "Anchor | None":
        """The anchor in a line; None where it is none."""
        matched = LINE.match(text)
        return cls(int(matched.group(1)), bytes.fromhex(matched.group(2))) if matched else None


def read_head(connection: sqlite3.Connection) -> Anchor | None:
    """The newest entry; None where the log is empty."""
    row = connection.execute("SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1").fetchone()
    return None if row is None else Anchor(*row)


def read_anchor(folder: Path) -> Anchor | None:
    """The head that was written last; None where there is no such file or it is no anchor."""
    try:
        return Anchor.from_text((folder / ANCHOR_FILE).read_text(encoding="ascii"))
    except (FileNotFoundError, UnicodeDecodeError):
        return None


class AnchorKeeper:
    """Writes the head after each commit that added to the log.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = 0

    def __call__(self, connection: sqlite3.Connection) -> None:
        """Write the head if it is newer than what stands there; the writer calls this after a commit."""
        head = read_head(connection)
        if head is None or head.number <= self._written:
            return
        try:
            with (self._folder / f"{ANCHOR_FILE}.lock").open("w") as lock:
                # The command line and the service may both have added: the newer head stays.
                fcntl.flock(lock, fcntl.LOCK_EX)
                kept = read_anchor(self._folder)
                if kept is None or kept.number < head.number:
                    # Not synced, for speed: an older head after a power cut still fits the chain.
                    write_private(self._folder / ANCHOR_FILE, f"{head}\n".encode(), is_synced=False)
        except OSError:
            log.exception("audit head not written", extra={"number": head.number})
            return
        self._written = head.number
