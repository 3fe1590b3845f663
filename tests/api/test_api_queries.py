"""Incidents and events by time, place, kind, camera, zone and status; every wrong question gets an answer."""

import csv
import io
import json
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadParameter
from api.parameters import read_bbox, read_datetime
from api.store.times import from_ms
from contracts.incident import rfc3339
from tests.api.conftest import RunningApi
from tests.support.api_events import make_event, make_health, named

BATCH = {"Content-Type": "application/cloudevents-batch+json"}


@pytest.fixture(scope="module")
def filled(standing_api: RunningApi) -> Iterator[httpx.Client]:
    """A reader of five incidents: three live and open, one closed, one of a recording."""
    events = [
        make_event(1, zones=["pavement", "market"], confidence=0.6),
        make_event(
            2, category="street_vendor", view_id="harbour-1", camera_id="harbour", lonlat=[179.9999, -17.0]
        ),
        make_event(3, lonlat=None, ellipse=None, place_note="Not calibrated."),
        make_event(4, 1, "closed", closed_at="2026-05-01T12:04:00Z", lonlat=[-179.9999, -17.0]),
        make_event(5, run="night", input="=cmd|' /C calc'!A0"),
        make_health(),
    ]
    with standing_api.client("worker") as worker, standing_api.client("reader") as reader:
        assert worker.post("/v1/events", content=json.dumps(events), headers=BATCH).status_code == 200
        yield reader


def found(client: httpx.Client, query: str) -> list[int]:
    reply = client.get(f"/v1/incidents?{query}")
    assert reply.status_code == 200, reply.text
    numbers = {named(number): number for number in range(10)}
    return [numbers[feature["id"]] for feature in reply.json()["features"]]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [4, 3, 2, 1]),
        ("status=open", [3, 2, 1]),
        ("status=closed", [4]),
        ("category=street_vendor", [2]),
        ("camera=harbour", [2]),
        ("view=market-east", [4, 3, 1]),
        ("zone=market", [1]),
        ("zone=nowhere", []),
        ("min_confidence=0.7", [4, 3, 2]),
        ("run=night", [5]),
        ("run=other", []),
        # Each was there for the five minutes before 12:0n.
        ("datetime=2026-05-01T12:03:30Z/..", [4]),
        ("datetime=../2026-05-01T11:56:30Z", [1]),
        ("datetime=2026-05-01T12:00:00Z", [4, 3, 2, 1]),
        ("datetime=2026-05-01T14:01:00%2B02:00", [4, 3, 2, 1]),
        ("datetime=2026-05-01", [4, 3, 2, 1]),
        ("datetime=2026-04-30/2026-04-30", []),
        ("bbox=116.39,39.9,116.4,39.91", [1]),
        ("bbox=116.391234,39.907654,116.391234,39.907654", [1]),
        # The tree rounds to about a metre; the answer must not.
        ("bbox=116.3912341,39.9,116.4,39.91", []),
        ("bbox=116.39,39.9,0,116.4,39.91,100", [1]),
        ("bbox=179,-18,-179,-16", [4, 2]),
        ("bbox=-180,-90,180,90&status=open&category=garbage_pile&min_confidence=0.1", [1]),
        ("limit=99999999999999999999", [4, 3, 2, 1]),
    ],
)
def test_incidents_that_match(filled: httpx.Client, query: str, numbers: list[int]) -> None:
    assert found(filled, query) == numbers


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/v1/incidents?colour=red", "category"),
        ("/v1/incidents?limit=5&limit=6", "once"),
        ("/v1/incidents?limit=0", "limit"),
        ("/v1/incidents?limit=-1", "limit"),
        ("/v1/incidents?limit=many", "limit"),
        ("/v1/incidents?bbox=1,2,3", "bbox"),
        ("/v1/incidents?bbox=1,5,3,4", "bbox"),
        ("/v1/incidents?bbox=1,nan,3,4", "bbox"),
        ("/v1/incidents?bbox=1,2,3,400", "bbox"),
        ("/v1/incidents?datetime=yesterday", "RFC 3339"),
        ("/v1/incidents?datetime=2026-05-01T12:00:00", "offset"),
        ("/v1/incidents?datetime=2026-05-02/2026-05-01", "before"),
        ("/v1/incidents?datetime=../..", "interval"),
        ("/v1/incidents?datetime=10000-01-01T00:00:00Z", "datetime"),
        ("/v1/incidents?category=' OR 1=1 --", "category"),
        ("/v1/incidents?camera=x'); DROP TABLE events;--", "camera"),
        ("/v1/incidents?zone=<script>", "zone"),
        ("/v1/incidents?status=solved", "status"),
        ("/v1/incidents?min_confidence=2", "min_confidence"),
        ("/v1/incidents?f=xml", "f"),
        ("/v1/incidents?token=AAAA", "token"),
        ("/v1/incidents?token=bnVsbA", "token"),
        ("/v1/incidents?token=%ff", "token"),
        ("/v1/incidents?run=%00", "run"),
        ("/v1/events?type=alert", "type"),
        ("/v1/cameras?limit=5", "run"),
        ("/v1/health?x=1", "no query parameters"),
        ("/v1/incidents/..%2f..%2fetc", ""),
    ],
)
def test_a_wrong_question_is_answered_with_the_place_and_the_remedy(
    filled: httpx.Client, path: str, word: str
) -> None:
    reply = filled.get(path)
    assert reply.status_code in ({400} if word else {400, 404})
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert word in json.dumps(problem)
    assert problem["remedy"]
    assert "Traceback" not in reply.text


