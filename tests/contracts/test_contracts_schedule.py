"""When a schedule is open: midnight, the end of the day, holidays, and clocks that are put forward."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.schedule import describe, is_open, opens_ever, seconds_since_open
from contracts.site import OpenHours, Schedule, Weekday

SHANGHAI = "Asia/Shanghai"
EVERY_DAY = list(Weekday)
CLOCKS = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.builds(
    lambda days, start, end: OpenHours(days=days, start=start, end=end),
    st.lists(st.sampled_from(EVERY_DAY), min_size=1, max_size=7, unique=True),
    CLOCKS,
    CLOCKS,
)
SCHEDULES = st.builds(
    lambda hours, free: Schedule(id="s", hours=hours, on_holidays=free),
    st.lists(SPANS, min_size=1, max_size=3),
    st.sampled_from(["same", "closed", "open"]),
)


def hours(start: str, end: str, days: list[Weekday] | None = None, on_holidays: str = "same") -> Schedule:
    return Schedule.model_validate(
        {
            "id": "s",
            "hours": [{"start": start, "end": end, "days": days or EVERY_DAY}],
            "on_holidays": on_holidays,
        }
    )


def at(text: str, zone: str = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("17:59:59", False), ("18:00:00", True), ("21:59:59", True), ("22:00:00", False)],
)
def test_the_first_second_belongs_to_it_and_the_last_does_not(clock: str, expected: bool) -> None:
    assert is_open(hours("18:00", "22:00"), at(f"2026-11-24T{clock}"), SHANGHAI) is expected


def test_hours_are_read_on_the_clock_of_the_site_and_not_of_the_camera() -> None:
    evening = hours("18:00", "22:00")
    moment = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
    assert is_open(evening, moment, SHANGHAI)
    assert not is_open(evening, moment, "Europe/Amsterdam")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27T22:29:00", False),  # Friday evening
        ("2026-11-27T22:30:00", True),
        ("2026-11-28T05:59:00", True),  # Saturday morning, still Friday's span
        ("2026-11-28T06:00:00", False),
        ("2026-11-28T23:00:00", False),  # Saturday evening: no span starts
        ("2026-11-27T03:00:00", False),  # Friday morning: Thursday has none
    ],
)
def test_a_span_over_midnight_belongs_to_the_day_it_starts_on(moment: str, expected: bool) -> None:
    assert is_open(hours("22:30", "06:00", [Weekday.FRI]), at(moment), SHANGHAI) is expected


def test_twenty_four_hundred_is_the_end_of_the_day() -> None:
    late = hours("20:00", "24:00", [Weekday.TUE])
    assert is_open(late, at("2026-11-24T23:59:59"), SHANGHAI)
    assert not is_open(late, at("2026-11-25T00:00:00"), SHANGHAI)
    whole = hours("00:00", "24:00", [Weekday.TUE])
    assert is_open(whole, at("2026-11-24T00:00:00"), SHANGHAI)
    assert not is_open(whole, at("2026-11-25T00:00:00"), SHANGHAI)


@pytest.mark.parametrize(("rule", "at_night", "at_noon"), [("closed", False, False), ("open", True, True)])
def test_holidays_close_or_open_the_whole_day(rule: str, at_night: bool, at_noon: bool) -> None:
    free = [date(2026, 10, 1)]
    noon_hours = hours("11:00", "13:00", on_holidays=rule)
    assert is_open(noon_hours, at("2026-10-01T03:00:00"), SHANGHAI, free) is at_night
    assert is_open(noon_hours, at("2026-10-01T12:00:00"), SHANGHAI, free) is at_noon
    assert is_open(noon_hours, at("2026-10-02T12:00:00"), SHANGHAI, free)
    assert not is_open(noon_hours, at("2026-10-02T03:00:00"), SHANGHAI, free)


def test_the_usual_hours_hold_on_holidays_where_the_site_says_nothing_else() -> None:
    free = [date(2026, 10, 1)]
    assert is_open(hours("11:00", "13:00"), at("2026-10-01T12:00:00"), SHANGHAI, free)


def test_a_night_that_began_before_the_holiday_runs_on_into_it() -> None:
    night = hours("22:00", "06:00", on_holidays="closed")
    free = [date(2026, 10, 1)]
    assert is_open(night, at("2026-10-01T05:00:00"), SHANGHAI, free)
    assert not is_open(night, at("2026-10-01T23:00:00"), SHANGHAI, free)
    assert not is_open(night, at("2026-10-02T05:00:00"), SHANGHAI, free)


def test_hours_follow_the_clock_on_the_wall_when_it_is_put_forward_and_back() -> None:
    zone = "Europe/Amsterdam"
    morning = hours("06:00", "09:00")
    for day in ("2026-03-29", "2026-10-25"):  # both changes
        assert not is_open(morning, at(f"{day}T05:59:00", zone), zone)
        assert is_open(morning, at(f"{day}T06:00:00", zone), zone)
        assert not is_open(morning, at(f"{day}T09:00:00", zone), zone)
    before, after = datetime(2026, 3, 28, 5, 30, tzinfo=UTC), datetime(2026, 3, 29, 4, 30, tzinfo=UTC)
    assert is_open(morning, before, zone)
    assert is_open(morning, after, zone)


def test_an_hour_that_the_clock_skips_is_simply_not_there() -> None:
    zone = "Europe/Amsterdam"
    skipped = hours("02:15", "02:45", [Weekday.SUN])
    start = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    seen = [is_open(skipped, start + timedelta(minutes=minute), zone) for minute in range(180)]
    assert not any(seen)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        ("2026-11-24T20:00:00", 0.0),
        ("2026-11-24T22:00:00", 0.0),
        ("2026-11-24T22:10:00", 600.0),
        ("2026-11-25T17:00:00", 19 * 3600.0),
    ],
)
def test_it_says_how_long_it_has_been_closed(moment: str, seconds: float) -> None:
    assert seconds_since_open(hours("18:00", "22:00"), at(moment), SHANGHAI) == seconds


def test_a_schedule_that_was_not_open_for_days_says_nothing() -> None:
    friday = hours("18:00", "22:00", [Weekday.FRI])
    assert seconds_since_open(friday, at("2026-12-03T12:00:00"), SHANGHAI) is None


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (EVERY_DAY, "18:00-22:00"),
        (EVERY_DAY[:5], "18:00-22:00 mon-fri"),
        ([Weekday.SAT, Weekday.SUN], "18:00-22:00 sat,sun"),
        ([Weekday.MON, Weekday.WED, Weekday.FRI], "18:00-22:00 mon,wed,fri"),
        ([Weekday.WED, Weekday.TUE, Weekday.MON], "18:00-22:00 mon-wed"),
        ([Weekday.TUE], "18:00-22:00 tue"),
    ],
)
def test_hours_are_described_in_words(days: list[Weekday], words: str) -> None:
    assert describe(hours("18:00", "22:00", days)) == words


def test_several_spans_are_described_one_after_the_other() -> None:
    both = Schedule(
        id="s",
        hours=[OpenHours(start="06:00", end="09:00"), OpenHours(start="17:00", end="20:00")],
    )
    assert describe(both) == "06:00-09:00, 17:00-20:00"


@given(SCHEDULES, TIMES)
def test_open_means_closed_for_no_time_at_all(schedule: Schedule, moment: datetime) -> None:
    if is_open(schedule, moment, SHANGHAI):
        assert seconds_since_open(schedule, moment, SHANGHAI) == 0


@given(SCHEDULES, TIMES)
def test_what_is_open_at_some_time_opens_ever(schedule: Schedule, moment: datetime) -> None:
    assert opens_ever(schedule) or not is_open(schedule, moment, SHANGHAI)


@given(SCHEDULES, TIMES)
def test_each_week_is_like_the_one_before_where_the_clock_never_changes(
    schedule: Schedule, moment: datetime
) -> None:
    later = moment + timedelta(days=7)
    assert is_open(schedule, moment, SHANGHAI) == is_open(schedule, later, SHANGHAI)


@given(SCHEDULES, TIMES)
def test_every_hour_of_a_holiday_is_as_the_schedule_says(schedule: Schedule, moment: datetime) -> None:
    day = moment.astimezone(ZoneInfo(SHANGHAI)).date()
    free = [day, day - timedelta(days=1)]
    if schedule.on_holidays != "same":
        assert is_open(schedule, moment, SHANGHAI, free) is (schedule.on_holidays == "open")
