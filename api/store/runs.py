"""Runs: the live one and analyses of recordings, how far each is, and whether it was admitted."""

import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from api.errors import Conflict, NotFound
from api.store.opening import Store
from api.store.times import from_ms, now_ms

__all__ = [
    "RunProgress",
    "RunRecord",
    "RunState",
    "count_incident",
    "find_run",
    "is_admitted",
    "list_runs",
    "mark_admitted",
    "tell_progress",
]

LIVE = "live"
RunState = Literal["waiting", "running", "done", "failed"]
_COLUMNS = (
    "run, incidents, state, progress, detail, inputs, told_ms, ended_ms,"
    " admitted_ms, admitted_by, admitted_reason"
)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far an analysis is.

    Args:
        progress: Part of the recordings that is done, 0 to 1.
        detail: What a person should know, such as why it failed.
        inputs: Names of the recordings.
    """

    state: RunState
    progress: float
    detail: str = ""
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run: its progress where a worker tells it, and who admitted it when and why."""

    run: str
    incidents: int
    progress: RunProgress | None
    told_at: datetime | None
    ended_at: datetime | None
    admitted_at: datetime | None
    admitted_by: str | None
    admitted_reason: str | None


def _record(row: Sequence[Any]) -> RunRecord:
    run, incidents, state, progress, detail, inputs, told_ms, ended_ms, admitted_ms, by, reason = row
    told_at, ended_at, admitted_at = (
        None if ms is None else from_ms(ms) for ms in (told_ms, ended_ms, admitted_ms)
    )
    told = None if state is None else RunProgress(state, progress, detail, tuple(json.loads(inputs)))
    return RunRecord(run, incidents, told, told_at, ended_at, admitted_at, by, reason)


def count_incident(connection: sqlite3.Connection, run: str, place_key: int) -> None:
    """Count a new incident of a run, which is made known where it was not."""
    connection.execute(
        "INSERT INTO runs (run, incidents, newest_key, heard_ms) VALUES (?, 1, ?, ?)"
        " ON CONFLICT (run) DO UPDATE SET incidents = incidents + 1,"
        " newest_key = excluded.newest_key, heard_ms = excluded.heard_ms",
        (run, place_key, now_ms()),
    )


def list_runs(store: Store, limit: int, areas: tuple[str, ...] | None = None) -> list[RunRecord]:
    """Runs, those with the newest arrivals first; incidents are counted within `areas`."""

    def look(connection: sqlite3.Connection) -> list[RunRecord]:
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM runs ORDER BY newest_key DESC, told_ms DESC LIMIT ?",  # noqa: S608
            (limit,),
        ).fetchall()
        records = [_record(row) for row in rows]
        if areas is None:
            return records
        counts = dict(
            connection.execute(
                "SELECT run, count(*) FROM incidents WHERE area IN (SELECT value FROM json_each(?))"
                " GROUP BY run",
                (json.dumps(areas),),
            ).fetchall()
        )
        return [replace(record, incidents=counts.get(record.run, 0)) for record in records]

    return store.read(look)


def find_run(store: Store, run: str) -> RunRecord | None:
    """A run by its name; None where nobody has heard of it."""
    row = store.read(lambda connection: _find(connection, run))
    return None if row is None else _record(row)


def _find(connection: sqlite3.Connection, run: str) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = connection.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE run = ?",  # noqa: S608
        (run,),
    ).fetchone()
    return row


def is_admitted(connection: sqlite3.Connection, run: str) -> bool:
    """Whether a run counts: the live one always, an analysis once a person has admitted it."""
    if run == LIVE:
        return True
    row = connection.execute("SELECT admitted_ms FROM runs WHERE run = ?", (run,)).fetchone()
    return row is not None and row[0] is not None


def tell_progress(store: Store, run: str, told: RunProgress) -> "Future[None]":
    """Keep how far an analysis is; what was told last holds.

    Raises:
        Conflict: `live` is no analysis.
    """
    if run == LIVE:
        raise Conflict("The live run is no analysis.", "Name the analysis.")
    at_ms = now_ms()
    ended_ms = at_ms if told.state in {"done", "failed"} else None

    def tell(connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO runs (run, state, progress, detail, inputs, told_ms, ended_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET state = excluded.state,"
            " progress = excluded.progress, detail = excluded.detail, inputs = excluded.inputs,"
            " told_ms = excluded.told_ms, ended_ms = excluded.ended_ms",
            (run, told.state, told.progress, told.detail, json.dumps(told.inputs), at_ms, ended_ms),
        )

    return store.write(tell)


def mark_admitted(connection: sqlite3.Connection, run: str, actor: str, reason: str, at_ms: int) -> RunRecord:
    """Let a run count from now on.

    Raises:
        NotFound: Nobody has heard of the run.
        Conflict: It is the live run, or was admitted before.
    """
    row = _find(connection, run)
    if row is None:
        raise NotFound("There is no run of that name.", "List them at /v1/runs.")
    if run == LIVE or row[8] is not None:
        raise Conflict("This run counts already.", "Nothing needs to be done.")
    connection.execute(
        "UPDATE runs SET admitted_ms = ?, admitted_by = ?, admitted_reason = ? WHERE run = ?",
        (at_ms, actor, reason, run),
    )
    return _record(_find(connection, run) or row)
