"""The site document: cameras, views, zones, schedules, rules, permits, units and areas.

One versioned document says what is watched, where rules hold, who may be there and who is
responsible. `contracts/site_check.py` explains every fault in it; this module only gives the shape.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

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

Pixel = Annotated[float, Field(ge=-100_000, le=100_000)]
PointPx = tuple[Pixel, Pixel]
Side = Annotated[int, Field(ge=1, le=100_000)]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Part(Message):
    """Base of the site's parts: numbers are finite, since a place at infinity is nowhere."""

    model_config = ConfigDict(allow_inf_nan=False)


class Weekday(StrEnum):
    """Days of the week."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class OpenHours(Part):
    """One span of hours on some days; a span that ends before it starts runs over midnight."""

    days: list[Weekday] = Field(
        default_factory=lambda: list(Weekday),
        min_length=1,
        description="Days on which the span starts; left out: every day.",
    )
    start: ClockTime = Field(description="Local time, HH:MM.")
    end: ClockTime = Field(description="Local time, HH:MM; 24:00 is the end of the day.")


class Schedule(Part):
    """When something holds, in the site's time zone."""

    id: Identifier = Field(description="Name by which zones, permits and rules refer to it.")
    hours: list[OpenHours] = Field(min_length=1, description="Spans of hours; it is open in any of them.")
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


class Zone(Part):
    """A polygon, in pixels of one view or in lonlat, in which something holds."""

    id: Identifier = Field(description="Name by which rules and permits refer to it; it stands in reasons.")
    name: str = Field(default="", max_length=200, description="What people call it.")
    kind: ZoneKind = Field(
        description="restricted: the reason names it; permitted: one may stay, restricted or not; "
        "ignored: nothing is raised; privacy: blacked out before anything is analysed."
    )
    view: Identifier | None = Field(default=None, description="The view whose pixels `polygon_px` is in.")
    polygon_px: list[PointPx] | None = Field(
        default=None,
        min_length=3,
        description="Corners in order, [x, y] pixels of the view; this or `polygon_lonlat`.",
    )
    polygon_lonlat: list[LonLat] | None = Field(
        default=None, min_length=3, description="Corners in order, WGS 84 degrees; needs calibrated views."
    )
    categories: list[Category] = Field(default_factory=list, description="Empty: all categories.")
    schedule: Identifier | None = Field(default=None, description="Empty: at all times.")
    needs_permit: bool = Field(
        default=False, description="In a permitted zone: only holders of a valid permit may stay."
    )


class Permit(Part):
    """Permission to be somewhere; the number is opaque and the holder's name never travels."""

    id: Identifier = Field(description="An opaque number; never a name.")
    categories: list[Category] = Field(min_length=1, description="What it permits.")
    zones: list[Identifier] = Field(min_length=1, description="Permitted zones in which it holds.")
    valid_from: AwareDatetime = Field(description="First moment at which it holds.")
    valid_to: AwareDatetime = Field(description="Moment at which it no longer holds.")
    schedule: Identifier | None = Field(
        default=None, description="Hours in which it holds. Empty: at all times."
    )
    capacity: int = Field(default=1, ge=1, le=1000, description="How many may stay at once.")


class Rule(Part):
    """What a thing must be, and for how long, to become an incident."""

    id: Identifier = Field(description="Name of the rule; it stands in every incident.")
    version: int = Field(default=1, ge=1, description="Raise it with every change of the rule.")
    category: Category = Field(description="What the rule speaks of.")
    zones: list[Identifier] = Field(default_factory=list, description="Empty: everywhere in view.")
    schedule: Identifier | None = Field(default=None, description="Empty: at all times.")
    dwell_s: float = Field(default=300, ge=0, le=30 * 86400, description="How long it must stay.")
    grace_s: float = Field(default=0, ge=0, le=86400, description="Tolerated beyond permitted hours.")
    min_area_m2: float = Field(
        default=0, ge=0, description="Least footprint; not asked where no area is known."
    )
    min_box_px: float = Field(default=0, ge=0, description="Least height of the box in pixels.")
    min_confidence: float = Field(default=0.5, ge=0, le=1, description="Least confidence, a probability.")
    priority: int = Field(default=3, ge=1, le=5, description="1 is most urgent.")
    codes: dict[str, str] = Field(default_factory=dict, description="Codes of standards, by standard.")


class Unit(Part):
    """A responsible unit."""

    id: Identifier = Field(description="Name by which areas refer to it.")
    name: str = Field(max_length=200, description="What people call it.")


