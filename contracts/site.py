"""The site document: cameras, views, zones, schedules, rules, permits, units and areas.

One versioned document says what is watched, where rules hold, who may be there and who is
responsible. `contracts/site_check.py` explains every fault in it; this module only gives the shape.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from contracts.incident import Category, Identifier, LonLat, Message

__all__ = [
    "Area",
    "Calibration",
    "Camera",
    "ControlPoint",
    "OpenHours",
    "Permit",
    "Rule",
    "Schedule",
    "Site",
    "Stream",
    "Unit",
    "View",
    "Weekday",
    "Zone",
    "ZoneKind",
]

PointPx = tuple[float, float]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Weekday(StrEnum):
    """Days of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class OpenHours(Message):
    """One span of hours on some days; a span that ends before it starts runs over midnight."""

    days: list[Weekday] = Field(default_factory=lambda: list(Weekday), min_length=1)
    start: ClockTime = Field(description="Local time, HH:MM.")
    end: ClockTime = Field(description="Local time, HH:MM; 24:00 is the end of the day.")


class Schedule(Message):
    """When something holds, in the site's time zone."""

    id: Identifier
    hours: list[OpenHours] = Field(min_length=1)
    on_holidays: Literal["same", "closed", "open"] = Field(
        default="same",
        description="What holds on the site's holidays: the usual hours, nothing, or the whole day.",
    )


class ZoneKind(StrEnum):
    """What a zone means."""

    RESTRICTED = "restricted"
    PERMITTED = "permitted"
    IGNORED = "ignored"
    PRIVACY = "privacy"


class Zone(Message):
    """A polygon, in pixels of one view or in lonlat, in which something holds."""

    id: Identifier
    name: str = Field(default="", max_length=200)
    kind: ZoneKind
    view: Identifier | None = Field(default=None, description="The view whose pixels `polygon_px` is in.")
    polygon_px: list[PointPx] | None = Field(default=None, min_length=3)
    polygon_lonlat: list[LonLat] | None = Field(default=None, min_length=3)
    categories: list[Category] = Field(default_factory=list, description="Empty: all categories.")
    schedule: Identifier | None = Field(default=None, description="Empty: at all times.")
    needs_permit: bool = Field(
        default=False, description="In a permitted zone: only holders of a valid permit may stay."
    )


class Permit(Message):
    """Permission to be somewhere; the number is opaque and the holder's name never travels."""

    id: Identifier
    categories: list[Category] = Field(min_length=1)
    zones: list[Identifier] = Field(min_length=1)
    valid_from: AwareDatetime
    valid_to: AwareDatetime
    schedule: Identifier | None = None
    capacity: int = Field(default=1, ge=1, le=1000, description="How many may stay at once.")


class Rule(Message):
    """What a thing must be, and for how long, to become an incident."""

    id: Identifier
    version: int = Field(default=1, ge=1)
    category: Category
    zones: list[Identifier] = Field(default_factory=list, description="Empty: everywhere in view.")
    schedule: Identifier | None = Field(default=None, description="Empty: at all times.")
    dwell_s: float = Field(default=300, ge=0, le=30 * 86400, description="How long it must stay.")
    grace_s: float = Field(default=0, ge=0, le=86400, description="Tolerated beyond permitted hours.")
    min_area_m2: float = Field(default=0, ge=0)
    min_box_px: float = Field(default=0, ge=0, description="Least height of the box in pixels.")
    min_confidence: float = Field(default=0.5, ge=0, le=1)
    priority: int = Field(default=3, ge=1, le=5, description="1 is most urgent.")
    codes: dict[str, str] = Field(default_factory=dict, description="Codes of standards, by standard.")


class Unit(Message):
    """A responsible unit."""

    id: Identifier
    name: str = Field(max_length=200)


class Area(Message):
    """An area of responsibility: which unit answers for which categories where."""

    id: Identifier
    unit: Identifier
    polygon_lonlat: list[LonLat] = Field(min_length=3)
    categories: list[Category] = Field(default_factory=list, description="Empty: all categories.")


class ControlPoint(Message):
    """A point on the ground whose place and picture position are both known."""

    px: PointPx
    lonlat: LonLat
    sigma_px: float = Field(default=1.0, gt=0, description="One standard deviation, pixels.")
    sigma_m: float = Field(default=0.1, gt=0, description="One standard deviation, metres.")


class Calibration(Message):
    """What ties a view to the ground."""

    control_points: list[ControlPoint]
    picture_wh: tuple[int, int] = Field(description="Size of the picture that the points were read on.")
    max_range_m: float | None = Field(
        default=None, gt=0, description="No place is given beyond this distance."
    )


class View(Message):
    """One fixed pose of a camera."""

    id: Identifier
    calibration: Calibration | None = None


class Stream(Message):
    """Where a camera's pictures come from, and by which right."""

    url: str | None = Field(
        default=None, max_length=1000, description="rtsp://host/path without user or password."
    )
    file: str | None = Field(default=None, max_length=1000, description="A recording, for rehearsal.")
    credentials: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^(env|file):.+$",
        description="env:NAME or file:PATH holding user:password.",
    )
    purpose: str = Field(default="", max_length=500)
    authority: str = Field(default="", max_length=500)
    legal_basis: str = Field(default="", max_length=500)
    sign_confirmed: bool = False


class Camera(Message):
    """One camera with its views."""

    id: Identifier
    name: str = Field(default="", max_length=200)
    stream: Stream | None = None
    look_every_s: float = Field(default=10, ge=0.2, le=3600)
    heartbeat_every_s: float = Field(
        default=300, ge=1, le=86400, description="How often the detector sees the whole frame."
    )
    clips: bool = False
    views: list[View] = Field(min_length=1)


class Site(Message):
    """The whole document."""

    format: Literal["streetkeeper-site/1"]
    name: str = Field(max_length=200)
    version: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")
    time_zone: str = Field(description="IANA name, such as Asia/Shanghai.")
    holidays: list[date] = Field(default_factory=list)
    units: list[Unit] = Field(default_factory=list)
    areas: list[Area] = Field(default_factory=list)
    schedules: list[Schedule] = Field(default_factory=list)
    zones: list[Zone] = Field(default_factory=list)
    permits: list[Permit] = Field(default_factory=list)
    rules: list[Rule] = Field(min_length=1)
    cameras: list[Camera] = Field(min_length=1)

    def camera(self, camera_id: str) -> Camera:
        """The camera of that id.

        Raises:
            KeyError: There is none; the message lists those that exist.
        """
        for camera in self.cameras:
            if camera.id == camera_id:
                return camera
        raise KeyError(
            f"no camera '{camera_id}' in site '{self.name}'; it has {[c.id for c in self.cameras]}"
        )
