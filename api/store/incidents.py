"""Incidents: the current state of each, kept by the sequence of its events, and queries over them."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from api.store.cameras import keep_view
from api.store.opening import Store
from api.store.times import to_ms
from contracts.event import IncidentEvent
from contracts.incident import Incident

__all__ = [
    "Bbox",
    "IncidentPage",
    "IncidentQuery",
    "PagePlace",
    "StoredIncident",
    "find_incident",
    "keep_incident",
    "list_incidents",
    "list_runs",
]

Status = Literal["open", "closed"]
Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees; west > east crosses the antimeridian."""


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident's newest state."""

    incident: Incident
    status: Status
    sequence: int


@dataclass(frozen=True, slots=True)
class IncidentQuery:
    """Which incidents; None means any. Times are milliseconds; an incident matches that was there between."""

    run: str = "live"
    status: Status | None = None
    category: str | None = None
    camera: str | None = None
    view: str | None = None
    zone: str | None = None
    min_confidence: float | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    bbox: Bbox | None = None


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where a page ended.

    Args:
        as_of: Newest arrival that the first page could see; later incidents stay out of later pages.
        sort_ms: Opening time of the last incident shown.
        key: Arrival of the last incident shown.
    """

    as_of: int
    sort_ms: int
    key: int


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Incidents, newest first, and where the next page goes on (None: this was the last)."""

    incidents: list[StoredIncident]
    next_place: PagePlace | None


def keep_incident(connection: sqlite3.Connection, event: IncidentEvent) -> str | None:
    """Make the event's state the current one unless a newer is kept; a refusal in words, or None."""
    incident = event.data
    known = connection.execute(
        "SELECT view_id, run FROM incidents WHERE incident_id = ?", (incident.incident_id,)
    ).fetchone()
    if known is not None and known != (incident.view_id, incident.run):
        return f"incident belongs to view '{known[0]}' and run '{known[1]}'"
    lon, lat = incident.lonlat or (None, None)
    is_closed = event.type.endswith(".closed") or incident.closed_at is not None
    changed = connection.execute(
        "INSERT INTO incidents (incident_id, sort_ms, sequence, status, category, camera_id, view_id, run,"
        " first_seen_ms, last_seen_ms, confidence, lon, lat, document)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (incident_id) DO UPDATE SET sequence = excluded.sequence, status = excluded.status,"
        " category = excluded.category, camera_id = excluded.camera_id,"
        " first_seen_ms = excluded.first_seen_ms, last_seen_ms = excluded.last_seen_ms,"
        " confidence = excluded.confidence, lon = excluded.lon, lat = excluded.lat,"
        " document = excluded.document WHERE excluded.sequence > incidents.sequence RETURNING place_key",
        (
            incident.incident_id,
            to_ms(incident.opened_at),
            event.sequence,
            "closed" if is_closed else "open",
            incident.category,
            incident.camera_id,
            incident.view_id,
            incident.run,
            to_ms(incident.first_seen),
            to_ms(incident.last_seen),
            incident.confidence,
            lon,
            lat,
            incident.model_dump_json(),
        ),
    ).fetchone()
    if known is None:
        keep_view(connection, incident.view_id, incident.run, incident.camera_id)
    if changed is not None:
        _keep_place_and_zones(connection, changed[0], incident)
    return None


def _keep_place_and_zones(connection: sqlite3.Connection, place_key: int, incident: Incident) -> None:
    connection.execute("DELETE FROM incident_places WHERE place_key = ?", (place_key,))
    if incident.lonlat is not None:
        lon, lat = incident.lonlat
        connection.execute(
            "INSERT INTO incident_places (place_key, west, east, south, north) VALUES (?, ?, ?, ?, ?)",
            (place_key, lon, lon, lat, lat),
        )
    connection.execute("DELETE FROM incident_zones WHERE place_key = ?", (place_key,))
    connection.executemany(
        "INSERT OR IGNORE INTO incident_zones (zone, place_key) VALUES (?, ?)",
        [(zone, place_key) for zone in incident.zones],
    )


