"""The configuration over HTTP: versions with author and reason, faults with key paths, rollback, waiting."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.configuration import site_of
from tests.api.conftest import RunningApi
from tests.support.example_site import EXAMPLE, changed

pytestmark = pytest.mark.slow

SECOND = changed('version: "', 'version: "second-').replace("look_every_s: 10", "look_every_s: 7", 1)


@pytest.fixture
def admin(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("admin") as client:
        yield client


def send(client: httpx.Client, text: str, base: int | None = None, reason: str = "because") -> httpx.Response:
    return client.post("/v1/config/site", json={"text": text, "reason": reason, "base": base})


def test_a_change_is_a_version_with_author_and_reason_and_what_changed_is_told(
    api: RunningApi, admin: httpx.Client
) -> None:
    assert site_of(api.store) is None
    first, second = send(admin, EXAMPLE), send(admin, SECOND, 1, "the market opens earlier")
    assert [first.status_code, second.status_code] == [201, 201]
    assert second.json()["author"].startswith("key:")
    history = admin.get("/v1/config/site/versions").json()["versions"]
    assert [(entry["version"], entry["reason"]) for entry in history] == [
        (2, "the market opens earlier"),
        (1, "because"),
    ]
    changes = {change["path"]: change for change in admin.get("/v1/config/site/changes").json()["changes"]}
    assert changes.pop("version")["kind"] == "changed"
    ((path, change),) = changes.items()
    assert path.startswith("cameras[") and path.endswith("].look_every_s")
    assert (change["before"], change["after"]) == (10, 7)
    site = site_of(api.store)
    assert site is not None and site.version.startswith("second-")


def test_two_who_change_at_once_do_not_overwrite_each_other(admin: httpx.Client) -> None:
    send(admin, EXAMPLE)
    assert send(admin, SECOND, 1).status_code == 201
    late = send(admin, changed('version: "', 'version: "third-'), 1)
    assert late.status_code == 409
    assert "version 2" in late.json()["detail"]


def test_the_same_text_again_is_no_new_version_and_another_under_an_old_name_is_refused(
    admin: httpx.Client,
) -> None:
    send(admin, EXAMPLE)
    again = send(admin, EXAMPLE, 1)
    assert (again.status_code, again.json()["version"]) == (200, 1)
    renamed = EXAMPLE.replace("look_every_s: 10", "look_every_s: 7", 1)
    refused = send(admin, renamed, 1)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["name"] == "version"


def test_a_document_with_faults_is_refused_with_each_fault_and_nothing_changes(admin: httpx.Client) -> None:
    send(admin, EXAMPLE)
    refused = send(admin, changed("dwell_s", "dwel_s"), 1)
    assert refused.status_code == 422
    (fault,) = refused.json()["errors"]
    assert fault["name"].endswith(".dwel_s") and "Did you mean 'dwell_s'?" in fault["remedy"]
    assert int(fault["line"]) > 1
    assert admin.get("/v1/config/site").json()["version"] == 1


def test_a_rollback_brings_the_old_text_back_as_a_new_version(admin: httpx.Client) -> None:
    send(admin, EXAMPLE)
    send(admin, SECOND, 1)
    back = admin.post("/v1/config/site/rollback", json={"version": 1, "reason": "a mistake", "base": 2})
    assert back.status_code == 201
    shown = back.json()
    assert (shown["version"], shown["restored"], shown["text"]) == (3, 1, EXAMPLE)


def test_a_worker_waits_for_a_change_and_hears_of_it_at_once(
    worker: httpx.Client, admin: httpx.Client
) -> None:
    send(admin, EXAMPLE)
    first = worker.get("/v1/config/site")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert worker.get("/v1/config/site", headers=tag).status_code == 304
    heard: list[httpx.Response] = []
    waiting = threading.Thread(
        target=lambda: heard.append(worker.get("/v1/config/site?wait=20", headers=tag))
    )
    waiting.start()
    time.sleep(0.2)
    send(admin, SECOND, 1)
    waiting.join(10)
    assert [(reply.status_code, reply.json()["version"]) for reply in heard] == [(200, 2)]


def test_each_change_stands_in_the_audit_log(api: RunningApi, admin: httpx.Client) -> None:
    send(admin, EXAMPLE)
    rows = api.store.read(
        lambda connection: connection.execute(
            "SELECT actor, subject, detail FROM audit_log WHERE action = 'config.change'"
        ).fetchall()
    )
    ((actor, subject, detail),) = rows
    assert actor.startswith("key:") and subject == "site"
    assert "because" in detail and "rtsp://" not in detail


@pytest.mark.parametrize(
    ("method", "path", "body", "statuses"),
    [
        ("GET", "/v1/config/site", None, [401, 404, 403, 403, 404]),
        ("POST", "/v1/config/site", {"text": EXAMPLE, "reason": "why"}, [401, 403, 403, 403, 201]),
        ("GET", "/v1/config/nothing", None, [401, 404, 403, 403, 404]),
        ("GET", "/v1/config/site/changes", None, [401, 404, 403, 403, 404]),
    ],
)
def test_only_administrators_change_and_only_workers_and_they_read(
    clients: dict[str, httpx.Client], method: str, path: str, body: Any, statuses: list[int]
) -> None:
    roles = ("stranger", "worker", "reader", "operator", "admin")
    assert [clients[role].request(method, path, json=body).status_code for role in roles] == statuses
