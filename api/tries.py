"""Limits wrong keys per address."""

import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from api.errors import TooManyTries

__all__ = ["FailedTries", "network_of"]

WINDOW_S = 60.0
ADDRESSES = 10_000
TRUSTED = 1_000


class FailedTries:
    """Counts wrong keys per address over a minute and refuses further tries beyond a limit.

    A key that was accepted from the address before still passes, so that a stranger behind the same
    gateway cannot lock a worker out.

    Args:
        limit: Wrong keys per address and minute.
        clock: Seconds that only rise.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._failed: OrderedDict[str, list[float]] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._lock = Lock()

    def check(self, address: str, key: str) -> None:
        """Let a try through.

        Raises:
            TooManyTries: Too many wrong keys came from there; the reply says when to try again.
        """
        place = network_of(address)
        with self._lock:
            recent = self._recent(place)
            if len(recent) < self._limit or (place, _mark(key)) in self._trusted:
                return
            wait_s = max(1, int(recent[0] + WINDOW_S - self._clock()) + 1)
        raise TooManyTries(
            "Too many wrong keys came from this address.",
            f"Wait {wait_s} s, then use a key that an administrator gave you.",
            headers={"Retry-After": str(wait_s)},
        )

    def failed(self, address: str) -> None:
        """Count a wrong key."""
        place = network_of(address)
        with self._lock:
            recent = self._recent(place)
            recent.append(self._clock())
            # Beyond the limit more entries add nothing.
            self._failed[place] = recent[-self._limit :]
            self._failed.move_to_end(place)
            while len(self._failed) > ADDRESSES:
                self._failed.popitem(last=False)

    def accepted(self, address: str, key: str) -> None:
        """Remember a right key."""
        entry = (network_of(address), _mark(key))
        with self._lock:
            self._trusted[entry] = None
            self._trusted.move_to_end(entry)
            while len(self._trusted) > TRUSTED:
                self._trusted.popitem(last=False)

    def _recent(self, place: str) -> list[float]:
        since = self._clock() - WINDOW_S
        return [at for at in self._failed.get(place, []) if at > since]


def _mark(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()


def network_of(address: str) -> str:
    """The address, or for IPv6 its /64: one subscriber owns a whole one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
