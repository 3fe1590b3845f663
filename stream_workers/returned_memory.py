"""Giving freed pictures back to the system at once.

glibc keeps what many threads have freed, in an arena each: with 20 cameras that was 36 MB a camera
instead of 19 (`streetkeeper bench density --rtsp 20`, 2026-11-24).
"""

import ctypes
import logging

__all__ = ["return_freed_memory"]

LOG = logging.getLogger(__name__)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Parameters of mallopt(3)."""
BIG_BYTES = 1_000_000
"""From this size on, a buffer is mapped by itself and goes back when it is freed: planes of a look do."""
ARENAS = 2


def return_freed_memory() -> bool:
    """Set the C library's allocator so; to be called before threads start. False where it is not glibc."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        LOG.info("allocator_left_as_it_is")
        return False
    settings = ((M_ARENA_MAX, ARENAS), (M_MMAP_THRESHOLD, BIG_BYTES), (M_TRIM_THRESHOLD, BIG_BYTES))
    taken = [mallopt(name, value) for name, value in settings]
    return taken == [1] * len(settings)
