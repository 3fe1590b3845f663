"""The demo: the sample district's films replayed over RTSP, a worker and a case API, all on this machine.

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
from stream_workers.errors import SourceRefused, SourceUnavailable

__all__ = ["run_demo"]

FILMS = Path(__file__).parent / "films"
START_WITHIN_S = 60.0
ENDING = (signal.SIGTERM, signal.SIGINT)
MARK = "made-by-the-demo"
EXPECTED = ("street_vendor", "garbage_pile")
"""What the films show and the rules forbid; a headless demo ends well only with both."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Api:
    """The demo's case API, which runs as `part`."""

    url: str
    admin_key: str
    part: "Part"

    def get(self, path: str, **query: str) -> Any:
        """A document of the API."""
        return self._answer("GET", path, params=query)

    def make_key(self, role: str, name: str) -> str:
        """A new key of a role."""
        return str(self._answer("POST", "/v1/keys", json={"role": role, "name": name})["key"])

    def _answer(self, method: str, path: str, **facts: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.admin_key}"}
        try:
            answer = httpx.request(method, f"{self.url}{path}", headers=headers, timeout=10, **facts)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise SourceUnavailable(f"the case API does not answer ({error}); see {self.part.log}") from error
        return answer.json()


def run_demo(seconds: float | None, folder: Path, say: Say) -> int:
    """Run the demo and tell each incident as the API stores it.

    Args:
        seconds: Stop after this time; None runs until interrupted.
        folder: Where its state goes; that of a former demo is removed.
        say: Prints one line.

    Returns: 0 if the incidents that the films show were stored (or the demo was ended by hand), else 1.

    Raises:
        SourceRefused: The folder holds something else than a former demo.
        SourceUnavailable: A part of the demo did not start, or ended.
    """
    _clear(folder)
    say("Simulated films, not real streets. Look interval and dwell are fitted to their 90 seconds;")
    say("a city uses a look every 10 s and a dwell of minutes.")
    try:
        stored = _run(seconds, folder, say)
    except KeyboardInterrupt:
        say("ended by hand")
        return 0
    missing = [category for category in EXPECTED if category not in stored]
    if missing:
        say(f"not seen: {', '.join(missing)}; logs are in {folder}")
        return 1
    say("both were seen; nothing else is needed to run on your own cameras than a site file: see README.md")
    return 0


def _run(seconds: float | None, folder: Path, say: Say) -> set[str]:
    """Start all parts, tell what they store, end them; returns the categories that were stored."""
    films = {path.stem: path for path in sorted(FILMS.glob("*.mp4"))}
    with _ends_asked() as check, contextlib.ExitStack() as running:
        replay = running.enter_context(ReplayProcess(films))
        say(f"cameras: {', '.join(f'rtsp://127.0.0.1:{replay.port}/{name}' for name in films)}")
        site = _site(folder, replay.port)
        api = running.enter_context(_api(folder))
        say(f"page of the newest incidents: {api.url}/")
        say(f"sign in there with the key in {folder / 'api' / 'admin.key'}")
        worker = running.enter_context(_worker(folder, site, api))
        say("waiting for the first incidents; what the films show comes after 14 s ...")
        end = time.monotonic() + seconds if seconds is not None else None
        categories: set[str] = set()
        told: set[str] = set()
        while end is None or time.monotonic() < end:
            check()
            api.part.check()
            worker.check()
            categories |= _tell_new(api, told, say)
            _tell_health(api, told, say)
            time.sleep(1.0)
        return categories


def _clear(folder: Path) -> None:
    """An empty folder; what is not the demo's own is never removed."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise SourceRefused(f"{folder} is not empty and no former demo: name another folder with --folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text(
        "Made by `streetkeeper demo`, which removes it at its next start.\n", encoding="utf-8"
    )


@contextlib.contextmanager
def _ends_asked() -> Iterator[Callable[[], None]]:
    """A check that raises KeyboardInterrupt once SIGTERM or SIGINT has come.

    An exception out of a signal could come while a process is being started, and leave it behind.
    """
    asked: list[int] = []
    former = {number: signal.signal(number, lambda n, _: asked.append(n)) for number in ENDING}

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    try:
        yield check
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


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
    with _process(["api", "--data-dir", str(data), "--port", str(port)], folder / "api.log", {}) as part:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_WITHIN_S
        while not _answers(f"{url}/v1/health"):
            part.check()
            if time.monotonic() > deadline:
                raise SourceUnavailable(f"the case API did not start; see {part.log}")
            time.sleep(0.2)
        yield Api(url, (data / "admin.key").read_text(encoding="utf-8").strip(), part)


@contextlib.contextmanager
def _worker(folder: Path, site: Path, api: Api) -> Iterator["Part"]:
    environment = {"STREETKEEPER_WORKER_API_KEY": api.make_key("worker", f"demo-{secrets.token_hex(3)}")}
    arguments = ["worker", "--site", str(site), "--data-dir", str(folder / "worker"), "--api", api.url]
    with _process(arguments, folder / "worker.log", environment) as worker:
        yield worker


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the demo and its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Tell where it has ended.

        Raises:
            SourceUnavailable: It runs no more.
        """
        status = self.process.poll()
        if status is not None:
            raise SourceUnavailable(f"a part of the demo ended with status {status}; see {self.log}")


@contextlib.contextmanager
def _process(arguments: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[Part]:
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module, fixed arguments
            [sys.executable, "-m", "streetkeeper", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
        try:
            yield Part(process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _tell_new(api: Api, told: set[str], say: Say) -> set[str]:
    """Tell each incident that is not told yet; returns the categories of these."""
    categories: set[str] = set()
    for feature in api.get("/v1/incidents", limit="100")["features"]:
        facts = feature["properties"]
        if facts["incident_id"] not in told:
            told.add(facts["incident_id"])
            categories.add(facts["category"])
            say(_line(api, feature))
    return categories


def _tell_health(api: Api, told: set[str], say: Say) -> None:
    """Tell once what a camera complains of, such as a machine that is too slow."""
    for view in api.get("/v1/cameras")["views"]:
        health = view["health"]
        if health is None or health["state"] == "ok":
            continue
        line = f"camera {view['camera_id']}: {health['state']}: {health['detail']}"
        if line not in told:
            told.add(line)
            say(line)


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
    link = f"{api.url}/#incident-{facts['incident_id']}"
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
