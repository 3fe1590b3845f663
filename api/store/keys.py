"""API keys: who may do what. The key is shown once; what is kept is a salted digest of its secret."""

import hashlib
import hmac
import re
import secrets
import sqlite3
import time
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.errors import Conflict, Unprocessable
from api.store.opening import Store
from api.store.times import from_ms

__all__ = ["KeyRecord", "Role", "check_key", "create_key", "find_key", "has_keys", "list_keys", "revoke_key"]

KEY = re.compile(r"^sk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})\Z")
NAME_LENGTH = 100


class Role(StrEnum):
    """What a key is for."""

    WORKER = "worker"
    READER = "reader"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key without its secret."""

    key_id: str
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None


def _digest(salt: bytes, secret: str) -> bytes:
    # A plain hash is enough: the secret is 256 random bits, which no dictionary holds and nobody can
    # search. A slow hash protects guessable passwords and would only slow every request here.
    return hashlib.sha256(salt + secret.encode()).digest()


def create_key(store: Store, role: Role | str, name: str) -> str:
    """A new key, ready for `Authorization: Bearer`; this is the only time that it can be seen.

    Raises:
        Unprocessable: The role is unknown, or the name is empty, too long or not printable.
    """
    return insert_key(store, role, name, new_secret_key())


def new_secret_key() -> str:
    """A key that is not kept yet."""
    return f"sk_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def insert_key(store: Store, role: Role | str, name: str, key: str) -> str:
    """Keep a new key; gives it back.

    Raises:
        Unprocessable: As for `create_key`.
    """
    if role not in list(Role):
        raise Unprocessable(f"There is no role '{role}'.", f"Choose one of {', '.join(Role)}.")
    if not name.strip() or len(name) > NAME_LENGTH or not name.isprintable():
        raise Unprocessable(
            "The name of a key must be 1 to 100 printable characters.",
            "Say who uses it, such as 'worker in the east depot'.",
        )
    matched = KEY.match(key)
    if matched is None:
        raise ValueError("not a key of ours")
    key_id, secret = matched.groups()
    salt = secrets.token_bytes(16)
    row = (key_id, name, Role(role).value, salt, _digest(salt, secret), time.time_ns() // 1_000_000)
    store.write(
        lambda connection: connection.execute(
            "INSERT INTO api_keys (key_id, name, role, salt, digest, created_ms) VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )
    ).result()
    return key


def check_key(store: Store, key: str) -> KeyRecord | None:
    """The record of a key that is genuine and not revoked; None for any other string."""
    matched = KEY.match(key)
    key_id, secret = matched.groups() if matched else ("", "")
    row = store.read(
        lambda connection: connection.execute(
            "SELECT salt, digest, key_id, name, role, created_ms, revoked_ms FROM api_keys WHERE key_id = ?",
            (key_id,),
        ).fetchone()
    )
    # The same work for an unknown id, so that the time of the refusal tells nothing.
    salt, digest = (row[0], row[1]) if row else (bytes(16), bytes(32))
    is_genuine = hmac.compare_digest(_digest(salt, secret), digest)
    if row is None or not is_genuine or row[6] is not None:
        return None
    return _record(row[2:])


def find_key(store: Store, key_id: str) -> KeyRecord | None:
    """The record of a key id, revoked or not."""
    row = store.read(
        lambda connection: connection.execute(
            "SELECT key_id, name, role, created_ms, revoked_ms FROM api_keys WHERE key_id = ?", (key_id,)
        ).fetchone()
    )
    return None if row is None else _record(row)


def list_keys(store: Store, limit: int = 1000) -> list[KeyRecord]:
    """The newest keys, revoked ones too."""
    rows = store.read(
        lambda connection: connection.execute(
            "SELECT key_id, name, role, created_ms, revoked_ms FROM api_keys"
            " ORDER BY created_ms DESC, key_id LIMIT ?",
            (limit,),
        ).fetchall()
    )
    return [_record(row) for row in rows]


def has_keys(store: Store) -> bool:
    """Whether a key was ever made here."""
    found = store.read(lambda connection: connection.execute("SELECT 1 FROM api_keys LIMIT 1").fetchone())
    return found is not None


def revoke_key(store: Store, key_id: str) -> bool:
    """End a key at once; False where there is no such key or it ended before.

    Raises:
        Conflict: It is the last admin key; make another first.
    """

    def revoke(connection: sqlite3.Connection) -> bool:
        row = connection.execute(
            "SELECT role FROM api_keys WHERE key_id = ? AND revoked_ms IS NULL", (key_id,)
        ).fetchone()
        if row is None:
            return False
        if row[0] == Role.ADMIN:
            (admins,) = connection.execute(
                "SELECT count(*) FROM api_keys WHERE role = 'admin' AND revoked_ms IS NULL"
            ).fetchone()
            if admins == 1:
                raise Conflict("This is the last admin key.", "Make another admin key first.")
        connection.execute(
            "UPDATE api_keys SET revoked_ms = ? WHERE key_id = ?", (time.time_ns() // 1_000_000, key_id)
        )
        return True

    return store.write(revoke).result()


def _record(row: tuple[str, str, str, int, int | None]) -> KeyRecord:
    key_id, name, role, created_ms, revoked_ms = row
    return KeyRecord(
        key_id=key_id,
        name=name,
        role=Role(role),
        created_at=from_ms(created_ms),
        revoked_at=None if revoked_ms is None else from_ms(revoked_ms),
    )
