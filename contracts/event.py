"""Events: immutable CloudEvents 1.0 messages about incidents, camera health and zones, and their identity.

Incident and event ids are derived from what happened, so that a replay, a crash or a second worker
gives the same ids: sent at least once, stored exactly once (`architecture.md`, section 6).
"""

import uuid
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, TypeAdapter

from contracts.incident import Category, Identifier, Incident, Message

__all__ = [
    "AnyEvent",
    "CameraHealth",
    "Event",
    "HealthEvent",
    "IncidentEvent",
    "OccupancyEvent",
    "ZoneOccupancy",
    "event_id",
    "incident_id",
    "parse_event",
]

NAMESPACE = uuid.UUID("6d1d3bd0-52a5-5a3f-9a04-2f1f6c9c61aa")
TYPE_PREFIX = "org.streetkeeper."


class HealthState(StrEnum):
    """What may be said of a camera."""

    OK = "ok"
    OFFLINE = "offline"
    FROZEN = "frozen"
    MOVED = "moved"
    KEYFRAMES_TOO_RARE = "keyframes_too_rare"
    OVERLOADED = "overloaded"
    NO_DETECTOR = "no_detector"
    REFUSED = "refused"


class CameraHealth(Message):
    """The state of one camera's view, as its worker sees it."""

    view_id: Identifier
    camera_id: Identifier
    run: Identifier = "live"
    state: HealthState
    since: AwareDatetime
    detail: str = Field(default="", max_length=500, description="Plain words: what is wrong and what helps.")
    keyframe_interval_s: float | None = Field(default=None, ge=0)
    look_every_s: float | None = Field(default=None, gt=0)
    site_version: str = Field(max_length=64)


class ZoneOccupancy(Message):
    """How many things stand in a permitted zone, as one view sees it: a count, never who or which."""

    zone: Identifier
    view_id: Identifier
    camera_id: Identifier
    run: Identifier = "live"
    category: Category
    standing: int | None = Field(
        ge=0, le=10_000, description="How many stand there; null where the view cannot tell."
    )
    seen_share: float = Field(
        ge=0, le=1, description="Share of the zone in the picture; what stands before it is not known."
    )
    site_version: str = Field(max_length=64)


class Envelope(Message):
    """The CloudEvents 1.0 attributes that every event carries."""

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(min_length=1, max_length=200)
    source: str = Field(
        pattern=r"^/views/[A-Za-z0-9][A-Za-z0-9._:-]*$", description="The view, never the process."
    )
    subject: str = Field(min_length=1, max_length=200)
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: int = Field(ge=0, description="Number of the event among its subject's events, from 0.")


class IncidentEvent(Envelope):
    """An incident was opened, updated or closed."""

    type: Literal[
        "org.streetkeeper.incident.opened",
        "org.streetkeeper.incident.updated",
        "org.streetkeeper.incident.closed",
    ]
    data: Incident


class HealthEvent(Envelope):
    """A camera's state changed."""

    type: Literal["org.streetkeeper.camera.health"]
    data: CameraHealth


class OccupancyEvent(Envelope):
    """The count of a permitted zone changed, or was told again as a sign of life."""

    type: Literal["org.streetkeeper.zone.occupancy"]
    data: ZoneOccupancy


AnyEvent = IncidentEvent | HealthEvent | OccupancyEvent
Event = Annotated[AnyEvent, Field(discriminator="type")]
_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(Event)


def parse_event(document: Any) -> AnyEvent:
    """The event in a decoded JSON document.

    Raises:
        pydantic.ValidationError: The document is no event of ours; the error names each fault.
    """
    return _ADAPTER.validate_python(document)


def incident_id(
    view_id: str,
    run: str,
    category: Category,
    first_look: int,
    first_box_grid: tuple[int, int, int, int],
) -> str:
    """The incident's id: UUIDv5 of view, run, category, first-seen look and first box on the gate's grid."""
    box = ",".join(str(value) for value in first_box_grid)
    return str(uuid.uuid5(NAMESPACE, f"{view_id}|{run}|{category}|{first_look}|{box}"))


def event_id(subject: str, sequence: int) -> str:
    """The event's id: what it is about and its number, so that a repeat is recognised."""
    return f"{subject}:{sequence}"
