"""Commands over HTTP: leased to one worker, done once, back in the queue when it is silent."""

import sqlite3
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.errors import Conflict
from api.store import Store
from api.store.command_work import LEASE_S, finish_command, lease_commands
from api.store.commands import CommandRow, Outcome, enqueue_command, find_command
from api.store.leases import take_lease
from contracts.command import CommandKind
from tests.api.conftest import RunningApi
from tests.support.api_events import JPEG, digest

pytestmark = pytest.mark.slow

SNAPSHOT = {"kind": "snapshot", "camera": "market", "body": {"when": "now"}}


@pytest.fixture
def operator(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("operator") as client:
        yield client


def take(worker: httpx.Client, name: str = "w1", wait: float = 0, **changes: Any) -> list[dict[str, Any]]:
    body = {"worker": name, "kinds": ["snapshot", "recheck"], "limit": 5, **changes}
    reply = worker.post(f"/v1/commands/lease?wait={wait}", json=body)
    assert reply.status_code == 200, reply.text
    commands: list[dict[str, Any]] = reply.json()["commands"]
    return commands


def hold(worker: httpx.Client, camera: str = "market", name: str = "w1") -> dict[str, Any]:
    reply = worker.put(f"/v1/leases/{camera}", json={"worker": name, "lease_s": 60})
    lease: dict[str, Any] = reply.json()["leases"][0]
    return lease


def hand_in(worker: httpx.Client, command: dict[str, Any], **changes: Any) -> httpx.Response:
    body = {"token": command["token"], "state": "done", "answer": {"captured_at": "now"}, **changes}
    return worker.post(f"/v1/commands/{command['command_id']}/result", json=body)


def test_only_the_worker_with_the_cameras_lease_gets_its_command_and_does_it_once(
    worker: httpx.Client, operator: httpx.Client
) -> None:
    asked = operator.post("/v1/commands", json=SNAPSHOT)
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert take(worker) == []
    assert hold(worker)["holder"] == "w1"
    assert hold(worker, name="w2")["holder"] == "w1"
    assert take(worker, "w2") == []
    (command,) = take(worker)
    assert take(worker) == []
    assert hand_in(worker, command).json() == {"kept": True}
    assert hand_in(worker, command).json() == {"kept": False}
    shown = operator.get(f"/v1/commands/{command['command_id']}").json()
    assert (shown["state"], shown["answer"], shown["progress"]) == ("done", {"captured_at": "now"}, 1)


def test_a_wait_ends_when_a_command_comes(worker: httpx.Client, operator: httpx.Client) -> None:
    hold(worker)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(take, worker, wait=20)
        time.sleep(0.2)
        operator.post("/v1/commands", json=SNAPSHOT)
        assert len(waiting.result(10)) == 1


def test_a_result_waits_for_its_pictures(worker: httpx.Client, operator: httpx.Client) -> None:
    operator.post("/v1/commands", json=SNAPSHOT)
    hold(worker)
    (command,) = take(worker)
    name = digest(JPEG)
    ref = {"kind": "still", "sha256": name, "href": f"evidence/{name}.jpg", "masked": True}
    early = hand_in(worker, command, evidence=[ref])
    assert early.status_code == 422 and "pictures" in early.json()["remedy"]
    worker.put(
        f"/v1/evidence/{name}.jpg",
        content=JPEG,
        headers={"X-Streetkeeper-Masked": "true", "Content-Type": "image/jpeg"},
    )
    assert hand_in(worker, command, evidence=[ref]).status_code == 200


def test_asking_again_with_the_same_key_asks_once(worker: httpx.Client, operator: httpx.Client) -> None:
    key = {"Idempotency-Key": "case 12"}
    ids = {operator.post("/v1/commands", json=SNAPSHOT, headers=key).json()["command_id"] for _ in range(3)}
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("role", "kind", "status"),
    [
        ("operator", "snapshot", 202),
        ("operator", "calibrate-preview", 403),
        ("operator", "mask", 403),
        ("admin", "capture-baseline", 202),
        ("admin", "snapshot", 403),
        ("reader", "snapshot", 403),
        ("worker", "snapshot", 403),
    ],
)
def test_roles_ask_for_what_they_may(api: RunningApi, role: str, kind: str, status: int) -> None:
    with api.client(role) as client:
        reply = client.post("/v1/commands", json={"kind": kind, "camera": "market"})
        assert reply.status_code == status, reply.text


