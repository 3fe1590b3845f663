"""The API as a process: killed while it takes events, told to stop, started twice."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.store import open_store
from api.store.keys import create_key
from tests.support.api_events import make_event

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
BATCH = {"Content-Type": "application/cloudevents-batch+json"}


@contextmanager
def running(data_dir: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process and its address, as its own log says it."""
    environment = {
        **os.environ,
        "STREETKEEPER_API_DATA_DIR": str(data_dir),
        "STREETKEEPER_API_PORT": "0",
        # The events of tests are of May: a start would purge them by their age.
        "STREETKEEPER_API_PURGE_DAILY": "false",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "api"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            listening = re.search(r"running on (http://\S+)", line)
            if listening:
                break
        else:
            pytest.fail("the server never listened")
        # Somebody must read on, or the process would stop at a full pipe.
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        yield process, listening.group(1)
    finally:
        process.kill()
        process.wait()
        drain.join()
        process.stderr.close()


def make_keys(data_dir: Path) -> tuple[str, str]:
    store = open_store(data_dir)
    keys = create_key(store, "worker", "w"), create_key(store, "reader", "r")
    store.close()
    return keys


def client(url: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)


@pytest.mark.slow
def test_killed_during_ingest_it_has_every_acknowledged_event_exactly_once(tmp_path: Path) -> None:
    worker_key, reader_key = make_keys(tmp_path)
    sent: list[list[int]] = [list(range(first, first + 5)) for first in range(0, 2000, 5)]
    acknowledged: set[int] = set()
    enough = threading.Event()

    def send_until_killed(url: str, share: list[list[int]]) -> None:
        with client(url, worker_key) as worker:
            for numbers in share:
                try:
                    reply = worker.post(
                        "/v1/events", content=json.dumps([make_event(n) for n in numbers]), headers=BATCH
                    )
                except httpx.TransportError:
                    return  # killed: not acknowledged, so nothing is claimed of these
                assert reply.status_code == 200, reply.text
                assert reply.json()["stored"] == len(numbers)
                acknowledged.update(numbers)
                if len(acknowledged) >= 100:
                    enough.set()

    with running(tmp_path) as (process, url):
        senders = [threading.Thread(target=send_until_killed, args=(url, sent[n::4])) for n in range(4)]
        for sender in senders:
            sender.start()
        assert enough.wait(60)
        os.kill(process.pid, signal.SIGKILL)
        for sender in senders:
            sender.join()
    assert len(acknowledged) < 2000, "the kill came too late to show anything"

    with running(tmp_path) as (_, url), client(url, worker_key) as worker, client(url, reader_key) as reader:
        repeated = set()
        for numbers in sent:
            reply = worker.post(
                "/v1/events", content=json.dumps([make_event(n) for n in numbers]), headers=BATCH
            ).json()
            assert reply["rejected"] == 0
            repeated |= {
                n
                for n, result in zip(numbers, reply["results"], strict=True)
                if result["outcome"] == "repeated"
            }
        assert acknowledged <= repeated
        names, path = [], "/v1/events?limit=1000"
        while path:
            page = reader.get(path)
            names += [event["id"] for event in page.json()["events"]]
            path = page.links.get("next", {}).get("url", "")
        assert len(names) == len(set(names)) == 2000


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_cleanly_even_with_a_sender_that_never_finishes(
    tmp_path: Path, told: signal.Signals
) -> None:
    worker_key, _ = make_keys(tmp_path)
    with running(tmp_path) as (process, url):
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port or 0)) as stuck:
            stuck.sendall(
                b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
                b"Content-Type: application/cloudevents-batch+json\r\n"
                + f"Authorization: Bearer {worker_key}\r\n\r\n[".encode()
            )
            with client(url, worker_key) as worker:  # answered after the other was taken up
                assert worker.post("/v1/events", content="[]", headers=BATCH).status_code == 200
            process.send_signal(told)
            assert process.wait(timeout=60) == 0
    assert not (tmp_path / "streetkeeper.sqlite3-wal").exists(), "the store was not closed"


def test_the_first_start_makes_an_admin_key_that_works(tmp_path: Path) -> None:
    with running(tmp_path / "new" / "folder") as (_, url):
        key = (tmp_path / "new" / "folder" / "admin.key").read_text().strip()
        with client(url, key) as admin:
            assert admin.get("/v1/keys").status_code == 200
