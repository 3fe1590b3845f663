"""Events come in: each judged by itself, stored once, the newest state kept by sequence."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.conftest import RunningApi
from tests.support.api_events import make_event, make_health, named

pytestmark = pytest.mark.slow

BATCH = "application/cloudevents-batch+json"


def send(client: httpx.Client, events: Any, content_type: str = BATCH) -> httpx.Response:
    return client.post("/v1/events", content=json.dumps(events), headers={"Content-Type": content_type})


@pytest.fixture(scope="module")
def standing_worker(standing_api: RunningApi) -> Iterator[httpx.Client]:
    with standing_api.client("worker") as client:
        yield client


def outcomes(reply: httpx.Response) -> list[str]:
    return [result["outcome"] for result in reply.json()["results"]]


def test_a_batch_is_stored_and_shown(worker: httpx.Client, reader: httpx.Client) -> None:
    reply = send(worker, [make_event(1), make_event(2), make_health()])
    assert reply.status_code == 200
    assert outcomes(reply) == ["stored"] * 3
    shown = reader.get("/v1/incidents?f=json").json()["incidents"]
    assert [item["incident"]["incident_id"] for item in shown] == [named(2), named(1)]


def test_a_single_event_is_taken_too(worker: httpx.Client) -> None:
    reply = send(worker, make_event(), "application/cloudevents+json; charset=utf-8")
    assert outcomes(reply) == ["stored"]


def test_five_hundred_events_are_one_batch_and_one_more_is_refused(worker: httpx.Client) -> None:
    events = [make_event(number) for number in range(501)]
    assert send(worker, events).status_code == 413
    assert outcomes(send(worker, events[:500])) == ["stored"] * 500


def test_a_repeat_is_known_whatever_its_spelling_and_stored_once(
    worker: httpx.Client, reader: httpx.Client
) -> None:
    send(worker, [make_event(1)])
    spelt_otherwise = {**make_event(1), "time": make_event(1)["time"].replace("+00:00", "Z")}
    reply = send(worker, [make_event(1), dict(reversed(spelt_otherwise.items()))])
    assert reply.status_code == 200
    assert outcomes(reply) == ["repeated", "repeated"]
    assert len(reader.get("/v1/events").json()["events"]) == 1


def test_a_repeat_with_other_content_is_a_conflict_and_changes_nothing(
    worker: httpx.Client, reader: httpx.Client
) -> None:
    send(worker, [make_event(1, confidence=0.9)])
    reply = send(worker, [make_event(1, confidence=0.1), make_event(2)])
    assert reply.status_code == 207
    assert outcomes(reply) == ["rejected", "stored"]
    assert reply.json()["results"][0]["code"] == "conflict"
    shown = reader.get(f"/v1/incidents/{named(1)}").json()
    assert shown["incident"]["confidence"] == 0.9


POISON: list[tuple[str, str, str]] = [
    # what it is, the event as JSON text, a word of the reason
    ("not an object", "17", "event"),
    ("nothing", "null", "event"),
    ("unknown key", json.dumps({**make_event(9), "alert": 1}), "alert"),
    ("no type", json.dumps({k: v for k, v in make_event(9).items() if k != "type"}), "type"),
    ("NaN", json.dumps(make_event(9, confidence=float("nan"))), "finite"),
    ("overflow", json.dumps(make_event(9)).replace("12.0", "1e999"), "finite"),
    ("a huge integer", json.dumps(make_event(9)).replace("12.0", "9" * 5000), "finite"),
    ("half a surrogate", json.dumps(make_event(9, input="\ud800")), "surrogate"),
    ("naive time", json.dumps(make_event(9, last_seen="2026-05-01T12:00:00")), "last_seen"),
    ("huge sequence", json.dumps(make_event(9, sequence=2**60)), "sequence"),
    ("another's view", json.dumps({**make_event(9), "source": "/views/other"}), "source"),
    ("another's subject", json.dumps({**make_event(9), "subject": "x", "id": "x:0"}), "subject"),
    ("another's id", json.dumps({**make_event(9), "id": "x"}), "id"),
    ("place off the globe", json.dumps(make_event(9, lonlat=[200, 0])), "lonlat"),
    (
        "unmasked",
        json.dumps(
            make_event(9, evidence=[{"kind": "now", "sha256": "0" * 64, "href": "x", "masked": False}])
        ),
        "masked",
    ),
    ("too large", json.dumps(make_event(9, footprint=[[0.0, 0.0]] * 60_000)), "bytes"),
    ("a time at the end", json.dumps(make_event(9, last_seen="9999-12-31T23:59:59-23:59")), "last_seen"),
    ("a time at the beginning", json.dumps({**make_event(9), "time": "0001-01-01T00:00:00+23:00"}), "time"),
    ("a time as a number", json.dumps(make_event(9, opened_at=9e17)), "opened_at"),
    ("script as id", json.dumps(make_event(9, camera_id="<script>")), "camera_id"),
]


@pytest.mark.parametrize(("what", "text", "word"), POISON, ids=[row[0] for row in POISON])
def test_a_poison_event_is_named_and_blocks_no_other(
    standing_worker: httpx.Client, what: str, text: str, word: str
) -> None:
    # The server stands for all rows, so each row sends incidents of its own.
    own = 1000 + 2 * [row[0] for row in POISON].index(what)
    first, second = make_event(own), make_event(own + 1)
    body = f"[{json.dumps(first)}, {text}, {json.dumps(second)}]"
    reply = standing_worker.post("/v1/events", content=body, headers={"Content-Type": BATCH})
    assert reply.status_code == 207
    assert outcomes(reply) == ["stored", "rejected", "stored"]
    result = reply.json()["results"][1]
    assert result["code"] == "invalid"
    assert word in result["reason"]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", "[]", 415),
        (BATCH, "{}", 400),
        (BATCH, "[", 400),
        (BATCH, b"\xff\xfe", 400),
        (BATCH, "[" * 100_000, 400),
        (BATCH, "[" + " " * 5_000_001, 413),
    ],
)
def test_a_body_that_is_no_batch_is_refused_with_a_remedy(
    standing_worker: httpx.Client, content_type: str, body: str | bytes, status: int
) -> None:
    reply = standing_worker.post("/v1/events", content=body, headers={"Content-Type": content_type})
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["remedy"]


def test_an_old_sequence_that_arrives_late_is_kept_as_history_only(
    worker: httpx.Client, reader: httpx.Client
) -> None:
    send(
        worker, [make_event(1, 2, "closed", confidence=0.3, closed_at=make_event(1)["time"], zones=["road"])]
    )
    reply = send(worker, [make_event(1, 0, confidence=0.9), make_event(1, 1, "updated", lonlat=[1, 1])])
    assert outcomes(reply) == ["stored", "stored"]
    shown = reader.get(f"/v1/incidents/{named(1)}").json()
    assert (shown["status"], shown["sequence"], shown["incident"]["confidence"]) == ("closed", 2, 0.3)
    assert reader.get("/v1/incidents?zone=pavement").json()["features"] == []
    assert reader.get("/v1/incidents?bbox=0,0,2,2").json()["features"] == []
    history = reader.get(f"/v1/incidents/{named(1)}/events").json()["events"]
    assert [event["sequence"] for event in history] == [0, 1, 2]


def test_an_incident_cannot_move_to_another_view_or_run(worker: httpx.Client, reader: httpx.Client) -> None:
    send(worker, [make_event(1)])
    reply = send(
        worker,
        [make_event(1, 1, "updated", view_id="harbour", camera_id="harbour"), make_event(1, 2, run="x")],
    )
    assert [result["code"] for result in reply.json()["results"]] == ["conflict", "conflict"]
    assert reader.get(f"/v1/incidents/{named(1)}").json()["incident"]["view_id"] == "market-east"


def test_workers_that_send_at_once_store_everything_once(worker: httpx.Client, reader: httpx.Client) -> None:
    def send_share(first: int) -> list[str]:
        # Neighbours overlap, so that the same events race each other.
        return outcomes(send(worker, [make_event(number) for number in range(first, first + 20)]))

    with ThreadPoolExecutor(8) as pool:
        results = [outcome for share in pool.map(send_share, range(0, 80, 10)) for outcome in share]
    assert results.count("stored") == 90
    assert results.count("repeated") == 70
    assert len(reader.get("/v1/events?limit=1000").json()["events"]) == 90


def test_the_latest_health_of_each_view_is_shown(worker: httpx.Client, reader: httpx.Client) -> None:
    send(worker, [make_health("market-east", 5, "moved"), make_health("market-east", 3, "ok"), make_event(1)])
    send(worker, [make_event(2, view_id="harbour-1", camera_id="harbour")])
    views = reader.get("/v1/cameras").json()["views"]
    assert [(view["view_id"], view["open_incidents"]) for view in views] == [
        ("harbour-1", 1),
        ("market-east", 1),
    ]
    assert views[0]["health"] is None
    assert views[1]["health"]["state"] == "moved"
