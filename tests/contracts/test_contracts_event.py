"""Events are strict, keep what they carry, and have ids that a replay gives again."""

import json
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.event import HealthEvent, IncidentEvent, event_id, incident_id, parse_event
from contracts.incident import Category, Incident, rfc3339
from tests.support.an_incident import INCIDENT

OPENED: dict[str, Any] = {
    "id": f"{INCIDENT['incident_id']}:0",
    "source": "/views/north-pole",
    "subject": INCIDENT["incident_id"],
    "time": "2026-11-24T12:10:00Z",
    "sequence": 0,
    "type": "org.streetkeeper.incident.opened",
    "data": INCIDENT,
}
HEALTH: dict[str, Any] = OPENED | {
    "type": "org.streetkeeper.camera.health",
    "subject": "north-pole",
    "data": {
        "view_id": "north-pole",
        "camera_id": "cam-north",
        "state": "moved",
        "since": "2026-11-24T12:00:00Z",
        "site_version": "7",
    },
}
BOXES = st.tuples(*[st.integers(0, 500)] * 4)


def incident_with(**changes: Any) -> dict[str, Any]:
    return OPENED | {"data": INCIDENT | changes}


@pytest.mark.parametrize("document", [OPENED, HEALTH])
def test_an_event_comes_back_from_its_own_json(document: dict[str, Any]) -> None:
    event = parse_event(document)
    assert parse_event(json.loads(event.model_dump_json())) == event
    assert parse_event(event.model_dump(mode="json")) == event


def test_the_type_decides_what_an_event_carries() -> None:
    assert isinstance(parse_event(OPENED), IncidentEvent)
    assert isinstance(parse_event(HEALTH), HealthEvent)
    with pytest.raises(ValidationError):
        parse_event(HEALTH | {"type": OPENED["type"]})


@pytest.mark.parametrize("when", ["opened", "updated", "closed"])
def test_an_incident_is_opened_updated_and_closed(when: str) -> None:
    assert parse_event(OPENED | {"type": f"org.streetkeeper.incident.{when}"}).type.endswith(when)


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (OPENED | {"extra": 1}, "extra"),
        (incident_with(owner="somebody"), "owner"),
        (incident_with(rule={"id": "r", "version": 1, "reason": "x", "why": "y"}), "why"),
        (HEALTH | {"data": HEALTH["data"] | {"password": "x"}}, "password"),
    ],
)
def test_unknown_keys_are_refused_at_every_depth(document: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_event(document)
    assert [(error["loc"][-1], error["type"]) for error in caught.value.errors()] == [
        (place, "extra_forbidden")
    ]


@pytest.mark.parametrize(
    "document",
    [
        OPENED | {"time": "2026-11-24T12:10:00"},
        incident_with(first_seen="2026-11-24T12:00:00"),
        incident_with(closed_at="2026-11-24T12:00:00"),
        HEALTH | {"data": HEALTH["data"] | {"since": "2026-11-24 12:00"}},
    ],
)
def test_times_without_a_zone_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        parse_event(document)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        OPENED | {"specversion": "0.3"},
        OPENED | {"source": "worker-3"},
        OPENED | {"source": "/views/../../etc"},
        OPENED | {"sequence": -1},
        OPENED | {"type": "org.streetkeeper.incident.gossip"},
        incident_with(incident_id="../x"),
        incident_with(category="person"),
        incident_with(confidence=1.01),
        incident_with(lonlat=[30.0, 104.0]),
        incident_with(rule={"id": "r", "version": 1, "reason": ""}),
        incident_with(rule={"id": "r", "version": 1, "reason": "x" * 501}),
        incident_with(ellipse={"semi_major_m": 0, "semi_minor_m": 1, "azimuth_deg": 0}),
        incident_with(ellipse={"semi_major_m": 2, "semi_minor_m": 1, "azimuth_deg": 180}),
    ],
)
def test_what_is_no_event_of_ours_is_refused(document: Any) -> None:
    with pytest.raises(ValidationError):
        parse_event(document)


def test_a_picture_that_is_not_masked_has_no_reference() -> None:
    bare = INCIDENT["evidence"][0] | {"masked": False}
    with pytest.raises(ValidationError, match="masked"):
        parse_event(incident_with(evidence=[bare]))


def test_an_event_cannot_be_changed() -> None:
    event = parse_event(OPENED)
    with pytest.raises(ValidationError, match="frozen"):
        event.sequence = 3


def test_an_incident_carries_the_fields_that_were_agreed() -> None:
    agreed = (
        "incident_id view_id camera_id run category first_seen last_seen opened_at lonlat ellipse footprint "
        "area_m2 area_error_m2 zones unit rule permits confidence model codes box_xyxy_px media_time_s input "
        "evidence site_version"
    )
    assert set(agreed.split()) <= set(Incident.model_fields)


def test_the_id_of_an_incident_is_the_same_in_every_process_and_release() -> None:
    known = incident_id("north-pole", "live", Category.GARBAGE_PILE, 17, (10, 20, 14, 25))
    assert known == "9f6cde67-ec7e-5d66-8034-22146c79daa8"
    assert uuid.UUID(known).version == 5


@given(BOXES, BOXES, st.integers(0, 10**6), st.integers(0, 10**6))
def test_another_look_or_another_box_is_another_incident(
    box: tuple[int, int, int, int], other: tuple[int, int, int, int], look: int, later: int
) -> None:
    one = incident_id("v", "live", Category.GARBAGE_PILE, look, box)
    two = incident_id("v", "live", Category.GARBAGE_PILE, later, other)
    assert (one == two) == ((box, look) == (other, later))


def test_another_view_run_or_category_is_another_incident() -> None:
    box = (1, 2, 3, 4)
    ids = {
        incident_id("v", "live", Category.GARBAGE_PILE, 1, box),
        incident_id("w", "live", Category.GARBAGE_PILE, 1, box),
        incident_id("v", "run-2", Category.GARBAGE_PILE, 1, box),
        incident_id("v", "live", Category.STREET_VENDOR, 1, box),
    }
    assert len(ids) == 4


def test_the_id_of_an_event_is_its_subject_and_number() -> None:
    assert event_id("abc", 4) == "abc:4"


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 60, 14 * 60),
)
def test_times_are_written_in_utc_with_milliseconds(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = rfc3339(moment)
    assert text.endswith("Z")
    assert len(text) == len("2026-11-24T12:00:00.000Z")
    passed = moment.astimezone(UTC) - datetime.fromisoformat(text)
    assert timedelta(0) <= passed < timedelta(milliseconds=1)


def test_it_says_for_how_long_a_thing_was_seen() -> None:
    assert Incident.model_validate(INCIDENT).seen_for_s() == 600
