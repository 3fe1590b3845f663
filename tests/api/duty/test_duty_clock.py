"""When a limit has run out, and the laws that hold whatever calendar, limit and pauses there are."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from api.duty.calendar import NeverWorks, Span, advance, is_working_day, run_between
from api.duty.clock import CaseClock, Colour, colour_at, due_at, moment_at
from contracts.responsibility import Limit, LimitUnit, WorkCalendar
from contracts.site import Weekday
from tests.support.duty_calendar import make_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
CALENDAR = make_calendar()


def local(day: str, clock: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00").replace(tzinfo=zone)


def due(
    value: float, unit: str, start: datetime, calendar: WorkCalendar = CALENDAR, *pauses: Span
) -> datetime:
    found = due_at(Limit(value=value, unit=LimitUnit(unit)), start, calendar, pauses)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "unit", "start", "ends"),
    [
        # Wednesday, 25 November 2026.
        (2, "urgent_hour", ("2026-11-25", "23:00"), ("2026-11-26", "01:00")),
        (4, "work_hour", ("2026-11-25", "10:00"), ("2026-11-25", "15:00")),  # over the noon break
        (4, "work_hour", ("2026-11-25", "16:00"), ("2026-11-26", "11:00")),  # over the night
        (4, "work_hour", ("2026-11-25", "03:00"), ("2026-11-25", "14:00")),  # begins when work begins
        (1, "work_day", ("2026-11-25", "10:00"), ("2026-11-26", "10:00")),
        (2, "work_day", ("2026-11-27", "17:00"), ("2026-12-01", "17:00")),  # over a weekend
        (1, "work_day", ("2026-09-30", "10:00"), ("2026-10-05", "10:00")),  # over holidays and weekend
        (1, "work_day", ("2026-10-09", "10:00"), ("2026-10-10", "10:00")),  # onto a working Saturday
        (0.5, "work_day", ("2026-11-25", "09:00"), ("2026-11-25", "14:00")),
        (1, "natural_day", ("2026-11-27", "17:30"), ("2026-11-28", "17:30")),
        (8, "work_hour", ("2026-11-25", "09:00"), ("2026-11-25", "18:00")),  # ends with the day, not the next
    ],
)
def test_a_limit_ends_where_its_unit_says(
    value: float, unit: str, start: tuple[str, str], ends: tuple[str, str]
) -> None:
    assert due(value, unit, local(*start)) == local(*ends)


def test_hours_of_urgency_do_not_care_about_a_changed_clock_but_days_of_the_calendar_do() -> None:
    calendar = make_calendar("America/New_York")
    # 8 March 2026 has 23 hours there, 1 November has 25.
    noon = local("2026-03-07", "12:00", NEW_YORK)
    assert due(24, "urgent_hour", noon, calendar) == local("2026-03-08", "13:00", NEW_YORK)
    midnight = local("2026-03-08", "00:00", NEW_YORK)
    assert due(1, "natural_day", midnight, calendar) == local("2026-03-09", "00:00", NEW_YORK)
    midnight = local("2026-11-01", "00:00", NEW_YORK)
    assert due(1, "natural_day", midnight, calendar) == local("2026-11-02", "00:00", NEW_YORK)


def test_work_in_the_hour_that_a_changed_clock_leaves_out_is_no_work_twice() -> None:
    night = make_calendar(
        "America/New_York",
        working_days=list(Weekday),
        hours=[{"start": "01:00", "end": "02:30"}, {"start": "02:30", "end": "05:00"}],
    )
    start, end = local("2026-03-08", "00:00", NEW_YORK), local("2026-03-08", "12:00", NEW_YORK)
    assert run_between(LimitUnit.WORK_HOUR, start, end, night) == 3  # 01 to 05 with one hour left out
    start, end = local("2026-11-01", "00:00", NEW_YORK), local("2026-11-01", "12:00", NEW_YORK)
    assert run_between(LimitUnit.WORK_HOUR, start, end, night) == 5


def test_extra_working_days_come_before_holidays_and_these_before_weekdays() -> None:
    assert is_working_day(date(2026, 10, 10), CALENDAR)
    assert not is_working_day(date(2026, 10, 1), CALENDAR)
    assert not is_working_day(date(2026, 11, 28), CALENDAR)


def test_a_calendar_without_work_ahead_is_an_error_and_no_endless_search() -> None:
    calendar = make_calendar(working_days=[Weekday.MON], hours=[{"start": "09:00", "end": "09:00"}])
    with pytest.raises(NeverWorks, match="working time"):
        due(1, "work_hour", local("2026-11-25", "10:00"), calendar)


def test_a_paused_clock_keeps_what_is_left() -> None:
    start = local("2026-11-25", "10:00")
    clock = CaseClock(start, Limit(value=4, unit=LimitUnit.WORK_HOUR)).suspended(local("2026-11-25", "11:00"))
    assert moment_at(clock, 1.0, CALENDAR) is None
    resumed = clock.resumed(local("2026-12-01", "09:00"))
    assert moment_at(resumed, 1.0, CALENDAR) == local("2026-12-01", "12:00")
    assert clock.suspended(local("2026-11-30", "09:00")) == clock
    assert resumed.resumed(local("2026-12-05", "09:00")) == resumed


def test_a_pause_after_the_limit_has_run_out_changes_nothing() -> None:
    start = local("2026-11-25", "10:00")
    pause = Span(local("2026-11-25", "16:00"))
    assert due(4, "work_hour", start, CALENDAR, pause) == local("2026-11-25", "15:00")


def test_an_extension_runs_after_what_was_there_in_its_own_unit() -> None:
    clock = CaseClock(local("2026-11-25", "10:00"), Limit(value=4, unit=LimitUnit.WORK_HOUR))
    longer = clock.extended(Limit(value=1, unit=LimitUnit.NATURAL_DAY))
    assert moment_at(longer, 1.0, CALENDAR) == local("2026-11-26", "15:00")
    assert colour_at(longer, local("2026-11-26", "08:59"), CALENDAR) is Colour.GREEN
    assert colour_at(longer, local("2026-11-26", "09:00"), CALENDAR) is Colour.YELLOW


def test_green_turns_yellow_at_the_share_and_red_after_the_due_time() -> None:
    clock = CaseClock(local("2026-11-25", "10:00"), Limit(value=4, unit=LimitUnit.URGENT_HOUR))
    told = {
        clock_time: colour_at(clock, local("2026-11-25", clock_time), CALENDAR)
        for clock_time in ("12:59", "13:00", "14:00", "14:01")
    }
    assert told == {
        "12:59": Colour.GREEN,
        "13:00": Colour.YELLOW,
        "14:00": Colour.YELLOW,
        "14:01": Colour.RED,
    }
    assert moment_at(clock, 1.5, CALENDAR) == local("2026-11-25", "16:00")


ZONES = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"])
CLOCKS = st.integers(0, 23 * 4).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")


@st.composite
def calendars(draw: st.DrawFn) -> WorkCalendar:
    edges = sorted(draw(st.lists(CLOCKS, min_size=2, max_size=4, unique=True)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    return make_calendar(
        draw(ZONES),
        hours=[{"start": start, "end": end} for start, end in pairs],
        working_days=draw(st.lists(st.sampled_from(list(Weekday)), min_size=1, unique=True)),
        holidays=draw(st.lists(st.dates(date(2026, 2, 25), date(2026, 4, 5)), max_size=8)),
        extra_working_days=draw(st.lists(st.dates(date(2026, 2, 25), date(2026, 4, 5)), max_size=4)),
    )


MOMENTS = st.integers(0, 40 * 24 * 60).map(
    lambda minutes: datetime(2026, 2, 25, tzinfo=UTC) + timedelta(minutes=minutes)
)
UNITS = st.sampled_from(list(LimitUnit))
LIMITS = st.builds(
    lambda value, unit: Limit(value=value, unit=unit), st.sampled_from([0.25, 1, 2.5, 7]), UNITS
)


@settings(deadline=None)
@given(calendars(), UNITS, st.lists(MOMENTS, min_size=3, max_size=3))
def test_time_adds_up(calendar: WorkCalendar, unit: LimitUnit, moments: list[datetime]) -> None:
    first, middle, last = sorted(moments)
    parts = run_between(unit, first, middle, calendar) + run_between(unit, middle, last, calendar)
    assert parts == run_between(unit, first, last, calendar)


@settings(deadline=None)
@given(calendars(), LIMITS, st.lists(MOMENTS, min_size=2, max_size=2))
def test_who_starts_later_is_not_due_earlier(
    calendar: WorkCalendar, limit: Limit, moments: list[datetime]
) -> None:
    first, last = sorted(moments)
    early, late = due_at(limit, first, calendar), due_at(limit, last, calendar)
    assert early is not None
    assert late is not None
    assert first <= early <= late


@settings(deadline=None)
@given(calendars(), LIMITS, MOMENTS)
def test_exactly_the_limit_runs_until_it_is_due(
    calendar: WorkCalendar, limit: Limit, start: datetime
) -> None:
    end = due_at(limit, start, calendar)
    assert end is not None
    run = run_between(limit.unit, start, end, calendar)
    # Rounded up to a microsecond, of which an hour has 3.6e9.
    assert Fraction(str(limit.value)) <= run <= Fraction(str(limit.value)) + Fraction(1, 10**8)


@settings(deadline=None)
@given(calendars(), LIMITS, MOMENTS, st.integers(0, 5000), st.integers(0, 20000))
def test_a_pause_shifts_the_due_time_by_exactly_what_would_have_run(
    calendar: WorkCalendar, limit: Limit, start: datetime, until: int, lasts: int
) -> None:
    stop = start + timedelta(minutes=until)
    plain = due_at(limit, start, calendar)
    assert plain is not None
    assume(stop < plain)
    go_on = stop + timedelta(minutes=lasts)
    paused = due_at(limit, start, calendar, (Span(stop, go_on),))
    left = Fraction(str(limit.value)) - run_between(limit.unit, start, stop, calendar)
    assert paused == advance(limit.unit, go_on, left, calendar)
    assert paused is not None
    assert paused >= plain
    assert due_at(limit, start, calendar, (Span(stop),)) is None


@settings(deadline=None)
@given(calendars(), LIMITS, MOMENTS, LIMITS)
def test_an_extension_never_makes_a_case_due_earlier(
    calendar: WorkCalendar, limit: Limit, start: datetime, by: Limit
) -> None:
    clock = CaseClock(start, limit)
    before, after = moment_at(clock, 1.0, calendar), moment_at(clock.extended(by), 1.0, calendar)
    assert before is not None
    assert after is not None
    assert after > before


@settings(deadline=None)
@given(calendars(), LIMITS, st.lists(MOMENTS, min_size=3, max_size=3))
def test_a_clock_never_turns_back_from_red_to_green(
    calendar: WorkCalendar, limit: Limit, moments: list[datetime]
) -> None:
    start, early, late = sorted(moments)
    order = [Colour.GREEN, Colour.YELLOW, Colour.RED]
    shown = [order.index(colour_at(CaseClock(start, limit), at, calendar)) for at in (early, late)]
    assert shown == sorted(shown)