def _bbox_clause(bbox: Bbox) -> tuple[str, list[float]]:
    """The clause and its values for places inside a box, its edges included."""
    west, south, east, north = bbox
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    parts, values = [], []
    for low, high in spans:
        # The tree keeps 32-bit numbers rounded outwards (about a metre), so the exact columns decide.
        parts.append(
            "(i.place_key IN (SELECT place_key FROM incident_places WHERE east >= ? AND west <= ?"
            " AND north >= ? AND south <= ?) AND i.lon BETWEEN ? AND ? AND i.lat BETWEEN ? AND ?)"
        )
        values += [low, high, south, north, low, high, south, north]
    return "(" + " OR ".join(parts) + ")", values


def _where(query: IncidentQuery) -> tuple[str, list[Any]]:
    conditions: list[tuple[str, Any]] = [
        ("i.run = ?", query.run),
        ("i.status = ?", query.status),
        ("i.category = ?", query.category),
        ("i.camera_id = ?", query.camera),
        ("i.view_id = ?", query.view),
        ("i.place_key IN (SELECT place_key FROM incident_zones WHERE zone = ?)", query.zone),
        ("i.confidence >= ?", query.min_confidence),
        ("i.last_seen_ms >= ?", query.since_ms),
        ("i.first_seen_ms <= ?", query.until_ms),
    ]
    clauses = [clause for clause, value in conditions if value is not None]
    values = [value for _, value in conditions if value is not None]
    if query.bbox is not None:
        clause, corners = _bbox_clause(query.bbox)
        clauses.append(clause)
        values += corners
    return " AND ".join(clauses), values


def list_incidents(store: Store, query: IncidentQuery, limit: int, place: PagePlace | None) -> IncidentPage:
    """Incidents that match, by opening time, newest first; `place` is where the last page ended.

    Pages put together are the list as it was at the first page, whatever arrives meanwhile.
    """
    where, values = _where(query)

    def search(connection: sqlite3.Connection) -> tuple[int, list[tuple[Any, ...]]]:
        as_of = place.as_of if place else _newest_key(connection)
        after = "AND (i.sort_ms, i.place_key) < (?, ?)" if place else ""
        rows = connection.execute(
            "SELECT i.place_key, i.sort_ms, i.status, i.sequence, i.document FROM incidents i"  # noqa: S608
            f" WHERE {where} AND i.place_key <= ? {after}"
            " ORDER BY i.sort_ms DESC, i.place_key DESC LIMIT ?",
            [*values, as_of, *((place.sort_ms, place.key) if place else ()), limit + 1],
        ).fetchall()
        return as_of, rows

    as_of, rows = store.read(search)
    shown = rows[:limit]
    ended = PagePlace(as_of, shown[-1][1], shown[-1][0]) if len(rows) > limit else None
    return IncidentPage([_stored(row[2:]) for row in shown], ended)


def _newest_key(connection: sqlite3.Connection) -> int:
    (newest,) = connection.execute("SELECT coalesce(max(place_key), 0) FROM incidents").fetchone()
    return int(newest)


def _stored(row: tuple[Any, ...]) -> StoredIncident:
    status, sequence, document = row
    return StoredIncident(Incident.model_validate_json(document), status, sequence)


def find_incident(store: Store, incident_id: str) -> StoredIncident | None:
    """The incident of that id, of any run; None where there is none."""
    row = store.read(
        lambda connection: connection.execute(
            "SELECT status, sequence, document FROM incidents WHERE incident_id = ?", (incident_id,)
        ).fetchone()
    )
    return None if row is None else _stored(row)


def list_runs(store: Store, limit: int) -> list[tuple[str, int]]:
    """Runs that have incidents, with how many, by the newest arrival first."""
    return store.read(
        lambda connection: connection.execute(
            "SELECT run, count(*) FROM incidents GROUP BY run ORDER BY max(place_key) DESC LIMIT ?", (limit,)
        ).fetchall()
    )
