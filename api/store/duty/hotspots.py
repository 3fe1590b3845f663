"""Places to which cases come back, by hour: one query over cases."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Hotspot", "HotspotQuery", "hotspots"]

CELL_M = 50.0
METRES_PER_DEGREE = 111_320.0
"""Cells are as wide in degrees as they are at 30 degrees of latitude; the reply gives their middles."""
ROW_DEG = CELL_M / METRES_PER_DEGREE
COLUMN_DEG = ROW_DEG / 0.8660254037844386


@dataclass(frozen=True, slots=True)
class HotspotQuery:
    """Which cases; None means any.

    Args:
        since_ms: Reported from this moment on.
        until_ms: Reported before this moment.
        offset_ms: Of the district's clock from UTC, for the hours.
        category: What they are about.
        areas: Only cases in these areas.
        least: Fewest cases that make a hot-spot.
    """

    since_ms: int
    until_ms: int
    offset_ms: int
    category: str | None = None
    areas: frozenset[str] | None = None
    least: int = 2


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A cell of 50 m in an hour of the day: where and when to be there.

    Args:
        lonlat: Mean place of its cases, degrees.
        hour: Hour of the day in which they were reported.
        cases: How many.
        days: On how many days.
        street: Street of one of them; None outside all.
        last_ms: When the last was reported.
    """

    category: str
    lonlat: tuple[float, float]
    hour: int
    cases: int
    days: int
    street: str | None
    last_ms: int


_QUERY = """
SELECT category, avg(lon), avg(lat), (reported_ms + :offset) / 3600000 % 24 AS hour, count(*) AS many,
    count(DISTINCT (reported_ms + :offset) / 86400000) AS days, max(street), max(reported_ms)
FROM cases WHERE reported_ms >= :since AND reported_ms < :until AND lon IS NOT NULL
    AND state NOT IN ('rejected', 'voided'){filters}
GROUP BY category, cast(lon / :column AS INTEGER), cast(lat / :row AS INTEGER), hour
HAVING days >= :least ORDER BY days DESC, many DESC, category, hour, avg(lon) LIMIT :limit
"""


def hotspots(connection: sqlite3.Connection, query: HotspotQuery, limit: int) -> list[Hotspot]:
    """Cells and hours to which cases came back on several days, the most days first."""
    values: dict[str, Any] = {
        "since": query.since_ms,
        "until": query.until_ms,
        "offset": query.offset_ms,
        "column": COLUMN_DEG,
        "row": ROW_DEG,
        "least": query.least,
        "limit": limit,
    }
    filters = ""
    if query.category is not None:
        filters += " AND category = :category"
        values["category"] = query.category
    if query.areas is not None:
        names = {f"area{number}": area for number, area in enumerate(sorted(query.areas))}
        filters += f" AND area IN ({', '.join(f':{name}' for name in names)})"
        values |= names
    return [_hotspot(row) for row in connection.execute(_QUERY.format(filters=filters), values)]


def _hotspot(row: Sequence[Any]) -> Hotspot:
    category, lon, lat, hour, cases, days, street, last_ms = row
    return Hotspot(category, (lon, lat), hour, cases, days, street, last_ms)
