"""A worker that is there to be killed: it keeps looks with events, and a real sender empties its spool.

`python -m benchmarks.api_kill_worker FOLDER URL STOP`: goes on after the last look that is kept, until the
file STOP is there and everything is sent. Each look opens one incident and closes the one before.
"""

import os
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from contracts.event import AnyEvent, event_id, parse_event
from stream_workers.sinks.client import ApiClient
from stream_workers.sinks.http import Sender
from stream_workers.sources.reconnect import Backoff
from stream_workers.store import LookCommit, WorkerStore

__all__ = ["KEY_VARIABLE", "VIEW", "incident_of"]

KEY_VARIABLE: Final = "STREETKEEPER_BENCH_KEY"
VIEW: Final = "kill-a"
RUN: Final = "live"
BEGAN: Final = datetime(2026, 5, 1, tzinfo=UTC)
PACE_S: Final = 0.01


def incident_of(look: int) -> str:
    """The incident that a look opens."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"kill {look}"))


def _event(look: int, kind: str, sequence: int) -> AnyEvent:
    at = BEGAN + timedelta(seconds=10 * (look + sequence))
    subject = incident_of(look)
    incident: dict[str, Any] = {
        "incident_id": subject,
        "view_id": VIEW,
        "camera_id": "kill",
        "run": RUN,
        "category": "garbage_pile",
        "first_seen": at,
        "last_seen": at,
        "opened_at": BEGAN + timedelta(seconds=10 * look),
        "closed_at": at if kind == "closed" else None,
        "lonlat": [116.39, 39.9],
        "rule": {"id": "r", "version": 1, "reason": "lies there"},
        "confidence": 0.9,
        "box_xyxy_px": [1.0, 2.0, 3.0, 4.0],
        "media_time_s": float(look),
        "site_version": "1",
    }
    return parse_event(
        {
            "id": event_id(subject, sequence),
            "source": f"/views/{VIEW}",
            "subject": subject,
            "time": at,
            "sequence": sequence,
            "type": f"org.streetkeeper.incident.{kind}",
            "data": incident,
        }
    )


def _work(folder: Path, url: str, stop: Path) -> None:
    store = WorkerStore(folder / "worker.sqlite3")
    sending = threading.Event()
    sender = Sender(store.spool, ApiClient(url, os.environ[KEY_VARIABLE], 5.0), Backoff(0.05, 0.5))
    thread = threading.Thread(target=sender.run, args=(sending,), daemon=True)
    thread.start()
    kept = store.load_view(VIEW, RUN)
    look = kept.look + 1 if kept else 0
    while not stop.exists():
        events = [_event(look, "opened", 0)] + ([_event(look - 1, "closed", 1)] if look else [])
        at = BEGAN + timedelta(seconds=10 * look)
        store.commit_look(LookCommit(VIEW, RUN, look, b"", "{}", float(look), at, events))
        look += 1
        time.sleep(PACE_S)
    while store.spool.counts().pending:
        time.sleep(0.05)
    sending.set()
    thread.join()
    store.close()


if __name__ == "__main__":
    _work(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
