"""Months of evaluation: when they begin and end, and until when a late entry still counts."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["GRACE_DAYS", "Month", "month_at", "month_named"]

GRACE_DAYS = 3
"""What was entered later than this after a month's end changes nothing in that month's figures any more."""
_NAME = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True, slots=True)
class Month:
    """A month on the district's clock; milliseconds since 1970.

    Args:
        name: Such as 2026-11.
        start_ms: Its first moment.
        end_ms: The first moment after it.
        cutoff_ms: The first moment whose entries no longer count.
    """

    name: str
    start_ms: int
    end_ms: int
    cutoff_ms: int

    def holds(self, at_ms: int | None) -> bool:
        """Whether a moment lies in it."""
        return at_ms is not None and self.start_ms <= at_ms < self.end_ms


def month_named(name: str, time_zone: str) -> Month:
    """The month of a name such as 2026-11.

    Raises:
        ValueError: It is no such name.
    """
    matched = _NAME.match(name)
    if matched is None or not 1970 < int(matched.group(1)) < 2200:
        raise ValueError("a month is written 2026-11")
    year, number = int(matched.group(1)), int(matched.group(2))
    zone = ZoneInfo(time_zone)
    start = datetime(year, number, 1, tzinfo=zone)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    cutoff = end + timedelta(days=GRACE_DAYS)
    return Month(name, *(round(at.timestamp() * 1000) for at in (start, end, cutoff)))


def month_at(at: datetime, time_zone: str) -> Month:
    """The month that a moment lies in."""
    return month_named(f"{at.astimezone(ZoneInfo(time_zone)):%Y-%m}", time_zone)
