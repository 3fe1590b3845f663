"""How many requests a caller and an address may make: token buckets in memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from api.errors import TooManyRequests

__all__ = ["RateLimit"]

ENTRIES = 20_000


class RateLimit:
    """A bucket per name: it holds `burst` requests and refills with `per_s` a second.

    Args:
        per_s: Requests a second in the long run.
        burst: Requests at once.
        clock: Seconds that only rise.
    """

    def __init__(self, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._burst = burst
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: str, cost: float = 1.0) -> None:
        """Take one request from a bucket.

        Args:
            name: Whose bucket.
            cost: Less than one for those who may make more of them.

        Raises:
            TooManyRequests: It is empty; the reply says when to come again.
        """
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(name, (float(self._burst), now))
            left = min(self._burst, left + (now - at) * self._per_s)
            is_let_in = left + 1e-9 >= cost  # a sum of tenths is not exact
            self._left[name] = (left - cost if is_let_in else left, now)
            # The longest unused goes: whoever was quiet for so long has a full bucket anyway.
            while len(self._left) > ENTRIES:
                self._left.popitem(last=False)
        if not is_let_in:
            seconds = int((cost - left) / self._per_s) + 1
            raise TooManyRequests(
                "Too many requests.", f"Wait {seconds} s.", headers={"Retry-After": str(seconds)}
            )
