"""The list of incidents by everything that can be asked, in pages that are one list.

Three streams make the list of a moment: states that hold since before it (asked within a day of the time
that is wanted, and what stood longer apart), and states that were replaced since. Which index leads is chosen
here, not by the planner: a filter that leaves few is read first and sorted, otherwise the list is walked in
its order until the page is full. With n incidents, of which a box holds b, a page costs about
min(b, limit * n / b) rows.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from api.errors import BadParameter
from api.store.changes import floor_of, newest_change
from api.store.geometry import box_around
from api.store.incidents import SHOWN, Status, StoredIncident, stored_incident
from api.store.opening import Store
from api.store.words import match_expression

__all__ = [
    "ANYWHERE",
    "Bbox",
    "Circle",
    "IncidentPage",
    "IncidentQuery",
    "PagePlace",
    "Shapes",
    "Sort",
    "conditions",
    "count_incidents",
    "ids_of",
    "list_incidents",
]

Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees; west > east crosses the antimeridian."""
Circle = tuple[float, float, float]
"""Longitude and latitude in degrees, radius in metres."""
Sort = Literal[
    "-opened", "opened", "-last_seen", "last_seen", "-confidence", "confidence", "-ellipse", "ellipse"
]
Clause = tuple[str, list[Any]]

DAY_MS = 86_400_000
KEYS_AT_ONCE = 10_000
FEW = 4000
"""Rows that are sorted sooner than the list is walked: some 10 ms either way on a core of 2024."""
LONG = "(i.last_seen_ms - i.sort_ms > 86400000 OR i.sort_ms - i.first_seen_ms > 86400000)"
# By the column, and by the index that is in its order.
ORDERS = {
    "opened": ("i.sort_ms", "incidents_by_time"),
    "last_seen": ("i.last_seen_ms", "incidents_by_last_seen"),
    "confidence": ("i.confidence", "incidents_by_confidence"),
    "ellipse": ("coalesce(i.semi_major_m, 1000000000.0)", "incidents_by_ellipse"),
}


@dataclass(frozen=True, slots=True)
class Shapes:
    """Shapes on the map that all must hold a place; None means any.

    Args:
        bbox: West, south, east, north.
        ring: Corners of a polygon, degrees.
        circle: Longitude, latitude and radius.
    """

    bbox: Bbox | None = None
    ring: tuple[tuple[float, float], ...] | None = None
    circle: Circle | None = None

    def boxes(self) -> list[Bbox]:
        """The boxes that hold each."""
        boxes = [self.bbox] if self.bbox else []
        if self.ring:
            lons, lats = zip(*self.ring, strict=True)
            boxes.append((min(lons), min(lats), max(lons), max(lats)))
        if self.circle:
            boxes.append(box_around(*self.circle))
        return boxes

    def conditions(self) -> list[Clause]:
        """Conditions on the columns `lon` and `lat` of `i`, the dearest last."""
        clauses = [_box(box) for box in self.boxes()]
        if self.ring is not None:
            clauses.append(("in_ring(i.lon, i.lat, ?)", [json.dumps(self.ring)]))
        if self.circle is not None:
            lon, lat, radius_m = self.circle
            clauses.append(("metres(i.lon, i.lat, ?, ?) <= ?", [lon, lat, radius_m]))
        return clauses


