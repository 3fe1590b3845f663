"""What a worker makes of its cameras' behaviour: late, frozen, silent, moved, with rare keyframes."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from contracts.event import HealthState
from stream_workers.errors import SourceUnavailable
from stream_workers.health import BELIEVED_AFTER_S
from stream_workers.sources.media import DecodedLook
from tests.support.fake_cameras import FakeView, a_decoded_look, live_site, town
from tests.support.waiting import wait_until


def test_too_much_work_stretches_the_interval_and_calm_shortens_it_again(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.begin()
        source = running.next_source()
        source.dropped_looks = 1
        source.send()
        wait_until(lambda: source.intervals == [20])
        source.dropped_looks = 2
        source.send()
        wait_until(lambda: source.intervals == [20, 40])
        source.dropped_looks = 5
        source.send()
        wait_until(lambda: source.intervals == [20, 40, 60])
        wait_until(lambda: running.states() == ["ok", "overloaded"])
        assert "instead of 10 s" in running.details()[-1]
        source.lose()
        again = running.next_source()
        assert again.every_s == 60
        for _ in range(90):
            again.send()
        wait_until(lambda: again.intervals == [30, 15, 10])


def test_a_look_that_was_late_stretches_the_interval_too(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.begin()
        source = running.next_source()
        source.send(a_decoded_look(datetime.now(UTC) - timedelta(seconds=25)))
        wait_until(lambda: source.intervals == [20])


def test_a_camera_whose_clock_is_behind_ours_does_not_look_late(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate", look_every_s=1)) as running:
        running.begin()
        source = running.next_source()
        source.time_origin, source.clock_error_s = "rtcp", -4.5
        source.send(a_decoded_look(datetime.now(UTC) - timedelta(seconds=4.5)))
        wait_until(lambda: running.looks_of("gate") == 1)
        source.send(a_decoded_look(datetime.now(UTC) - timedelta(seconds=4.4)))
        wait_until(lambda: running.looks_of("gate") == 2)
        assert source.intervals == []


def test_a_camera_that_is_connected_and_shows_nothing_is_told_and_so_is_its_first_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_workers.watched.SILENT_S", 0.2)
    monkeypatch.setitem(BELIEVED_AFTER_S, HealthState.OFFLINE, 0.2)
    monkeypatch.setattr("stream_workers.health.OVER_AFTER_S", 0.2)
    with town(tmp_path, live_site("gate", look_every_s=0.2)) as running:
        running.begin()
        source = running.next_source()
        running.tick_until(lambda: running.states() == ["offline"])
        assert "no picture could be had" in running.details()[0]
        source.send()
        running.tick_until(lambda: "ok" in running.states())


def test_a_camera_that_refuses_connections_for_long_is_not_said_to_be_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_workers.watched.SILENT_S", 0.05)
    monkeypatch.setitem(BELIEVED_AFTER_S, HealthState.OFFLINE, 0.3)
    with town(tmp_path, live_site("gate", look_every_s=0.2)) as running:
        running.fault = SourceUnavailable("refuses the connection; is the camera on?")
        running.begin()
        running.tick_until(lambda: running.states() == ["offline"])
        assert running.details() == ["refuses the connection; is the camera on?"]


def test_a_camera_whose_look_takes_long_is_not_said_to_show_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_workers.watched.SILENT_S", 0.05)
    monkeypatch.setitem(BELIEVED_AFTER_S, HealthState.OFFLINE, 0.05)
    began, goes_on = threading.Event(), threading.Event()

    def act(view: FakeView, look: DecodedLook) -> None:
        began.set()
        goes_on.wait(60)

    with town(tmp_path, live_site("gate", look_every_s=0.2)) as running:
        running.act = act
        running.begin()
        running.next_source().send()
        began.wait(20)
        for _ in range(60):
            running.fleet.tick()
            threading.Event().wait(0.02)
        assert running.states() == ["ok"]
        goes_on.set()


def test_a_frozen_picture_is_told_and_handled_no_more(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.begin()
        source = running.next_source()
        for _ in range(10):
            source.send(a_decoded_look(picture=1))
        wait_until(lambda: running.states() == ["ok", "frozen"])
        wait_until(source.looks.empty)
        assert running.looks_of("gate") == 6
        source.send()
        wait_until(lambda: running.looks_of("gate") == 7)


def test_rare_keyframes_a_moved_view_and_a_missing_detector_are_told_gravest_first(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate"), has_detector=False) as running:
        running.begin()
        source = running.next_source()
        source.send()
        wait_until(lambda: running.states() == ["no_detector"])
        source.mode, source.keyframe_interval_s = "sparse", 41.5
        source.send()
        wait_until(lambda: running.states()[-1] == "keyframes_too_rare")
        assert "rarely (41.5 s apart)" in running.details()[-1]
        assert "keyframe interval to 4 s or less" in running.details()[-1]
        running.views[-1].moved = True
        source.send()
        wait_until(lambda: running.states()[-1] == "moved")
        assert "calibrate" in running.details()[-1]


def test_keyframes_that_cannot_be_decoded_alone_are_told_as_that(tmp_path: Path) -> None:
    with town(tmp_path, live_site("gate")) as running:
        running.begin()
        source = running.next_source()
        source.mode, source.keys_fail = "sparse", True
        source.send()
        wait_until(lambda: running.states()[-1:] == ["keyframes_too_rare"])
        assert "cannot be decoded alone" in running.details()[-1]
        assert "rarely" not in running.details()[-1]


def test_what_health_tells_stands_in_the_metrics_too(tmp_path: Path) -> None:
    with town(tmp_path, live_site("metered")) as running:
        running.begin()
        source = running.next_source()
        source.keyframe_interval_s, source.dropped_looks = 3.5, 2
        source.send()
        wait_until(lambda: source.intervals == [20])
        wait_until(lambda: running.states()[-1] == "overloaded")
        assert metric("streetkeeper_look_interval_seconds") == 20
        assert metric("streetkeeper_looks_dropped_total") == 2
        assert metric("streetkeeper_keyframe_interval_seconds") == 3.5
        assert metric("streetkeeper_camera_online") == 1
        source.lose()
        wait_until(lambda: metric("streetkeeper_camera_online") == 0)


def metric(name: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"camera": "metered"})
