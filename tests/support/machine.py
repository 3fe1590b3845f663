"""One machine with its real processes: replayed cameras, workers and a case API, to be killed at will."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from sample_videos.replay import ReplayProcess
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "sample_videos" / "demo"
END_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Program:
    """One `streetkeeper` process; its log lies beside its data.

    Args:
        arguments: What follows `streetkeeper`.
        log: Its log, which goes on over restarts.
        environment: Beside the test's own.
    """

    def __init__(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        self._arguments = [sys.executable, "-m", "streetkeeper", *arguments]
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the program does not run"
        return self._process

    def start(self) -> None:
        assert self._process is None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments, cwd=ROOT, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def end(self) -> tuple[int, float]:
        """SIGTERM; exit status and how long it took, seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(END_S)
        self._process = None
        return status, time.monotonic() - began

    def records(self, event: str = "") -> list[dict[str, Any]]:
        """The log's JSON records, or only those of one event."""
        found = []
        for line in self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else ():
            try:
                record = json.loads(line)
            except json.JSONDecodeError:
                continue  # half a line of a process that was killed, or a message of another form
            if isinstance(record, dict) and (not event or record.get("event") == event):
                found.append(record)
        return found


class Machine:
    """A case API and workers over one folder.

    Args:
        folder: Where all their data goes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://127.0.0.1:{free_port()}"
        port = self.url.rpartition(":")[2]
        self.api = Program(["api", "--data-dir", str(folder / "api"), "--port", port], folder / "api.log", {})
        self.programs = [self.api]
        self._key = ""
        self._keys: dict[str, str] = {}

    def start_api(self) -> None:
        """Start it and wait until it answers."""
        self.api.start()
        self.wait_for_api()

    def wait_for_api(self) -> None:
        """Wait until the API that was started answers."""
        wait_until(self._answers, 60)
        if not self._key:
            self._key = (self.folder / "api" / "admin.key").read_text(encoding="utf-8").strip()

    def key_of(self, role: str) -> str:
        """A key of a role, made once."""
        if role == "admin":
            return self._key
        if role not in self._keys:
            made = self.post("/v1/keys", {"role": role, "name": f"{role} of a test"})
            self._keys[role] = made["key"]
        return self._keys[role]

    def worker(
        self, site: Path | None, data: str = "worker", name: str = "worker", **settings: object
    ) -> Program:
        """A worker of this machine, not started yet."""
        environment = {
            "STREETKEEPER_WORKER_DATA_DIR": str(self.folder / data),
            "STREETKEEPER_WORKER_API_URL": self.url,
            "STREETKEEPER_WORKER_API_KEY": self.key_of("worker") if self._key else "none-yet",
            "STREETKEEPER_WORKER_LEASE_S": "2",
        }
        if site is not None:
            environment["STREETKEEPER_WORKER_SITE"] = str(site)
        environment |= {f"STREETKEEPER_WORKER_{key.upper()}": str(value) for key, value in settings.items()}
        made = Program(["worker"], self.folder / f"{name}.log", environment)
        self.programs.append(made)
        return made

    def post(self, path: str, body: Any, role: str = "admin") -> Any:
        headers = {"Authorization": f"Bearer {self.key_of(role)}"}
        answer = httpx.post(f"{self.url}{path}", json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str, **query: str) -> Any:
        answer = httpx.get(
            f"{self.url}{path}", params=query, headers={"Authorization": f"Bearer {self._key}"}, timeout=20
        )
        answer.raise_for_status()
        return answer.json()

    def incidents(self) -> list[dict[str, Any]]:
        return [feature["properties"] for feature in self.get("/v1/incidents", limit="1000")["features"]]

    def events_of(self, incident_id: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.get(f"/v1/incidents/{incident_id}/events")["events"]
        return events

    def picture(self, href: str) -> bytes:
        answer = httpx.get(
            f"{self.url}/v1/{href}", headers={"Authorization": f"Bearer {self._key}"}, timeout=20
        )
        answer.raise_for_status()
        return answer.content

    def health(self) -> dict[str, str]:
        """The latest state of each view that has told one.

        `overloaded` is given as `ok`: it tells of the machine that the test runs on, not of the camera.
        """
        return {
            view["view_id"]: view["health"]["state"].replace("overloaded", "ok")
            for view in self.get("/v1/cameras")["views"]
            if view["health"] is not None
        }

    def _answers(self) -> bool:
        assert self.api.process.poll() is None, self.api.log.read_text(encoding="utf-8")[-2000:]
        try:
            return httpx.get(f"{self.url}/v1/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    """A machine whose programs are killed at the end."""
    made = Machine(folder)
    try:
        yield made
    finally:
        for program in made.programs:
            program.kill()


def demo_films() -> dict[str, Path]:
    return {path.stem: path for path in sorted(DEMO.glob("*.mp4"))}


def demo_site(
    path: Path,
    url_of: Callable[[str], str],
    change: Callable[[dict[str, Any]], None] = lambda document: None,
) -> Path:
    """The demo films' site with the addresses of a replay, written to `path`."""
    document = yaml.safe_load((DEMO / "site.yaml").read_text(encoding="utf-8"))
    for camera in document["cameras"]:
        stream = camera["stream"]
        stream["url"] = url_of(Path(stream.pop("file")).stem)
    change(document)
    partial = path.with_suffix(".partial")
    partial.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    partial.replace(path)
    return path


def kill_replay(replay: ReplayProcess) -> None:
    """SIGKILL the cameras."""
    os.kill(replay.pid, signal.SIGKILL)
