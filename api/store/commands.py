"""Commands: kept until a worker has done them, done once in effect, and never waited for in vain.

queued -> leased -> done | failed, and expired where nobody did it in time. A lease that runs out puts the
command back; after several attempts that ended so it has failed.
"""

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from api.errors import Unprocessable
from api.store.audit import append_audit
from contracts.command import NEEDS_CAMERA, CommandKind, parse_body

__all__ = [
    "COLUMNS",
    "CommandEnd",
    "CommandRow",
    "Outcome",
    "end_command",
    "enqueue_command",
    "expire_commands",
    "find_command",
    "forget_commands",
    "on_result",
    "row_of",
]

MOST_ATTEMPTS: Final = 5
KEPT_MS: Final = 30 * 86_400_000
"""How long a command that has ended is kept; what a case or a look took from it has its own time."""
COLUMNS: Final = (
    "command_id, kind, camera_id, body, actor, state, created_ms, expires_ms, worker, token, leased_until_ms,"
    " attempts, progress, note, result, reason, ended_ms"
)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command as it is kept; times are milliseconds since 1970."""

    command_id: str
    kind: CommandKind
    camera_id: str | None
    body: dict[str, Any]
    actor: str
    state: str
    created_ms: int
    expires_ms: int
    worker: str | None
    token: str | None
    leased_until_ms: int | None
    attempts: int
    progress: float
    note: str
    answer: dict[str, Any]
    evidence: list[dict[str, Any]]
    reason: str
    ended_ms: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: `done`, `failed` or `expired`, why, and what was found."""

    state: str
    reason: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    evidence: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How a command ended, for those who wait for it.

    Args:
        command: The command as it is kept now; its `state` is `done`, `failed` or `expired`.
        answer: What the worker found, by kind; empty where it was not done.
        evidence: Its masked pictures, as `EvidenceRef` in JSON; they are kept already.
        actor: The key of the worker that did it; `system` where nobody did.
        now_ms: When it ended.
    """

    command: CommandRow
    answer: Mapping[str, Any]
    evidence: list[dict[str, Any]]
    actor: str
    now_ms: int


ResultHandler = Callable[[sqlite3.Connection, CommandEnd], None]
_HANDLERS: dict[CommandKind, list[ResultHandler]] = {}


def on_result(kind: str) -> Callable[[ResultHandler], ResultHandler]:
    """Register a function that runs when a command of a kind ends, in the transaction that keeps its end.

    It runs once for each command, for those that failed or expired too; what it raises keeps the end from
    being kept, and the worker sends it again. Other commands of that kind exist: look at the id or the body.
    """

    def register(handler: ResultHandler) -> ResultHandler:
        _HANDLERS.setdefault(CommandKind(kind), []).append(handler)
        return handler

    return register


def enqueue_command(  # noqa: PLR0913  by name, all of them: a command is asked for in many places
    connection: sqlite3.Connection,
    *,
    kind: str,
    camera_id: str | None,
    body: Mapping[str, object],
    ttl_s: float,
    key: str,
    actor: str,
    now_ms: int,
) -> str:
    """Ask workers for something, in the caller's own transaction; gives the command's id.

    Args:
        connection: The writer's, inside its transaction.
        kind: One of `CommandKind`.
        camera_id: The camera; None for kinds that any worker can do.
        body: As its kind wants it (`contracts/command.py`).
        ttl_s: How long it may wait for a worker before it expires.
        key: Idempotency: the same key again gives the id of the first, and nothing is asked twice.
        actor: Who asks.
        now_ms: Now, milliseconds since 1970.

    Raises:
        Unprocessable: The body is none of its kind, or a camera is missing; `errors` names each fault.
    """
    known = connection.execute("SELECT command_id FROM commands WHERE idempotency = ?", (key,)).fetchone()
    if known is not None:
        return str(known[0])
    wanted = CommandKind(kind)
    if wanted in NEEDS_CAMERA and camera_id is None:
        raise Unprocessable(f"A {kind} needs a camera.", "Name it as `camera`.")
    try:
        checked = parse_body(wanted, dict(body))
    except ValidationError as error:
        raise Unprocessable(
            f"The body is none of a {kind}.",
            "See /openapi.json for what it may hold.",
            errors=[
                {"in": "body", "name": ".".join(str(part) for part in fault["loc"]), "problem": fault["msg"]}
                for fault in error.errors(include_url=False, include_input=False, include_context=False)
            ],
        ) from None
    command_id = str(uuid.uuid4())
    connection.execute(
        "INSERT INTO commands (command_id, idempotency, kind, camera_id, body, actor, created_ms, expires_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            command_id,
            key,
            wanted.value,
            camera_id,
            checked.model_dump_json(),
            actor,
            now_ms,
            now_ms + int(ttl_s * 1000),
        ),
    )
    return command_id


def find_command(connection: sqlite3.Connection, command_id: str) -> CommandRow | None:
    """A command by its id."""
    row = connection.execute(
        f"SELECT {COLUMNS} FROM commands WHERE command_id = ?",  # noqa: S608  a constant
        (command_id,),
    ).fetchone()
    return None if row is None else row_of(row)


def row_of(row: tuple[Any, ...]) -> CommandRow:
    """A row of `COLUMNS`."""
    values = list(row)
    values[1] = CommandKind(values[1])
    values[3] = json.loads(values[3])
    values[14:15] = [{}, []] if values[14] is None else json.loads(values[14])
    return CommandRow(*values)


def end_command(
    connection: sqlite3.Connection, command: CommandRow, outcome: Outcome, actor: str, now_ms: int
) -> None:
    """Keep how a command ended and tell those who wait for it; it must not have ended before."""
    kept = None if outcome.state != "done" else json.dumps([outcome.answer, outcome.evidence])
    connection.execute(
        "UPDATE commands SET state = ?, result = ?, reason = ?, ended_ms = ?, leased_until_ms = NULL,"
        " progress = CASE WHEN ? = 'done' THEN 1.0 ELSE progress END WHERE command_id = ?",
        (outcome.state, kept, outcome.reason, now_ms, outcome.state, command.command_id),
    )
    ended = find_command(connection, command.command_id)
    if ended is None:
        raise LookupError("a command that ends has gone")
    end = CommandEnd(ended, outcome.answer, outcome.evidence, actor, now_ms)
    for handler in _HANDLERS.get(command.kind, []):
        handler(connection, end)


def expire_commands(connection: sqlite3.Connection, now_ms: int) -> int:
    """End what nobody did in time, and put back what a worker left; gives how many ended.

    One that a worker still works on may outlive its time: the work is done, and its result is wanted.
    """
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM commands WHERE state IN ('queued', 'leased')"  # noqa: S608  a constant
        " AND ((state = 'queued' AND expires_ms <= ?) OR leased_until_ms <= ?)",
        (now_ms, now_ms),
    ).fetchall()
    ended = 0
    for command in map(row_of, rows):
        if command.expires_ms <= now_ms:
            outcome = Outcome("expired", "no worker did it in time")
        elif command.attempts >= MOST_ATTEMPTS:
            reason = f"given up: {command.attempts} times a worker began it, and none ended it"
            outcome = Outcome("failed", reason)
        else:
            connection.execute(
                "UPDATE commands SET state = 'queued', token = NULL, leased_until_ms = NULL"
                " WHERE command_id = ?",
                (command.command_id,),
            )
            continue
        end_command(connection, command, outcome, "system", now_ms)
        ended += 1
    return ended


def forget_commands(connection: sqlite3.Connection, now_ms: int) -> int:
    """Delete commands that ended long ago, with a line in the audit log; gives how many.

    Their pictures are then named by nothing, unless by a case or a look, and the purge takes them.
    """
    gone = connection.execute("DELETE FROM commands WHERE ended_ms < ?", (now_ms - KEPT_MS,)).rowcount
    if gone:
        detail = {"count": gone, "ended_before_ms": now_ms - KEPT_MS}
        append_audit(
            connection,
            actor="system",
            action="command.forget",
            subject="commands",
            detail=detail,
            at_ms=now_ms,
        )
    return gone
