"""When a look is due, and whether keyframes come often enough to give it."""

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Final

__all__ = ["KeyframeWatch", "LookSchedule"]

_ROUNDING_S: Final = 1e-3
_KEY_EARLY_SHARE: Final = 0.05
_LATE_SHARE: Final = 1.05
_GAPS_KEPT: Final = 8
_GAPS_TO_TRUST: Final = 5


@dataclass(frozen=True, slots=True)
class LookSchedule:
    """Looks are due at the multiples of `every_s`, so that a late one shifts no other.

    Args:
        every_s: Distance of looks, seconds.
        next_s: Media time at which the next look is due.
    """

    every_s: float
    next_s: float = 0.0

    def is_due(self, time_s: float, *, keyframe: bool = False) -> bool:
        """Whether a picture of this time is the next look.

        A keyframe may come early by a twentieth: with keyframes every 9.9 s and a look every
        10 s, waiting for the next would halve the cadence.
        """
        early_s = self._early_s if keyframe else 0.0
        return time_s >= self.next_s - early_s - _ROUNDING_S

    def after(self, time_s: float) -> "LookSchedule":
        """The schedule once a picture of this time was taken."""
        passed = math.floor((time_s + self._early_s + _ROUNDING_S) / self.every_s)
        return replace(self, next_s=(passed + 1) * self.every_s)

    def stretched(self, every_s: float, now_s: float) -> "LookSchedule":
        """The schedule with another distance of looks from now on."""
        return LookSchedule(every_s, math.ceil(now_s / every_s) * every_s)

    @property
    def _early_s(self) -> float:
        return self.every_s * _KEY_EARLY_SHARE


class KeyframeWatch:
    """Measures the distance of real keyframes while a stream runs."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=_GAPS_KEPT)
        self._last_key_s: float | None = None
        self._first_s: float | None = None

    def note(self, time_s: float, *, is_keyframe: bool) -> None:
        """Take one packet's media time into account."""
        if self._first_s is None:
            self._first_s = time_s
        if not is_keyframe:
            return
        if self._last_key_s is not None:
            self._gaps.append(max(0.0, time_s - self._last_key_s))
        self._last_key_s = time_s

    @property
    def interval_s(self) -> float | None:
        """Largest of the last eight distances; None before the second keyframe."""
        return max(self._gaps, default=None)

    def open_gap_s(self, time_s: float) -> float:
        """Seconds since the last keyframe, or since the start where there was none."""
        since = self._last_key_s if self._last_key_s is not None else self._first_s
        return 0.0 if since is None else max(0.0, time_s - since)

    def is_too_long(self, time_s: float, limit_s: float) -> bool:
        """Whether the running distance already exceeds the limit by more than a twentieth."""
        return self.open_gap_s(time_s) > limit_s * _LATE_SHARE

    def is_trusted(self, limit_s: float) -> bool:
        """Whether the last five distances were all within the limit."""
        recent = list(self._gaps)[-_GAPS_TO_TRUST:]
        return len(recent) == _GAPS_TO_TRUST and max(recent) <= limit_s * _LATE_SHARE
