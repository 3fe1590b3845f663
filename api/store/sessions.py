"""Sign-ins of browsers, kept here so that they can be ended; the cookie holds a secret, nothing else."""

import hashlib
import secrets
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Literal

from api.store.audit import append_audit
from api.store.opening import Store
from api.store.times import now_ms

__all__ = ["SessionRecord", "drop_sessions", "end_session", "end_sessions_of", "find_session", "open_session"]

HolderKind = Literal["user", "key"]
NOTED_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """A session that is valid now."""

    session_id: str
    holder_kind: HolderKind
    holder_id: str
    ends_ms: int


def _digest(secret: str) -> bytes:
    return hashlib.sha256(b"session:" + secret.encode()).digest()


def open_session(store: Store, holder_kind: HolderKind, holder_id: str, *, actor: str, lasts_s: float) -> str:
    """A new session; gives the secret for the cookie, 256 random bits, of which only a digest is kept.

    Args:
        store: Where.
        holder_kind: A user or a key.
        holder_id: Whose.
        actor: The same, for the audit log.
        lasts_s: When it ends, however much it is used.
    """
    secret, at_ms = secrets.token_urlsafe(32), now_ms()
    session_id = str(uuid.uuid4())
    row = (_digest(secret), session_id, holder_kind, holder_id, at_ms, at_ms, at_ms + int(lasts_s * 1000))

    def insert(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM sessions WHERE ends_ms < ?", (at_ms,))
        connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        append_audit(
            connection, actor=actor, action="session.open", subject=session_id, detail={}, at_ms=at_ms
        )

    store.write(insert).result()
    return secret


def find_session(store: Store, secret: str, idle_s: float) -> SessionRecord | None:
    """The session of a cookie's secret; None where there is none, or it ended or was idle too long."""
    at_ms, digest = now_ms(), _digest(secret)
    row = store.read(
        lambda connection: connection.execute(
            "SELECT session_id, holder_kind, holder_id, ends_ms, used_ms FROM sessions WHERE digest = ?",
            (digest,),
        ).fetchone()
    )
    if row is None or row[3] <= at_ms or row[4] + idle_s * 1000 <= at_ms:
        return None
    if at_ms - row[4] >= min(NOTED_EVERY_MS, idle_s * 250):
        store.write(
            lambda connection: connection.execute(
                "UPDATE sessions SET used_ms = ? WHERE digest = ?", (at_ms, digest)
            )
        )
    return SessionRecord(*row[:4])


def end_session(store: Store, session_id: str, *, actor: str) -> None:
    """End a session at once."""

    def end(connection: sqlite3.Connection) -> None:
        ended = connection.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,))
        if ended.rowcount:
            append_audit(
                connection, actor=actor, action="session.end", subject=session_id, detail={}, at_ms=now_ms()
            )

    store.write(end).result()


def drop_sessions(connection: sqlite3.Connection, holder_kind: HolderKind, holder_id: str) -> int:
    """End every session of a user or key, in the caller's transaction; gives how many there were."""
    return connection.execute(
        "DELETE FROM sessions WHERE holder_kind = ? AND holder_id = ?", (holder_kind, holder_id)
    ).rowcount


def end_sessions_of(store: Store, holder_kind: HolderKind, holder_id: str, *, actor: str) -> int:
    """End every session of a user or key at once; gives how many there were."""

    def end(connection: sqlite3.Connection) -> int:
        ended, at_ms = drop_sessions(connection, holder_kind, holder_id), now_ms()
        detail = {"ended": ended}
        append_audit(
            connection,
            actor=actor,
            action="session.end_all",
            subject=holder_id,
            detail=detail,
            at_ms=at_ms,
        )
        return ended

    return store.write(end).result()
