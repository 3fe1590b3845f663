"""Whole processes together: a camera, a worker and the case API, each killed in turn."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sample_videos.replay import ReplayProcess
from tests.stream_workers.test_analyze import THING, film
from vision.boxes import union_iou

WAIT_S = 90.0


class Town:
    """The processes of one machine, in a folder."""

    def __init__(self, folder: Path, camera: Path, *, clips: bool = False) -> None:
        self.folder = folder
        self.clips = clips
        self.port = free_port()
        self.camera_port = free_port()
        self.film = camera
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.key = ""

    def start_api(self) -> None:
        self._start("api", ["api", "--data-dir", str(self.folder / "api"), "--port", str(self.port)])
        wait_for(lambda: self._health(), "the case API answers")
        self.key = self.key or (self.folder / "api" / "admin.key").read_text().strip()

    def start_worker(self) -> None:
        site = self.folder / "site.yaml"
        site.write_text(yaml.safe_dump(site_document(self.camera_port, clips=self.clips)), encoding="utf-8")
        arguments = ["worker", "--site", str(site), "--data-dir", str(self.folder / "worker")]
        os.environ["STREETKEEPER_WORKER_API_KEY"] = self._worker_key()
        os.environ["STREETKEEPER_WORKER_LEASE_S"] = "2"
        self._start("worker", [*arguments, "--api", f"http://127.0.0.1:{self.port}"])

    def _worker_key(self) -> str:
        headers = {"Authorization": f"Bearer {self.key}"}
        wish = {"role": "worker", "name": "worker of a test"}
        url = f"http://127.0.0.1:{self.port}/v1/keys"
        answer = httpx.post(url, json=wish, headers=headers, timeout=10)
        return str(answer.raise_for_status().json()["key"])

    def replay(self) -> ReplayProcess:
        return ReplayProcess({"cam": self.film}, port=self.camera_port)

    def end(self, name: str, number: signal.Signals) -> float:
        """Signal a process and wait for its end; seconds that it took."""
        process, began = self.processes.pop(name), time.monotonic()
        process.send_signal(number)
        process.wait(20)
        return time.monotonic() - began

    def incidents(self) -> list[dict[str, Any]]:
        found = self.get("/v1/incidents", limit="1000")["features"]
        return [feature["properties"] for feature in found]

    def get(self, path: str, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.get(f"http://127.0.0.1:{self.port}{path}", params=query, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _health(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/v1/health", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    def _start(self, name: str, arguments: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "streetkeeper", *arguments], stdout=log, stderr=subprocess.STDOUT
            )


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    for name in ("STREETKEEPER_WORKER_API_KEY", "STREETKEEPER_WORKER_LEASE_S"):
        monkeypatch.setenv(name, "")
    built = Town(tmp_path, film(tmp_path / "cam.mp4", thing_from_s=5.0, seconds=40))
    yield built
    for process in built.processes.values():
        process.kill()
        process.wait()


@pytest.mark.e2e
def test_an_incident_arrives_with_pictures_and_all_end_within_five_seconds(town: Town) -> None:
    with town.replay():
        town.start_api()
        town.start_worker()
        (incident,) = wait_for(town.incidents, "an incident")
        assert is_the_thing(incident)
        assert incident["evidence"] and all(picture["masked"] for picture in incident["evidence"])
        for picture in incident["evidence"]:
            headers = {"Authorization": f"Bearer {town.key}"}
            url = f"http://127.0.0.1:{town.port}/v1/{picture['href']}"
            assert httpx.get(url, headers=headers, timeout=10).content[:2] == b"\xff\xd8"
        assert town.end("worker", signal.SIGTERM) < 6
        assert town.end("api", signal.SIGTERM) < 6


@pytest.mark.e2e
@pytest.mark.slow
def test_killing_each_process_in_turn_loses_and_doubles_nothing(town: Town) -> None:
    with town.replay():
        town.start_api()
        town.start_worker()
        time.sleep(12)
        town.end("worker", signal.SIGKILL)
        town.start_worker()
        first = wait_for(town.incidents, "an incident after the worker was killed")
        town.end("api", signal.SIGKILL)
        town.start_api()
        assert {item["incident_id"] for item in town.incidents()} >= {item["incident_id"] for item in first}
        town.end("worker", signal.SIGKILL)
    with town.replay():
        town.start_worker()
        wait_for(lambda: len(town.incidents()) >= 2, "the thing of the film's next round")
        town.end("api", signal.SIGKILL)
        time.sleep(3)
        town.start_api()
        time.sleep(5)
    assert all(is_the_thing(incident) for incident in town.incidents())
    assert no_two_at_once(town.incidents())
    for incident in town.incidents():
        page = town.get(f"/v1/incidents/{incident['incident_id']}/events")
        numbers = [event["sequence"] for event in page["events"]]
        assert sorted(numbers) == list(range(len(numbers)))


def is_the_thing(incident: dict[str, Any]) -> bool:
    """Whether an incident is the one thing that the film shows."""
    return incident["category"] == "unattended_object" and union_iou(incident["box_xyxy_px"], THING[:4]) > 0.4


def no_two_at_once(incidents: list[dict[str, Any]]) -> bool:
    """Whether the thing was never open twice at the same time."""
    spans = sorted((item["opened_at"], item["closed_at"] or "9999") for item in incidents)
    return all(end <= start for (_, end), (start, _) in pairwise(spans))


def wait_for(ask: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        try:
            answer = ask()
        except httpx.HTTPError:
            answer = None
        if answer:
            return answer
        time.sleep(0.5)
    pytest.fail(f"waited {WAIT_S:.0f} s in vain until {what}")


def site_document(camera_port: int, *, clips: bool = False) -> dict[str, Any]:
    return {
        "format": "streetkeeper-site/1",
        "name": "test town",
        "version": "e2e-1",
        "time_zone": "UTC",
        "rules": [{"id": "left", "category": "unattended_object", "dwell_s": 6, "min_confidence": 0.3}],
        "cameras": [
            {
                "id": "cam",
                "look_every_s": 1,
                "heartbeat_every_s": 30,
                "clips": clips,
                "stream": {
                    "url": f"rtsp://127.0.0.1:{camera_port}/cam",
                    "purpose": "test",
                    "authority": "test",
                    "legal_basis": "test: a drawn film",
                    "sign_confirmed": True,
                },
                "views": [{"id": "cam"}],
            }
        ],
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
