"""Times as the database keeps them: whole milliseconds since 1970 in UTC."""

import time
from datetime import UTC, datetime, timedelta

__all__ = ["from_ms", "now_ms", "to_ms"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time, rounded down."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC time of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)


def now_ms() -> int:
    """The present time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
