"""The responsibility document: who answers for what and where, in which time, and by which codes.

One versioned document beside the site: the site says what is watched, this one who acts on it. All times
are read on the clock of `calendar.time_zone`. Limits, codes and calendars differ from city to city, so they
are data; `contracts/responsibility_check.py` explains every fault.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from contracts.incident import Category, Identifier, LonLat
from contracts.site import ClockTime, Part, Weekday

__all__ = [
    "CodeEntry",
    "CodeTable",
    "EscalationStep",
    "GridCell",
    "JointRule",
    "Limit",
    "LimitRule",
    "LimitUnit",
    "Register",
    "ResponsibilityDocument",
    "ResponsibleUnit",
    "Route",
    "Street",
    "WorkCalendar",
    "WorkHours",
]

GridCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{15}$")]
"""6 district + 3 street + 3 community + 3 serial number. Source: DB11 grid division, 5.2 to 5.4."""


class LimitUnit(StrEnum):
    """In what a limit is counted."""

    URGENT_HOUR = "urgent_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"


class Limit(Part):
    """How much time there is."""

    value: float = Field(gt=0, le=3650, description="How many.")
    unit: LimitUnit = Field(
        description="urgent_hour: hours that run day and night; work_hour: hours of work; work_day: whole "
        "working days; natural_day: days of the calendar."
    )


class WorkHours(Part):
    """One span of work on a working day."""

    start: ClockTime = Field(description="Local time, HH:MM.")
    end: ClockTime = Field(description="Local time, HH:MM, later than `start`; 24:00 is the end of the day.")


class WorkCalendar(Part):
    """When the units work."""

    time_zone: str = Field(description="IANA name; the same as the site's.")
    working_days: list[Weekday] = Field(
        default_factory=lambda: list(Weekday)[:5], min_length=1, description="Days of an ordinary week."
    )
    hours: list[WorkHours] = Field(min_length=1, description="Spans of work on each working day, in order.")
    holidays: list[date] = Field(default_factory=list, description="Days without work, whatever the weekday.")
    extra_working_days: list[date] = Field(
        default_factory=list, description="Days of work on what is otherwise free, such as shifted Saturdays."
    )


class ResponsibleUnit(Part):
    """A unit that takes cases."""

    id: Identifier = Field(description="Name by which routes refer to it; units of the site keep theirs.")
    name: str = Field(max_length=200, description="What people call it.")
    categories: list[Category] = Field(default_factory=list, description="What it takes. Empty: everything.")
    daily_budget: int | None = Field(
        default=None, ge=1, le=100_000, description="Most cases that should be sent to it in a day."
    )


class Street(Part):
    """A street (or community) for which figures are made."""

    id: Identifier = Field(description="Name by which routes refer to it.")
    name: str = Field(max_length=200, description="What people call it.")
    polygon_lonlat: list[LonLat] = Field(
        min_length=3, description="Corners in order, WGS 84; where streets overlap the smaller one counts."
    )
    cameras: list[Identifier] = Field(
        default_factory=list, description="Cameras of the site that watch it; a camera stands in one street."
    )
    length_m: float | None = Field(default=None, gt=0, description="Length of the street.")
    watched_m: float | None = Field(default=None, ge=0, description="Length of it that cameras see.")


class GridCell(Part):
    """A cell of the district grid."""

    code: GridCode = Field(description="15 characters: 6 district, 3 street, 3 community, 3 serial number.")
    polygon_lonlat: list[LonLat] = Field(min_length=3, description="Corners in order, WGS 84.")


class Route(Part):
    """Who leads a case. Of the routes that fit, the one of the smallest place decides."""

    id: Identifier = Field(description="Name of the route; it stands in the case.")
    lead: Identifier = Field(description="The unit that leads.")
    categories: list[Category] = Field(default_factory=list, description="Empty: all categories.")
    areas: list[Identifier] = Field(default_factory=list, description="Areas of the site. Empty: all.")
    streets: list[Identifier] = Field(default_factory=list, description="Streets. Empty: all.")
    joint: list[Identifier] = Field(default_factory=list, description="Units that act with the lead.")


class JointRule(Part):
    """Units that join whatever unit leads, such as the water authority along a canal."""

    id: Identifier = Field(description="Name of the rule.")
    units: list[Identifier] = Field(min_length=1, description="Units that join.")
    categories: list[Category] = Field(default_factory=list, description="Empty: all categories.")
    areas: list[Identifier] = Field(default_factory=list, description="Areas of the site. Empty: all.")
    streets: list[Identifier] = Field(default_factory=list, description="Streets. Empty: all.")


class LimitRule(Part):
    """How much time there is for a category; the first that fits holds."""

    category: Category = Field(description="What it speaks of.")
    priorities: list[Annotated[int, Field(ge=1, le=5)]] = Field(
        default_factory=list, description="Priorities for which it holds. Empty: all."
    )
    limit: Limit = Field(description="Time from dispatch.")
    close_when: str = Field(default="", max_length=300, description="What must be true to close a case.")
    is_example: bool = Field(default=False, description="Whether it is an example that no city ordered.")
    provenance: str = Field(default="", max_length=500, description="Where it comes from.")


class EscalationStep(Part):
    """A message that goes out when a share of the limit has run."""

    id: Identifier = Field(description="Name of the step.")
    at_share: float = Field(
        gt=0, le=20, description="Share of the limit; 1 is the due time, 1.5 half a limit later."
    )
    to: Literal["unit", "dispatcher", "supervisor"] = Field(description="Who is told.")
    text: str = Field(min_length=1, max_length=300, description="What is said.")


class CodeEntry(Part):
    """One code of a standard."""

    kind: Literal["component", "event", "item"] = Field(
        description="component: a thing that belongs there; event (of 2013) or item (of 2026): what happens."
    )
    code: Annotated[str, Field(pattern=r"^\d[\d-]{1,18}$")] = Field(description="The code; keep it a text.")
    name: str = Field(max_length=200, description="The standard's own word.")
    category: Category | None = Field(
        default=None, description="The category that gets this code; at most one per standard and category."
    )


class CodeTable(Part):
    """Codes of one standard. A category without an entry has no code: nothing is guessed."""

    standard_ref: str = Field(max_length=100, description="Number and year of the standard.")
    title: str = Field(default="", max_length=200, description="Its title.")
    is_example: bool = Field(default=False, description="Whether it must be checked against the paid text.")
    provenance: str = Field(default="", max_length=500, description="Where the entries come from.")
    entries: list[CodeEntry] = Field(default_factory=list, description="Its codes.")


class Register(Part):
    """What the public register page says beside the site's own facts."""

    operator: str = Field(default="", max_length=300, description="Who runs this, and how to reach them.")
    objection: str = Field(default="", max_length=500, description="How to object to a case.")
    show_positions: bool = Field(
        default=False, description="Whether the places of cameras are shown; otherwise only their street."
    )


