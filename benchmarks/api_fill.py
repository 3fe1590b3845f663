"""Fills a store with a city's year, kept for the next time; an interrupted filling goes on."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.store import Store, open_store
from api.store.events import record_events
from api.store.history import count_incidents
from benchmarks.api_city import BATCH, City, make_batch

__all__ = ["filled_folder"]

CACHE: Final = Path(".work/bench-api")
IN_HAND: Final = 4
"""Batches that wait for the writer while the next ones are made."""


def filled_folder(city: City, tell: Callable[[int, int], None]) -> Path:
    """The data folder of an API that holds the city's year; filled now where it is not.

    Args:
        city: How large.
        tell: Takes how many incidents are kept, and of how many.
    """
    folder = CACHE / str(city.incidents)
    store = open_store(folder)
    try:
        _fill(store, city, tell)
    finally:
        store.close()
    return folder


def _fill(store: Store, city: City, tell: Callable[[int, int], None]) -> None:
    # A batch is one change: it is kept whole or not at all, so the count says where to go on.
    waiting = []
    for number in range(count_incidents(store) // BATCH, city.batches):
        waiting.append(record_events(store, make_batch(city, number)))
        if len(waiting) > IN_HAND:
            waiting.pop(0).result()
        tell(min(city.incidents, (number + 1) * BATCH), city.incidents)
    for future in waiting:
        future.result()
