"""Incidents as a map file that any reader accepts, and as a table that no spreadsheet runs."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.geojson import incident_feature, incidents_to_csv, incidents_to_geojson
from contracts.incident import Incident
from tests.support.an_incident import INCIDENT

STARTS = "=+-@\t\r\n"


def an_incident(**changes: Any) -> Incident:
    return Incident.model_validate(INCIDENT | changes)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_collection_is_what_rfc_7946_asks_for() -> None:
    document = json.loads(
        json.dumps(incidents_to_geojson([an_incident(), an_incident(lonlat=None)]), allow_nan=False)
    )
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document  # RFC 7946, section 4: always WGS 84
    for feature in document["features"]:
        assert set(feature) == {"type", "id", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert isinstance(feature["properties"], dict)


def test_a_point_is_longitude_then_latitude_with_seven_decimals() -> None:
    geometry = incident_feature(an_incident())["geometry"]
    assert geometry == {"type": "Point", "coordinates": [104.0817123, 30.6613251]}


def test_without_a_place_there_is_no_geometry_and_never_a_point_at_zero() -> None:
    feature = incident_feature(an_incident(lonlat=None, ellipse=None, place_note="not calibrated"))
    assert feature["geometry"] is None
    assert feature["properties"]["place_note"] == "not calibrated"


def test_the_properties_are_the_incident_itself() -> None:
    incident = an_incident()
    feature = incident_feature(incident)
    assert feature["id"] == incident.incident_id
    assert Incident.model_validate(feature["properties"]) == incident


def test_no_incidents_are_an_empty_collection_and_a_table_with_a_header_only() -> None:
    assert incidents_to_geojson([]) == {"type": "FeatureCollection", "features": []}
    assert incidents_to_csv([]).startswith("incident_id,run,category,")
    assert rows(incidents_to_csv([])) == []


def test_a_row_says_place_error_rule_zones_and_times() -> None:
    (row,) = rows(incidents_to_csv([an_incident()]))
    assert row["lon"] == "104.08171234567"
    assert row["lat"] == "30.66132512345"
    assert (row["semi_major_m"], row["semi_minor_m"], row["azimuth_deg"]) == ("1.2", "0.4", "31.0")
    assert (row["rule"], row["reason"]) == ("garbage", "garbage pile lies for 10 min")
    assert (row["zones"], row["permits"], row["unit"]) == ("school-gate night-market", "P-1", "sanitation-3")
    assert (row["first_seen"], row["closed_at"]) == ("2026-11-24T12:00:00.000Z", "")
    assert row["category"] == "garbage_pile"


def test_without_a_place_the_cells_of_the_place_are_empty() -> None:
    (row,) = rows(incidents_to_csv([an_incident(lonlat=None, ellipse=None, area_m2=None)]))
    assert {row[name] for name in ("lon", "lat", "semi_major_m", "azimuth_deg", "area_m2")} == {""}


@pytest.mark.parametrize("start", STARTS)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(start: str) -> None:
    (row,) = rows(incidents_to_csv([an_incident(input=f'{start}HYPERLINK("http://x","y").mp4')]))
    assert row["input"] == f'\'{start}HYPERLINK("http://x","y").mp4'


def test_a_western_longitude_stays_a_number() -> None:
    (row,) = rows(incidents_to_csv([an_incident(lonlat=[-0.12, -33.9])]))
    assert (row["lon"], row["lat"]) == ("-0.12", "-33.9")


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(st.lists(st.tuples(NAMES, NAMES.filter(bool)), max_size=4))
def test_whatever_names_and_reasons_hold_the_table_has_a_row_for_each_and_no_formula(
    texts: list[tuple[str, str]],
) -> None:
    incidents = [
        an_incident(input=name, rule={"id": "r", "version": 1, "reason": reason}) for name, reason in texts
    ]
    found = rows(incidents_to_csv(incidents))
    assert len(found) == len(texts)
    for row, (name, reason) in zip(found, texts, strict=True):
        for cell, text in ((row["input"], name), (row["reason"], reason)):
            assert not cell.startswith(tuple(STARTS))
            assert cell.removeprefix("'") == text.removeprefix("'") or cell == text
