"""The site and the leases of the case API as a worker meets them: there, away, broken, another's."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.site_check import SiteRejected
from stream_workers.api_leases import ApiLeaseBook
from stream_workers.command_kinds.recording import _found as found_in
from stream_workers.command_kinds.workbench import CommandFailed
from stream_workers.errors import LeaseLost
from stream_workers.leases import Lease, LeaseBook
from stream_workers.sinks.client import ApiClient
from stream_workers.sinks.commands import CommandApi
from stream_workers.site_origins import ApiSite
from stream_workers.site_watch import SiteWatch
from stream_workers.sources.reconnect import Backoff
from stream_workers.store import WorkerStore
from tests.support.example_site import EXAMPLE, changed
from tests.support.scripted_api import Answer, Asked, ScriptedApi, problem, scripted_api
from tests.support.waiting import wait_until

SECOND = changed('version: "', 'version: "second-')
Script = Callable[[Asked], Answer | None]


CLIENTS: list[ApiClient] = []


@pytest.fixture(autouse=True)
def closed_clients() -> Iterator[None]:
    yield
    while CLIENTS:
        CLIENTS.pop().close()


def calls(url: str) -> CommandApi:
    CLIENTS.append(ApiClient(url, "key", 5.0))
    return CommandApi(CLIENTS[-1], "w1")


def site_answer(text: str, version: int) -> Answer:
    return Answer(200, json.dumps({"text": text, "version": version}).encode(), {"ETag": f'"site-{version}"'})


def origin(url: str, folder: Path, stop: threading.Event | None = None) -> ApiSite:
    return ApiSite(calls(url), folder / "kept.json", stop or threading.Event(), Backoff(0.01, 0.02))


def test_the_last_good_site_is_started_from_while_the_api_is_away(tmp_path: Path) -> None:
    with scripted_api(ScriptedApi(lambda asked: site_answer(EXAMPLE, 1))) as served:
        first = SiteWatch(origin(served.url, tmp_path)).site
    assert SiteWatch(origin("http://127.0.0.1:9", tmp_path)).site == first


def test_a_broken_site_of_the_api_leaves_the_kept_one_and_is_told(tmp_path: Path) -> None:
    with scripted_api(ScriptedApi(lambda asked: site_answer(EXAMPLE, 1))) as served:
        SiteWatch(origin(served.url, tmp_path))
    with scripted_api(ScriptedApi(lambda asked: site_answer("rules: 7", 2))) as served:
        watch = SiteWatch(origin(served.url, tmp_path))
        assert watch.changed() is None
    assert watch.note.startswith("a newer site was refused") and "format: is missing" in watch.note
    assert json.loads((tmp_path / "kept.json").read_text())["text"] == EXAMPLE


def test_without_any_site_it_waits_until_one_is_imported(tmp_path: Path) -> None:
    answers = iter([problem(404, "there is no site yet"), problem(503, "busy"), site_answer(EXAMPLE, 1)])
    with scripted_api(ScriptedApi(lambda asked: next(answers))) as served:
        assert SiteWatch(origin(served.url, tmp_path)).site.version == "2026-11-24.1"


def test_each_change_is_given_once_and_a_good_one_ends_the_note(tmp_path: Path) -> None:
    sites = {None: (EXAMPLE, 1), '"site-1"': ("rules: 7", 2), '"site-2"': (SECOND, 3)}

    def script(asked: Asked) -> Answer:
        tag = asked.headers.get("if-none-match") or asked.headers.get("If-None-Match")
        return site_answer(*sites[tag]) if tag in sites else Answer(304, b"", after_s=0.05)

    stop = threading.Event()
    with scripted_api(ScriptedApi(script)) as served:
        source = origin(served.url, tmp_path, stop)
        watch = SiteWatch(source)
        taken: list[Any] = []
        notes: list[str] = []

        def look() -> bool:
            site = watch.changed()
            notes.append(watch.note)
            if site is not None:
                taken.append(site.version)
            return bool(taken)

        thread = threading.Thread(target=source.run, args=(stop,))
        thread.start()
        wait_until(look, 20)
        assert watch.changed() is None
        stop.set()
        thread.join(10)
    assert taken == ["second-2026-11-24.1"]
    assert watch.note == ""


class Holders:
    """An API that knows who has which camera."""

    def __init__(self) -> None:
        self.holder = "w1"
        self.is_away = False

    def __call__(self, asked: Asked) -> Answer:
        if self.is_away:
            return problem(503, "away")
        if asked.method == "DELETE":
            return Answer(204, b"")
        lease = {"camera_id": "gate", "holder": self.holder, "fence": 1, "expires_at": "2026-01-01T00:00:00Z"}
        return Answer(200, json.dumps({"leases": [lease]}).encode())


def book(url: str, store: WorkerStore) -> ApiLeaseBook:
    return ApiLeaseBook(store.database, 30.0, calls(url))


def test_a_camera_of_another_machine_is_not_watched_and_its_local_lease_is_given_back(tmp_path: Path) -> None:
    holders = Holders()
    holders.holder = "elsewhere"
    with scripted_api(ScriptedApi(holders)) as served, WorkerStore(tmp_path / "w.sqlite") as store:
        assert book(served.url, store).acquire("gate") == "elsewhere"
        assert isinstance(LeaseBook(store.database, 30.0, "w2").acquire("gate"), Lease)


def test_one_that_went_over_to_another_machine_commits_nothing_more(tmp_path: Path) -> None:
    holders = Holders()
    with scripted_api(ScriptedApi(holders)) as served, WorkerStore(tmp_path / "w.sqlite") as store:
        leases = book(served.url, store)
        lease = leases.acquire("gate")
        assert isinstance(lease, Lease)
        assert leases.renew() == []
        holders.holder = "elsewhere"
        assert leases.renew() == ["gate"]
        with pytest.raises(LeaseLost), store.database.transaction() as connection:
            lease.check(connection)


def test_while_the_api_is_away_leases_hold_on_this_machine(tmp_path: Path) -> None:
    holders = Holders()
    holders.is_away = True
    with scripted_api(ScriptedApi(holders)) as served, WorkerStore(tmp_path / "w.sqlite") as store:
        leases = book(served.url, store)
        lease = leases.acquire("gate")
        assert isinstance(lease, Lease)
        assert leases.renew() == []
        assert LeaseBook(store.database, 30.0, "w2").acquire("gate") == "w1"
        leases.release(lease)


@pytest.mark.parametrize("name", ["../secret", "..", ".", "none.mp4", "link.mp4", "folder"])
def test_an_analysis_reads_nothing_but_files_of_the_drop_folder(tmp_path: Path, name: str) -> None:
    drop = tmp_path / "drop"
    (drop / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (drop / "link.mp4").symlink_to(tmp_path / "secret")
    (drop / "good.mp4").write_text("x")
    assert found_in(drop, "good.mp4").name == "good.mp4"
    with pytest.raises(CommandFailed):
        found_in(drop, name)


def test_a_broken_first_site_without_a_kept_one_is_waited_out(tmp_path: Path) -> None:
    answers = iter([site_answer("rules: 7", 1), site_answer(EXAMPLE, 2)])
    with scripted_api(ScriptedApi(lambda asked: next(answers))) as served:
        assert SiteWatch(origin(served.url, tmp_path)).site.version == "2026-11-24.1"


def test_a_site_file_with_faults_still_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("rules: 7")
    with pytest.raises(SiteRejected):
        SiteWatch(tmp_path / "site.yaml")
