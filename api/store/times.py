"""Times as the database keeps them: whole milliseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta

__all__ = ["from_ms", "to_ms"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970 of an aware time, rounded down."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The aware UTC time of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)
