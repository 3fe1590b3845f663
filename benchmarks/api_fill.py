"""Fills a store with a city's year, kept for the next time; an interrupted filling goes on.

In bulk: rows first, then what is found by, which is ten times as fast as sending the events. A test holds
that the store is the same as if they had been sent.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from api.store import Store, open_store
from api.store.changes import raise_floor
from api.store.duty.evaluation import freeze_months
from api.store.times import to_ms
from api.store.words import spaced_words
from benchmarks.api_cases import CASE_BATCH, fill_cases
from benchmarks.api_city import BATCH, DAYS, FIRST_DAY, City, make_batch
from contracts.event import parse_event
from contracts.responsibility_check import load_responsibility

__all__ = ["fill", "filled_folder"]

DUTY: Final = Path(__file__).parents[1] / "config" / "responsibility.example.yaml"
CACHE: Final = Path(".work/bench-api")
DAY_MS: Final = 86_400_000
Tell = Callable[[str, int, int], None]

_INCIDENT = (
    "INSERT INTO incidents (incident_id, sort_ms, sequence, status, category, camera_id, view_id, run,"
    " first_seen_ms, last_seen_ms, confidence, lon, lat, document, unit, semi_major_m, began)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_EVENT = (
    "INSERT INTO events (source, id, type, subject, sequence, time_ms, camera_id, view_id, run, digest,"
    " document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FOUND_BY: Final = (
    "INSERT INTO incident_places (place_key, west, east, south, north)"
    " SELECT place_key, lon, lon, lat, lat FROM incidents WHERE lon IS NOT NULL ORDER BY lon, lat",
    "INSERT INTO incident_zones (zone, place_key)"
    " SELECT z.value, place_key FROM incidents, json_each(document, '$.zones') z ORDER BY 1, 2",
    "INSERT INTO incident_words (rowid, words) SELECT place_key, spaced_words(document ->> '$.rule.reason'"
    " || ' ' || (SELECT group_concat(value, ' ') FROM json_each(document, '$.zones')) || ' ' || unit || ' '"
    " || coalesce(area, '') || ' ' || camera_id || ' ' || view_id) FROM incidents ORDER BY place_key",
    "INSERT INTO evidence_links (sha256, incident_id) SELECT e.value ->> '$.sha256', incident_id"
    " FROM incidents, json_each(document, '$.evidence') e ORDER BY 1, 2",
    "INSERT OR IGNORE INTO views (view_id, run, camera_id)"
    " SELECT DISTINCT view_id, run, camera_id FROM incidents",
    "INSERT INTO runs (run, incidents, newest_key, heard_ms)"
    " SELECT run, count(*), max(place_key), max(last_seen_ms) FROM incidents GROUP BY run",
)


def filled_folder(city: City, tell: Tell) -> Path:
    """The data folder of an API that holds the city's year; filled now where it is not.

    Args:
        city: How large; cases are three tenths of its incidents.
        tell: Takes what is made, how much of it is kept, and of how much.
    """
    folder = CACHE / str(city.incidents)
    store = open_store(folder)
    try:
        fill(store, city, tell)
    finally:
        store.close()
    return folder


def fill(store: Store, city: City, tell: Tell) -> None:
    """Bring a store of this city to its whole year."""
    _fill_incidents(store, city, tell)
    _fill_cases(store, city.incidents * 3 // 10, tell)


def _count(store: Store, table: str) -> int:
    sql = f"SELECT count(*) FROM {table}"  # noqa: S608  ours
    return int(store.read(lambda connection: connection.execute(sql).fetchone())[0])


def _fill_incidents(store: Store, city: City, tell: Tell) -> None:
    if _count(store, "runs"):
        return  # the last thing that is made of incidents
    store.write(_put_indexes_aside).result()
    # A batch is one change: it is kept whole or not at all, so the count says where to go on.
    waiting = None
    for number in range(_count(store, "incidents") // BATCH, city.batches):
        rows = _rows(make_batch(city, number), number * BATCH)
        if waiting is not None:
            waiting.result()
        waiting = store.write(lambda connection, rows=rows: _insert(connection, *rows))  # type: ignore[misc]
        tell("incidents", min(city.incidents, (number + 1) * BATCH), city.incidents)
    if waiting is not None:
        waiting.result()
    tell("indexes", 0, 1)
    store.write(_make_findable).result()


def _put_indexes_aside(connection: sqlite3.Connection) -> None:
    """Drop the indexes of the large tables and remember them."""
    connection.execute("CREATE TABLE IF NOT EXISTS bench_indexes (name TEXT PRIMARY KEY, sql TEXT)")
    connection.execute(
        "INSERT OR IGNORE INTO bench_indexes SELECT name, sql FROM sqlite_master WHERE type = 'index'"
        " AND sql IS NOT NULL AND tbl_name IN ('incidents', 'events', 'incident_zones', 'evidence_links')"
    )
    for (name,) in connection.execute("SELECT name FROM bench_indexes").fetchall():
        connection.execute(f"DROP INDEX IF EXISTS {name}")


def _make_findable(connection: sqlite3.Connection) -> None:
    """Make what incidents are found by, in the transaction that says that it is done."""
    connection.create_function("spaced_words", 1, spaced_words, deterministic=True)
    for sql in _FOUND_BY:
        connection.execute(sql)
    for (sql,) in connection.execute("SELECT sql FROM bench_indexes").fetchall():
        connection.execute(sql)
    connection.execute("DROP TABLE bench_indexes")
    (count,) = connection.execute("SELECT count(*) FROM incidents").fetchone()
    # One change each was told, and is forgotten by now.
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', ?)", (count,))
    raise_floor(connection, "changes", count)
    connection.execute("ANALYZE")


Rows = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]


def _rows(documents: list[dict[str, Any]], first: int) -> Rows:
    """Rows of incidents and events, as the API would keep them."""
    incidents, events = [], []
    for number, document in enumerate(documents, first + 1):
        text = json.dumps(document, ensure_ascii=False, sort_keys=True)
        # Times are whole seconds in UTC; only one in a batch is judged as a whole.
        event = parse_event(document) if number == first + 1 else None
        incident = document["data"]
        kept = json.dumps(incident, ensure_ascii=False, separators=(",", ":"))
        if event is not None and event.data.model_dump_json() != kept:
            raise ValueError("the city's incidents are not as the API keeps them")
        named = (incident["camera_id"], incident["view_id"], incident["run"])
        incidents.append(
            (
                incident["incident_id"],
                _ms(incident["opened_at"]),
                document["sequence"],
                "closed" if incident["closed_at"] else "open",
                incident["category"],
                *named,
                _ms(incident["first_seen"]),
                _ms(incident["last_seen"]),
                incident["confidence"],
                *incident["lonlat"],
                kept,
                incident["unit"],
                incident["ellipse"]["semi_major_m"],
                number,
            )
        )
        events.append(
            (
                document["source"],
                document["id"],
                document["type"],
                document["subject"],
                document["sequence"],
                _ms(document["time"]),
                *named,
                hashlib.sha256(text.encode()).digest(),
                text,
            )
        )
    return incidents, events


def _ms(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def _insert(
    connection: sqlite3.Connection, incidents: list[tuple[Any, ...]], events: list[tuple[Any, ...]]
) -> None:
    connection.executemany(_INCIDENT, incidents)
    connection.executemany(_EVENT, events)


def _fill_cases(store: Store, count: int, tell: Tell) -> None:
    kept = _count(store, "cases")
    if kept == count:
        return
    for number in range(kept // CASE_BATCH, -(-count // CASE_BATCH)):
        fill_cases(store, count, number)
        tell("cases", min(count, (number + 1) * CASE_BATCH), count)
    now = to_ms(FIRST_DAY) + DAYS * DAY_MS
    # What the service would do by itself at its first start, which is no part of what is measured.
    tell("months", 0, 1)
    duty = load_responsibility(DUTY)
    store.write(lambda connection: freeze_months(connection, duty, now)).result()
