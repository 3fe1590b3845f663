"""The last ten minutes of a view, as undecoded looks in memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

__all__ = ["Encoded", "HeldLook", "LookRing"]

MOST_LOOKS = 30
MOST_BYTES = 8_000_000
LONGEST = timedelta(minutes=10)
FRESH = 9
"""Newest looks that thinning leaves alone: what stands there now needs them all."""


class Encoded(Protocol):
    """A look that is still encoded."""

    @property
    def data(self) -> bytes:
        """The keyframe's or JPEG's bytes."""
        ...


E = TypeVar("E", bound=Encoded)


@dataclass(frozen=True, slots=True)
class HeldLook(Generic[E]):
    """One look in the ring.

    Args:
        captured_at: Capture time, aware UTC.
        encoded: The look, undecoded.
    """

    captured_at: datetime
    encoded: E


class LookRing(Generic[E]):
    """At most 30 looks of the last ten minutes, at most 8 MB; in memory only, never on disk.

    Looks that come faster than 30 in ten minutes are thinned evenly, so that the ring still reaches
    back ten minutes: the older look with the closest neighbours goes first, the newest nine stay.
    """

    def __init__(self, most_looks: int = MOST_LOOKS, most_bytes: int = MOST_BYTES) -> None:
        self._most_looks = most_looks
        self._most_bytes = most_bytes
        self._looks: list[HeldLook[E]] = []

    def add(self, encoded: E, captured_at: datetime) -> None:
        """Take in the newest look; looks that claim to be later (a clock set back) are forgotten."""
        oldest = captured_at - LONGEST
        self._looks = [look for look in self._looks if oldest <= look.captured_at < captured_at]
        self._looks.append(HeldLook(captured_at, encoded))
        while len(self._looks) > self._most_looks:
            self._drop_densest()
        while self.held_bytes > self._most_bytes and self._looks:
            self._drop_densest()

    @property
    def held_bytes(self) -> int:
        """Bytes of encoded looks held now."""
        return sum(len(look.encoded.data) for look in self._looks)

    def __len__(self) -> int:
        return len(self._looks)

    def all(self) -> tuple[HeldLook[E], ...]:
        """Every look held, oldest first."""
        return tuple(self._looks)

    def latest(self, count: int) -> tuple[HeldLook[E], ...]:
        """The last `count` looks, oldest first."""
        return tuple(self._looks[-count:])

    def before(self, at: datetime, count: int) -> tuple[HeldLook[E], ...]:
        """The last `count` looks earlier than `at`, oldest first."""
        return tuple(look for look in self._looks if look.captured_at < at)[-count:]

    def since(self, at: datetime, count: int) -> tuple[HeldLook[E], ...]:
        """The first `count` looks at or after `at`, oldest first."""
        return tuple(look for look in self._looks if look.captured_at >= at)[:count]

    def spread(self, count: int) -> tuple[HeldLook[E], ...]:
        """At most `count` looks, evenly over all that is held, the newest among them."""
        return tuple(_evenly(self._looks, count))

    def clear(self) -> None:
        """Forget everything; for a view that was moved or renamed."""
        self._looks = []

    def _drop_densest(self) -> None:
        """Drop the look whose neighbours are closest together; the oldest where all are fresh."""
        thinnable = len(self._looks) - FRESH
        if thinnable < 2:
            del self._looks[0]
            return
        gaps = [
            (self._looks[index + 1].captured_at - self._looks[index - 1].captured_at, index)
            for index in range(1, thinnable)
        ]
        del self._looks[min(gaps)[1]]


def _evenly(looks: Sequence[HeldLook[E]], count: int) -> list[HeldLook[E]]:
    if len(looks) <= count:
        return list(looks)
    step = (len(looks) - 1) / max(1, count - 1)
    return [looks[len(looks) - 1 - round(index * step)] for index in reversed(range(count))]