ANYWHERE = Shapes()


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Which incidents; None means any. Times are milliseconds; an incident matches that was there between.

    Args:
        areas: Areas of responsibility, sorted; what the caller asked for within what he may see.
        ring: Corners of a polygon, degrees.
        text: Words, all of which must stand in reason, zones, unit, area, camera or view.
        max_error_m: Longest half axis of the error ellipse; leaves out what has none.
    """

    run: str = "live"
    status: Status | None = None
    category: str | None = None
    camera: str | None = None
    view: str | None = None
    zone: str | None = None
    unit: str | None = None
    areas: tuple[str, ...] | None = None
    grid_cell: str | None = None
    min_confidence: float | None = None
    max_error_m: float | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    bbox: Bbox | None = None
    ring: tuple[tuple[float, float], ...] | None = None
    circle: Circle | None = None
    text: str | None = None
    sort: Sort = "-opened"


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page ended.

    Args:
        as_of: Newest change that the first page saw; what came later stays out of later pages.
        value: What the last incident shown was sorted by.
        key: Arrival of the last incident shown.
    """

    as_of: int
    value: float
    key: int


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Incidents in order, where the next page goes on (None: this was the last), and the moment listed."""

    incidents: list[StoredIncident]
    next_place: PagePlace | None
    as_of: int


def _box(bbox: Bbox) -> Clause:
    west, south, east, north = bbox
    if west <= east:
        return "(i.lon BETWEEN ? AND ? AND i.lat BETWEEN ? AND ?)", [west, east, south, north]
    return "((i.lon >= ? OR i.lon <= ?) AND i.lat BETWEEN ? AND ?)", [west, east, south, north]


def _box_keys(bbox: Bbox) -> Clause:
    """The incidents in a box, and a few around it: the tree keeps 32-bit numbers rounded outwards."""
    west, south, east, north = bbox
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    each = (
        "SELECT place_key AS key FROM incident_places"
        " WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?"
    )
    values = [value for low, high in spans for value in (low, high, south, north)]
    return " UNION ".join([each] * len(spans)), values


def _shapes(query: IncidentQuery) -> Shapes:
    return Shapes(query.bbox, query.ring, query.circle)


def _words(text: str) -> Clause:
    """The incidents in whose words a text stands."""
    expression = match_expression(text)
    if expression is None:
        return "SELECT 0 AS key WHERE 0", []
    return "SELECT rowid AS key FROM incident_words WHERE incident_words MATCH ?", [expression]


def _sets(query: IncidentQuery) -> list[Clause]:
    """Filters that are sets of keys, each as a query of keys."""
    sets = [_box_keys(box) for box in _shapes(query).boxes()]
    if query.zone is not None:
        sets.append(("SELECT place_key AS key FROM incident_zones WHERE zone = ?", [query.zone]))
    if query.text is not None:
        sets.append(_words(query.text))
    return sets


def conditions(query: IncidentQuery) -> list[Clause]:
    """Every filter as a condition on the columns of `i`, the dearest last."""
    plain: list[tuple[str, Any]] = [
        ("i.run = ?", query.run),
        ("i.status = ?", query.status),
        ("i.category = ?", query.category),
        ("i.camera_id = ?", query.camera),
        ("i.view_id = ?", query.view),
        ("i.unit = ?", query.unit),
        ("i.grid_cell = ?", query.grid_cell),
        ("i.confidence >= ?", query.min_confidence),
        ("i.semi_major_m <= ?", query.max_error_m),
        ("i.last_seen_ms >= ?", query.since_ms),
        ("i.first_seen_ms <= ?", query.until_ms),
    ]
    clauses: list[Clause] = [(clause, [value]) for clause, value in plain if value is not None]
    if query.areas is not None:
        clauses.append((f"i.area IN ({', '.join('?' * len(query.areas))})", list(query.areas)))
    if query.zone is not None:
        zone = "EXISTS (SELECT 1 FROM incident_zones z WHERE z.zone = ? AND z.place_key = i.place_key)"
        clauses.append((zone, [query.zone]))
    if query.text is not None:
        sql, values = _words(query.text)
        clauses.append((f"i.place_key IN ({sql})", values))
    return clauses + _shapes(query).conditions()


@dataclass(frozen=True, slots=True)
class _Lead:
    """What is read first: a table with its index, or a set of keys."""

    source: str
    values: list[Any]
    is_few: bool = False


def _few(connection: sqlite3.Connection, query: IncidentQuery) -> _Lead | None:
    """The smallest set of keys, where one is small."""
    best, fewest = None, FEW + 1
    for sql, values in _sets(query):
        (count,) = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM ({sql}) LIMIT {fewest})",  # noqa: S608  built here
            values,
        ).fetchone()
        if count < fewest:
            best, fewest = (sql, values), count
    if best is None:
        return None
    return _Lead(f"({best[0]}) k CROSS JOIN incidents i ON i.place_key = k.key", best[1], is_few=True)


def _walked(query: IncidentQuery) -> _Lead:
    """The index in whose order the list is walked."""
    by, index = ORDERS[query.sort.removeprefix("-")]
    if by == "i.sort_ms":
        for value, name in (
            (query.camera, "incidents_by_camera"),
            (query.grid_cell, "incidents_by_cell"),
            (query.unit, "incidents_by_unit"),
            (query.category, "incidents_by_category"),
            (query.status, "incidents_by_status"),
        ):
            if value is not None:
                index = name
                break
    return _Lead(f"incidents i INDEXED BY {index}", [])


def _streams(query: IncidentQuery, lead: _Lead) -> list[tuple[_Lead, list[Clause]]]:
    """Sources of present states, each with what bounds it."""
    spans = [(">=", query.since_ms, -DAY_MS), ("<=", query.until_ms, DAY_MS)]
    near: list[Clause] = [(f"i.sort_ms {sign} ?", [ms + by]) for sign, ms, by in spans if ms is not None]
    if lead.is_few or not near or not query.sort.endswith("opened"):
        return [(lead, [])]
    return [
        (lead, [*near, (f"NOT {LONG}", [])]),
        (_Lead("incidents i INDEXED BY incidents_long", []), [(LONG, [])]),
    ]


def list_incidents(store: Store, query: IncidentQuery, limit: int, place: PagePlace | None) -> IncidentPage:
    """Incidents that match, in the order asked for; `place` is where the last page ended.

    Pages put together are the list as it was at the first page, whatever arrives or changes meanwhile; each
    incident is shown in its newest state. What was purged meanwhile is left out.

    Raises:
        BadParameter: The first page is too long ago: former states are kept for a day.
    """

    def search(connection: sqlite3.Connection) -> IncidentPage:
        as_of = place.as_of if place else newest_change(connection)
        if place and as_of < floor_of(connection, "past"):
            raise BadParameter("`token` is too old.", "Start again at the first page.")
        keys = _page_keys(connection, query, (as_of, place), limit + 1)
        shown = keys[:limit]
        ended = PagePlace(as_of, shown[-1][0], shown[-1][1]) if len(keys) > limit else None
        return IncidentPage(_incidents(connection, [key for _, key in shown]), ended, as_of)

    return store.read(search)


def _page_keys(
    connection: sqlite3.Connection, query: IncidentQuery, at: tuple[int, PagePlace | None], count: int
) -> list[tuple[float, int]]:
    """Sort value and key of the next `count` incidents."""
    as_of, place = at
    by, _ = ORDERS[query.sort.removeprefix("-")]
    is_down = query.sort.startswith("-")
    lead = _few(connection, query) or _walked(query)
    common = conditions(query)
    if place:
        common.append((f"({by}, i.place_key) {'<' if is_down else '>'} (?, ?)", [place.value, place.key]))
    streams = [
        (source, [*common, *bounds, ("i.began <= ?", [as_of])]) for source, bounds in _streams(query, lead)
    ]
    if newest_change(connection) > as_of:
        past = _Lead("incident_past i", [])
        streams.append((past, [*common, ("i.ended > ?", [as_of]), ("i.began <= ?", [as_of])]))
    selects, values = [], []
    for source, clauses in streams:
        selects.append(
            f"SELECT {by} AS value, i.place_key AS key FROM {source.source}"  # noqa: S608  built here
            f" WHERE {' AND '.join(clause for clause, _ in clauses)}"
        )
        values += [*source.values, *(value for _, given in clauses for value in given)]
    order = "DESC" if is_down else "ASC"
    return connection.execute(
        f"{' UNION ALL '.join(selects)} ORDER BY value {order}, key {order} LIMIT ?", [*values, count]
    ).fetchall()


def _incidents(connection: sqlite3.Connection, keys: list[int]) -> list[StoredIncident]:
    """The incidents of some keys, in their order."""
    found = {
        row[0]: stored_incident(row[1:])
        for row in connection.execute(
            f"SELECT i.place_key, {SHOWN} FROM incidents i"  # noqa: S608  marks only
            f" WHERE i.place_key IN ({', '.join('?' * len(keys))})",
            keys,
        )
    }
    return [found[key] for key in keys if key in found]


def ids_of(store: Store, keys: list[int]) -> dict[int, str]:
    """The incident ids of some keys."""
    found: dict[int, str] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        found |= _ids(store, keys[start : start + KEYS_AT_ONCE])
    return found


def _ids(store: Store, keys: list[int]) -> dict[int, str]:
    marks = ", ".join("?" * len(keys))
    sql = f"SELECT place_key, incident_id FROM incidents WHERE place_key IN ({marks})"  # noqa: S608
    return dict(store.read(lambda connection: connection.execute(sql, keys).fetchall()))


def count_incidents(store: Store) -> int:
    """How many incidents there are, of all runs."""
    sql = "SELECT coalesce(sum(incidents), 0) FROM runs"
    (count,) = store.read(lambda connection: connection.execute(sql).fetchone())
    return int(count)