def test_a_worker_renews_gives_back_and_hears_who_has_its_camera(
    worker: httpx.Client, operator: httpx.Client
) -> None:
    hold(worker)
    hold(worker, "gate", "w2")
    body = {"worker": "w1", "lease_s": 60, "cameras": ["market", "gate"]}
    renewed = worker.post("/v1/leases", json=body).json()["leases"]
    assert [(lease["camera_id"], lease["holder"]) for lease in renewed] == [("market", "w1"), ("gate", "w2")]
    assert worker.delete("/v1/leases/market?worker=w2").status_code == 204
    assert hold(worker, name="w2")["holder"] == "w1"
    assert worker.delete("/v1/leases/market?worker=w1").status_code == 204
    taken = hold(worker, name="w2")
    assert (taken["holder"], taken["fence"]) == ("w2", 2)
    shown = operator.get("/v1/leases").json()["leases"]
    assert [lease["camera_id"] for lease in shown] == ["gate", "market"]


def test_drop_folders_are_told_and_shown(worker: httpx.Client, operator: httpx.Client) -> None:
    files = [{"name": "night.mp4", "size_bytes": 5, "modified_at": "2026-05-01T06:00:00Z"}]
    assert worker.post("/v1/drop-folders", json={"worker": "east", "files": files}).status_code == 204
    (folder,) = operator.get("/v1/drop-folders").json()["folders"]
    assert (folder["worker"], [file["name"] for file in folder["files"]]) == ("east", ["night.mp4"])


NOW_MS = 1_700_000_000_000


def leased(connection: sqlite3.Connection, who: str, now: int) -> list[CommandRow]:
    return lease_commands(connection, who, [CommandKind.ANALYSE_RECORDING], 99, now)


def finished(connection: sqlite3.Connection, command_id: str, token: str, now: int) -> bool:
    return finish_command(connection, command_id, token, Outcome("done"), ("key:w", now))


STEPS = st.lists(st.sampled_from(["take a", "take b", "finish a", "finish b", "wait"]), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_workers_do_a_command_is_done_at_most_once_and_never_stuck(
    store: Store, steps: list[str]
) -> None:
    now, held, done = NOW_MS, dict[str, CommandRow](), 0
    key = str(uuid.uuid4())
    command_id = store.write(
        lambda connection: enqueue_command(
            connection,
            kind="analyse-recording",
            camera_id=None,
            body={"file": "x.mp4"},
            ttl_s=86400,
            key=key,
            actor="user:ann",
            now_ms=NOW_MS,
        )
    ).result()
    for step in steps:
        if step == "wait":
            now += int(LEASE_S * 1000)
            continue
        verb, who = step.split()
        if verb == "take":
            for command in store.write(partial(leased, who=who, now=now)).result():
                if command.command_id == command_id:
                    held[who] = command
        elif who in held:
            token = held[who].token or ""
            with suppress(Conflict):
                done += store.write(partial(finished, command_id=command_id, token=token, now=now)).result()
    kept = store.read(lambda connection: find_command(connection, command_id))
    assert kept is not None
    assert done == (kept.state == "done")
    if kept.state == "leased":
        assert kept.leased_until_ms is not None and kept.leased_until_ms <= now + LEASE_S * 1000


def test_a_lease_that_ran_out_goes_over_and_the_old_holder_is_told(store: Store) -> None:
    first = store.write(lambda c: take_lease(c, "gate", "w1", "key:1", (NOW_MS, NOW_MS + 1000))).result()
    second = store.write(
        lambda c: take_lease(c, "gate", "w2", "key:2", (NOW_MS + 1000, NOW_MS + 2000))
    ).result()
    back = store.write(
        lambda c: take_lease(c, "gate", "w1", "key:1", (NOW_MS + 1100, NOW_MS + 2100))
    ).result()
    assert [(lease.holder, lease.fence) for lease in (first, second, back)] == [
        ("w1", 1),
        ("w2", 2),
        ("w2", 2),
    ]
