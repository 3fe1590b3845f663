"""What replies look like, for the OpenAPI document."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from contracts.event import CameraHealth, Event
from contracts.incident import Incident, LonLat

__all__ = [
    "EventList",
    "EventVerdict",
    "FeatureCollection",
    "IncidentList",
    "IncidentState",
    "IngestReply",
    "Link",
    "PictureKept",
    "ProblemDetails",
    "RunList",
    "RunShown",
    "ViewList",
]


class ProblemDetails(BaseModel):
    """A refusal (RFC 9457)."""

    type: str = Field(
        description="Names the kind of problem.", examples=["urn:streetkeeper:problem:not-found"]
    )
    title: str
    status: int
    detail: str = Field(description="What is wrong this time.")
    instance: str = Field(description="Path of the request.")
    remedy: str | None = Field(default=None, description="What helps.")
    errors: list[dict[str, str]] | None = Field(default=None, description="The faults, each with its place.")


class EventVerdict(BaseModel):
    """What became of one event of a batch."""

    index: int = Field(description="Its position in the batch, from 0.")
    source: str | None
    id: str | None
    outcome: Literal["stored", "repeated", "rejected"]
    code: Literal["invalid", "conflict"] | None = Field(
        description="`conflict`: its source and id are stored with other content."
    )
    reason: str | None


class IngestReply(BaseModel):
    """What became of each event; whatever is not rejected is on disk."""

    stored: int
    repeated: int
    rejected: int
    results: list[EventVerdict]


class Link(BaseModel):
    """A link to another representation or page."""

    href: str
    rel: str
    type: str


class PlacePoint(BaseModel):
    """A place as GeoJSON."""

    type: Literal["Point"]
    coordinates: LonLat


class FeatureProperties(Incident):
    """An incident, its status, and the number of the event that this state comes from."""

    status: Literal["open", "closed"]
    sequence: int
    area: str | None = Field(description="Area of responsibility that it lies in.")
    grid_cell: str | None = Field(description="Cell of the district grid, 15 digits.")


class IncidentFeature(BaseModel):
    """One incident as GeoJSON."""

    type: Literal["Feature"]
    id: str
    geometry: PlacePoint | None = Field(description="Null where the incident has no place.")
    properties: FeatureProperties


class FeatureCollection(BaseModel):
    """Incidents as GeoJSON (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[IncidentFeature]
    links: list[Link]
    timeStamp: str  # noqa: N815  the word of OGC API - Features
    numberReturned: int  # noqa: N815  likewise


class IncidentState(BaseModel):
    """An incident's newest state."""

    status: Literal["open", "closed"]
    sequence: int = Field(description="Number of the event that this state comes from.")
    area: str | None = Field(description="Area of responsibility that it lies in.")
    grid_cell: str | None = Field(description="Cell of the district grid, 15 digits.")
    incident: Incident


class IncidentList(BaseModel):
    """A page of incidents."""

    incidents: list[IncidentState]
    links: list[Link]


class PictureKept(BaseModel):
    """A picture is on disk."""

    href: str = Field(description="Relative to /v1/, as events name it.")
    stored: bool = Field(description="False: it was there before.")


class EventList(BaseModel):
    """A page of events as they were sent."""

    events: list[Event]
    links: list[Link]


class ViewState(BaseModel):
    """What was last heard of a view."""

    view_id: str
    camera_id: str
    run: str
    open_incidents: int
    reported_at: AwareDatetime | None
    health: CameraHealth | None = Field(description="Null where the worker has not said anything yet.")


class ViewList(BaseModel):
    """All views of a run."""

    views: list[ViewState]


class RunShown(BaseModel):
    """A run that has incidents or was announced."""

    run: str
    incidents: int
    state: Literal["waiting", "running", "done", "failed"] | None = Field(
        description="Of an analysis; null where no worker tells it."
    )
    progress: float | None = Field(description="Part of the recordings that is done, 0 to 1.")
    detail: str
    inputs: list[str] = Field(description="Names of the recordings.")
    told_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    admitted_at: AwareDatetime | None = Field(description="Since when it counts; null: it does not.")
    admitted_by: str | None
    admitted_reason: str | None


class RunList(BaseModel):
    """Runs, newest first."""

    runs: list[RunShown]
