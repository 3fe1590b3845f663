"""When a schedule is open: hours by weekday in the site's time zone, holidays, hours over midnight."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.site import OpenHours, Schedule, Weekday

__all__ = ["describe", "is_open", "opens_ever", "seconds_since_open"]

_DAYS = list(Weekday)
_LOOK_BACK_DAYS = 2


def is_open(schedule: Schedule, at: datetime, time_zone: str, holidays: Iterable[date] = ()) -> bool:
    """Whether the schedule holds at a time.

    Hours that run over midnight belong to the day on which they start.

    Args:
        schedule: The schedule.
        at: An aware time.
        time_zone: IANA name; hours are read on the clock of that place.
        holidays: Days on which `on_holidays` decides.
    """
    free = frozenset(holidays)
    local = at.astimezone(ZoneInfo(time_zone))
    return any(
        start <= local.replace(tzinfo=None) < end
        for day in (local.date(), local.date() - timedelta(days=1))
        for start, end in _spans(schedule, day, free)
    )


def seconds_since_open(
    schedule: Schedule, at: datetime, time_zone: str, holidays: Iterable[date] = ()
) -> float | None:
    """Seconds since the schedule last closed: 0 while it is open, None where it was not open for two days."""
    free = frozenset(holidays)
    local = at.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    best: float | None = None
    for back in range(_LOOK_BACK_DAYS + 1):
        for start, end in _spans(schedule, local.date() - timedelta(days=back), free):
            if start <= local:
                passed = max(0.0, (local - end).total_seconds())
                best = passed if best is None else min(best, passed)
    return best


def opens_ever(schedule: Schedule) -> bool:
    """Whether there is any time at which the schedule is open."""
    return any(_minutes(hours.start) != _minutes(hours.end) for hours in schedule.hours)


def describe(schedule: Schedule) -> str:
    """The hours in words, such as `18:00-22:00 mon-fri`."""
    return ", ".join(f"{hours.start}-{hours.end}{_days(hours)}" for hours in schedule.hours)


def _spans(schedule: Schedule, day: date, holidays: frozenset[date]) -> list[tuple[datetime, datetime]]:
    """Open spans that start on a day, as local clock times."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a local clock time, compared with its like
    if day in holidays and schedule.on_holidays != "same":
        return [(midnight, midnight + timedelta(days=1))] if schedule.on_holidays == "open" else []
    spans = []
    for hours in schedule.hours:
        if _DAYS[day.weekday()] not in hours.days:
            continue
        start, end = _minutes(hours.start), _minutes(hours.end)
        if end < start:
            end += 24 * 60
        spans.append((midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)))
    return spans


def _minutes(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _days(hours: OpenHours) -> str:
    """The days of some hours: nothing for all, a range where they run on, else a list."""
    indices = sorted({_DAYS.index(day) for day in hours.days})
    if len(indices) == len(_DAYS):
        return ""
    if len(indices) > 2 and indices == list(range(indices[0], indices[-1] + 1)):
        return f" {_DAYS[indices[0]]}-{_DAYS[indices[-1]]}"
    return " " + ",".join(_DAYS[index] for index in indices)
