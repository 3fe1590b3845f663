"""Work that the API does by itself now and then, on one thread beside the server."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Duty", "kept_up"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """One piece of work.

    Args:
        name: Stands in the log.
        every_s: Seconds from one turn to the next; the first turn comes at once.
        work: Does it; whatever it raises is logged, and the next turn tries again.
    """

    name: str
    every_s: float
    work: Callable[[], object]


@contextmanager
def kept_up(duties: Sequence[Duty]) -> Iterator[None]:
    """Do the duties on a thread of their own until the block ends; a turn in hand is finished."""
    ending = threading.Event()
    thread = threading.Thread(target=_keep_up, args=(duties, ending), name="duties", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _keep_up(duties: Sequence[Duty], ending: threading.Event) -> None:
    due = dict.fromkeys(range(len(duties)), 0.0)
    while not ending.is_set():
        for number, duty in enumerate(duties):
            if time.monotonic() >= due[number]:
                _do(duty)
                due[number] = time.monotonic() + duty.every_s
        ending.wait(max(0.0, min(due.values(), default=60.0) - time.monotonic()))


def _do(duty: Duty) -> None:
    try:
        duty.work()
    # Broad: the API serves on, and the next turn may find the disk free again.
    except Exception as error:
        log.error("duty failed", exc_info=error, extra={"duty": duty.name})