class Area(Part):
    """An area of responsibility: which unit answers for which categories where."""

    id: Identifier = Field(description="Name of the area.")
    unit: Identifier = Field(description="The unit that answers; of nested areas the smallest decides.")
    polygon_lonlat: list[LonLat] = Field(min_length=3, description="Corners in order, WGS 84 degrees.")
    categories: list[Category] = Field(default_factory=list, description="Empty: all categories.")


class ControlPoint(Part):
    """A point on the ground whose place and picture position are both known."""

    px: PointPx = Field(description="Where it is in the picture, [x, y] pixels.")
    lonlat: LonLat = Field(description="Where it is on the ground, WGS 84 degrees.")
    sigma_px: float = Field(default=1.0, gt=0, description="One standard deviation, pixels.")
    sigma_m: float = Field(default=0.1, gt=0, description="One standard deviation, metres.")


class Calibration(Part):
    """What ties a view to the ground."""

    control_points: list[ControlPoint] = Field(
        description="At least 4, better 8, spread over near, far and both sides."
    )
    picture_wh: tuple[Side, Side] = Field(description="Size of the picture that the points were read on.")
    max_range_m: float | None = Field(
        default=None, gt=0, description="No place is given beyond this distance."
    )


class View(Part):
    """One fixed pose of a camera."""

    id: Identifier = Field(description="Name of the view; a PTZ camera has one per preset.")
    calibration: Calibration | None = Field(
        default=None, description="Without it, incidents of the view have no place."
    )
    picture_wh: tuple[Side, Side] | None = Field(
        default=None,
        description="Size of the picture that zones in pixels were drawn on; not needed where there is a "
        "calibration, whose picture it is. A stream of another size is scaled to it.",
    )

    @property
    def drawn_wh(self) -> tuple[int, int] | None:
        """Size of the picture that calibration and zones in pixels are in; None where nobody told it."""
        return self.calibration.picture_wh if self.calibration is not None else self.picture_wh


class Stream(Part):
    """Where a camera's pictures come from, and by which right."""

    url: str | None = Field(
        default=None,
        max_length=1000,
        description="rtsp(s)://host/path, or http(s)://host/path of an HLS playlist (.m3u8) or an FLV"
        " stream (.flv); without user or password.",
    )
    file: str | None = Field(default=None, max_length=1000, description="A recording, for rehearsal.")
    credentials: str | None = Field(
        default=None,
        max_length=500,
        pattern=r"^(env|file):.+$",
        description="env:NAME or file:PATH holding user:password.",
    )
    purpose: str = Field(
        default="", max_length=500, description="Why this place is watched; a live stream needs it."
    )
    authority: str = Field(
        default="", max_length=500, description="Who may order it; a live stream needs it."
    )
    legal_basis: str = Field(default="", max_length=500, description="By which law; a live stream needs it.")
    sign_confirmed: bool = Field(
        default=False, description="Whether a sign stands at the place; a live stream needs it."
    )


class Camera(Part):
    """One camera with its views."""

    id: Identifier = Field(description="Name of the camera.")
    name: str = Field(default="", max_length=200, description="What people call it.")
    stream: Stream | None = Field(
        default=None, description="Left out: the camera is only analysed from recordings."
    )
    look_every_s: float = Field(default=10, ge=0.2, le=3600, description="Seconds between looks.")
    heartbeat_every_s: float = Field(
        default=300, ge=1, le=86400, description="How often the detector sees the whole frame."
    )
    clips: bool = Field(
        default=False,
        description="Whether masked clips of the moment that an incident opens are made; costs memory.",
    )
    views: list[View] = Field(min_length=1, description="Its poses.")


class Site(Part):
    """The whole document."""

    format: Literal["streetkeeper-site/1"] = Field(description="Which form of document this is.")
    name: str = Field(max_length=200, description="What people call the site.")
    version: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="Change it with every edit; it stands in every incident.",
    )
    time_zone: str = Field(description="IANA name, such as Asia/Shanghai.")
    holidays: list[date] = Field(default_factory=list, description="Days on which schedules may differ.")
    units: list[Unit] = Field(default_factory=list, description="Who is responsible.")
    areas: list[Area] = Field(default_factory=list, description="Which unit answers where.")
    schedules: list[Schedule] = Field(default_factory=list, description="Hours, by name.")
    zones: list[Zone] = Field(default_factory=list, description="Where something holds.")
    permits: list[Permit] = Field(default_factory=list, description="Who may be where, and when.")
    rules: list[Rule] = Field(min_length=1, description="What becomes an incident.")
    cameras: list[Camera] = Field(min_length=1, description="What is watched.")

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
