"""API keys: who may do what. The key is shown once; what is kept is a salted digest of its secret."""

import contextlib
import hashlib
import hmac
import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.errors import Conflict, StoreBusy, Unprocessable
from api.roles import Role
from api.store.audit import append_audit
from api.store.opening import Store
from api.store.rights import Rights, checked_rights, read_rights, rights_columns
from api.store.times import from_ms, now_ms, to_ms

__all__ = [
    "KeyRecord",
    "Role",
    "check_key",
    "create_key",
    "find_key",
    "has_keys",
    "list_keys",
    "note_key_used",
    "revoke_key",
]

KEY = re.compile(r"^sk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})\Z")
NAME_LENGTH = 100
NOTED_EVERY_MS = 60_000
COMMAND = "command"
"""The actor of what is done on the machine itself, by who may read its data folder."""
COLUMNS = "key_id, name, role, areas, unit, scopes, created_ms, expires_ms, used_ms, revoked_ms"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key without its secret."""

    key_id: str
    name: str
    rights: Rights
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    @property
    def role(self) -> Role:
        """What the key is for."""
        return self.rights.role

    def is_valid_at(self, at: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def _digest(salt: bytes, secret: str) -> bytes:
    # A plain hash is enough: the secret is 256 random bits, which no dictionary holds and nobody can
    # search. A slow hash protects guessable passwords and would only slow every request here.
    return hashlib.sha256(salt + secret.encode()).digest()


def create_key(
    store: Store,
    rights: Rights | str,
    name: str,
    *,
    expires_at: datetime | None = None,
    actor: str = COMMAND,
) -> str:
    """A new key, ready for `Authorization: Bearer`; this is the only time that it can be seen.

    Args:
        store: Where it is kept.
        rights: What it may do; a role alone means everywhere.
        name: Who uses it.
        expires_at: When it ends by itself.
        actor: Who makes it, for the audit log.

    Raises:
        Unprocessable: The role is unknown, the name is empty, too long or not printable, or it would end
            in the past.
    """
    return insert_key(store, rights, name, new_secret_key(), expires_at=expires_at, actor=actor)


def new_secret_key() -> str:
    """A key that is not kept yet."""
    return f"sk_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def insert_key(
    store: Store,
    rights: Rights | str,
    name: str,
    key: str,
    *,
    expires_at: datetime | None = None,
    actor: str = COMMAND,
) -> str:
    """Keep a new key; gives it back.

    Raises:
        Unprocessable: As for `create_key`.
    """
    given = checked_rights(rights) if isinstance(rights, str) else rights
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise Unprocessable(
            "The name of a key must be 1 to 100 printable characters.",
            "Say who uses it, such as 'worker in the east depot'.",
        )
    if expires_at is not None and to_ms(expires_at) <= now_ms():
        raise Unprocessable("The key would have expired before it was made.", "Give a time to come.")
    matched = KEY.match(key)
    if matched is None:
        raise ValueError("not a key of ours")
    key_id, secret = matched.groups()
    salt, at_ms = secrets.token_bytes(16), now_ms()
    expires_ms = None if expires_at is None else to_ms(expires_at)
    row = (key_id, name, *rights_columns(given), salt, _digest(salt, secret), at_ms, expires_ms)

    def insert(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO api_keys (key_id, name, role, areas, unit, scopes, salt, digest, created_ms,"
            " expires_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        detail = {"name": name, **given.shown(), "expires_ms": expires_ms}
        append_audit(connection, actor=actor, action="key.create", subject=key_id, detail=detail, at_ms=at_ms)

    store.write(insert).result()
    return key


def check_key(store: Store, key: str) -> KeyRecord | None:
    """The record of a key that is genuine, not revoked and not expired; None for any other string."""
    matched = KEY.match(key)
    key_id, secret = matched.groups() if matched else ("", "")
    row = store.read(
        lambda connection: connection.execute(
            f"SELECT salt, digest, {COLUMNS} FROM api_keys WHERE key_id = ?",  # noqa: S608  a constant
            (key_id,),
        ).fetchone()
    )
    # The same work for an unknown id, so that the time of the refusal tells nothing.
    salt, digest = (row[0], row[1]) if row else (bytes(16), bytes(32))
    is_genuine = hmac.compare_digest(_digest(salt, secret), digest)
    if row is None or not is_genuine:
        return None
    record = _record(row[2:])
    return record if record.is_valid_at(from_ms(now_ms())) else None


def find_key(store: Store, key_id: str) -> KeyRecord | None:
    """The record of a key id, revoked or not."""
    row = store.read(
        lambda connection: connection.execute(
            f"SELECT {COLUMNS} FROM api_keys WHERE key_id = ?",  # noqa: S608  a constant
            (key_id,),
        ).fetchone()
    )
    return None if row is None else _record(row)


def list_keys(store: Store, limit: int = 1000) -> list[KeyRecord]:
    """The newest keys, revoked ones too."""
    rows = store.read(
        lambda connection: connection.execute(
            f"SELECT {COLUMNS} FROM api_keys ORDER BY created_ms DESC, key_id LIMIT ?",  # noqa: S608  a constant
            (limit,),
        ).fetchall()
    )
    return [_record(row) for row in rows]


def has_keys(store: Store) -> bool:
    """Whether a key was ever made here."""
    found = store.read(lambda connection: connection.execute("SELECT 1 FROM api_keys LIMIT 1").fetchone())
    return found is not None


def note_key_used(store: Store, record: KeyRecord) -> None:
    """Remember that a key is in use, to the minute; waits for nothing."""
    at_ms = now_ms()
    if record.used_at is not None and at_ms - to_ms(record.used_at) < NOTED_EVERY_MS:
        return
    with contextlib.suppress(StoreBusy):  # a busy store has better things to keep
        store.write(
            lambda connection: connection.execute(
                "UPDATE api_keys SET used_ms = ? WHERE key_id = ?", (at_ms, record.key_id)
            )
        )


def revoke_key(store: Store, key_id: str, *, actor: str = COMMAND) -> bool:
    """End a key at once; False where there is no such key or it ended before.

    Raises:
        Conflict: It is the last admin key; make another first.
    """

    def revoke(connection: sqlite3.Connection) -> bool:
        row = connection.execute(
            "SELECT role, expires_ms FROM api_keys WHERE key_id = ? AND revoked_ms IS NULL", (key_id,)
        ).fetchone()
        if row is None:
            return False
        at_ms = now_ms()
        if row[0] == Role.ADMIN:
            # Those that expire do not count: an installation must not lock itself out by waiting.
            (others,) = connection.execute(
                "SELECT count(*) FROM api_keys WHERE role = 'admin' AND revoked_ms IS NULL"
                " AND areas IS NULL AND scopes IS NULL AND expires_ms IS NULL AND key_id <> ?",
                (key_id,),
            ).fetchone()
            if others == 0:
                raise Conflict("This is the last admin key.", "Make another admin key first.")
        connection.execute("UPDATE api_keys SET revoked_ms = ? WHERE key_id = ?", (at_ms, key_id))
        append_audit(connection, actor=actor, action="key.revoke", subject=key_id, detail={}, at_ms=at_ms)
        return True

    return store.write(revoke).result()


def _record(row: tuple[Any, ...]) -> KeyRecord:
    key_id, name, role, areas, unit, scopes, *times = row
    created_at, expires_at, used_at, revoked_at = (None if ms is None else from_ms(ms) for ms in times)
    if created_at is None:
        raise ValueError("a key without the time when it was made")
    return KeyRecord(
        key_id, name, read_rights(role, areas, unit, scopes), created_at, expires_at, used_at, revoked_at
    )
