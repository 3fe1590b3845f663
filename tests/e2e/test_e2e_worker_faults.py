"""A worker process among bad cameras, bad sites, a second worker and a full disk."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sample_videos.replay import Authentication, Faults, ReplayProcess
from tests.support.machine import demo_films, demo_site, machine
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e
FILM = demo_films()["drawn-street-1"]
PASSWORD = "N0bodyShouldSeeThis"  # noqa: S105 - of a test


def cameras(port: int, *names: str) -> dict[str, Any]:
    """Cameras of a site, each watching the replay of its name."""
    return {
        "cameras": [
            {
                "id": name,
                "look_every_s": 1,
                "heartbeat_every_s": 600,
                "stream": {
                    "url": f"rtsp://127.0.0.1:{port}/{name}",
                    "credentials": "env:CAMERA_LOGIN" if name == "locked" else None,
                    "purpose": "test",
                    "authority": "test",
                    "legal_basis": "test: a drawn film",
                    "sign_confirmed": True,
                },
                "views": [{"id": name}],
            }
            for name in names
        ],
        "zones": [],
        "areas": [],
        "permits": [],
        "rules": [{"id": "heaps", "category": "garbage_pile", "dwell_s": 12, "min_confidence": 0.3}],
    }


def site_of(path: Path, port: int, *names: str, version: str = "1") -> Path:
    def change(document: dict[str, Any]) -> None:
        document.update(cameras(port, *names), version=version)

    return demo_site(path, lambda name: "rtsp://replaced", change)


@pytest.mark.slow
def test_bad_cameras_are_told_a_good_one_is_watched_and_all_ends_within_five_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_LOGIN", f"admin:{PASSWORD}")
    names = ("good", "deaf", "mute", "absent")
    faults = {"deaf": Faults(is_deaf=True), "mute": Faults(is_mute=True), "absent": Faults(status=404)}
    locked = ReplayProcess({"locked": FILM}, credentials=Authentication("admin", "another", "digest"))
    with ReplayProcess(dict.fromkeys(names, FILM), faults=faults) as replay, locked, machine(tmp_path) as one:

        def change(document: dict[str, Any]) -> None:
            good, bad = cameras(replay.port, *names), cameras(locked.port, "locked")
            document.update(good, cameras=good["cameras"] + bad["cameras"])

        site = demo_site(tmp_path / "site.yaml", lambda name: "rtsp://replaced", change)
        one.start_api()
        worker = one.worker(site)
        worker.start()
        expected = {
            "good": "ok",
            "deaf": "offline",
            "mute": "offline",
            "absent": "refused",
            "locked": "refused",
        }
        wait_until(lambda: one.health() == expected, 90)
        status, took_s = worker.end()
        assert status == 0
        assert took_s < 6  # five, and the time to notice
        log = worker.log.read_text(encoding="utf-8")
        assert PASSWORD not in log
        assert "admin:" not in log
        assert "Traceback" not in log


def test_a_site_edited_to_nonsense_changes_nothing_and_a_mended_one_is_taken(tmp_path: Path) -> None:
    with ReplayProcess({"first": FILM, "second": FILM}) as replay, machine(tmp_path) as one:
        site = site_of(tmp_path / "site.yaml", replay.port, "first")
        one.start_api()
        worker = one.worker(site)
        worker.start()
        wait_until(lambda: one.health() == {"first": "ok"}, 60)
        good = site.read_text(encoding="utf-8")
        site.write_text("cameras: [{{{ nonsense", encoding="utf-8")
        wait_until(lambda: worker.records("site_refused_running_one_stays"))
        site.write_text(good.replace("look_every_s: 1", "look_every_s: -1"), encoding="utf-8")
        wait_until(lambda: len(worker.records("site_refused_running_one_stays")) == 2)
        assert "look_every_s" in str(worker.records("site_refused_running_one_stays")[-1]["faults"])
        site_of(site, replay.port, "first", "second", version="2")
        wait_until(lambda: one.health() == {"first": "ok", "second": "ok"})
        (taken,) = worker.records("site_taken")
        assert taken["site_version"] == "2"
        # The first camera was never disconnected.
        online = [record["thread"] for record in worker.records("camera_online")]
        assert sorted(online) == ["camera-first", "camera-second"]


def test_a_second_worker_waits_says_so_and_takes_over_from_a_killed_one(tmp_path: Path) -> None:
    with ReplayProcess({"only": FILM}) as replay, machine(tmp_path) as one:
        site = site_of(tmp_path / "site.yaml", replay.port, "only")
        one.start_api()
        first, second = one.worker(site, name="first"), one.worker(site, name="second")
        first.start()
        wait_until(lambda: first.records("camera_online"), 60)
        second.start()
        wait_until(lambda: second.records("camera_watched_elsewhere"), 60)
        assert f":{first.process.pid}:" in second.records("camera_watched_elsewhere")[0]["reason"]
        assert not second.records("camera_online")
        first.kill()
        wait_until(lambda: second.records("camera_online"), 60)
        assert second.end()[0] == 0


def test_events_wait_while_the_api_is_away_and_arrive_when_it_comes(tmp_path: Path) -> None:
    with ReplayProcess({"only": FILM}) as replay, machine(tmp_path) as one:
        one.start_api()
        site = site_of(tmp_path / "site.yaml", replay.port, "only")
        worker = one.worker(site)
        one.api.kill()
        worker.start()
        wait_until(lambda: worker.records("events_wait"), 60)
        worker.kill()
        one.start_api()
        worker.start()
        wait_until(lambda: one.health() == {"only": "ok"}, 60)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rules: 7", "rules"),
        (None, "cannot be read"),
    ],
)
def test_a_worker_that_cannot_start_says_why_and_ends_with_two(
    tmp_path: Path, text: str | None, told: str
) -> None:
    site = tmp_path / "site.yaml"
    if text is not None:
        site.write_text(text, encoding="utf-8")
    with machine(tmp_path) as one:
        worker = one.worker(site)
        worker.start()
        assert worker.process.wait(60) == 2
        assert told in worker.log.read_text(encoding="utf-8")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_for_a_while_holds_looks_back_and_loses_no_event(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "24m") as disk,
        ReplayProcess({"only": FILM}) as replay,
        machine(tmp_path / "m") as one,
    ):
        one.start_api()
        site = site_of(tmp_path / "site.yaml", replay.port, "only")
        worker = one.worker(site, data=str(disk / "worker"))
        worker.start()
        wait_until(lambda: one.health() == {"only": "ok"}, 60)
        with (disk / "ballast").open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                pass
        wait_until(lambda: worker.records("look_waits_for_storage"), 60)
        (disk / "ballast").unlink()
        wait_until(lambda: worker.records("look_waits_no_longer"), 60)
        assert worker.process.poll() is None
        assert worker.end()[0] == 0
        assert "Traceback" not in worker.log.read_text(encoding="utf-8")
