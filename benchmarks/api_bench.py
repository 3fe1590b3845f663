"""The case API over a city's year: history, maps, evaluation, and sending under load, client included.

Over real HTTP to the API as a process of its own, on the machine's cores, whatever else runs on them: the
load stands in the line. Sending is measured on a copy, so that the next time begins with the same year.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from api.store import open_store
from api.store.keys import create_key
from benchmarks.api_city import City
from benchmarks.api_client import Client, percentile_ms, running_api
from benchmarks.api_fill import filled_folder
from benchmarks.api_load import clusters_s, counted_s, evaluation_s, history_s, ingest_under_load
from benchmarks.figures import line

__all__ = ["bench_api"]

HISTORY_QUESTIONS: Final = 300
CLUSTER_QUESTIONS: Final = 100
WARM: Final = 20
PAGE: Final = 1000
Tell = Callable[[str, int, int], None]


def bench_api(incidents: int, seconds: float, tell: Tell) -> tuple[str, bool]:
    """One JSON line, and whether nothing was lost or doubled.

    Args:
        incidents: How many the year has; cases are three tenths of them.
        seconds: How long to send under load.
        tell: Takes what is being done, how much is done, and of how much.
    """
    folder = filled_folder(City(incidents), tell)
    load = os.getloadavg()[0]
    figures: dict[str, Any] = {"store": "sqlite", "incidents": incidents, "cases": incidents * 3 // 10}
    figures |= _asked(folder, tell)
    figures |= _sent(folder, seconds, tell)
    figures |= {"load_before": round(load, 2), "load_after": round(os.getloadavg()[0], 2)}
    return line("api", figures), not figures["lost"] and not figures["doubled"]


def _keys(folder: Path) -> tuple[str, str, str]:
    store = open_store(folder)
    try:
        worker, reader, evaluator = (
            create_key(store, role, "benchmark") for role in ("worker", "reader", "evaluator")
        )
    finally:
        store.close()
    return worker, reader, evaluator


def _asked(folder: Path, tell: Tell) -> dict[str, Any]:
    _, reader, evaluator = _keys(folder)
    with running_api(folder) as api, Client(api.port, reader) as client:
        tell("warming up", 0, 1)
        clusters_s(client, 2)
        history_s(client, WARM)
        before = api.cpu_s()
        tell("history", 0, 1)
        first, deep = history_s(client, HISTORY_QUESTIONS)
        history_cpu = api.cpu_s() - before
        tell("clusters", 0, 1)
        before = api.cpu_s()
        maps = clusters_s(client, CLUSTER_QUESTIONS)
        map_cpu = api.cpu_s() - before
        tell("evaluation", 0, 1)
        with Client(api.port, evaluator) as inspector:
            told = evaluation_s(inspector)
    tell("evaluation from steps", 0, 1)
    store = open_store(folder)
    try:
        counted = counted_s(store)
    finally:
        store.close()
    asked = [*first, *deep]
    return {
        "history_p50_ms": percentile_ms(asked, 0.5),
        "history_p99_ms": percentile_ms(asked, 0.99),
        "history_first_p99_ms": percentile_ms(first, 0.99),
        "history_deep_p99_ms": percentile_ms(deep or first, 0.99),
        "history_pages": len(asked),
        "history_cpu_ms": round(history_cpu / len(asked) * 1000, 2),
        "clusters_p50_ms": percentile_ms(maps, 0.5),
        "clusters_p99_ms": percentile_ms(maps, 0.99),
        "clusters_cpu_ms": round(map_cpu / len(maps) * 1000, 2),
        "evaluation_s": round(max(told, counted), 2),
        "evaluation_kept_s": round(told, 2),
    }


def _sent(folder: Path, seconds: float, tell: Tell) -> dict[str, Any]:
    copy = folder.with_name(f"{folder.name}-sent")
    shutil.rmtree(copy, ignore_errors=True)
    tell("copying", 0, 1)
    shutil.copytree(folder, copy)
    try:
        worker, reader, _ = _keys(copy)
        with running_api(copy) as api:
            with Client(api.port, reader) as client:
                clusters_s(client, 1)
            before = api.cpu_s()
            tell("sending under load", 0, 1)
            told = ingest_under_load(api, (worker, reader), seconds)
            cpu = api.cpu_s() - before
            # Another connection: the server has closed one that was idle for so long.
            with Client(api.port, reader) as client:
                lost, doubled = _missed(client, told.ids)
            return {
                **told.line(),
                "ingest_cpu_share": round(cpu / told.lasted_s, 2),
                "lost": lost,
                "doubled": doubled,
            }
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _missed(client: Client, ids: set[str]) -> tuple[int, int]:
    """How many of these incidents the list lacks, and how many it has twice."""
    listed: list[str] = []
    path: str | None = f"/v1/incidents?limit={PAGE}&sort=-opened&f=json"
    found: set[str] = set()
    # The newest come first: the list is read until a page has none of them.
    while path:
        page, path = client.get(path)
        names = [state["incident"]["incident_id"] for state in page["incidents"]]
        ours = [name for name in names if name in ids]
        listed += ours
        found.update(ours)
        if not ours:
            break
    return len(ids - found), len(listed) - len(found)
