"""API and worker killed at random moments under load: what is lost, and what is there twice."""

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from api.store import open_store
from api.store.keys import create_key
from benchmarks.api_client import ROOT, Client, RunningApi, running_api
from benchmarks.api_kill_worker import KEY_VARIABLE, VIEW, incident_of
from benchmarks.figures import NotAsPromised, line
from stream_workers.store import WorkerStore

__all__ = ["bench_kills"]

LONGEST_S: Final = 1.5
DRAIN_S: Final = 300.0
PAGE: Final = 1000


class _Pair:
    """An API and a worker that sends to it; each can be killed and started again.

    Args:
        folder: Of both.
        key: Of the worker.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key
        self._stack = ExitStack()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self.stop_file = folder / "stop"
        self.api = self._start_api()
        self.worker = self._start_worker()

    def _start_api(self) -> RunningApi:
        return self._stack.enter_context(running_api(self._folder / "api", self._port))

    def _start_worker(self) -> subprocess.Popen[bytes]:
        module = "benchmarks.api_kill_worker"
        url = f"http://127.0.0.1:{self._port}"
        return subprocess.Popen(  # noqa: S603  ourselves
            [sys.executable, "-m", module, str(self._folder), url, str(self.stop_file)],
            cwd=ROOT,
            env={**os.environ, KEY_VARIABLE: self._key},
            stderr=subprocess.DEVNULL,
        )

    def kill_api(self) -> None:
        """Kill the API as the kernel does, and start another over the same folder."""
        os.kill(self.api.process.pid, signal.SIGKILL)
        self._stack.close()
        self.api = self._start_api()

    def kill_worker(self) -> None:
        """Kill the worker likewise."""
        os.kill(self.worker.pid, signal.SIGKILL)
        self.worker.wait()
        self.worker = self._start_worker()

    def end(self) -> None:
        """End both."""
        self.worker.kill()
        self.worker.wait()
        self._stack.close()


def bench_kills(kills: int, tell: Callable[[str, int, int], None]) -> tuple[str, bool]:
    """One JSON line, and whether nothing was lost or doubled.

    Args:
        kills: How many; about half hit the API and half the worker.
        tell: Hears of the progress.
    """
    chance = random.Random()  # noqa: S311  no secret
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_store(folder / "api")
        worker_key, reader_key = create_key(store, "worker", "k"), create_key(store, "reader", "k")
        store.close()
        pair = _Pair(folder, worker_key)
        hit: Counter[str] = Counter()
        try:
            for number in range(kills):
                time.sleep(chance.uniform(0.0, LONGEST_S))
                which = chance.choice(("api", "worker"))
                hit[which] += 1
                (pair.kill_api if which == "api" else pair.kill_worker)()
                tell("kills", number + 1, kills)
            _drain(pair)
            looks = _looks(folder)
            with Client(pair.api.port, reader_key) as client:
                figures = _counted(client, looks)
        finally:
            pair.end()
    is_whole = not figures["lost"] and not figures["doubled"]
    return line("api kills", {"store": "sqlite", "kills": kills, **hit, "looks": looks, **figures}), is_whole


def _drain(pair: _Pair) -> None:
    pair.stop_file.touch()
    try:
        pair.worker.wait(DRAIN_S)
    except subprocess.TimeoutExpired:
        raise NotAsPromised(f"the worker still had events after {DRAIN_S:.0f} s") from None


def _looks(folder: Path) -> int:
    """How many looks the worker kept: each is one incident, and all but the last are closed."""
    with WorkerStore(folder / "worker.sqlite3") as store:
        kept = store.load_view(VIEW, "live")
    if kept is None:
        raise NotAsPromised("the worker kept no look")
    return kept.look + 1


def _counted(client: Client, looks: int) -> dict[str, int]:
    expected = {incident_of(look): look for look in range(looks)}
    states: Counter[str] = Counter()
    events: Counter[str] = Counter()
    closed = 0
    path: str | None = f"/v1/incidents?f=json&limit={PAGE}"
    while path:
        page, path = client.get(path)
        states.update(state["incident"]["incident_id"] for state in page["incidents"])
        closed += sum(state["status"] == "closed" for state in page["incidents"])
    path = f"/v1/events?limit={PAGE}"
    while path:
        page, path = client.get(path)
        events.update(event["id"] for event in page["events"])
    lost = sum(name not in states for name in expected) + max(0, 2 * looks - 1 - len(events))
    doubled = sum(count - 1 for count in (*states.values(), *events.values()))
    doubled += sum(name not in expected for name in states)
    return {
        "incidents": len(states),
        "events": len(events),
        "closed": closed,
        "lost": lost,
        "doubled": doubled,
    }
