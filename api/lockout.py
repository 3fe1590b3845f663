"""Pauses after wrong passwords, longer each time: for an account from one address, and for it as a whole.

Nobody can be locked out for good: a pause from one address ends after a quarter of an hour at most, one for
the whole account after a minute, and an address from which the account was signed in to lately is spared the
second. Keys and the command line on the machine itself do not pass here.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from api.errors import TooManyTries
from api.tries import network_of

__all__ = ["SignInPauses"]

ENTRIES = 20_000
FORGOTTEN_AFTER_S = 3600.0
TRUSTED_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How many wrong passwords are free, and how long a pause may grow, in seconds."""

    free: int
    longest_s: float

    def pause_s(self, failures: int) -> float:
        """The pause after that many: none, then 1, 2, 4 ... seconds."""
        beyond = failures - self.free
        return 0.0 if beyond <= 0 else min(self.longest_s, 2.0 ** min(beyond - 1, 30))


BY_ADDRESS = Pace(free=5, longest_s=900.0)
BY_ACCOUNT = Pace(free=20, longest_s=60.0)


@dataclass(slots=True)
class _Failures:
    count: int
    last_s: float


class SignInPauses:
    """Counts wrong passwords in memory; a restart forgets them.

    Args:
        clock: Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._trusted: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = Lock()

    def check(self, name: str, address: str) -> None:
        """Let a try through.

        Raises:
            TooManyTries: A pause is not over; the reply says for how long.
        """
        pair, now = (name.casefold(), network_of(address)), self._clock()
        with self._lock:
            wait_s = self._left_s(pair, BY_ADDRESS, now)
            if now - self._trusted.get(pair, -TRUSTED_S) >= TRUSTED_S:
                wait_s = max(wait_s, self._left_s((pair[0], ""), BY_ACCOUNT, now))
        if wait_s > 0:
            seconds = int(wait_s) + 1
            raise TooManyTries(
                "Too many wrong passwords.",
                f"Wait {seconds} s; an administrator can set a new password.",
                headers={"Retry-After": str(seconds)},
            )

    def failed(self, name: str, address: str) -> None:
        """Count a wrong password; also for a name that nobody has, so that the pause tells nothing."""
        now = self._clock()
        with self._lock:
            for entry in ((name.casefold(), network_of(address)), (name.casefold(), "")):
                kept = self._failures.pop(entry, None)
                is_old = kept is None or now - kept.last_s > FORGOTTEN_AFTER_S
                self._failures[entry] = _Failures(1 if is_old or kept is None else kept.count + 1, now)
            while len(self._failures) > ENTRIES:
                self._failures.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the address's wrong passwords and trust it; those from elsewhere still count."""
        pair = (name.casefold(), network_of(address))
        with self._lock:
            self._failures.pop(pair, None)
            self._trusted[pair] = self._clock()
            self._trusted.move_to_end(pair)
            while len(self._trusted) > ENTRIES:
                self._trusted.popitem(last=False)

    def _left_s(self, entry: tuple[str, str], pace: Pace, now: float) -> float:
        kept = self._failures.get(entry)
        if kept is None or now - kept.last_s > FORGOTTEN_AFTER_S:
            return 0.0
        return kept.last_s + pace.pause_s(kept.count) - now
