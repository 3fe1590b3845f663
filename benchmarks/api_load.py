"""Questions to a filled API, one after the other and under load, timed at the client."""

import json
import random
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from api.duty.figures import CaseFact
from api.duty.months import month_named
from api.duty.report import Evaluation, evaluation_document
from api.store import Store
from api.store.duty.coverage import camera_hours
from api.store.duty.facts import count_month
from api.store.times import now_ms
from benchmarks.api_city import DAYS, DISTRICT, FIRST_DAY, SHARES, fresh_events
from benchmarks.api_client import Client, RunningApi, percentile_ms, until
from benchmarks.figures import NotAsPromised

__all__ = ["UnderLoad", "clusters_s", "counted_s", "evaluation_s", "history_s", "ingest_under_load"]

READERS: Final = 20
BATCH: Final = 40
OFFERED_PER_S: Final = 360
"""A fifth above what must be reached, so that a slow moment can be caught up."""
DEEPEST_PAGE: Final = 15
SPANS_DAYS: Final = (1, 7, 30, 90)
SIDES_DEG: Final = (0.002, 0.005, 0.015, 0.05)


def _history_path(chance: random.Random) -> str:
    """A box, a time and a category: small and large, in hot and in cold places."""
    west, south, east, north = DISTRICT
    side = chance.choice(SIDES_DEG)
    x, y = chance.uniform(west, east - side), chance.uniform(south, north - side)
    span = chance.choice(SPANS_DAYS)
    since = FIRST_DAY + timedelta(days=chance.uniform(0, DAYS - span))
    times = [at.isoformat(timespec="seconds") for at in (since, since + timedelta(days=span))]
    category = chance.choices(list(SHARES), list(SHARES.values()))[0]
    asked = {
        "bbox": f"{x:.5f},{y:.5f},{x + side:.5f},{y + side:.5f}",
        "datetime": "/".join(times),
        "category": category.value,
    }
    return f"/v1/incidents?{urlencode(asked)}"


def history_s(client: Client, questions: int) -> tuple[list[float], list[float]]:
    """Seconds of each first page, and of each page up to the fifteenth behind it."""
    chance = random.Random(1)  # noqa: S311  no secret
    first: list[float] = []
    deep: list[float] = []
    for _ in range(questions):
        path: str | None = _history_path(chance)
        for page in range(DEEPEST_PAGE):
            began = time.monotonic()
            _, path = client.get(str(path))
            (deep if page else first).append(time.monotonic() - began)
            if path is None:
                break
    return first, deep


def clusters_s(client: Client, questions: int) -> list[float]:
    """Seconds of each map of the whole district."""
    chance, seconds = random.Random(2), []  # noqa: S311  no secret
    for number in range(questions):
        asked = {"zoom": 11 + number % 6}
        path = f"/v1/clusters?{urlencode(asked)}"
        if number % 3 == 1:
            path += f"&category={chance.choice(list(SHARES)).value}"
        elif number % 3 == 2:
            since = FIRST_DAY + timedelta(days=chance.uniform(0, DAYS - 30))
            path += f"&datetime={since:%Y-%m-%d}/{since + timedelta(days=30):%Y-%m-%d}"
        began = time.monotonic()
        found, _ = client.get(path)
        seconds.append(time.monotonic() - began)
        if sum(one["properties"]["count"] for one in found["features"]) != found["numberMatched"]:
            raise NotAsPromised(f"{path}: the counts do not sum to the whole")
    return seconds


def evaluation_s(client: Client) -> float:
    """Seconds of the slowest of three months' evaluations, whose figures the service may have kept by now."""
    slowest = 0.0
    for day in (40, 200, DAYS - 10):
        began = time.monotonic()
        client.get(f"/v1/evaluation?month={_month(day)}&by=street,category")
        slowest = max(slowest, time.monotonic() - began)
    return slowest


def counted_s(store: Store) -> float:
    """Seconds to count a month from the steps of its cases and to write its evaluation, nothing kept."""
    month = month_named(_month(DAYS - 10), "Asia/Shanghai")
    began = time.monotonic()

    def count(connection: sqlite3.Connection) -> tuple[list[CaseFact], dict[str, float]]:
        return count_month(connection, month), camera_hours(connection, month, now_ms())

    facts, hours = store.read(count)
    json.dumps(evaluation_document(Evaluation(month, ("street", "category"), facts, hours, None, False)))
    return time.monotonic() - began


def _month(day: int) -> str:
    return (FIRST_DAY + timedelta(days=day)).strftime("%Y-%m")


@dataclass
class UnderLoad:
    """What was sent and asked at once.

    Args:
        ids: Incidents that the API said it keeps.
        seconds: Of each reader's questions, from the moment it was due.
        lasted_s: How long sending took.
    """

    ids: set[str] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    lasted_s: float = 0.0
    faults: list[Exception] = field(default_factory=list)

    def line(self) -> dict[str, float | int]:
        """The figures."""
        return {
            "ingest_per_s": round(len(self.ids) / self.lasted_s, 1),
            "ingest_s": round(self.lasted_s, 1),
            "load_p50_ms": percentile_ms(self.seconds, 0.5),
            "load_p99_ms": percentile_ms(self.seconds, 0.99),
            "load_queries": len(self.seconds),
        }


def ingest_under_load(api: RunningApi, keys: tuple[str, str], seconds: float) -> UnderLoad:
    """Send new incidents at a steady rate while twenty readers ask once a second each.

    Args:
        api: The API.
        keys: Of a worker and of a reader.
        seconds: How long.
    """
    told = UnderLoad()
    began = time.monotonic() + 1
    threads = [
        threading.Thread(target=_noted, args=(told, _read, api.port, keys[1], began, seconds, number))
        for number in range(READERS)
    ]
    threads.append(threading.Thread(target=_noted, args=(told, _send, api.port, keys[0], began, seconds)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if told.faults:
        raise told.faults[0]
    return told


def _noted(told: UnderLoad, work: object, *given: object) -> None:
    try:
        work(told, *given)  # type: ignore[operator]
    # Broad: a thread's fault is raised by the one that waits for it.
    except Exception as error:  # noqa: BLE001
        told.faults.append(error)


def _send(told: UnderLoad, port: int, key: str, began: float, seconds: float) -> None:
    # Numbers of this minute, so that a second run over the same store sends other incidents.
    first = int(datetime.now(UTC).timestamp()) * 1000
    batches = int(seconds * OFFERED_PER_S / BATCH)
    with Client(port, key) as client:
        for number in range(batches):
            events = list(fresh_events(first + number * BATCH, BATCH))
            until(began + number * BATCH / OFFERED_PER_S)
            if client.post_events(events) != BATCH:
                raise NotAsPromised("a batch was not kept whole")
            told.ids.update(event["subject"] for event in events)
    told.lasted_s = time.monotonic() - began


def _read(told: UnderLoad, port: int, key: str, began: float, seconds: float, reader: int) -> None:
    chance = random.Random(reader)  # noqa: S311  no secret
    with Client(port, key) as client:
        for turn in range(int(seconds)):
            due = began + turn + reader / READERS
            until(due)
            path = "/v1/clusters?zoom=13" if chance.random() < 0.05 else _history_path(chance)
            client.get(path)
            told.seconds.append(time.monotonic() - due)
