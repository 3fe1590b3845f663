"""A real server on a free port over real files."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from api.main import create_app
from api.serve import server_config
from api.settings import ApiSettings
from api.store import Store, open_store
from api.store.keys import create_key


@dataclass(frozen=True)
class RunningApi:
    """The server's address, its store, and a client per role."""

    url: str
    store: Store
    settings: ApiSettings

    def client(self, role: str) -> httpx.Client:
        return self.with_key(create_key(self.store, role, f"{role} of a test"))

    def with_key(self, key: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def stranger(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "data")
    yield opened
    opened.close()


@contextmanager
def serving(store: Store, app: FastAPI | None = None, **given: Any) -> Iterator[RunningApi]:
    """A server in a thread of this process."""
    settings = ApiSettings(**{"data_dir": store.data_dir, "port": 0, **given})
    server = uvicorn.Server(server_config(settings, app or create_app(settings, store)))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield RunningApi(f"http://127.0.0.1:{port}", store, settings)
    server.should_exit = True
    thread.join()


@pytest.fixture
def api(store: Store) -> Iterator[RunningApi]:
    with serving(store) as running:
        yield running


@pytest.fixture(scope="module")
def standing_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    """One server for all tests of a file that change nothing others see."""
    opened = open_store(tmp_path_factory.mktemp("standing"))
    with serving(opened) as running:
        yield running
    opened.close()


@pytest.fixture
def worker(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("worker") as client:
        yield client


@pytest.fixture
def reader(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("reader") as client:
        yield client


@pytest.fixture
def clients(api: RunningApi) -> Iterator[dict[str, httpx.Client]]:
    """A client per role, and a stranger without a key."""
    clients = {role: api.client(role) for role in ("worker", "reader", "operator", "admin")}
    clients["stranger"] = api.stranger()
    yield clients
    for client in clients.values():
        client.close()
