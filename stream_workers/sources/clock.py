"""Media time: seconds since the first picture, whatever the timestamps do.

The rule for broken timestamps: a missing one is one picture after the last; where they jump
back by more than a second, or ahead by more than `max_gap_s`, time goes on one picture after
the last and all following timestamps are counted from there. A timestamp that stands still is
taken as missing. The first timestamp after missing ones goes on likewise and is no jump.
"""

from fractions import Fraction
from typing import Final

__all__ = ["MediaClock"]

_BACK_TOLERANCE_S: Final = 1.0
_MAX_REORDER_S: Final = 10.0
_STANDING_PACKETS: Final = 8
"""Packets of one timestamp (slices of one picture) before it is held for a clock that stands still."""


class MediaClock:
    """Turns the timestamps of packets, in the order of arrival, into media time.

    Args:
        time_base: Seconds per tick of the timestamps.
        frame_s: Usual distance of pictures in seconds.
        max_gap_s: Longest pause that is believed.
    """

    def __init__(self, time_base: Fraction, frame_s: float, max_gap_s: float) -> None:
        # Fractions are exact and a hundred times slower; ticks times a float is good to a nanosecond.
        self._tick_s = float(time_base)
        self._frame_s = frame_s
        self._max_gap_s = max_gap_s
        self._shift_s = 0.0
        self._last_s: float | None = None
        self._origin_s: float | None = None
        self._seen_s: float | None = None
        self._standing = 0
        self._has_stamps = False
        self.jumps = 0
        self.is_streams_own = True
        """Whether the latest timestamp counts on from the stream's first, without a jump between."""

    @property
    def now_s(self) -> float:
        """Time of the latest packet in decoding order; 0 before the first."""
        return max(0.0, (self._last_s or 0.0) - (self._origin_s or 0.0))

    def stamp(self, pts: int | None, dts: int | None) -> float:
        """Media time at which this packet's picture is shown, seconds, never negative."""
        ticks = pts if dts is None else dts
        self.is_streams_own = False
        if ticks is None:
            decode_s = self._next_s()
        else:
            decode_s = ticks * self._tick_s + self._shift_s
            self._standing = self._standing + 1 if decode_s == self._seen_s else 0
            self._seen_s = decode_s
            if self._standing > _STANDING_PACKETS:
                decode_s = self._next_s()
            else:
                if self._last_s is not None and not self._believes(decode_s, self._last_s):
                    self._shift_s += self._next_s() - decode_s
                    decode_s = self._next_s()
                    self.jumps += self._has_stamps
                self.is_streams_own = self.jumps == 0
            self._has_stamps = True
        reorder_s = 0.0
        if pts is not None and dts is not None:
            reorder_s = (pts - dts) * self._tick_s
            if not 0.0 <= reorder_s <= _MAX_REORDER_S:
                reorder_s = 0.0
        self._last_s = decode_s if self._last_s is None else max(decode_s, self._last_s)
        shown_s = decode_s + reorder_s
        if self._origin_s is None:
            self._origin_s = shown_s
        return max(0.0, shown_s - self._origin_s)

    def _believes(self, decode_s: float, last_s: float) -> bool:
        return self._has_stamps and last_s - _BACK_TOLERANCE_S <= decode_s <= last_s + self._max_gap_s

    def _next_s(self) -> float:
        return 0.0 if self._last_s is None else self._last_s + self._frame_s
