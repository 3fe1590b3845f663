"""Reading a live stream by the batch: a rest while packets gather in the kernel, then all of them at once."""

import math
import time
from collections.abc import Callable
from typing import Final

__all__ = ["BatchedReading"]

_LONGEST_REST_S: Final = 0.5
_MOST_WAITING_BYTES: Final = 256 * 1024
"""So much may gather in the kernel: more could fill the socket, and a camera would drop pictures."""
_WAITED_S: Final = 0.004
"""A read that took longer waited for the camera: all that had come before is read."""
_MOST_BEHIND_S: Final = 0.25
"""Further behind the camera it does not rest, whatever a read took: on a busy machine every read may look as
if it had waited."""
_STOCK_EVERY_S: Final = 60.0
_STOCK_S: Final = 1.0
"""So long it does not rest, and learns anew how late a packet is that was read at once: clocks drift apart,
and a network may become slower."""
_LONGEST_STEP_S: Final = 0.5
"""Between two packets, more is a hole or a jump in the stream's time."""
_SMOOTHING: Final = 0.05


class BatchedReading:
    """Tells how long to rest after each packet.

    A 1080p camera at 4 Mb/s sends some 370 RTP packets a second. On an idle machine libav is woken for
    every one of them, and the waking costs more than all the rest of watching. After a rest the packets
    lie ready and are read without waking: half the CPU time, for looks at most half a second later.

    Args:
        monotonic: A clock that is never set, seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._asked_s = monotonic()
        self._media_s: float | None = None
        self._stock_from_s = -math.inf
        self._least_delay_s = math.inf
        self._bytes_per_s = 0.0

    def rest_s(self, media_s: float, size: int) -> float:
        """Seconds to rest once a packet has been read; 0 where more may lie ready.

        Args:
            media_s: The packet's media time.
            size: Its bytes.
        """
        now_s = self._monotonic()
        delay_s = now_s - media_s
        step_s = math.inf if self._media_s is None else media_s - self._media_s
        self._media_s = media_s
        if now_s - self._stock_from_s > _STOCK_EVERY_S or not 0.0 <= step_s <= _LONGEST_STEP_S:
            self._stock_from_s, self._least_delay_s = now_s, math.inf
        elif step_s > 0.0:
            self._bytes_per_s += _SMOOTHING * (size / step_s - self._bytes_per_s)
        self._least_delay_s = min(delay_s, self._least_delay_s)
        takes_stock = now_s - self._stock_from_s < _STOCK_S
        is_behind = delay_s - self._least_delay_s > _MOST_BEHIND_S
        if takes_stock or is_behind or now_s - self._asked_s < _WAITED_S:
            return 0.0
        return min(_LONGEST_REST_S, _MOST_WAITING_BYTES / max(1.0, self._bytes_per_s))

    def ask(self) -> None:
        """The next packet is asked for now."""
        self._asked_s = self._monotonic()
