"""A small HTTP server that answers like the case API, or as badly as a test wants."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        document = json.loads(self.body)
        assert isinstance(document, list)
        return document


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    """Seconds of silence before it; the end of the test cuts it short."""


def problem(status: int, detail: str, **headers: str) -> Answer:
    return Answer(status, json.dumps({"status": status, "detail": detail}).encode(), headers)


@dataclass
class ScriptedApi:
    """Stores what it is sent, once, unless `script` answers instead."""

    script: Callable[[Asked], Answer | None] = lambda asked: None
    asked: list[Asked] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, asked: Asked) -> Answer:
        with self.lock:
            self.asked.append(asked)
            scripted = self.script(asked)
            return scripted if scripted is not None else self.take(asked)

    def take(self, asked: Asked) -> Answer:
        if asked.method == "PUT":
            name = asked.path.rpartition("/")[2].removesuffix(".jpg")
            known = name in self.pictures
            self.pictures[name] = asked.body
            return Answer(200 if known else 201)
        return self.judge(asked, lambda event: "")

    def judge(self, asked: Asked, refuse: Callable[[dict[str, Any]], str]) -> Answer:
        """Take each event of a batch that `refuse` gives no reason against."""
        results = []
        for index, event in enumerate(asked.events):
            reason = refuse(event)
            outcome = "rejected" if reason else "repeated" if event["id"] in self.events else "stored"
            if outcome == "stored":
                self.events[event["id"]] = event
                self.order.append(event["id"])
            results.append({"index": index, "id": event["id"], "outcome": outcome, "reason": reason or None})
        status = 207 if any(result["outcome"] == "rejected" for result in results) else 200
        return Answer(status, json.dumps({"results": results}).encode())

    def posts(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST"]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ScriptedApi

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        answer = self.api.answer(Asked(self.command, self.path, dict(self.headers), body))
        if answer.after_s:
            self.api.closing.wait(answer.after_s)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_POST = _answer  # noqa: N815 - the server's own names
    do_PUT = _answer  # noqa: N815
    do_GET = _answer  # noqa: N815
    do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """A client that left is no fault."""


@contextmanager
def scripted_api(api: ScriptedApi | None = None, port: int = 0) -> Iterator[ScriptedApi]:
    api = api or ScriptedApi()
    handler = type("Handler", (_Handler,), {"api": api})
    with _Server(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        api.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield api
        finally:
            api.closing.set()
            server.shutdown()
            thread.join()
