"""Fills a store with a city's year, kept for the next time; an interrupted filling goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.store import Store, open_store
from api.store.duty.evaluation import freeze_months
from api.store.events import record_events
from api.store.history import count_incidents
from api.store.times import to_ms
from benchmarks.api_cases import CASE_BATCH, fill_cases
from benchmarks.api_city import BATCH, DAYS, FIRST_DAY, City, make_batch

__all__ = ["filled_folder"]

CACHE: Final = Path(".work/bench-api")
IN_HAND: Final = 4
"""Batches that wait for the writer while the next ones are made."""


def filled_folder(city: City, tell: Callable[[str, int, int], None]) -> Path:
    """The data folder of an API that holds the city's year; filled now where it is not.

    Args:
        city: How large; cases are three tenths of its incidents.
        tell: Takes what is made, how much of it is kept, and of how much.
    """
    folder = CACHE / str(city.incidents)
    store = open_store(folder)
    try:
        _fill_incidents(store, city, tell)
        _fill_cases(store, city.incidents * 3 // 10, tell)
    finally:
        store.close()
    return folder


def _fill_incidents(store: Store, city: City, tell: Callable[[str, int, int], None]) -> None:
    # A batch is one change: it is kept whole or not at all, so the count says where to go on.
    waiting = []
    for number in range(count_incidents(store) // BATCH, city.batches):
        waiting.append(record_events(store, make_batch(city, number)))
        if len(waiting) > IN_HAND:
            waiting.pop(0).result()
        tell("incidents", min(city.incidents, (number + 1) * BATCH), city.incidents)
    for future in waiting:
        future.result()


def _fill_cases(store: Store, count: int, tell: Callable[[str, int, int], None]) -> None:
    (kept,) = store.read(lambda connection: connection.execute("SELECT count(*) FROM cases").fetchone())
    for number in range(kept // CASE_BATCH, -(-count // CASE_BATCH)):
        if kept < count:
            fill_cases(store, count, number)
            tell("cases", min(count, (number + 1) * CASE_BATCH), count)
    now = to_ms(FIRST_DAY) + (DAYS + 30) * 86_400_000
    # What the service would do by itself at its first start, which is no part of what is measured.
    store.write(lambda connection: freeze_months(connection, "Asia/Shanghai", now)).result()