@given(text=st.text(max_size=40))
def test_any_text_as_a_time_or_box_is_read_or_refused(text: str) -> None:
    for read in (read_datetime, read_bbox):
        try:
            read(text)
        except BadParameter as refusal:
            assert refusal.remedy


@given(ms=st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_time_survives_the_database_and_the_wire(ms: int) -> None:
    assert read_datetime(rfc3339(from_ms(ms))) == (ms, ms)


def test_links_lead_through_all_pages_in_every_format(filled: httpx.Client) -> None:
    for form in ("geojson", "json", "csv"):
        path, pages = f"/v1/incidents?limit=1&f={form}", 0
        while path:
            reply = filled.get(path)
            assert reply.status_code == 200
            pages += 1
            path = reply.links.get("next", {}).get("url", "")
        assert pages == 4


def test_a_token_of_another_query_is_refused(filled: httpx.Client) -> None:
    following = filled.get("/v1/incidents?limit=1").links["next"]["url"]
    reply = filled.get(f"{following}&status=open")
    assert reply.status_code == 400
    assert "other filters" in reply.json()["detail"]


def test_geojson_has_place_error_and_status(filled: httpx.Client) -> None:
    reply = filled.get("/v1/incidents?zone=market")
    assert reply.headers["content-type"] == "application/geo+json"
    document = reply.json()
    assert document["type"] == "FeatureCollection"
    assert document["numberReturned"] == 1
    (feature,) = document["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [116.391234, 39.907654]}
    assert feature["properties"]["ellipse"]["semi_major_m"] == 1.9
    assert feature["properties"]["status"] == "open"


def test_csv_has_a_row_each_and_no_formula(filled: httpx.Client) -> None:
    reply = filled.get("/v1/incidents?f=csv&run=night")
    assert reply.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(reply.text))
    assert row["incident_id"] == named(5)
    assert not row["input"].startswith("=")


def test_the_history_of_events_can_be_filtered(filled: httpx.Client) -> None:
    def count(query: str) -> int:
        return len(filled.get(f"/v1/events?{query}").json()["events"])

    assert count("") == 5
    assert count("type=org.streetkeeper.camera.health") == 1
    assert count("camera=harbour") == 1
    assert count("view=market-east") == 4
    assert count("datetime=2026-05-01T12:03:00Z/..") == 2
    assert count("run=night") == 1


def test_one_incident_and_its_history_are_found_by_id(filled: httpx.Client) -> None:
    shown = filled.get(f"/v1/incidents/{named(5)}").json()
    assert shown["incident"]["run"] == "night"
    history = filled.get(f"/v1/incidents/{named(4)}/events?limit=1").json()
    assert [event["sequence"] for event in history["events"]] == [1]
    for path in (f"/v1/incidents/{named(77)}", f"/v1/incidents/{named(77)}/events"):
        assert filled.get(path).status_code == 404


def test_runs_are_listed(filled: httpx.Client) -> None:
    runs = filled.get("/v1/runs").json()["runs"]
    assert [(run["run"], run["incidents"]) for run in runs] == [("night", 1), ("live", 4)]


def test_health_needs_no_key_and_tells_nothing(filled: httpx.Client) -> None:
    reply = httpx.get(filled.base_url.join("/v1/health"))
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})
    assert "server" not in reply.headers


def test_metrics_count_what_came_in_and_name_no_caller_text(filled: httpx.Client) -> None:
    filled.get("/v1/incidents/some-caller-text")
    filled.get("/nothing-here-some-caller-text")
    text = filled.get("/metrics").text
    assert 'streetkeeper_api_events_total{outcome="stored"} 6.0' in text
    assert 'route="/v1/incidents/{incident_id}"' in text
    assert "some-caller-text" not in text


def test_an_unknown_path_or_method_is_a_problem_too(filled: httpx.Client) -> None:
    for reply, status in ((filled.get("/v2/x"), 404), (filled.delete("/v1/incidents"), 405)):
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["remedy"]
