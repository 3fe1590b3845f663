"""Incidents: the current state of each, kept by the sequence of its events."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal, cast

from api.store.cameras import keep_view
from api.store.changes import append_change
from api.store.opening import Store
from api.store.placing import place_of
from api.store.runs import count_incident
from api.store.times import to_ms
from api.store.words import spaced_words
from contracts.event import IncidentEvent
from contracts.incident import Incident

__all__ = ["SHOWN", "Status", "StoredIncident", "find_incident", "keep_incident", "stored_incident"]

Status = Literal["open", "closed"]
# What a query can ask by, and so what a former state keeps.
STATE = (
    "sort_ms",
    "status",
    "category",
    "camera_id",
    "view_id",
    "run",
    "first_seen_ms",
    "last_seen_ms",
    "confidence",
    "lon",
    "lat",
    "area",
    "unit",
    "grid_cell",
    "semi_major_m",
)
SHOWN = "i.incident_id, i.document, i.status, i.sequence, i.lon, i.lat, i.area, i.grid_cell"
"""The columns that `stored_incident` takes."""
_INSERT = (
    f"INSERT INTO incidents (incident_id, {', '.join(STATE)}, sequence, began, document)"  # noqa: S608
    f" VALUES ({', '.join('?' * (len(STATE) + 4))})"
)
_CHANGED = [name for name in STATE if name not in {"sort_ms", "run", "view_id"}]
_UPDATE = (
    f"UPDATE incidents SET {', '.join(f'{name} = ?' for name in _CHANGED)},"  # noqa: S608
    " sequence = ?, began = ?, document = ? WHERE place_key = ?"
)
_REMEMBER = (
    f"INSERT INTO incident_past (ended, ended_ms, place_key, began, {', '.join(STATE)})"  # noqa: S608
    f" SELECT ?, ?, place_key, began, {', '.join(STATE)} FROM incidents WHERE place_key = ?"
)


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident's newest state.

    Args:
        incident_id: Its id.
        document: The incident as JSON text, as it was judged when it came in.
        status: Whether it is still there.
        sequence: Number of the event that this state comes from.
        lonlat: Its place, or None.
        area: Area of responsibility that it lies in.
        grid_cell: 15 digits of the district grid.
    """

    incident_id: str
    document: str
    status: Status
    sequence: int
    lonlat: tuple[float, float] | None = None
    area: str | None = None
    grid_cell: str | None = None

    @property
    def incident(self) -> Incident:
        """The incident itself; reading it costs a check of every field, so lists pass the text through."""
        return Incident.model_validate_json(self.document)


def keep_incident(connection: sqlite3.Connection, event: IncidentEvent) -> str | None:
    """Make the event's state the current one unless a newer is kept; a refusal in words, or None."""
    incident = event.data
    known = connection.execute(
        "SELECT view_id, run, place_key, sequence, sort_ms FROM incidents WHERE incident_id = ?",
        (incident.incident_id,),
    ).fetchone()
    if known is None:
        state, began = _numbered(connection, event, to_ms(incident.opened_at))
        place_key = connection.execute(
            _INSERT,
            (
                incident.incident_id,
                *(state[name] for name in STATE),
                event.sequence,
                began,
                incident.model_dump_json(),
            ),
        ).lastrowid
        keep_view(connection, incident.view_id, incident.run, incident.camera_id)
        count_incident(connection, incident.run, cast(int, place_key))
        _keep_findable(connection, cast(int, place_key), incident, state)
        return None
    view_id, run, place_key, sequence, sort_ms = known
    if (view_id, run) != (incident.view_id, incident.run):
        return f"incident belongs to view '{view_id}' and run '{run}'"
    if event.sequence > sequence:
        state, began = _numbered(connection, event, sort_ms)
        connection.execute(_REMEMBER, (began, to_ms(event.time), place_key))
        _forget_findable(connection, place_key)
        connection.execute(
            _UPDATE,
            (
                *(state[name] for name in _CHANGED),
                event.sequence,
                began,
                incident.model_dump_json(),
                place_key,
            ),
        )
        _keep_findable(connection, place_key, incident, state)
    return None


def _numbered(
    connection: sqlite3.Connection, event: IncidentEvent, sort_ms: int
) -> tuple[dict[str, Any], int]:
    """The state's columns and the number of its change."""
    incident = event.data
    lon, lat = incident.lonlat or (None, None)
    is_closed = event.type.endswith(".closed") or incident.closed_at is not None
    placing = place_of(connection, incident.category, incident.lonlat)
    state = {
        "sort_ms": sort_ms,
        "status": "closed" if is_closed else "open",
        "category": incident.category,
        "camera_id": incident.camera_id,
        "view_id": incident.view_id,
        "run": incident.run,
        "first_seen_ms": to_ms(incident.first_seen),
        "last_seen_ms": to_ms(incident.last_seen),
        "confidence": incident.confidence,
        "lon": lon,
        "lat": lat,
        "area": placing.area,
        "unit": incident.unit or placing.unit,
        "grid_cell": placing.grid_cell,
        "semi_major_m": incident.ellipse.semi_major_m if incident.ellipse else None,
    }
    number = append_change(
        connection,
        "incident",
        incident.incident_id,
        run=incident.run,
        area=placing.area,
        category=incident.category,
        sequence=event.sequence,
    )
    return state, number


def _forget_findable(connection: sqlite3.Connection, place_key: int) -> None:
    for table, key in (
        ("incident_places", "place_key"),
        ("incident_zones", "place_key"),
        ("incident_words", "rowid"),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {key} = ?", (place_key,))  # noqa: S608


def _keep_findable(
    connection: sqlite3.Connection, place_key: int, incident: Incident, state: dict[str, Any]
) -> None:
    if incident.lonlat is not None:
        lon, lat = incident.lonlat
        connection.execute(
            "INSERT INTO incident_places (place_key, west, east, south, north) VALUES (?, ?, ?, ?, ?)",
            (place_key, lon, lon, lat, lat),
        )
    connection.executemany(
        "INSERT OR IGNORE INTO incident_zones (zone, place_key) VALUES (?, ?)",
        [(zone, place_key) for zone in incident.zones],
    )
    words = [incident.rule.reason, *incident.zones, state["unit"] or "", state["area"] or ""]
    words += [incident.camera_id, incident.view_id]
    connection.execute(
        "INSERT INTO incident_words (rowid, words) VALUES (?, ?)", (place_key, spaced_words(" ".join(words)))
    )


def find_incident(store: Store, incident_id: str) -> StoredIncident | None:
    """The incident of that id, of any run; None where there is none."""
    row = store.read(
        lambda connection: connection.execute(
            f"SELECT {SHOWN} FROM incidents i WHERE incident_id = ?",  # noqa: S608
            (incident_id,),
        ).fetchone()
    )
    return None if row is None else stored_incident(row)


def stored_incident(row: tuple[Any, ...]) -> StoredIncident:
    """The incident in a row of `SHOWN`."""
    incident_id, document, status, sequence, lon, lat, area, grid_cell = row
    lonlat = None if lon is None else (lon, lat)
    return StoredIncident(incident_id, document, status, sequence, lonlat, area, grid_cell)
