"""Incidents and reports as sightings, and what lies near them."""

import json
import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.grouping import METRES_PER_DEGREE, Candidate, Limits, Sighting, near_candidates
from api.lifecycle import ENDS
from api.store.times import to_ms
from contracts.incident import Incident

__all__ = ["Source", "incident_of", "incident_sighting", "items_near", "proposals_for", "sighting_of"]

LIMITS = Limits()
WIDEST_ERROR_M = 200.0
"""Reports with a larger error are not taken."""
NEAR_SHOWN = 10
Source = tuple[str, str]
"""Kind (`incident` or `report`) and id."""


# What is too far off in time is neither near nor shown at once with the incident, so it is left out here; a
# second more, because a closing time is cut to whole seconds.
_NEAR = (
    "SELECT i.item_id, n.category, n.first_seen_ms, n.last_seen_ms, n.status, n.lon, n.lat,"
    " n.document ->> '$.ellipse', n.view_id, n.document ->> '$.closed_at'"
    # In this order: the other way round every open incident would be looked at.
    " FROM review_items i INDEXED BY review_items_by_place"
    " CROSS JOIN review_sources s ON s.item_id = i.item_id AND s.kind = 'incident'"
    " CROSS JOIN incidents n ON n.incident_id = s.source_id"
    " WHERE i.kind = 'incident' AND i.state = 'waiting' AND i.run = ?"
    " AND i.lat BETWEEN ? AND ? AND i.lon BETWEEN ? AND ? AND n.first_seen_ms <= ? AND (n.status = 'open'"
    " OR max(n.last_seen_ms, coalesce(unixepoch(n.document ->> '$.closed_at') * 1000 + 1000, 0)) >= ?)"
)


@dataclass(frozen=True, slots=True)
class StoredSource:
    """An incident with whether it is still there."""

    incident: Incident
    is_open: bool


def incident_of(connection: sqlite3.Connection, incident_id: str) -> StoredSource | None:
    """The newest state of an incident."""
    row = connection.execute(
        "SELECT document, status FROM incidents WHERE incident_id = ?", (incident_id,)
    ).fetchone()
    return None if row is None else StoredSource(Incident.model_validate_json(row[0]), row[1] == "open")


def incident_sighting(incident: Incident, *, is_open: bool, now_ms: int) -> Sighting:
    """An incident as a sighting; one that is open is there until now."""
    # Not when it was closed: that is told minutes later, once it is believed.
    last_ms = to_ms(incident.last_seen)
    ellipse = incident.ellipse
    return Sighting(
        category=incident.category,
        first_ms=to_ms(incident.first_seen),
        last_ms=max(last_ms, now_ms) if is_open else last_ms,
        # A place without its error is near to nothing.
        lonlat=incident.lonlat if ellipse else None,
        semi_major_m=ellipse.semi_major_m if ellipse else 0.0,
        semi_minor_m=ellipse.semi_minor_m if ellipse else 0.0,
        azimuth_deg=ellipse.azimuth_deg if ellipse else 0.0,
        view_id=incident.view_id,
    )


def sighting_of(connection: sqlite3.Connection, source: Source, now_ms: int) -> Sighting | None:
    """A source as a sighting; None where there is no such source."""
    kind, source_id = source
    if kind == "incident":
        stored = incident_of(connection, source_id)
        if stored is None:
            return None
        return incident_sighting(stored.incident, is_open=stored.is_open, now_ms=now_ms)
    row = connection.execute(
        "SELECT category, at_ms, lon, lat, error_m FROM reports WHERE report_id = ?", (source_id,)
    ).fetchone()
    if row is None:
        return None
    category, at_ms, lon, lat, error_m = row
    return Sighting(category, at_ms, at_ms, (lon, lat), error_m, error_m)


def items_near(connection: sqlite3.Connection, sighting: Sighting, run: str, now_ms: int) -> list[Candidate]:
    """Waiting review items of incidents that an incident may belong to, the nearest first."""
    if sighting.lonlat is None:
        return []
    gap_ms = max(LIMITS.gap_ms, LIMITS.report_gap_ms)
    latest_ms, earliest_ms = sighting.last_ms + gap_ms, sighting.first_ms - gap_ms
    rows = connection.execute(
        _NEAR,
        # An item's place is its first source's, so the others may lie one bound farther.
        (run, *_box(sighting.lonlat, 2 * LIMITS.metres), latest_ms, earliest_ms),
    ).fetchall()
    groups: dict[str, list[Sighting]] = {}
    for item_id, *state in rows:
        groups.setdefault(item_id, []).append(_sighting_in(state, now_ms))
    return near_candidates([sighting], list(groups.items()), LIMITS)


def _sighting_in(row: Sequence[Any], now_ms: int) -> Sighting:
    """The same as `incident_sighting`, from columns: reading a whole incident costs twenty times as much."""
    category, first_ms, last_ms, status, lon, lat, ellipse, view_id, closed_at = row
    if closed_at is not None:
        last_ms = to_ms(datetime.fromisoformat(closed_at))
    axes = json.loads(ellipse) if ellipse else {}
    return Sighting(
        category=category,
        first_ms=first_ms,
        last_ms=max(last_ms, now_ms) if status == "open" else last_ms,
        lonlat=(lon, lat) if axes and lon is not None else None,
        semi_major_m=axes.get("semi_major_m", 0.0),
        semi_minor_m=axes.get("semi_minor_m", 0.0),
        azimuth_deg=axes.get("azimuth_deg", 0.0),
        view_id=view_id,
    )


def proposals_for(
    connection: sqlite3.Connection, sources: Sequence[Sighting], run: str, now_ms: int
) -> list[Candidate]:
    """Open cases that the sources of an item may be about, the nearest first, at most ten."""
    rows: dict[tuple[str, str, str], None] = {}
    reach_m = LIMITS.report_metres + WIDEST_ERROR_M
    marks = ", ".join("?" * len(ENDS))
    for sighting in sources:
        if sighting.lonlat is not None:
            found = connection.execute(
                "SELECT c.case_id, s.kind, s.source_id FROM cases c JOIN case_sources s USING (case_id)"  # noqa: S608
                f" WHERE c.state NOT IN ({marks}) AND c.run = ? AND s.left_ms IS NULL"
                " AND c.lat BETWEEN ? AND ? AND c.lon BETWEEN ? AND ?",
                (*sorted(ENDS), run, *_box(sighting.lonlat, reach_m)),
            )
            rows |= dict.fromkeys(found)
    return near_candidates(sources, _grouped(connection, rows, now_ms), LIMITS)[:NEAR_SHOWN]


def _grouped(
    connection: sqlite3.Connection, rows: Iterable[tuple[str, str, str]], now_ms: int
) -> list[tuple[str, list[Sighting]]]:
    groups: dict[str, list[Sighting]] = {}
    for key, kind, source_id in rows:
        sighting = sighting_of(connection, (kind, source_id), now_ms)
        if sighting is not None:
            groups.setdefault(key, []).append(sighting)
    return list(groups.items())


def _box(lonlat: tuple[float, float], reach_m: float) -> tuple[float, float, float, float]:
    """South, north, west and east of a square around a place."""
    lon, lat = lonlat
    north = reach_m / METRES_PER_DEGREE
    east = north / max(0.01, math.cos(math.radians(lat)))
    return lat - north, lat + north, lon - east, lon + east
