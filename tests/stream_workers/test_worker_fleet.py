"""Cameras of a worker: each alone with its faults, in step with the site, replaced when stuck."""

import logging
import threading
from pathlib import Path

import pytest

from contracts.site import Site
from stream_workers.camera_loop import WorkPlaces
from stream_workers.errors import SourceRefused, SourceUnavailable
from stream_workers.leases import Lease, LeaseBook
from stream_workers.sources.media import DecodedLook
from tests.support.fake_cameras import FakeSource, FakeView, Town, live_site, town
from tests.support.waiting import wait_until


def ticked_until_source(running: Town) -> FakeSource:
    """The connection of the loop that the fleet begins for one that is stuck."""
    while running.sources.empty():
        running.fleet.tick()
        threading.Event().wait(0.02)
    return running.next_source()


def test_looks_of_each_camera_are_handled_and_committed(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate", "market")) as running:
        running.begin()
        for source in (running.next_source(), running.next_source()):
            for _ in range(3):
                source.send()
        wait_until(lambda: running.looks_of("gate") == running.looks_of("market") == 3)
        assert running.states() == ["ok", "ok"]
        assert running.end() == []


def test_a_lost_camera_is_connected_again_and_goes_on(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.begin()
        first = running.next_source()
        first.send()
        first.lose()
        running.next_source().send()
        wait_until(lambda: running.looks_of("gate") == 2)


def test_a_fault_of_one_camera_leaves_the_others_alone_and_it_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("stream_workers.camera_loop.AFTER_FAULT_S", 0.05)
    broken = threading.Event()
    broken.set()

    def act(view: FakeView, look: DecodedLook) -> None:
        if view.camera_id == "gate" and broken.is_set():
            raise RuntimeError("nobody thought of this")

    with town(tmp_path, live_site("gate", "market")) as running:
        running.act = act
        running.begin()
        for source in (running.next_source(), running.next_source()):
            source.send()
        again = running.next_source()
        wait_until(lambda: running.looks_of("market") == 1)
        broken.clear()
        again.send()
        wait_until(lambda: running.looks_of("gate") == 1)
    assert "camera_begins_again" in [record.message for record in caplog.records]


def test_a_camera_without_legal_basis_does_not_start_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("stream_workers.camera_loop.AFTER_FAULT_S", 0.02)
    with town(tmp_path, live_site("gate", legal_basis=" ")) as running:
        running.begin()
        wait_until(lambda: running.states() == ["refused"])
        wait_until(lambda: "camera_waits" in [record.message for record in caplog.records])
        threading.Event().wait(0.2)
        assert "legal basis" in running.details()[0]
        assert running.sources.empty()
        assert running.states() == ["refused"]
        assert len([record for record in caplog.records if record.message == "camera_waits"]) == 1
        running.fleet.take_site(live_site("gate", version="2"))
        running.next_source().send()
        wait_until(lambda: running.looks_of("gate") == 1)


def test_a_camera_that_refuses_us_is_told_as_needing_a_person(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.fault = SourceRefused("refuses user or password (401)")
        running.begin()
        wait_until(lambda: running.states() == ["refused"])
        assert running.details() == ["refuses user or password (401)"]


def test_a_changed_rule_is_applied_at_the_next_look_without_a_new_connection(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.begin()
        source = running.next_source()
        source.send()
        wait_until(lambda: running.site_seen_by("gate") == "1")
        running.fleet.take_site(live_site("gate", version="2"))
        source.send()
        wait_until(lambda: running.site_seen_by("gate") == "2")
        assert running.sources.empty()
        assert running.looks_of("gate") == 2


def with_clips(site: Site, *names: str, version: str = "2") -> Site:
    cameras = [camera.model_copy(update={"clips": camera.id in names}) for camera in site.cameras]
    return site.model_copy(update={"cameras": cameras, "version": version})


def test_only_where_clips_are_on_packets_are_held_and_only_while_connected(tmp_path: Path) -> None:
    with town(tmp_path, with_clips(live_site("gate", "market"), "gate")) as running:
        running.begin()
        sources = [running.next_source(), running.next_source()]
        for source in sources:
            source.send()
        wait_until(lambda: running.looks_of("gate") == running.looks_of("market") == 1)
        assert set(running.parts.clips._rings) == {"gate"}
        assert sum(source.tapped_by is not None for source in sources) == 1
        running.end()
        assert running.parts.clips._rings == {}


def test_clips_that_are_turned_on_or_off_connect_that_camera_anew(tmp_path: Path) -> None:
    site = live_site("gate")
    with town(tmp_path, site) as running:
        running.begin()
        plain = running.next_source()
        plain.send()
        wait_until(lambda: running.looks_of("gate") == 1)
        assert plain.tapped_by is None
        running.fleet.take_site(with_clips(site, "gate"))
        tapped = running.next_source()
        wait_until(lambda: tapped.tapped_by is not None)
        tapped.lose()
        again = running.next_source()
        wait_until(lambda: again.tapped_by is not None)
        assert tapped.tapped_by is None
        running.fleet.take_site(with_clips(site, version="3"))
        running.next_source().send()
        wait_until(lambda: running.looks_of("gate") == 2)
        assert running.parts.clips._rings == {}


def test_a_corrected_address_is_taken_although_the_camera_never_answered(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.fault = SourceUnavailable("no route")
        running.begin()
        running.next_source()
        running.fault = None
        running.fleet.take_site(live_site("gate", version="2", url="rtsp://192.0.2.2/main"))
        wait_until(lambda: any(source.name.startswith("rtsp://192.0.2.2") for source in drained(running)))


def drained(running: Town) -> list[FakeSource]:
    found = []
    while not running.sources.empty():
        found.append(running.sources.get())
    return found


def test_cameras_come_and_go_with_the_site(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.begin()
        gate = running.next_source()
        running.fleet.take_site(live_site("market", version="2"))
        market = running.next_source()
        market.send()
        wait_until(lambda: running.looks_of("market") == 1)
        assert gate.leave.is_set()
        assert len(running.fleet) == 1
        lease = LeaseBook(running.store.database, 30, "another").acquire("gate")
        assert isinstance(lease, Lease) or lease == running.parts.leases.holder


def test_a_second_worker_waits_says_so_and_takes_over_when_the_first_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with town(tmp_path, live_site("gate")) as first, town(tmp_path, live_site("gate")) as second:
        first.begin()
        source = first.next_source()
        source.send()
        wait_until(lambda: first.looks_of("gate") == 1)
        second.begin()
        wait_until(lambda: "camera_watched_elsewhere" in [record.message for record in caplog.records])
        assert second.sources.empty()
        assert first.end() == []
        second.next_source().send()
        wait_until(lambda: second.looks_of("gate") == 2)
        assert second.states() == ["ok"]


def test_a_worker_whose_lease_went_over_leaves_the_camera(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with town(tmp_path, live_site("gate"), lease_s=1.5) as running:
        running.begin()
        source = running.next_source()
        source.send()
        wait_until(lambda: running.looks_of("gate") == 1)
        with running.store.database.transaction() as connection:
            connection.execute("UPDATE lease SET holder='another', fence=fence+1")
        wait_until(source.leave.is_set)
        wait_until(lambda: "camera_watched_elsewhere" in [record.message for record in caplog.records])


def test_a_look_that_was_begun_before_the_lease_went_over_is_not_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with town(tmp_path, live_site("gate"), lease_s=30) as running:

        def act(view: FakeView, look: DecodedLook) -> None:
            with running.store.database.transaction() as connection:
                connection.execute("UPDATE lease SET holder='another', fence=fence+1")

        running.act = act
        running.begin()
        running.next_source().send()
        wait_until(lambda: "lease_lost" in [record.message for record in caplog.records])
        assert running.looks_of("gate") == 0


def test_a_look_that_never_ends_is_given_up_and_what_its_thread_does_later_is_void(tmp_path: Path) -> None:
    comes_back = threading.Event()
    stuck = threading.Event()

    def act(view: FakeView, look: DecodedLook) -> None:
        if not stuck.is_set():
            stuck.set()
            comes_back.wait(60)

    with town(tmp_path, live_site("gate"), stuck_after_s=0.2, places=1) as running:
        running.act = act
        running.begin()
        running.next_source().send()
        stuck.wait(20)
        again = ticked_until_source(running)
        again.send()
        wait_until(lambda: running.looks_of("gate") == 1)
        comes_back.set()
        again.send()
        wait_until(lambda: running.looks_of("gate") == 2)
        again.send()
        wait_until(lambda: running.looks_of("gate") == 3)
        assert running.end() == []
        assert running.looks_of("gate") == 3


def test_a_look_that_waits_for_the_disk_is_not_given_up(tmp_path: Path) -> None:
    goes_on = threading.Event()

    def act(view: FakeView, look: DecodedLook) -> None:
        view.waiting = True
        goes_on.wait(60)
        view.waiting = False

    with town(tmp_path, live_site("gate"), stuck_after_s=0.05) as running:
        running.act = act
        running.begin()
        running.next_source().send()
        wait_until(lambda: any(view.waiting for view in running.views))
        for _ in range(10):
            running.fleet.tick()
            threading.Event().wait(0.02)
        assert len(running.views) == 1
        goes_on.set()
        wait_until(lambda: running.looks_of("gate") == 1)


def test_after_too_many_stuck_threads_the_process_asks_to_be_begun_anew(tmp_path: Path) -> None:
    comes_back = threading.Event()

    def act(view: FakeView, look: DecodedLook) -> None:
        comes_back.wait(60)

    with town(tmp_path, live_site("gate"), stuck_after_s=0.05) as running:
        running.act = act
        running.begin()
        running.next_source().send()
        for _ in range(2):
            ticked_until_source(running).send()
            assert not running.gave_up.is_set()
        while not running.gave_up.wait(0.02):
            running.fleet.tick()
        comes_back.set()


def test_a_thread_that_was_given_up_takes_no_second_place_with_it_when_it_comes_back() -> None:
    places, inside, most = WorkPlaces(1), 0, 0
    with places.taken(lambda: True):
        places.replace()

    def work() -> None:
        nonlocal inside, most
        with places.taken(lambda: False):
            inside += 1
            most = max(most, inside)
            threading.Event().wait(0.05)
            inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_one_busy_camera_does_not_hold_more_than_its_place(tmp_path: Path) -> None:
    goes_on = threading.Event()

    def act(view: FakeView, look: DecodedLook) -> None:
        if view.camera_id == "gate":
            goes_on.wait(60)

    with town(tmp_path, live_site("gate", "market"), places=2) as running:
        running.act = act
        running.begin()
        for source in (running.next_source(), running.next_source()):
            source.send()
        wait_until(lambda: running.looks_of("market") == 1)
        goes_on.set()
        wait_until(lambda: running.looks_of("gate") == 1)


def test_ending_commits_the_look_in_hand_and_frees_the_camera(tmp_path: Path) -> None:
    began, goes_on = threading.Event(), threading.Event()

    def act(view: FakeView, look: DecodedLook) -> None:
        began.set()
        goes_on.wait(60)

    with town(tmp_path, live_site("gate")) as running:
        running.act = act
        running.begin()
        running.next_source().send()
        began.wait(20)
        threading.Timer(0.2, goes_on.set).start()
        assert running.end() == []
        assert running.looks_of("gate") == 1
        assert isinstance(LeaseBook(running.store.database, 30, "another").acquire("gate"), Lease)


def test_a_thread_that_does_not_come_back_is_named_at_the_end(tmp_path: Path) -> None:
    began, goes_on = threading.Event(), threading.Event()

    def act(view: FakeView, look: DecodedLook) -> None:
        began.set()
        goes_on.wait(60)

    with town(tmp_path, live_site("gate")) as running:
        running.act = act
        running.begin()
        running.next_source().send()
        began.wait(20)
        running.stop.set()
        assert running.fleet.end(0.0) == ["camera-gate"]
        goes_on.set()


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
