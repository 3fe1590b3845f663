"""Incidents as a map file and as a table."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from contracts.incident import Incident, rfc3339

__all__ = ["DECIMALS", "incident_feature", "incidents_to_csv", "incidents_to_geojson"]

DECIMALS = 7
"""A hundredth of a metre; RFC 7946 calls more than that unwise."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS = (
    "incident_id",
    "run",
    "category",
    "camera_id",
    "view_id",
    "first_seen",
    "last_seen",
    "opened_at",
    "closed_at",
    "lon",
    "lat",
    "semi_major_m",
    "semi_minor_m",
    "azimuth_deg",
    "area_m2",
    "area_error_m2",
    "confidence",
    "priority",
    "rule",
    "reason",
    "zones",
    "unit",
    "permits",
    "input",
    "media_time_s",
    "site_version",
)


def incidents_to_geojson(incidents: Sequence[Incident]) -> dict[str, Any]:
    """A FeatureCollection (RFC 7946): a point per incident, no geometry where there is no place."""
    return {"type": "FeatureCollection", "features": [incident_feature(incident) for incident in incidents]}


def incident_feature(incident: Incident) -> dict[str, Any]:
    """One incident as a Feature; the properties are the incident's own fields."""
    geometry = None
    if incident.lonlat is not None:
        geometry = {"type": "Point", "coordinates": [round(value, DECIMALS) for value in incident.lonlat]}
    return {
        "type": "Feature",
        "id": incident.incident_id,
        "geometry": geometry,
        "properties": incident.model_dump(mode="json"),
    }


def incidents_to_csv(incidents: Sequence[Incident]) -> str:
    """A table with a header; a cell that a spreadsheet would run as a formula gets an apostrophe."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for incident in incidents:
        writer.writerow({name: _cell(value) for name, value in _row(incident).items()})
    return text.getvalue()


def _row(incident: Incident) -> dict[str, Any]:
    lon, lat = incident.lonlat if incident.lonlat is not None else (None, None)
    ellipse = incident.ellipse
    facts: dict[str, Any] = {name: getattr(incident, name) for name in _COLUMNS if hasattr(incident, name)}
    facts |= {
        "lon": lon,
        "lat": lat,
        "semi_major_m": ellipse.semi_major_m if ellipse else None,
        "semi_minor_m": ellipse.semi_minor_m if ellipse else None,
        "azimuth_deg": ellipse.azimuth_deg if ellipse else None,
        "rule": incident.rule.id,
        "reason": incident.rule.reason,
        "zones": " ".join(incident.zones),
        "permits": " ".join(incident.permits),
    }
    for name in ("first_seen", "last_seen", "opened_at", "closed_at"):
        facts[name] = rfc3339(facts[name]) if facts[name] is not None else None
    return facts


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
