"""Time as limits count it: when it runs, how much has run, and when so much will have run.

Each unit of a limit is a pace at which the clock runs over spans of real time: an hour of work runs at one
per hour inside the hours of work, a working day at one per that day's work, a calendar day at one per that
day from midnight to midnight, whether it has 23, 24 or 25 hours. So time adds up exactly (fractions, no
floats) and never runs backwards, also on days on which the clock is changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from contracts.responsibility import LimitUnit, WorkCalendar
from contracts.site import Weekday

__all__ = ["NeverWorks", "Span", "advance", "is_working_day", "run_between"]

_WEEK = list(Weekday)
_MICROSECOND = timedelta(microseconds=1)
_HOUR_US = 3_600_000_000
LONGEST_DAYS = 40 * 366
"""A limit has at most 3650 of its unit; with one working day a week that is seventy years of calendar."""
MOST_DAYS_AHEAD = 7 * 3660 + LONGEST_DAYS


class NeverWorks(Exception):
    """The calendar has no working time ahead, so that the limit never ends."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of real time; `end` None: it goes on."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """A stretch in which the clock runs: microseconds since 1970, and how many make one of the unit."""

    start_us: int
    end_us: int
    us_per_unit: int


def is_working_day(day: date, calendar: WorkCalendar) -> bool:
    """Whether units work on a day: holidays come before weekdays, extra working days before both."""
    if day in calendar.extra_working_days:
        return True
    return day not in calendar.holidays and _WEEK[day.weekday()] in calendar.working_days


def run_between(
    unit: LimitUnit,
    start: datetime,
    end: datetime,
    calendar: WorkCalendar,
    pauses: tuple[Span, ...] = (),
) -> Fraction:
    """How much of a unit runs between two moments; 0 where `end` is not later.

    Args:
        unit: What is counted.
        start: Aware time.
        end: Aware time.
        calendar: When units work.
        pauses: Stretches in which nothing runs.
    """
    total, end_us = Fraction(0), to_us(end)
    for run in _runs(unit, to_us(start), calendar, pauses):
        if run.start_us >= end_us:
            break
        total += Fraction(min(run.end_us, end_us) - run.start_us, run.us_per_unit)
    return total


def advance(
    unit: LimitUnit,
    start: datetime,
    amount: Fraction,
    calendar: WorkCalendar,
    pauses: tuple[Span, ...] = (),
) -> datetime | None:
    """The first moment at which so much has run since `start`, UTC; None where a pause has no end yet.

    Raises:
        NeverWorks: The calendar has no working time ahead.
    """
    left = amount
    if left <= 0:
        return start.astimezone(UTC)
    reached_us = to_us(start)
    for run in _runs(unit, reached_us, calendar, pauses):
        reached_us = run.end_us
        length = Fraction(run.end_us - run.start_us, run.us_per_unit)
        if length >= left:
            return from_us(run.start_us + _up(left * run.us_per_unit))
        left -= length
    if any(pause.end is None for pause in pauses):
        return None
    raise NeverWorks("the calendar has no working time ahead: look at its working days and holidays")


def to_us(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The aware UTC time of microseconds since 1970."""
    return _EPOCH + us * _MICROSECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _up(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _runs(unit: LimitUnit, from_us_: int, calendar: WorkCalendar, pauses: tuple[Span, ...]) -> Iterator[_Run]:
    """Stretches in which the clock runs from a moment on, in order, pauses cut out."""
    stops = sorted((to_us(pause.start), None if pause.end is None else to_us(pause.end)) for pause in pauses)
    for run in _unbroken(unit, from_us_, calendar):
        left = run
        for start_us, end_us in stops:
            if start_us >= left.end_us:
                break
            if start_us > left.start_us:
                yield _Run(left.start_us, start_us, left.us_per_unit)
            if end_us is None:
                return
            left = _Run(max(left.start_us, min(end_us, left.end_us)), left.end_us, left.us_per_unit)
        if left.start_us < left.end_us:
            yield left


def _unbroken(unit: LimitUnit, from_us_: int, calendar: WorkCalendar) -> Iterator[_Run]:
    first = from_us(from_us_).astimezone(_zone(calendar.time_zone)).date()
    for ahead in range(MOST_DAYS_AHEAD):
        try:
            runs = _day_runs(unit, first + timedelta(days=ahead), _Frozen.of(calendar))
        except OverflowError:
            return
        for run in runs:
            if run.end_us > from_us_:
                yield _Run(max(run.start_us, from_us_), run.end_us, run.us_per_unit)


@dataclass(frozen=True, slots=True)
class _Frozen:
    """What of a calendar decides about a day, as a key of a cache."""

    time_zone: str
    working: frozenset[str]
    hours: tuple[tuple[str, str], ...]
    holidays: frozenset[date]
    extra: frozenset[date]

    @staticmethod
    def of(calendar: WorkCalendar) -> "_Frozen":
        """The key of a calendar."""
        return _Frozen(
            calendar.time_zone,
            frozenset(calendar.working_days),
            tuple((hours.start, hours.end) for hours in calendar.hours),
            frozenset(calendar.holidays),
            frozenset(calendar.extra_working_days),
        )

    def works_on(self, day: date) -> bool:
        return day in self.extra or (day not in self.holidays and _WEEK[day.weekday()] in self.working)


@lru_cache(maxsize=8192)
def _day_runs(unit: LimitUnit, day: date, calendar: _Frozen) -> tuple[_Run, ...]:
    """The stretches of one local day."""
    zone = _zone(calendar.time_zone)
    if unit in (LimitUnit.URGENT_HOUR, LimitUnit.NATURAL_DAY):
        start_us, end_us = _clock_us(day, "00:00", zone), _clock_us(day, "24:00", zone)
        if start_us >= end_us:  # a day that a move over the date line left out
            return ()
        return (_Run(start_us, end_us, _HOUR_US if unit is LimitUnit.URGENT_HOUR else end_us - start_us),)
    if not calendar.works_on(day):
        return ()
    spans: list[tuple[int, int]] = []
    for start, end in calendar.hours:
        # Where the clock leaps forward two spans may meet: no moment counts twice.
        begin_us = max(_clock_us(day, start, zone), spans[-1][1] if spans else 0)
        if begin_us < _clock_us(day, end, zone):
            spans.append((begin_us, _clock_us(day, end, zone)))
    whole_us = sum(end_us - start_us for start_us, end_us in spans)
    per_unit = _HOUR_US if unit is LimitUnit.WORK_HOUR else whole_us
    return tuple(_Run(start_us, end_us, per_unit) for start_us, end_us in spans)


def _clock_us(day: date, clock: str, zone: ZoneInfo) -> int:
    """The moment of a local clock time: of two the first; one left out, by the clock before the change."""
    hour, minute = int(clock[:2]), int(clock[3:])
    if hour == 24:
        day, hour = day + timedelta(days=1), 0
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
    return to_us(local.astimezone(UTC))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
