"""The worker's durable store: view states, spool, evidence to send, leases, in one SQLite file.

One look is one transaction: scene memory, tracks, events and pictures are kept together or not at
all. WAL with `synchronous=FULL`: a committed event survives a power cut; a commit costs one fsync
per look, which at a look every ten seconds is nothing.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from contracts.event import HealthEvent, IncidentEvent, parse_event
from contracts.incident import rfc3339
from stream_workers.errors import StorageFull, StreamError
from stream_workers.evidence import EvidenceFile

__all__ = ["LookCommit", "SpoolCounts", "SpoolRow", "StoreDamaged", "StoredView", "WorkerStore"]

AnyEvent = IncidentEvent | HealthEvent
SCHEMA_VERSION = 1
LOOKS_LOGGED = 100_000
_SCHEMA = """
CREATE TABLE view_state (
    view_id TEXT NOT NULL, run TEXT NOT NULL, look INTEGER NOT NULL,
    memory BLOB NOT NULL, tracks TEXT NOT NULL,
    PRIMARY KEY (view_id, run)
);
CREATE TABLE spool (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, event_id TEXT NOT NULL,
    run TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending', attempts INTEGER NOT NULL DEFAULT 0,
    next_try_at REAL NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', sent_at REAL,
    UNIQUE (source, event_id)
);
CREATE INDEX spool_state ON spool (state, next_try_at, seq);
CREATE TABLE evidence (
    sha256 TEXT PRIMARY KEY, path TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'pending',
    reason TEXT NOT NULL DEFAULT '', sent_at REAL
);
CREATE TABLE look_log (
    view_id TEXT NOT NULL, run TEXT NOT NULL, look INTEGER NOT NULL,
    media_s REAL NOT NULL, captured_at TEXT NOT NULL,
    PRIMARY KEY (view_id, run, look)
) WITHOUT ROWID;
CREATE TABLE lease (
    camera_id TEXT PRIMARY KEY, holder TEXT NOT NULL, expires_at REAL NOT NULL, fence INTEGER NOT NULL
);
CREATE TABLE health (
    view_id TEXT PRIMARY KEY, state TEXT NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL
);
"""


class StoreDamaged(StreamError):
    """The store's file is damaged or of another version; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class StoredView:
    """What was committed of a view."""

    look: int
    memory: bytes
    tracks: str


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


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """An event that waits to be sent."""

    seq: int
    event_id: str
    subject: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class SpoolCounts:
    """How many events are in which state."""

    pending: int
    sent: int
    rejected: int