class ResponsibilityDocument(Part):
    """The whole document."""

    format: Literal["streetkeeper-responsibility/1"] = Field(description="Which form of document this is.")
    name: str = Field(max_length=200, description="What people call it.")
    version: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="Change it with every edit.",
    )
    calendar: WorkCalendar = Field(description="Working days and hours of the units.")
    units: list[ResponsibleUnit] = Field(min_length=1, description="Who takes cases.")
    streets: list[Street] = Field(default_factory=list, description="Streets, for routes and figures.")
    grid_cells: list[GridCell] = Field(default_factory=list, description="Cells of the district grid.")
    routes: list[Route] = Field(min_length=1, description="Who leads.")
    joint: list[JointRule] = Field(default_factory=list, description="Who joins.")
    limits: list[LimitRule] = Field(default_factory=list, description="How much time there is.")
    warn_at_share: float = Field(
        default=0.75, gt=0, lt=1, description="Share of the limit after which the clock is yellow."
    )
    escalation: list[EscalationStep] = Field(default_factory=list, description="Who is told when.")
    code_tables: list[CodeTable] = Field(default_factory=list, description="Codes of standards.")
    guiding_near_m: float = Field(
        default=100, gt=0, le=2000, description="How near a vendor counts as demand for a guiding point."
    )
    register_page: Register = Field(default_factory=Register, description="What the public register adds.")

    def unit(self, unit_id: str) -> ResponsibleUnit | None:
        """The unit of that id, or None."""
        return next((unit for unit in self.units if unit.id == unit_id), None)
