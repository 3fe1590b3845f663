"""The spool: events and pictures that wait for the case API, and what became of them."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contracts.event import AnyEvent
from stream_workers.database import Database
from stream_workers.errors import StreamError

__all__ = ["EventConflict", "Forgotten", "PictureRow", "Spool", "SpoolCounts", "SpoolRow"]

_LONGEST_REASON = 1000


class EventConflict(StreamError):
    """An event with the same id but other content is kept already: ids are given out wrongly."""


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """An event that waits to be sent; `attempts` counts those that failed for it alone."""

    seq: int
    event_id: str
    subject: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A masked picture that waits to be sent."""

    sha256: str
    path: Path
    attempts: int


@dataclass(frozen=True, slots=True)
class SpoolCounts:
    """How much is in which state, and since when the oldest event waits (POSIX seconds)."""

    pending: int
    sent: int
    rejected: int
    pictures: int
    oldest_at: float | None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was dropped; the pictures' files may now be deleted."""

    events: int
    files: Sequence[Path]


class Spool:
    """Events and pictures in the store.

    Args:
        database: The store's file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_event(self, connection: sqlite3.Connection, event: AnyEvent) -> None:
        """Put an event into the spool, inside a transaction; the same event again changes nothing.

        Raises:
            EventConflict: Another event of that source and id is there; nothing may be kept then.
        """
        body = event.model_dump_json()
        known = connection.execute(
            "SELECT body FROM spool WHERE source=? AND event_id=?", (event.source, event.id)
        ).fetchone()
        if known is None:
            connection.execute(
                "INSERT INTO spool (source, event_id, run, subject, body, kept_at) VALUES (?,?,?,?,?,?)",
                (event.source, event.id, event.data.run, event.subject, body, time.time()),
            )
        elif known[0] != body:
            raise EventConflict(f"event {event.id} of {event.source} is kept already with other content")

    def pending(self, limit: int, now: float) -> list[SpoolRow]:
        """Events that may be sent now, oldest first; none before an older postponed one of its subject."""
        rows = self._database.rows(
            "SELECT seq, event_id, subject, body, attempts FROM spool AS s "
            "WHERE state='pending' AND next_try_at<=? AND NOT EXISTS "
            "(SELECT 1 FROM spool AS o WHERE o.subject=s.subject AND o.state='pending' "
            "AND o.next_try_at>0 AND o.next_try_at>? AND o.seq<s.seq) ORDER BY seq LIMIT ?",
            now,
            now,
            limit,
        )
        return [SpoolRow(*row) for row in rows]

    def pending_pictures(self, limit: int, now: float) -> list[PictureRow]:
        """Pictures that may be sent now, oldest first."""
        rows = self._database.rows(
            "SELECT sha256, path, attempts FROM evidence WHERE state='pending' AND next_try_at<=? "
            "ORDER BY number LIMIT ?",
            now,
            limit,
        )
        return [PictureRow(row[0], Path(row[1]), row[2]) for row in rows]

    def mark_sent(self, seqs: Sequence[int], now: float) -> None:
        """The case API has taken these events."""
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE spool SET state='sent', ended_at=?, reason='' WHERE seq=?",
                [(now, seq) for seq in seqs],
            )

    def mark_rejected(self, seq: int, reason: str, now: float) -> None:
        """The case API will never take this event; it is set aside with the reason."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE spool SET state='rejected', ended_at=?, reason=? WHERE seq=?",
                (now, reason[:_LONGEST_REASON], seq),
            )

    def mark_failed(self, seq: int, next_try_at: float, reason: str) -> None:
        """This event alone was not taken; it and the later ones of its subject wait."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE spool SET attempts=attempts+1, next_try_at=?, reason=? WHERE seq=?",
                (next_try_at, reason[:_LONGEST_REASON], seq),
            )

    def mark_picture(
        self, sha256: str, state: Literal["sent", "rejected", "lost"], now: float, reason: str = ""
    ) -> None:
        """A picture was sent, or never can be."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE evidence SET state=?, ended_at=?, reason=? WHERE sha256=?",
                (state, now, reason[:_LONGEST_REASON], sha256),
            )

    def mark_picture_failed(self, sha256: str, next_try_at: float, reason: str) -> None:
        """This picture alone was not taken; it waits."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE evidence SET attempts=attempts+1, next_try_at=?, reason=? WHERE sha256=?",
                (next_try_at, reason[:_LONGEST_REASON], sha256),
            )

    def forget(self, sent_before: float, rejected_before: float) -> Forgotten:
        """Drop what was sent or set aside long ago. What waits is never dropped."""
        limits = (sent_before, rejected_before)
        with self._database.transaction() as connection:
            events = connection.execute(
                "DELETE FROM spool WHERE (state='sent' AND ended_at<?) OR (state='rejected' AND ended_at<?)",
                limits,
            ).rowcount
            files = connection.execute(
                "DELETE FROM evidence WHERE (state='sent' AND ended_at<?) "
                "OR (state IN ('rejected', 'lost') AND ended_at<?) RETURNING path",
                limits,
            ).fetchall()
        return Forgotten(events, [Path(row[0]) for row in files])

    def known_pictures(self) -> set[str]:
        """SHA-256 of every picture that the spool still names."""
        return {row[0] for row in self._database.rows("SELECT sha256 FROM evidence")}

    def counts(self) -> SpoolCounts:
        """How much is in which state."""
        found = dict(self._database.rows("SELECT state, count(*) FROM spool GROUP BY state"))
        pictures = self._database.rows("SELECT count(*) FROM evidence WHERE state='pending'")[0][0]
        oldest = self._database.rows("SELECT kept_at FROM spool WHERE state='pending' ORDER BY seq LIMIT 1")
        return SpoolCounts(
            found.get("pending", 0),
            found.get("sent", 0),
            found.get("rejected", 0),
            pictures,
            oldest[0][0] if oldest else None,
        )
