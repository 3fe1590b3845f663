"""The workers' side of commands: taking them, telling that one is alive, and handing in results."""

import json
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Final

from api.errors import Conflict, NotFound
from api.store.commands import (
    COLUMNS,
    CommandRow,
    Outcome,
    end_command,
    expire_commands,
    find_command,
    row_of,
)
from contracts.command import NEEDS_CAMERA, CommandKind

__all__ = ["LEASE_S", "finish_command", "is_due", "lease_commands", "list_commands", "tell_progress"]

LEASE_S: Final = 60.0
"""How long a worker may be silent about a command before another gets it."""
_BOUND: Final = json.dumps(sorted(NEEDS_CAMERA))
# Bound kinds go only to the worker that has the camera's lease: it alone has its looks and stills.
_FOR_WORKER: Final = (
    " FROM commands WHERE state = 'queued' AND expires_ms > :now"
    " AND kind IN (SELECT value FROM json_each(:kinds))"
    " AND (kind NOT IN (SELECT value FROM json_each(:bound)) OR camera_id IN"
    " (SELECT camera_id FROM camera_leases WHERE holder = :worker AND expires_ms > :now))"
)


def _values(worker: str, kinds: Sequence[CommandKind], now_ms: int) -> dict[str, object]:
    return {"worker": worker, "kinds": json.dumps(list(kinds)), "bound": _BOUND, "now": now_ms}


def is_due(connection: sqlite3.Connection, worker: str, kinds: Sequence[CommandKind], now_ms: int) -> bool:
    """Whether `lease_commands` would change anything; asked often, so it only reads."""
    overdue = connection.execute(
        "SELECT 1 FROM commands WHERE state IN ('queued', 'leased')"
        " AND ((state = 'queued' AND expires_ms <= ?) OR leased_until_ms <= ?) LIMIT 1",
        (now_ms, now_ms),
    ).fetchone()
    if overdue is not None:
        return True
    waiting = connection.execute(f"SELECT 1{_FOR_WORKER} LIMIT 1", _values(worker, kinds, now_ms)).fetchone()
    return waiting is not None


def lease_commands(
    connection: sqlite3.Connection, worker: str, kinds: Sequence[CommandKind], limit: int, now_ms: int
) -> list[CommandRow]:
    """Give a worker the oldest commands that it can do, each under a token of its own."""
    expire_commands(connection, now_ms)
    found = connection.execute(
        f"SELECT command_id{_FOR_WORKER} ORDER BY command_key LIMIT :limit",
        {**_values(worker, kinds, now_ms), "limit": limit},
    ).fetchall()
    leased = []
    for (command_id,) in found:
        row = connection.execute(
            "UPDATE commands SET state = 'leased', worker = ?, token = ?, leased_until_ms = ?,"  # noqa: S608
            f" attempts = attempts + 1 WHERE command_id = ? RETURNING {COLUMNS}",
            (worker, secrets.token_urlsafe(16), now_ms + int(LEASE_S * 1000), command_id),
        ).fetchone()
        leased.append(row_of(row))
    return leased


def tell_progress(
    connection: sqlite3.Connection, command_id: str, token: str, told: tuple[float, str], now_ms: int
) -> None:
    """A worker is alive and so far: its lease begins anew.

    Args:
        connection: The writer's, inside its transaction.
        command_id: The command.
        token: Of the lease.
        told: The part that is done, 0 to 1, and what a person should know.
        now_ms: Now, milliseconds since 1970.

    Raises:
        NotFound: There is no such command.
        Conflict: Another worker has it now, or it has ended.
    """
    _held(connection, command_id, token)
    connection.execute(
        "UPDATE commands SET progress = ?, note = ?, leased_until_ms = ? WHERE command_id = ?",
        (*told, now_ms + int(LEASE_S * 1000), command_id),
    )


def finish_command(
    connection: sqlite3.Connection, command_id: str, token: str, outcome: Outcome, by: tuple[str, int]
) -> bool:
    """Keep a result; False where this lease has handed it in before, which changes nothing.

    Args:
        connection: The writer's, inside its transaction.
        command_id: The command.
        token: Of the lease.
        outcome: What became of it.
        by: Who hands it in, and when in milliseconds since 1970.

    Raises:
        NotFound: There is no such command.
        Conflict: Another worker has it now, or has done it.
    """
    command = find_command(connection, command_id)
    if command is not None and command.token == token and command.state in {"done", "failed"}:
        return False
    end_command(connection, _held(connection, command_id, token), outcome, *by)
    return True


def list_commands(
    connection: sqlite3.Connection,
    wanted: tuple[str | None, str | None, str | None],
    cameras: Sequence[str] | None,
    page: tuple[int | None, int],
) -> list[tuple[int, CommandRow]]:
    """Commands with their order, the newest first.

    Args:
        connection: Any.
        wanted: State, kind and camera; None is any.
        cameras: Only those for these cameras; None: all, those for no camera too.
        page: Those before this number, and at most so many.
    """
    state, kind, camera = wanted
    before, limit = page
    rows = connection.execute(
        f"SELECT command_key, {COLUMNS} FROM commands WHERE command_key < :before"  # noqa: S608  a constant
        " AND (:state IS NULL OR state = :state) AND (:kind IS NULL OR kind = :kind)"
        " AND (:camera IS NULL OR camera_id = :camera)"
        " AND (:cameras IS NULL OR camera_id IN (SELECT value FROM json_each(:cameras)))"
        " ORDER BY command_key DESC LIMIT :limit",
        {
            "before": 2**62 if before is None else before,
            "state": state,
            "kind": kind,
            "camera": camera,
            "cameras": None if cameras is None else json.dumps(list(cameras)),
            "limit": limit,
        },
    ).fetchall()
    return [(row[0], row_of(row[1:])) for row in rows]


def _held(connection: sqlite3.Connection, command_id: str, token: str) -> CommandRow:
    command = find_command(connection, command_id)
    if command is None:
        raise NotFound("There is no such command.", "Take commands at /v1/commands/lease.")
    # A lease that ran out unnoticed is still the newest one: nobody else has begun, so its work counts.
    if command.token is None or not secrets.compare_digest(command.token.encode(), token.encode()):
        raise Conflict("This lease is over: another worker has the command.", "Drop what you did.")
    if command.state != "leased":
        raise Conflict(f"The command is {command.state}.", "Drop what you did.")
    return command
