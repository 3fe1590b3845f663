"""Reading a stream that arrives in bursts about as fast as it was filmed."""

import time
from collections.abc import Callable
from typing import Final

__all__ = ["EvenReading"]

_FASTER: Final = 1.1
"""So much faster than filmed: what lies behind is caught up, and a burst is still spread out."""
_LONGEST_STEP_S: Final = 2.0
"""Between two packets, more is a hole in the stream and no reason to wait."""


class EvenReading:
    """Tells how long to wait before the next packet, so that looks do not come several at once.

    Without it a segment of ten seconds with a look every second would give ten looks in one moment:
    all with nearly the same capture time, and most of them replaced before they are handled.

    Args:
        monotonic: A clock that is never set, seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._began_s = monotonic()
        self._began_media_s = 0.0
        self._last_media_s = 0.0

    def wait_s(self, media_s: float) -> float:
        """Seconds to wait once the packet of this media time has been read; 0 where reading is behind."""
        now_s = self._monotonic()
        due_s = self._began_s + (media_s - self._began_media_s) / _FASTER
        is_hole = abs(media_s - self._last_media_s) > _LONGEST_STEP_S
        self._last_media_s = media_s
        if is_hole or due_s <= now_s:
            self._began_s, self._began_media_s = now_s, media_s
            return 0.0
        return due_s - now_s
