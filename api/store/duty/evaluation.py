"""The figures of months: counted from steps, and kept for good once a month's cut-off is past."""

import json
import sqlite3
from dataclasses import dataclass

from api.duty.figures import CaseFact
from api.duty.months import Month, month_at, month_named
from api.store.duty.coverage import camera_hours, forget_watching
from api.store.duty.facts import count_month
from api.store.times import from_ms
from contracts.responsibility import ResponsibilityDocument

__all__ = ["MonthCount", "freeze_months", "month_count"]


@dataclass(frozen=True, slots=True)
class MonthCount:
    """A month's cases and what was watched in it.

    Args:
        facts: Cases that belong to one of its figures, by number.
        camera_hours: Hours in which each camera watched.
        is_final: Whether the figures are kept for good.
    """

    facts: list[CaseFact]
    camera_hours: dict[str, float]
    is_final: bool


def month_count(
    connection: sqlite3.Connection, month: Month, now_ms: int, document: ResponsibilityDocument | None = None
) -> MonthCount:
    """The month as it was kept, or as it stands by now."""
    kept = connection.execute(
        "SELECT coverage FROM evaluation_months WHERE month = ?", (month.name,)
    ).fetchone()
    if kept is None:
        hours = camera_hours(connection, month, now_ms)
        return MonthCount(count_month(connection, month, document), hours, is_final=False)
    rows = connection.execute(
        "SELECT case_id, number, category, street, unit, area, figures, handling_ms"
        " FROM evaluation_facts WHERE month = ? ORDER BY number",
        (month.name,),
    )
    return MonthCount([CaseFact(*row) for row in rows], json.loads(kept[0]), is_final=True)


def freeze_months(connection: sqlite3.Connection, document: ResponsibilityDocument, now_ms: int) -> list[str]:
    """Keep every month whose cut-off is past and that is not kept yet; gives their names.

    In the writer's transaction. Doing it again changes nothing.
    """
    (first_ms,) = connection.execute("SELECT min(reported_ms) FROM cases").fetchone()
    if first_ms is None:
        return []
    kept = {row[0] for row in connection.execute("SELECT month FROM evaluation_months")}
    frozen = []
    for month in _months_since(first_ms, now_ms, document.calendar.time_zone):
        if month.cutoff_ms <= now_ms and month.name not in kept:
            _freeze(connection, month, document, now_ms)
            forget_watching(connection, month)
            frozen.append(month.name)
    return frozen


def _months_since(first_ms: int, now_ms: int, time_zone: str) -> list[Month]:
    month, found = month_at(from_ms(first_ms), time_zone), []
    while month.start_ms <= now_ms:
        found.append(month)
        year, number = int(month.name[:4]), int(month.name[5:])
        month = month_named(f"{year + number // 12:04d}-{number % 12 + 1:02d}", time_zone)
    return found


def _freeze(
    connection: sqlite3.Connection, month: Month, document: ResponsibilityDocument, now_ms: int
) -> None:
    hours = camera_hours(connection, month, now_ms)
    connection.execute(
        "INSERT INTO evaluation_months (month, cutoff_ms, frozen_ms, coverage) VALUES (?, ?, ?, ?)",
        (month.name, month.cutoff_ms, now_ms, json.dumps(hours)),
    )
    connection.executemany(
        "INSERT INTO evaluation_facts (month, case_id, number, category, street, unit, area, figures,"
        " handling_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                month.name,
                fact.case_id,
                fact.number,
                fact.category,
                fact.street,
                fact.unit,
                fact.area,
                fact.figures,
                fact.handling_ms,
            )
            for fact in count_month(connection, month, document)
        ],
    )
