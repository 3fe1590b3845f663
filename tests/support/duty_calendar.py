"""Working calendars of tests."""

from datetime import date
from typing import Any

from contracts.responsibility import WorkCalendar

HOURS = [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "18:00"}]


def make_calendar(time_zone: str = "Asia/Shanghai", **changed: Any) -> WorkCalendar:
    """Eight hours of work from Monday to Friday; the first of October is free, its Saturday is not."""
    return WorkCalendar.model_validate(
        {
            "time_zone": time_zone,
            "hours": HOURS,
            "holidays": [date(2026, 10, 1), date(2026, 10, 2)],
            "extra_working_days": [date(2026, 10, 10)],
            **changed,
        }
    )