class WorkerStore:
    """The store in a file; may be shared by the threads of one process.

    Args:
        path: The SQLite file; made where it is missing.

    Raises:
        StoreDamaged: The file is no store, or damaged.
        StorageFull: There is no room to make it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._make_schema()

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
        with self._lock:
            self._db.close()

    def load_view(self, view_id: str, run: str) -> StoredView | None:
        """The state after the last committed look of a view in a run."""
        row = self._one("SELECT look, memory, tracks FROM view_state WHERE view_id=? AND run=?", view_id, run)
        return StoredView(int(row[0]), bytes(row[1]), str(row[2])) if row else None

    def commit_look(self, look: LookCommit) -> None:
        """Keep one look: state, events, pictures to send. A look that is kept already is left as it is.

        Raises:
            StorageFull: Nothing of the look was kept; it may be tried again.
        """
        key = (look.view_id, look.run)
        with self._transaction() as db:
            known = db.execute("SELECT look FROM view_state WHERE view_id=? AND run=?", key).fetchone()
            if known is not None and int(known[0]) >= look.look:
                return
            db.execute(
                "INSERT INTO view_state VALUES (?,?,?,?,?) ON CONFLICT (view_id, run) DO UPDATE SET "
                "look=excluded.look, memory=excluded.memory, tracks=excluded.tracks",
                (*key, look.look, look.memory, look.tracks),
            )
            for event in look.events:
                _spool(db, event)
            for file in look.evidence:
                db.execute(
                    "INSERT OR IGNORE INTO evidence (sha256, path) VALUES (?,?)",
                    (file.sha256, str(file.path)),
                )
            _log_look(db, look)

    def take_lease(self, camera_id: str, holder: str, now: float, lease_s: float) -> str | None:
        """Take or renew a lease that is free, run out or one's own; returns the other holder if it is not."""
        with self._transaction() as db:
            row = db.execute(
                "SELECT holder, expires_at FROM lease WHERE camera_id=?", (camera_id,)
            ).fetchone()
            # A lease far in the future was written before the clock was set back.
            if row is not None and row[0] != holder and now < row[1] <= now + 2 * lease_s:
                return str(row[0])
            db.execute(
                "INSERT INTO lease VALUES (?,?,?,1) ON CONFLICT (camera_id) DO UPDATE SET "
                "fence=fence+(holder<>excluded.holder), holder=excluded.holder, "
                "expires_at=excluded.expires_at",
                (camera_id, holder, now + lease_s),
            )
        return None

    def drop_lease(self, camera_id: str, holder: str) -> None:
        """Give a lease back."""
        with self._transaction() as db:
            db.execute("DELETE FROM lease WHERE camera_id=? AND holder=?", (camera_id, holder))

    def load_health(self, view_id: str) -> tuple[str, int] | None:
        """The last told state of a view and the number of its event."""
        row = self._one("SELECT state, sequence FROM health WHERE view_id=?", view_id)
        return (str(row[0]), int(row[1])) if row else None

    def commit_health(self, event: HealthEvent) -> None:
        """Keep a change of health and its event together."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO health VALUES (?,?,?,?)",
                (event.data.view_id, event.data.state, event.sequence, event.model_dump_json()),
            )
            _spool(db, event)

    def spool_event(self, event: AnyEvent) -> None:
        """Keep one event that belongs to no look, such as camera health."""
        with self._transaction() as db:
            _spool(db, event)

    def pending(self, limit: int, now: float) -> list[SpoolRow]:
        """Events that wait, oldest first; an event is not given before an older one of its subject."""
        rows = self._all(
            "SELECT seq, event_id, subject, body, attempts FROM spool AS s "
            "WHERE state='pending' AND next_try_at<=? AND NOT EXISTS "
            "(SELECT 1 FROM spool AS o WHERE o.subject=s.subject AND o.state='pending' "
            "AND o.seq<s.seq AND o.next_try_at>?) ORDER BY seq LIMIT ?",
            now,
            now,
            limit,
        )
        return [SpoolRow(int(r[0]), str(r[1]), str(r[2]), str(r[3]), int(r[4])) for r in rows]

    def pending_evidence(self) -> list[tuple[str, Path]]:
        """Pictures that wait to be sent: SHA-256 and file."""
        return [
            (str(row[0]), Path(row[1]))
            for row in self._all("SELECT sha256, path FROM evidence WHERE state='pending' ORDER BY rowid")
        ]

    def mark_sent(self, seqs: Sequence[int], now: float) -> None:
        """These events have been taken by the case API."""
        self._mark(seqs, "UPDATE spool SET state='sent', sent_at=? WHERE seq=?", now)

    def mark_rejected(self, seq: int, reason: str) -> None:
        """The case API will never take this event; it is set aside with the reason."""
        self._mark([seq], "UPDATE spool SET state='rejected', reason=? WHERE seq=?", reason[:1000])

    def mark_failed(self, seqs: Sequence[int], next_try_at: float) -> None:
        """These events were not taken this time."""
        self._mark(seqs, "UPDATE spool SET attempts=attempts+1, next_try_at=? WHERE seq=?", next_try_at)

    def mark_evidence(self, sha256: str, state: str, now: float, reason: str = "") -> None:
        """A picture was `sent`, or cannot be: `lost` or `rejected`."""
        with self._transaction() as db:
            db.execute(
                "UPDATE evidence SET state=?, sent_at=?, reason=? WHERE sha256=?",
                (state, now, reason, sha256),
            )

    def forget_sent(self, before: float) -> list[Path]:
        """Drop what was sent before a time; returns the pictures' files, which may now be deleted."""
        with self._transaction() as db:
            db.execute("DELETE FROM spool WHERE state='sent' AND sent_at<?", (before,))
            files = db.execute(
                "SELECT path FROM evidence WHERE state='sent' AND sent_at<?", (before,)
            ).fetchall()
            db.execute("DELETE FROM evidence WHERE state='sent' AND sent_at<?", (before,))
        return [Path(row[0]) for row in files]

    def counts(self) -> SpoolCounts:
        """How many events are in which state."""
        found = {
            str(row[0]): int(row[1]) for row in self._all("SELECT state, count(*) FROM spool GROUP BY state")
        }
        return SpoolCounts(found.get("pending", 0), found.get("sent", 0), found.get("rejected", 0))

    def events(self, run: str) -> Iterator[AnyEvent]:
        """All events of a run that are still kept, in the order in which they were made."""
        for row in self._all("SELECT body FROM spool WHERE run=? ORDER BY seq", run):
            yield parse_event(json.loads(row[0]))

    def _make_schema(self) -> None:
        with self._transaction() as db:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    if statement.strip():
                        db.execute(statement)
                db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            elif version != SCHEMA_VERSION:
                raise StoreDamaged(
                    f"{self.path} was written by another version (format {version}, not {SCHEMA_VERSION}); "
                    "finish with that version, or move the file away to begin anew"
                )

    def _mark(self, seqs: Sequence[int], statement: str, value: float | str) -> None:
        with self._transaction() as db:
            db.executemany(statement, [(value, seq) for seq in seqs])

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        rows = self._all(query, *values)
        return rows[0] if rows else None

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._told():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn SQLite's and the system's errors into ours, with the remedy."""
        try:
            yield
        except sqlite3.OperationalError as error:
            text = str(error)
            if "full" in text or "disk I/O" in text:
                raise StorageFull(f"{self.path}: the disk is full ({text}); free some space") from error
            raise StoreDamaged(f"{self.path}: {text}") from error
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(
                f"{self.path} is no worker store or is damaged ({error}); move it away to begin anew: "
                "what it held unsent is then lost"
            ) from error
        except OSError as error:
            raise StorageFull(f"{self.path}: {error}") from error


def _spool(db: sqlite3.Connection, event: AnyEvent) -> None:
    """Insert an event; the same event again changes nothing."""
    db.execute(
        "INSERT OR IGNORE INTO spool (source, event_id, run, subject, body) VALUES (?,?,?,?,?)",
        (event.source, event.id, event.data.run, event.subject, event.model_dump_json()),
    )


def _log_look(db: sqlite3.Connection, look: LookCommit) -> None:
    db.execute(
        "INSERT OR REPLACE INTO look_log VALUES (?,?,?,?,?)",
        (look.view_id, look.run, look.look, look.media_s, rfc3339(look.captured_at)),
    )
    if look.look % 1000 == 0:
        db.execute(
            "DELETE FROM look_log WHERE view_id=? AND run=? AND look<?",
            (look.view_id, look.run, look.look - LOOKS_LOGGED),
        )
