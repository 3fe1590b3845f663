"""The incident as it travels: what is true in the world, where, how sure, and against which rule."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

__all__ = [
    "Category",
    "Ellipse",
    "EvidenceRef",
    "Identifier",
    "Incident",
    "LonLat",
    "Message",
    "ModelRef",
    "RuleRef",
    "Sha256",
    "rfc3339",
]

Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")]
"""A name that is safe in URLs, file names and logs."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

LonLat = tuple[
    Annotated[float, Field(ge=-180, le=180)],
    Annotated[float, Field(ge=-90, le=90)],
]
"""Longitude, latitude in degrees, EPSG:4326."""


class Category(StrEnum):
    """What kind of thing an incident is about."""

    STREET_VENDOR = "street_vendor"
    GARBAGE_PILE = "garbage_pile"
    OVERFLOWING_BIN = "overflowing_bin"
    CONSTRUCTION_DEBRIS = "construction_debris"
    BUILDING_CHANGE = "building_change"
    UNATTENDED_OBJECT = "unattended_object"


class Message(BaseModel):
    """Base of everything that crosses a process or file boundary: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ellipse(Message):
    """95 % error ellipse of a place."""

    semi_major_m: float = Field(gt=0, description="Longer half axis, metres.")
    semi_minor_m: float = Field(gt=0, description="Shorter half axis, metres.")
    azimuth_deg: float = Field(
        ge=0, lt=180, description="Direction of the longer axis, clockwise from north."
    )


class RuleRef(Message):
    """The rule that an incident stands against, and why in plain words."""

    id: Identifier
    version: int = Field(ge=1)
    reason: str = Field(min_length=1, max_length=500)


class ModelRef(Message):
    """The model that named the category."""

    name: str = Field(max_length=100)
    version: str = Field(max_length=50)
    sha256: Sha256


class EvidenceRef(Message):
    """A picture or clip of an incident; `href` is relative to the events' own folder or API root."""

    kind: Literal["before", "arrival", "now", "still", "clip"]
    sha256: Sha256
    href: str = Field(max_length=500)
    masked: Literal[True] = Field(description="Always true: an unmasked picture has no reference.")


class Incident(Message):
    """Something true in the world for long enough and against a rule; one per thing."""

    incident_id: Identifier
    view_id: Identifier
    camera_id: Identifier
    run: Identifier = Field(description="`live`, or the name of one analysis of recordings.")
    category: Category
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    lonlat: LonLat | None = Field(
        default=None,
        description="Centroid of the footprint on the ground; absent without calibration.",
    )
    ellipse: Ellipse | None = None
    place_note: str | None = Field(
        default=None,
        max_length=300,
        description="Why a place is missing or too uncertain to go to.",
    )
    footprint: list[LonLat] | None = Field(
        default=None, description="Closed ring of the footprint on the ground."
    )
    area_m2: float | None = Field(default=None, ge=0)
    area_error_m2: float | None = Field(default=None, ge=0, description="95 % half width of `area_m2`.")
    zones: list[Identifier] = Field(default_factory=list)
    unit: Identifier | None = None
    priority: int = Field(default=3, ge=1, le=5, description="1 is most urgent.")
    rule: RuleRef
    permits: list[Identifier] = Field(default_factory=list)
    confidence: float = Field(ge=0, le=1, description="Probability that it is there and is of its category.")
    persons_checked: bool = Field(
        default=True, description="False where no detector could tell persons from things."
    )
    model: ModelRef | None = None
    codes: dict[str, str] = Field(
        default_factory=dict, description="Codes of standards, by standard; empty where not known."
    )
    box_xyxy_px: tuple[float, float, float, float]
    picture_wh: tuple[int, int] | None = None
    media_time_s: float = Field(ge=0)
    input: str | None = Field(default=None, max_length=1000, description="File name, for recordings.")
    evidence: list[EvidenceRef] = Field(default_factory=list)
    evidence_note: str | None = Field(
        default=None, max_length=300, description="Why pictures or the clip are missing."
    )
    site_version: str = Field(max_length=64)

    def seen_for_s(self) -> float:
        """Seconds between first and last sighting."""
        return (self.last_seen - self.first_seen).total_seconds()


def rfc3339(at: datetime) -> str:
    """An aware time as RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
