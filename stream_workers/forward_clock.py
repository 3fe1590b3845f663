"""Capture times that only go forward, whatever is done to the wall clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

__all__ = ["Dated", "ForwardClock"]

JUMP_S: Final = 5.0
"""Less is a correction of the clock, or the difference between the camera's clock and ours."""
CATCH_UP: Final = 0.5
"""Pace of the told time while the clock, set back, comes after it: dwell at most doubles."""


@dataclass(frozen=True, slots=True)
class Dated:
    """The capture time of a look.

    Args:
        at: After that of the look before.
        jumped_s: By how much the wall clock was set since then; 0 where it was not.
        ahead_s: By how much `at` is later than the clock says, after it was set back.
    """

    at: datetime
    jumped_s: float
    ahead_s: float


class ForwardClock:
    """Dates the looks of one view.

    Args:
        last_at: Capture time of the last committed look, or None.
        wall: The wall clock, POSIX seconds.
        monotonic: A clock that is never set, seconds.
    """

    def __init__(
        self,
        last_at: datetime | None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._last_at = last_at
        self._wall = wall
        self._monotonic = monotonic
        self._offset_s = wall() - monotonic()
        self._anchor: tuple[datetime, float] | None = None

    def date(self, captured_at: datetime) -> Dated:
        """The look's capture time, moved behind the last one's where the clock was set back."""
        now_s = self._monotonic()
        offset_s = self._wall() - now_s
        jumped_s, self._offset_s = offset_s - self._offset_s, offset_s
        at = captured_at
        if self._last_at is not None and captured_at <= self._last_at and self._anchor is None:
            self._anchor = (self._last_at, now_s)
        if self._anchor is not None:
            told, since_s = self._anchor
            floor = told + timedelta(seconds=CATCH_UP * (now_s - since_s), milliseconds=1)
            if captured_at > floor:
                self._anchor = None
            else:
                at = floor
        if self._last_at is not None and at <= self._last_at:
            at = self._last_at + timedelta(milliseconds=1)
        self._last_at = at
        return Dated(
            at,
            jumped_s if abs(jumped_s) >= JUMP_S else 0.0,
            (at - captured_at).total_seconds(),
        )
