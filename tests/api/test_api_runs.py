"""Analyses: their progress is told, and they stay out until a person admits them, which is noted."""

import json
from typing import Any

import pytest

from api.errors import Conflict, NotFound
from api.store import Store
from api.store.admitting import admit_run
from api.store.events import record_events
from api.store.runs import RunProgress, find_run, is_admitted, list_runs, tell_progress
from contracts.event import parse_event
from tests.api.conftest import RunningApi
from tests.support.api_events import make_event

pytestmark = pytest.mark.slow


def put(store: Store, *documents: dict[str, Any]) -> None:
    record_events(store, [parse_event(document) for document in documents]).result(30)


def test_a_worker_tells_progress_and_a_reader_sees_it(api: RunningApi) -> None:
    with api.client("worker") as worker, api.client("reader") as reader:
        told = {"state": "running", "progress": 0.4, "inputs": ["fair.mp4"]}
        assert worker.put("/v1/runs/night", json=told).status_code == 204
        put(api.store, make_event(1, run="night"))
        (run,) = reader.get("/v1/runs").json()["runs"]
        assert (run["run"], run["incidents"], run["state"], run["progress"]) == ("night", 1, "running", 0.4)
        assert run["ended_at"] is None and run["admitted_at"] is None
        worker.put("/v1/runs/night", json={"state": "failed", "progress": 0.4, "detail": "damaged"})
        (run,) = reader.get("/v1/runs").json()["runs"]
        assert run["detail"] == "damaged" and run["ended_at"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/runs/live", {"state": "running", "progress": 0.1}, 409),
        ("/v1/runs/x", {"state": "lost", "progress": 0.1}, 400),
        ("/v1/runs/x", {"state": "done", "progress": 1.5}, 400),
        ("/v1/runs/x", {"state": "done", "progress": 1, "colour": 1}, 400),
        ("/v1/runs/x?y=1", {"state": "done", "progress": 1}, 400),
    ],
)
def test_wrong_progress_is_refused(api: RunningApi, path: str, body: dict[str, Any], status: int) -> None:
    with api.client("worker") as worker:
        assert worker.put(path, json=body).status_code == status


def queued(store: Store) -> list[tuple[str, str]]:
    """Run and state of what waits for a person."""
    sql = "SELECT run, state FROM review_items ORDER BY item_key"
    return store.read(lambda connection: connection.execute(sql).fetchall())


def test_an_analysis_comes_to_the_queue_once_a_person_admits_it_and_that_is_noted(store: Store) -> None:
    put(store, make_event(1, run="night"), make_event(1, 1, "closed", run="night"))
    assert queued(store) == []
    assert not store.read(lambda connection: is_admitted(connection, "night"))
    record = admit_run(store, "night", "user:li.wei", "Checked.")
    assert record.admitted_by == "user:li.wei" and record.admitted_at is not None
    assert queued(store) == [("night", "waiting")]
    put(store, make_event(2, run="night", category="street_vendor"))
    assert queued(store) == [("night", "waiting")] * 2
    ((actor, subject, detail),) = store.read(
        lambda connection: connection.execute(
            "SELECT actor, subject, detail FROM audit_log WHERE action = 'run.admit'"
        ).fetchall()
    )
    assert (actor, subject) == ("user:li.wei", "night")
    assert json.loads(detail) == {"incidents": 1, "reason": "Checked."}
    with pytest.raises(Conflict):
        admit_run(store, "night", "user:li.wei", "Again.")


def test_the_live_run_counts_and_cannot_be_admitted(store: Store) -> None:
    put(store, make_event(1))
    assert store.read(lambda connection: is_admitted(connection, "live"))
    with pytest.raises(Conflict):
        admit_run(store, "live", "user:li.wei", "Why not.")
    with pytest.raises(NotFound):
        admit_run(store, "nowhere", "user:li.wei", "Why not.")


def test_a_machine_may_not_admit(api: RunningApi) -> None:
    put(api.store, make_event(1, run="night"))
    with api.client("supervisor") as machine, api.client("reader") as reader:
        refused = machine.post("/v1/runs/night/admit", json={"reason": "I am a script."})
        assert refused.status_code == 403 and "person" in refused.json()["detail"]
        assert reader.post("/v1/runs/night/admit", json={"reason": "Me too."}).status_code == 403
    found = find_run(api.store, "night")
    assert found is not None and found.admitted_at is None


def test_runs_come_by_their_newest_arrival_and_progress_counts_nothing(store: Store) -> None:
    put(store, make_event(1, run="night"), make_event(2))
    tell_progress(store, "later", RunProgress("waiting", 0.0)).result(10)
    assert [(run.run, run.incidents) for run in list_runs(store, 10)] == [
        ("live", 1),
        ("night", 1),
        ("later", 0),
    ]
