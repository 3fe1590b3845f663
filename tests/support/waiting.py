"""Waiting for something to come true, without saying how fast it must."""

import time
from collections.abc import Callable

__all__ = ["wait_until"]


def wait_until(is_so: Callable[[], object], seconds: float = 60.0) -> None:
    """Returns as soon as it is so; a generous limit ends a test that would wait forever."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)
