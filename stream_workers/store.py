"""The worker's durable store: view states, spool, leases and health, in one SQLite file.

One look is one transaction: scene memory, tracks, events and pictures are kept together or not at
all, and only by the worker that still has the camera's lease.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from contracts.event import AnyEvent, HealthEvent, parse_event
from contracts.incident import rfc3339
from stream_workers.command_results import CommandResults
from stream_workers.database import Database, StoreDamaged
from stream_workers.evidence import EvidenceFile
from stream_workers.leases import Lease
from stream_workers.spool import Spool

__all__ = ["LookCommit", "StoreDamaged", "StoredHealth", "StoredView", "WorkerStore"]

LOOKS_LOGGED = 100_000
"""Per view and run: eleven days at a look every ten seconds."""
_LOG_TRIMMED_EVERY = 1000


@dataclass(frozen=True, slots=True)
class StoredView:
    """What was committed of a view."""

    look: int
    memory: bytes
    tracks: str


@dataclass(frozen=True, slots=True)
class StoredHealth:
    """What was told last of a view's health.

    Args:
        subject: Of its events; it names the store's beginning, so that a lost store repeats no id.
        state: The state that was told.
        detail: What was said of it.
        sequence: Number of that event.
        told_at: Its time, POSIX seconds.
    """

    subject: str
    state: str
    detail: str
    sequence: int
    told_at: float


@dataclass(frozen=True, slots=True)
class LookCommit:
    """All that is kept of one look.

    Args:
        view_id: The view.
        run: The run.
        look: Number of the look.
        memory: Scene memory.
        tracks: Everything else that the view remembers, JSON.
        media_s: Media time; with `captured_at` it logs which looks were admitted, for a replay.
        captured_at: Capture time.
        events: Events that the look made.
        evidence: Pictures that belong to them.
        lease: The right to watch the camera; None for recordings, which nobody else analyses.
    """

    view_id: str
    run: str
    look: int
    memory: bytes
    tracks: str
    media_s: float
    captured_at: datetime
    events: Sequence[AnyEvent] = ()
    evidence: Sequence[EvidenceFile] = ()
    lease: Lease | None = None


class WorkerStore:
    """The store in a file; may be shared by the threads of one process, and by processes.

    Args:
        path: The SQLite file; made where it is missing.

    Raises:
        StoreDamaged: The file is no store, or damaged.
        StorageFull: There is no room to make it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(path)
        self.spool = Spool(self.database)
        self.results = CommandResults(self.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what is committed stays."""
        self.database.close()

    def load_view(self, view_id: str, run: str) -> StoredView | None:
        """The state after the last committed look of a view in a run."""
        rows = self.database.rows(
            "SELECT look, memory, tracks FROM view_state WHERE view_id=? AND run=?", view_id, run
        )
        return StoredView(*rows[0]) if rows else None

    def commit_look(self, look: LookCommit) -> None:
        """Keep one look: state, events, pictures to send. A look that is kept already is left as it is.

        Raises:
            StorageFull: Nothing of the look was kept; it may be tried again.
            StorageBusy: Likewise.
            LeaseLost: Another worker has the camera; nothing was kept.
            EventConflict: One of its events has an id that another event has; nothing was kept.
        """
        key = (look.view_id, look.run)
        with self.database.transaction() as connection:
            if look.lease is not None:
                look.lease.check(connection)
            known = connection.execute(
                "SELECT look FROM view_state WHERE view_id=? AND run=?", key
            ).fetchone()
            if known is not None and known[0] >= look.look:
                return
            connection.execute(
                "INSERT INTO view_state VALUES (?,?,?,?,?) ON CONFLICT (view_id, run) DO UPDATE SET "
                "look=excluded.look, memory=excluded.memory, tracks=excluded.tracks",
                (*key, look.look, look.memory, look.tracks),
            )
            for event in look.events:
                self.spool.keep_event(connection, event)
            # Absolute, because the next start may be in another folder.
            connection.executemany(
                "INSERT OR IGNORE INTO evidence (sha256, path) VALUES (?,?)",
                [(file.sha256, str(file.path.absolute())) for file in look.evidence],
            )
            _log_look(connection, look)

    def load_health(self, view_id: str) -> StoredHealth | None:
        """What was told last of a view's health."""
        rows = self.database.rows(
            "SELECT subject, state, detail, sequence, told_at FROM health WHERE view_id=?", view_id
        )
        return StoredHealth(*rows[0]) if rows else None

    def commit_health(self, event: HealthEvent, lease: Lease | None = None) -> None:
        """Keep a change of health and its event together.

        Raises:
            StorageFull: Nothing was kept; it may be tried again.
            LeaseLost: Another worker has the camera, and tells its health.
        """
        with self.database.transaction() as connection:
            if lease is not None:
                lease.check(connection)
            connection.execute(
                "INSERT OR REPLACE INTO health VALUES (?,?,?,?,?,?)",
                (
                    event.data.view_id,
                    event.subject,
                    event.data.state,
                    event.data.detail,
                    event.sequence,
                    event.time.timestamp(),
                ),
            )
            self.spool.keep_event(connection, event)

    def events(self, run: str) -> Iterator[AnyEvent]:
        """All events of a run that are still kept, in the order in which they were made."""
        for row in self.database.rows("SELECT body FROM spool WHERE run=? ORDER BY seq", run):
            yield parse_event(json.loads(row[0]))

    def logged_looks(self, view_id: str, run: str) -> list[tuple[int, float, str]]:
        """The admitted looks that are still logged: number, media time, capture time."""
        return [
            (row[0], row[1], row[2])
            for row in self.database.rows(
                "SELECT look, media_s, captured_at FROM look_log WHERE view_id=? AND run=? ORDER BY look",
                view_id,
                run,
            )
        ]


def _log_look(connection: sqlite3.Connection, look: LookCommit) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO look_log VALUES (?,?,?,?,?)",
        (look.view_id, look.run, look.look, look.media_s, rfc3339(look.captured_at)),
    )
    if look.look % _LOG_TRIMMED_EVERY == 0:
        connection.execute(
            "DELETE FROM look_log WHERE view_id=? AND run=? AND look<?",
            (look.view_id, look.run, look.look - LOOKS_LOGGED),
        )
