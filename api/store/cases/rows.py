"""Cases as rows: found, listed, made; they change only by steps."""

import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from api.callers import Caller
from api.errors import NotFound
from api.lifecycle import Case, CaseState, Rung
from api.store.history import ANYWHERE, Shapes

__all__ = [
    "CasePlace",
    "CaseQuery",
    "StoredCase",
    "case_for",
    "change_case",
    "find_case",
    "insert_case",
    "list_cases",
]


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case as it is kept; times are milliseconds since 1970, places WGS 84 degrees with a 95 % ellipse."""

    case_key: int
    case_id: str
    number: str
    state: str
    is_suspended: int
    rung: str
    is_objected: int
    category: str
    priority: int
    lon: float | None
    lat: float | None
    semi_major_m: float | None
    semi_minor_m: float | None
    azimuth_deg: float | None
    area: str | None
    street: str | None
    grid_cell: str | None
    unit: str | None
    codes: str
    run: str
    reported_ms: int
    filed_ms: int | None
    dispatched_ms: int | None
    due_ms: int | None
    handled_ms: int | None
    checked_ms: int | None
    closed_ms: int | None
    last_seen_ms: int | None
    reworks: int
    returns: int
    extensions: int
    hold: int
    version: int
    title: str

    @property
    def lonlat(self) -> tuple[float, float] | None:
        """Its place, or None."""
        return None if self.lon is None or self.lat is None else (self.lon, self.lat)

    def in_table(self) -> Case:
        """What the table of transitions asks of it."""
        return Case(
            CaseState(self.state),
            Rung(self.rung),
            bool(self.is_suspended),
            bool(self.is_objected),
            self.reworks,
            self.returns,
            self.extensions,
        )


COLUMNS = tuple(field.name for field in fields(StoredCase))
LISTED = ", ".join(COLUMNS)


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """Which cases; None means any.

    Args:
        areas: Only cases in these areas.
        unit: Only cases in which this unit leads or joins.
        since_ms, until_ms: When it was reported, both included.
        max_error_m: Longest half axis of the place's ellipse.
        shapes: Where it lies.
    """

    areas: tuple[str, ...] | None = None
    state: str | None = None
    category: str | None = None
    unit: str | None = None
    number: str | None = None
    is_objected: bool | None = None
    run: str = "live"
    street: str | None = None
    grid_cell: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    max_error_m: float | None = None
    shapes: Shapes = ANYWHERE


@dataclass(frozen=True, slots=True)
class CasePlace:
    """Where a page ended: the row of the last case shown."""

    key: int


def find_case(connection: sqlite3.Connection, case_id: str) -> StoredCase | None:
    """The case of that id or spoken number; None where there is none."""
    row = connection.execute(
        f"SELECT {LISTED} FROM cases WHERE case_id = ? OR number = ?",  # noqa: S608  constants above
        (case_id, case_id),
    ).fetchone()
    return None if row is None else StoredCase(*row)


def case_for(connection: sqlite3.Connection, caller: Caller, case_id: str) -> StoredCase:
    """The case of that id or number, if the caller may see it.

    Raises:
        NotFound: There is none, or it lies in none of his areas; which of the two is not told.
    """
    case = find_case(connection, case_id)
    if case is None or not caller.may_see(case.area):
        raise NotFound("There is no case of that id or number.", "List them at /v1/cases.")
    return case


def list_cases(
    connection: sqlite3.Connection, query: CaseQuery, limit: int, after: CasePlace | None
) -> tuple[list[StoredCase], CasePlace | None]:
    """Cases, the newest first, and where the next page goes on."""
    conditions: list[tuple[str, Any]] = [
        ("run = ?", query.run),
        ("state = ?", query.state),
        ("category = ?", query.category),
        ("number = ?", query.number),
        ("is_objected = ?", None if query.is_objected is None else int(query.is_objected)),
        ("street = ?", query.street),
        ("grid_cell = ?", query.grid_cell),
        ("reported_ms >= ?", query.since_ms),
        ("reported_ms <= ?", query.until_ms),
        ("semi_major_m <= ?", query.max_error_m),
        ("case_key < ?", after.key if after else None),
    ]
    clauses = [clause for clause, value in conditions if value is not None]
    values = [value for _, value in conditions if value is not None]
    if query.unit is not None:
        clauses.append("(unit = ? OR case_id IN (SELECT case_id FROM case_units WHERE unit = ?))")
        values += [query.unit, query.unit]
    if query.areas is not None:
        clauses.append(f"area IN ({', '.join('?' * len(query.areas))})")
        values += query.areas
    for clause, given in query.shapes.conditions():
        clauses.append(clause)
        values += given
    rows = connection.execute(
        f"SELECT {LISTED} FROM cases i WHERE {' AND '.join(clauses)}"  # noqa: S608  constants above
        " ORDER BY case_key DESC LIMIT ?",
        [*values, limit + 1],
    ).fetchall()
    shown = [StoredCase(*row) for row in rows[:limit]]
    return shown, CasePlace(shown[-1].case_key) if len(rows) > limit else None


def insert_case(connection: sqlite3.Connection, day: str, columns: Mapping[str, Any]) -> StoredCase:
    """A new row; its number is the next of the day (2026-11-25 gives 20261125-000001)."""
    prefix = day.replace("-", "")
    (newest,) = connection.execute(
        "SELECT max(number) FROM cases WHERE number >= ? AND number < ?", (f"{prefix}-", f"{prefix}.")
    ).fetchone()
    count = int(newest.partition("-")[2]) + 1 if newest else 1
    row = {"case_id": str(uuid.uuid4()), "number": f"{prefix}-{count:06d}", **columns}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO cases ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608
    case = find_case(connection, str(row["case_id"]))
    if case is None:
        raise LookupError(row["case_id"])
    return case


def change_case(
    connection: sqlite3.Connection, case_id: str, changes: Mapping[str, Any], *, is_by_person: bool = True
) -> None:
    """Set columns of a case; what a person changes raises its version."""
    kept = {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
        for name, value in changes.items()
    }
    if not kept and not is_by_person:
        return
    settings = ", ".join(
        [*(f"{name} = ?" for name in kept), *(["version = version + 1"] if is_by_person else [])]
    )
    connection.execute(
        f"UPDATE cases SET {settings} WHERE case_id = ?",  # noqa: S608  names are ours
        [*kept.values(), case_id],
    )
