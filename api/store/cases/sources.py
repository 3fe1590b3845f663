"""What a case is about: sources join it and are split off again, by a person."""

import sqlite3
from collections.abc import Sequence

from api.errors import Conflict, NotFound
from api.lifecycle import ENDS, Action
from api.store.cases.rows import StoredCase
from api.store.cases.sightings import Source, sighting_of
from api.store.cases.steps import Step, begin_case, note_step

__all__ = [
    "SourceRow",
    "add_sources",
    "join_case",
    "list_sources",
    "place_columns",
    "remove_sources",
    "split_case",
]

SourceRow = tuple[str, str, int, str, int | None]
"""Kind, id, when it joined, by whom, and when it left."""


def list_sources(connection: sqlite3.Connection, case_id: str) -> list[SourceRow]:
    """Every source that a case has or had."""
    return connection.execute(
        "SELECT kind, source_id, joined_ms, joined_by, left_ms FROM case_sources WHERE case_id = ?"
        " ORDER BY joined_ms, kind, source_id",
        (case_id,),
    ).fetchall()


def add_sources(
    connection: sqlite3.Connection, case_id: str, sources: Sequence[Source], actor: str, at_ms: int
) -> None:
    """Let sources belong to a case, and to no other any more."""
    for kind, source_id in sources:
        connection.execute(
            "UPDATE case_sources SET left_ms = ? WHERE kind = ? AND source_id = ? AND left_ms IS NULL",
            (at_ms, kind, source_id),
        )
        connection.execute(
            "INSERT INTO case_sources (case_id, kind, source_id, joined_ms, joined_by) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET left_ms = NULL",
            (case_id, kind, source_id, at_ms, actor),
        )


def remove_sources(
    connection: sqlite3.Connection, case_id: str, sources: Sequence[Source], at_ms: int
) -> None:
    """Let sources leave a case; that they were there stays."""
    connection.executemany(
        "UPDATE case_sources SET left_ms = ? WHERE case_id = ? AND kind = ? AND source_id = ?"
        " AND left_ms IS NULL",
        [(at_ms, case_id, *source) for source in sources],
    )


def place_columns(
    connection: sqlite3.Connection, sources: Sequence[Source], now_ms: int
) -> dict[str, float | int | None]:
    """The place of the source that knows it best, and when any of them was last seen."""
    found = [seen for source in sources if (seen := sighting_of(connection, source, now_ms)) is not None]
    placed = [seen for seen in found if seen.lonlat is not None]
    last_ms = max((_last_seen_ms(connection, source) for source in sources), default=None)
    if not placed:
        return {"last_seen_ms": last_ms}
    best = min(placed, key=lambda seen: seen.semi_major_m)
    lon, lat = best.lonlat or (None, None)
    return {
        "lon": lon,
        "lat": lat,
        "semi_major_m": best.semi_major_m,
        "semi_minor_m": best.semi_minor_m,
        "azimuth_deg": best.azimuth_deg,
        "last_seen_ms": last_ms,
    }


def _last_seen_ms(connection: sqlite3.Connection, source: Source) -> int:
    """When a source was last seen itself; 0 where there is no such source."""
    kind, source_id = source
    row = connection.execute(
        "SELECT last_seen_ms FROM incidents WHERE incident_id = ?"
        if kind == "incident"
        else "SELECT at_ms FROM reports WHERE report_id = ?",
        (source_id,),
    ).fetchone()
    return int(row[0]) if row else 0


def join_case(
    connection: sqlite3.Connection, case: StoredCase, sources: Sequence[Source], step: Step
) -> StoredCase:
    """The case with more sources; its state stays.

    Raises:
        Conflict: It has ended.
    """
    if case.state in ENDS:
        raise Conflict(
            f"Case {case.number} is {case.state}: nothing joins it any more.", "File a case of its own."
        )
    add_sources(connection, case.case_id, sources, step.actor, step.at_ms)
    seen = place_columns(connection, sources, step.at_ms).get("last_seen_ms")
    last_ms = max((ms for ms in (case.last_seen_ms, seen) if ms is not None), default=None)
    return note_step(connection, case, "join", step, {"last_seen_ms": last_ms})


def split_case(
    connection: sqlite3.Connection, case: StoredCase, sources: Sequence[Source], day: str, step: Step
) -> StoredCase:
    """A case of its own for some of a case's sources, in the state `filed`; gives the new one.

    Raises:
        NotFound: A source is none of the case's.
        Conflict: The case has ended, or nothing would be left in it.
    """
    if case.state in ENDS:
        raise Conflict(f"Case {case.number} is {case.state}.", "Only an open case can be split.")
    present = {
        (kind, key) for kind, key, _, _, left_ms in list_sources(connection, case.case_id) if left_ms is None
    }
    for kind, key in sources:
        if (kind, key) not in present:
            raise NotFound(f"The {kind} is none of the case's sources.", f"See /v1/cases/{case.case_id}.")
    if not present - set(sources):
        raise Conflict("All of its sources would leave the case.", "Leave at least one in it.")
    columns = {
        "state": "filed",
        "category": case.category,
        "priority": case.priority,
        "area": case.area,
        "codes": case.codes,
        "run": case.run,
        "reported_ms": step.at_ms,
        **place_columns(connection, sources, step.at_ms),
    }
    told = {"sources": [list(source) for source in sources]}
    split = begin_case(
        connection,
        day,
        columns,
        Step(Action.FILE, step.actor, step.at_ms, step.reason, detail={**told, "split_from": case.number}),
    )
    add_sources(connection, split.case_id, sources, step.actor, step.at_ms)
    left = Step(step.action, step.actor, step.at_ms, step.reason, detail={**told, "split_to": split.number})
    note_step(connection, case, "split", left, {})
    return split
