"""What replies about time, guiding points and evaluation look like, for the OpenAPI document."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from contracts.incident import Category, LonLat
from contracts.responsibility import Limit

__all__ = [
    "CaseClockShown",
    "ClockList",
    "EvaluationCases",
    "EvaluationReply",
    "EvaluationSample",
    "GuidingPointDetail",
    "GuidingPointList",
    "HotspotList",
    "MessageList",
    "MessageShown",
]

Colour = Literal["green", "yellow", "red", "suspended"]
Links = list[dict[str, str]]


class ClockShown(BaseModel):
    """What a case's clock shows."""

    case_id: str
    number: str
    state: str
    category: Category
    street: str | None
    unit: str | None
    colour: Colour | None = Field(description="Null: no clock, before dispatch or without a limit.")
    dispatched_at: AwareDatetime | None
    warn_at: AwareDatetime | None = Field(description="When it turns yellow.")
    due_at: AwareDatetime | None
    handled_at: AwareDatetime | None
    closed_at: AwareDatetime | None


class Pause(BaseModel):
    """A stretch in which the clock stood still; `end` null: it still does."""

    start: AwareDatetime
    end: AwareDatetime | None


class CaseClockShown(ClockShown):
    """The clock of one case, with what it runs by."""

    limit: Limit | None
    extensions: list[Limit]
    pauses: list[Pause]


class ClockList(BaseModel):
    """Clocks, the first due first."""

    clocks: list[ClockShown]
    links: Links


class MessageShown(BaseModel):
    """A reminder or a step of escalation."""

    message_key: int
    case_id: str
    step: str
    recipient: Literal["unit", "dispatcher", "supervisor"]
    unit: str | None
    text: str
    due_at: AwareDatetime
    at: AwareDatetime
    seen_at: AwareDatetime | None
    seen_by: str | None


class MessageList(BaseModel):
    """Messages, the newest first."""

    messages: list[MessageShown]
    links: Links


class FigureShown(BaseModel):
    """How many cases, and the path of the list of exactly these."""

    count: int
    cases: str


class EvaluationRow(BaseModel):
    """The figures of one group."""

    key: dict[str, str] = Field(description="What the group is; empty for the total; `-`: none.")
    figures: dict[str, FigureShown]
    rates: dict[str, float | None] = Field(description="Null where there is nothing to divide by.")
    mean_handling_h: float | None = Field(description="Hours from dispatch to feedback.")
    camera_hours: float = Field(description="Of the street's cameras; of all where groups are not by street.")
    watched_m: float | None = Field(description="Metres of street that cameras see.")
    filed_per_1000_camera_hours: float | None
    filed_per_watched_km: float | None


class EvaluationReply(BaseModel):
    """A month's evaluation."""

    month: str
    is_final: bool = Field(description="Whether the figures are kept and change no more.")
    by: list[str]
    total: EvaluationRow
    groups: list[EvaluationRow]


class EvaluatedCase(BaseModel):
    """A case and the figures that count it."""

    case_id: str
    number: str
    category: Category
    street: str | None
    unit: str | None
    figures: list[str]
    handling_h: float | None
    case: str = Field(description="Path of the case.")


class EvaluationCases(BaseModel):
    """The cases behind a figure."""

    month: str
    count: int = Field(description="All of them, on every page.")
    cases: list[EvaluatedCase]
    links: Links


class EvaluationSample(BaseModel):
    """A random sample."""

    month: str
    seed: str = Field(description="Draws the same sample again.")
    drawn_from: int
    is_final: bool
    cases: list[EvaluatedCase]


class GuidingPointShown(BaseModel):
    """A permitted zone for vendors, now; null: not known, or not limited."""

    zone: str
    name: str
    open_hours: str = Field(description="Its hours, in words.")
    needs_permit: bool
    polygon_lonlat: list[LonLat] | None
    is_open: bool
    places: int | None = Field(description="By the permits that hold now; null: nothing limits them.")
    standing: int | None = Field(description="How many stand there at least; null: nobody knows.")
    free: int | None
    seen_share: float = Field(description="Share of the zone that lies in a picture.")


class GuidingPointList(BaseModel):
    """The guiding points that the caller may see."""

    guiding_points: list[GuidingPointShown]


class OccupancyStretch(BaseModel):
    """A span with one count."""

    start: AwareDatetime
    end: AwareDatetime
    standing: int | None
    seen_share: float


class HourShown(BaseModel):
    """One hour of the day, over the days asked for."""

    hour: int
    open_h: float
    known_h: float
    mean_standing: float | None
    mean_free: float | None
    full_h: float
    unmet_vendor_hours: float


class GuidingPointDetail(GuidingPointShown):
    """A guiding point over days."""

    days: int
    series: list[OccupancyStretch] = Field(description="The newest 2000 stretches.")
    by_hour: list[HourShown]
    unmet_vendor_hours: float
    unmet_while_full_vendor_hours: float


class HotspotShown(BaseModel):
    """A place and an hour to which cases came back."""

    category: Category
    lonlat: LonLat
    hour: int
    cases: int
    days: int
    street: str | None
    last_reported_at: AwareDatetime


class HotspotList(BaseModel):
    """Hot-spots, the most days first."""

    hotspots: list[HotspotShown]
