"""The API as a process of its own, and a plain client that reads every answer whole."""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from benchmarks.figures import NotAsPromised

__all__ = ["ROOT", "Client", "RunningApi", "percentile_ms", "running_api", "until"]

ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class RunningApi:
    """A process that serves, and its port."""

    process: subprocess.Popen[str]
    port: int

    def cpu_s(self) -> float:
        """CPU seconds that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running_api(data_dir: Path, port: int = 0) -> Iterator[RunningApi]:
    """An API over a data folder, ended with the block.

    Raises:
        NotAsPromised: It does not come up.
    """
    settings = {"DATA_DIR": str(data_dir.absolute()), "PORT": str(port), "PURGE_DAILY": "false"}
    environment = {**os.environ, **{f"STREETKEEPER_API_{name}": value for name, value in settings.items()}}
    process = subprocess.Popen(
        [sys.executable, "-m", "api"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    drain = threading.Thread(target=lambda: None)
    try:
        listening = None
        for line in process.stderr or ():
            listening = re.search(r"running on http://\S+:(\d+)", line)
            if listening:
                break
        if listening is None:
            raise NotAsPromised("the API never listened")
        # Somebody must read on, or it would stop at a full pipe.
        drain = threading.Thread(target=process.stderr.read if process.stderr else lambda: None)
        drain.start()
        yield RunningApi(process, int(listening.group(1)))
    finally:
        process.kill()
        process.wait()
        if drain.ident:
            drain.join()
        if process.stderr:
            process.stderr.close()


class Client:
    """One connection, kept open.

    Args:
        port: Of the API on this machine.
        key: Goes with every request.
    """

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {key}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, path: str) -> tuple[Any, str | None]:
        """The JSON at a path, and the path of the next page.

        Raises:
            NotAsPromised: The answer is no 200.
        """
        self._connection.request("GET", path, headers=self._headers)
        reply = self._connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise NotAsPromised(f"{path}: {reply.status} {body[:300]!r}")
        following = re.search(r'<([^>]+)>; rel="next"', reply.headers.get("Link", ""))
        return json.loads(body), following.group(1) if following else None

    def post_events(self, events: list[dict[str, Any]]) -> int:
        """Send a batch; how many are on disk.

        Raises:
            NotAsPromised: One was refused.
        """
        headers = {**self._headers, "Content-Type": "application/cloudevents-batch+json"}
        self._connection.request("POST", "/v1/events", json.dumps(events), headers)
        reply = self._connection.getresponse()
        told = json.loads(reply.read())
        if reply.status != 200:
            raise NotAsPromised(f"events: {reply.status} {told}")
        return int(told["stored"]) + int(told["repeated"])


def percentile_ms(seconds: list[float], share: float) -> float:
    """The time within which a share of the answers came, milliseconds; the next larger one, never between."""
    ordered = sorted(seconds)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000, 1)


def until(at: float) -> None:
    """Wait for a moment of the monotonic clock."""
    time.sleep(max(0.0, at - time.monotonic()))
