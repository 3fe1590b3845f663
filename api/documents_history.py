"""What replies about history look like, for the OpenAPI document."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field

from api.documents import PlacePoint

__all__ = ["ClusterCollection", "HeatReply", "HoldList", "HoldShown"]


class ClusterProperties(BaseModel):
    """What a cluster holds."""

    count: int
    by_category: dict[str, int] = Field(description="Sums to `count`.")
    by_status: dict[str, int] = Field(description="Sums to `count`.")
    incident_id: str | None = Field(description="Of a cluster that holds a single incident.")


class ClusterFeature(BaseModel):
    """One cluster as GeoJSON, at the middle of its incidents."""

    type: Literal["Feature"]
    geometry: PlacePoint
    properties: ClusterProperties


class ClusterCollection(BaseModel):
    """Clusters as GeoJSON (RFC 7946)."""

    type: Literal["FeatureCollection"]
    features: list[ClusterFeature]
    numberMatched: int = Field(description="Incidents with a place that match.")  # noqa: N815  of OGC


class HeatCellShown(BaseModel):
    """A cell that has incidents."""

    column: int = Field(description="Eastwards from the origin, from 0.")
    row: int = Field(description="Northwards from the origin, from 0.")
    count: int
    hours: list[int] = Field(min_length=24, max_length=24, description="By hour of opening, from 0.")


class HeatReply(BaseModel):
    """Counts by cell and hour."""

    cell_m: float
    time_zone: str
    origin_lonlat: tuple[float, float] = Field(description="South-west corner of cell 0, 0.")
    step_deg: tuple[float, float] = Field(description="Width and height of a cell, degrees.")
    total: int
    cells: list[HeatCellShown]


class HoldShown(BaseModel):
    """A legal hold."""

    hold_id: str
    kind: Literal["incident", "case", "camera", "area"]
    subject: str = Field(description="Id of what must be kept.")
    reason: str
    placed_at: AwareDatetime
    placed_by: str
    lifted_at: AwareDatetime | None
    lifted_by: str | None
    lift_reason: str | None


class HoldList(BaseModel):
    """Legal holds, newest first."""

    holds: list[HoldShown]
