"""Pictures from outside: seen by nobody before they are masked, and then only the masked one is left."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.store.commands import expire_commands
from api.store.outside import WAITS_S, delete_left_over
from tests.api.conftest import RunningApi
from tests.support.api_events import JPEG, digest

pytestmark = pytest.mark.slow

ORIGINAL = b"\xff\xd8\xff\xe1 a face, a place, a device " * 20 + b"\xff\xd9"
MASK = {"worker": "w1", "kinds": ["mask"], "limit": 1}


@pytest.fixture
def operator(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("operator") as client:
        yield client


def bring(client: httpx.Client, content: bytes = ORIGINAL, kind: str = "image/jpeg") -> httpx.Response:
    return client.post("/v1/outside-pictures?report=r1", content=content, headers={"Content-Type": kind})


def take(worker: httpx.Client) -> dict[str, Any]:
    (command,) = worker.post("/v1/commands/lease", json=MASK).json()["commands"]
    taken: dict[str, Any] = command
    return taken


def original(client: httpx.Client, picture_id: str, token: str) -> httpx.Response:
    return client.get(f"/v1/outside-pictures/{picture_id}/original", headers={"X-Streetkeeper-Token": token})


def files_of(api: RunningApi) -> list[str]:
    folder = api.store.data_dir / "quarantine"
    return sorted(path.name for path in folder.iterdir())


def actions(api: RunningApi) -> list[str]:
    rows = api.store.read(
        lambda connection: connection.execute(
            "SELECT action FROM audit_log WHERE action LIKE 'outside%' ORDER BY number"
        ).fetchall()
    )
    return [row[0] for row in rows]


def test_only_the_masked_picture_is_ever_shown_and_the_original_is_gone_with_proof(
    api: RunningApi, worker: httpx.Client, operator: httpx.Client
) -> None:
    brought = bring(operator)
    assert (brought.status_code, brought.json()["state"]) == (202, "quarantined")
    picture_id = brought.json()["picture_id"]
    command = take(worker)
    assert command["body"] == {"picture_id": picture_id, "sha256": digest(ORIGINAL)}
    assert original(worker, picture_id, command["token"]).content == ORIGINAL
    assert original(worker, picture_id, "another").status_code == 409
    assert original(operator, picture_id, command["token"]).status_code == 403
    name = digest(JPEG)
    worker.put(
        f"/v1/evidence/{name}.jpg",
        content=JPEG,
        headers={"X-Streetkeeper-Masked": "true", "Content-Type": "image/jpeg"},
    )
    ref = {"kind": "still", "sha256": name, "href": f"evidence/{name}.jpg", "masked": True}
    body = {"token": command["token"], "state": "done", "evidence": [ref]}
    assert worker.post(f"/v1/commands/{command['command_id']}/result", json=body).status_code == 200
    shown = operator.get(f"/v1/outside-pictures/{picture_id}").json()
    assert (shown["state"], shown["evidence"]) == ("released", f"evidence/{name}.jpg")
    assert shown["original_deleted_at"] is not None
    assert operator.get(f"/v1/{shown['evidence']}").content == JPEG
    assert files_of(api) == []
    assert original(worker, picture_id, command["token"]).status_code == 409
    assert actions(api) == [
        "outside_picture.receive",
        "outside_picture.read",
        "outside_picture.release",
        "outside_picture.delete",
    ]


def test_no_route_shows_one_in_quarantine(api: RunningApi, operator: httpx.Client) -> None:
    picture_id = bring(operator).json()["picture_id"]
    paths = operator.get("/openapi.json").json()["paths"]
    with api.client("admin") as admin, api.client("supervisor") as supervisor:
        for client in (operator, admin, supervisor):
            for path, operations in paths.items():
                endless = "text/event-stream" in str(operations.get("get"))
                if "get" not in operations or endless:
                    continue
                filled = path.replace("{picture_id}", picture_id).replace("{name}", f"{digest(ORIGINAL)}.jpg")
                assert ORIGINAL not in client.get(filled).content, path


def test_the_masked_picture_must_be_another_one(worker: httpx.Client, operator: httpx.Client) -> None:
    bring(operator, JPEG)
    command = take(worker)
    name = digest(JPEG)
    worker.put(
        f"/v1/evidence/{name}.jpg",
        content=JPEG,
        headers={"X-Streetkeeper-Masked": "true", "Content-Type": "image/jpeg"},
    )
    ref = {"kind": "still", "sha256": name, "href": f"evidence/{name}.jpg", "masked": True}
    body = {"token": command["token"], "state": "done", "evidence": [ref]}
    assert worker.post(f"/v1/commands/{command['command_id']}/result", json=body).status_code == 409


def test_one_that_cannot_be_masked_is_refused_and_deleted(
    api: RunningApi, worker: httpx.Client, operator: httpx.Client
) -> None:
    picture_id = bring(operator).json()["picture_id"]
    command = take(worker)
    body = {"token": command["token"], "state": "failed", "reason": "it is no picture"}
    worker.post(f"/v1/commands/{command['command_id']}/result", json=body)
    shown = operator.get(f"/v1/outside-pictures/{picture_id}").json()
    assert (shown["state"], shown["reason"], shown["evidence"]) == ("refused", "it is no picture", None)
    assert files_of(api) == []


def test_one_that_no_worker_took_in_time_is_deleted_too(api: RunningApi, operator: httpx.Client) -> None:
    bring(operator)
    assert len(files_of(api)) == 1
    later_ms = 2 * int(WAITS_S * 1000) + 1_800_000_000_000
    assert api.store.write(lambda connection: expire_commands(connection, later_ms)).result() == 1
    assert delete_left_over(api.store) == 1
    assert files_of(api) == []


def test_what_a_crash_left_is_deleted_once_it_is_old(
    api: RunningApi, operator: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(operator)
    (api.store.data_dir / "quarantine" / "of-a-crash").write_bytes(ORIGINAL)
    assert delete_left_over(api.store) == 0
    monkeypatch.setattr("api.store.outside.ORPHAN_AFTER_S", -1.0)
    assert delete_left_over(api.store) == 1
    assert "of-a-crash" not in files_of(api) and len(files_of(api)) == 1


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (ORIGINAL, "text/html", 415),
        (ORIGINAL, "image/svg+xml", 415),
        (b"", "image/jpeg", 422),
        (b"x" * 10_000_001, "image/png", 413),
    ],
)
def test_what_is_no_picture_by_its_wrapping_is_refused_at_once(
    api: RunningApi, operator: httpx.Client, content: bytes, kind: str, status: int
) -> None:
    assert bring(operator, content, kind).status_code == status
    assert actions(api) == []
