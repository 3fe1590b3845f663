"""Users: people who sign in, with a password kept here or through an identity provider."""

import re
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.errors import Conflict, NotFound, Unprocessable
from api.store.audit import append_audit
from api.store.opening import Store
from api.store.rights import Rights, read_rights, rights_columns
from api.store.sessions import drop_sessions
from api.store.times import from_ms, now_ms

__all__ = [
    "UserRecord",
    "change_user",
    "create_user",
    "find_user",
    "find_user_by_identity",
    "find_user_by_name",
    "list_users",
    "note_sign_in",
    "set_password",
]

NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")
COLUMNS = "user_id, name, role, areas, unit, password, issuer, subject, created_ms, signed_in_ms, disabled_ms"
COMMAND = "command"


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user; `password` is a hash, or None where an identity provider knows it."""

    user_id: str
    name: str
    rights: Rights
    password: str | None
    issuer: str | None
    subject: str | None
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None


def _record(row: tuple[Any, ...]) -> UserRecord:
    user_id, name, role, areas, unit, password, issuer, subject, *times = row
    created_at, signed_in_at, disabled_at = (None if ms is None else from_ms(ms) for ms in times)
    if created_at is None:
        raise ValueError("a user without the time when he was made")
    rights = read_rights(role, areas, unit, None)
    return UserRecord(user_id, name, rights, password, issuer, subject, created_at, signed_in_at, disabled_at)


def _found(connection: sqlite3.Connection, column: str, value: str) -> UserRecord | None:
    row = connection.execute(
        f"SELECT {COLUMNS} FROM users WHERE {column} = ?",  # noqa: S608  constants
        (value,),
    ).fetchone()
    return None if row is None else _record(row)


def create_user(
    store: Store,
    name: str,
    rights: Rights,
    *,
    password: str | None,
    identity: tuple[str, str] | None = None,
    actor: str = COMMAND,
) -> UserRecord:
    """A new user.

    Args:
        store: Where.
        name: What he signs in with; it stands in histories, so it is never given to another.
        rights: What he may do.
        password: The hash of his password.
        identity: Issuer and subject, for whoever comes through an identity provider.
        actor: Who makes him.

    Raises:
        Unprocessable: The name is none.
        Conflict: There is a user of that name, or was.
    """
    if not NAME.match(name):
        raise Unprocessable(
            "That cannot be the name of a user.",
            "1 to 64 letters, digits, dots, hyphens, underscores and @, beginning with a letter or digit.",
        )
    user_id, at_ms = str(uuid.uuid4()), now_ms()
    role, areas, unit, _ = rights_columns(rights)
    issuer, subject = identity or (None, None)

    def insert(connection: sqlite3.Connection) -> UserRecord:
        if _found(connection, "name", name) is not None:
            raise Conflict("There is a user of that name, or was.", "Choose another name.")
        connection.execute(
            "INSERT INTO users (user_id, name, role, areas, unit, password, issuer, subject, created_ms,"
            " password_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (user_id, name, role, areas, unit, password, issuer, subject, at_ms, password and at_ms),
        )
        detail = {"name": name, **rights.shown(), "issuer": issuer}
        append_audit(
            connection, actor=actor, action="user.create", subject=user_id, detail=detail, at_ms=at_ms
        )
        return _known(connection, user_id)

    return store.write(insert).result()


def _known(connection: sqlite3.Connection, user_id: str) -> UserRecord:
    record = _found(connection, "user_id", user_id)
    if record is None:
        raise NotFound("There is no such user.", "List users at /v1/users.")
    return record


def find_user(store: Store, user_id: str) -> UserRecord | None:
    """The user of an id, disabled or not."""
    return store.read(lambda connection: _found(connection, "user_id", user_id))


def find_user_by_name(store: Store, name: str) -> UserRecord | None:
    """The user of a name in any case of letters, disabled or not."""
    return store.read(lambda connection: _found(connection, "name", name))


def find_user_by_identity(store: Store, issuer: str, subject: str) -> UserRecord | None:
    """The user whom an identity provider knows by that subject."""
    row = store.read(
        lambda connection: connection.execute(
            f"SELECT {COLUMNS} FROM users WHERE issuer = ? AND subject = ?",  # noqa: S608  a constant
            (issuer, subject),
        ).fetchone()
    )
    return None if row is None else _record(row)


def list_users(store: Store, limit: int = 1000) -> list[UserRecord]:
    """Users by name, disabled ones too."""
    rows = store.read(
        lambda connection: connection.execute(
            f"SELECT {COLUMNS} FROM users ORDER BY name LIMIT ?",  # noqa: S608  a constant
            (limit,),
        ).fetchall()
    )
    return [_record(row) for row in rows]


def change_user(
    store: Store,
    user_id: str,
    *,
    rights: Rights | None = None,
    is_disabled: bool | None = None,
    actor: str = COMMAND,
) -> UserRecord:
    """Give a user other rights, or disable or enable him; his sessions end where he may less than before.

    Raises:
        NotFound: There is no such user.
    """

    def change(connection: sqlite3.Connection) -> UserRecord:
        before, at_ms = _known(connection, user_id), now_ms()
        detail: dict[str, object] = {}
        if rights is not None and rights != before.rights:
            role, areas, unit, _ = rights_columns(rights)
            connection.execute(
                "UPDATE users SET role = ?, areas = ?, unit = ? WHERE user_id = ?",
                (role, areas, unit, user_id),
            )
            detail |= {"from": before.rights.shown(), "to": rights.shown()}
        if is_disabled is not None and is_disabled != (before.disabled_at is not None):
            connection.execute(
                "UPDATE users SET disabled_ms = ? WHERE user_id = ?",
                (at_ms if is_disabled else None, user_id),
            )
            detail |= {"is_disabled": is_disabled}
        if detail:
            # A session carries no rights of its own, but whoever changed roles wants to be asked who he is.
            drop_sessions(connection, "user", user_id)
            append_audit(
                connection, actor=actor, action="user.change", subject=user_id, detail=detail, at_ms=at_ms
            )
        return _known(connection, user_id)

    return store.write(change).result()


def set_password(store: Store, user_id: str, password: str, *, actor: str = COMMAND) -> None:
    """Keep the hash of a new password and end every session of the user.

    Raises:
        NotFound: There is no such user.
        Conflict: An identity provider knows his password.
    """

    def change(connection: sqlite3.Connection) -> None:
        if _known(connection, user_id).issuer is not None:
            raise Conflict("This user signs in through an identity provider.", "Change the password there.")
        at_ms = now_ms()
        connection.execute(
            "UPDATE users SET password = ?, password_ms = ? WHERE user_id = ?", (password, at_ms, user_id)
        )
        drop_sessions(connection, "user", user_id)
        append_audit(connection, actor=actor, action="user.password", subject=user_id, detail={}, at_ms=at_ms)

    store.write(change).result()


def note_sign_in(store: Store, user_id: str, password: str | None = None) -> None:
    """Remember that a user signed in, and his password's hash where it was made anew."""
    row: tuple[Any, ...] = (now_ms(), password, user_id)
    sql = "UPDATE users SET signed_in_ms = ?, password = coalesce(?, password) WHERE user_id = ?"
    change: Callable[[sqlite3.Connection], Any] = lambda connection: connection.execute(sql, row)  # noqa: E731
    store.write(change).result()
