"""Sign-ins that have left for the provider and not come back yet; in memory, ten minutes."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from api.oidc.provider import SignInBegun

__all__ = ["SignInsBegun"]

LASTS_S = 600.0
ENTRIES = 10_000


class SignInsBegun:
    """Remembers each under a secret that only the browser has which began it.

    Args:
        clock: Seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun: OrderedDict[str, tuple[SignInBegun, float]] = OrderedDict()
        self._lock = Lock()

    def keep(self, begun: SignInBegun) -> str:
        """The secret for the browser's cookie."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._begun[secret] = (begun, self._clock())
            while len(self._begun) > ENTRIES:
                self._begun.popitem(last=False)
        return secret

    def take(self, secret: str, state: str) -> SignInBegun | None:
        """What was begun, once; None where the browser or the state is another, or it took too long."""
        with self._lock:
            begun, at_s = self._begun.pop(secret, (None, 0.0))
        if begun is None or self._clock() - at_s > LASTS_S:
            return None
        return begun if secrets.compare_digest(begun.state.encode(), state.encode()) else None
