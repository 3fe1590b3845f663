"""The demo: drawn street films replayed over RTSP, a worker and a case API, all on this machine.

Everything runs as it would in a city, as processes of their own; only the cameras are films.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess  # the demo's processes are our own modules
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from sample_videos.replay import ReplayProcess
from stream_workers.errors import SourceUnavailable

__all__ = ["run_demo"]

FILMS = Path(__file__).parent / "demo"
START_WITHIN_S = 60.0
EXPECTED = ("street_vendor", "garbage_pile")
"""What the films show and the rules forbid; a headless demo ends well only with both."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Api:
    """The demo's case API."""

    url: str
    admin_key: str

    def get(self, path: str, **query: str) -> Any:
        """A document of the API."""
        answer = httpx.get(
            f"{self.url}{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.admin_key}"},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()

    def make_key(self, role: str, name: str) -> str:
        """A new key of a role."""
        answer = httpx.post(
            f"{self.url}/v1/keys",
            json={"role": role, "name": name},
            headers={"Authorization": f"Bearer {self.admin_key}"},
            timeout=10,
        )
        answer.raise_for_status()
        return str(answer.json()["key"])


def run_demo(seconds: float | None, folder: Path, say: Say) -> int:
    """Run the demo and tell each incident as the API stores it.

    Args:
        seconds: Stop after this time; None runs until interrupted.
        folder: Where its state goes; emptied first.
        say: Prints one line.

    Returns: 0 if the incidents that the films show were stored (or the demo was ended by hand), else 1.
    """
    films = {path.stem: path for path in sorted(FILMS.glob("*.mp4"))}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say("Drawn films, not real streets. Look interval and dwell are fitted to their 90 seconds;")
    say("a city uses a look every 10 s and a dwell of minutes.")
    with contextlib.ExitStack() as running:
        replay = running.enter_context(ReplayProcess(films))
        say(f"cameras: {', '.join(f'rtsp://127.0.0.1:{replay.port}/{name}' for name in films)}")
        site = _site(folder, replay.port)
        api = running.enter_context(_api(folder))
        page = f"{api.url}/"
        say(f"page of the newest incidents: {page}")
        say(f"its key is in {folder / 'api' / 'admin.key'}")
        running.enter_context(_worker(folder, site, api))
        say("waiting for the first incidents; the films show a stall and a heap after 15 s ...")
        try:
            stored = _tell(api, seconds, say)
        except KeyboardInterrupt:
            say("ended by hand")
            return 0
    missing = [category for category in EXPECTED if category not in stored]
    if missing:
        say(f"not seen: {', '.join(missing)}; logs are in {folder}")
        return 1
    say("both were seen; nothing else is needed to run on your own cameras than a site file: see README.md")
    return 0


def _site(folder: Path, port: int) -> Path:
    """The films' site with the port of this replay."""
    document = yaml.safe_load((FILMS / "site.yaml").read_text(encoding="utf-8"))
    for camera in document["cameras"]:
        stream = camera["stream"]
        name = Path(stream.get("file") or stream["url"]).stem
        stream.pop("file", None)
        stream["url"] = f"rtsp://127.0.0.1:{port}/{name}"
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


@contextlib.contextmanager
def _api(folder: Path) -> Iterator[Api]:
    port = _free_port()
    data = folder / "api"
    with _process(["api", "--data-dir", str(data), "--port", str(port)], folder / "api.log", {}):
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_WITHIN_S
        while not _answers(f"{url}/v1/health"):
            if time.monotonic() > deadline:
                raise SourceUnavailable(f"the case API did not start; see {folder / 'api.log'}")
            time.sleep(0.2)
        yield Api(url, (data / "admin.key").read_text(encoding="utf-8").strip())


@contextlib.contextmanager
def _worker(folder: Path, site: Path, api: Api) -> Iterator[None]:
    environment = {"STREETKEEPER_WORKER_API_KEY": api.make_key("worker", f"demo-{secrets.token_hex(3)}")}
    arguments = ["worker", "--site", str(site), "--data-dir", str(folder / "worker"), "--api", api.url]
    with _process(arguments, folder / "worker.log", environment):
        yield


@contextlib.contextmanager
def _process(arguments: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module, fixed arguments
            [sys.executable, "-m", "streetkeeper", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _tell(api: Api, seconds: float | None, say: Say) -> set[str]:
    """Tell each incident once; returns the categories that were stored."""
    told: set[str] = set()
    categories: set[str] = set()
    end = time.monotonic() + seconds if seconds is not None else None
    while end is None or time.monotonic() < end:
        for feature in api.get("/v1/incidents", limit="100")["features"]:
            facts = feature["properties"]
            if facts["incident_id"] in told:
                continue
            told.add(facts["incident_id"])
            categories.add(facts["category"])
            say(_line(api, feature))
        time.sleep(1.0)
    return categories


def _line(api: Api, feature: Mapping[str, Any]) -> str:
    facts = feature["properties"]
    geometry = feature.get("geometry")
    place = "no place"
    if geometry is not None and geometry["type"] == "Point":
        lon, lat = geometry["coordinates"][:2]
        place = f"{lon:.6f}, {lat:.6f} +-{_error_m(facts):.1f} m"
    pictures = facts.get("evidence") or []
    shown = (
        f"{len(pictures)} masked pictures" if pictures else str(facts.get("evidence_note") or "no picture")
    )
    link = f"{api.url}/v1/incidents/{facts['incident_id']}"
    return f"incident: {facts['category']} at {place}; {facts['rule']['reason']}; {shown}; {link}"


def _error_m(facts: Mapping[str, Any]) -> float:
    ellipse = facts.get("ellipse")
    return float(ellipse["semi_major_m"]) if ellipse else 0.0


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
