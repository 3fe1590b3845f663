"""The query parameters that lists, clusters and heat share, and what they mean to the store."""

import json
import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.callers import Caller
from api.errors import BadParameter
from api.paging import DEFAULT_LIMIT
from api.parameters import read_bbox, read_datetime
from api.store.history import Circle, IncidentQuery, Sort
from contracts.incident import Category, Identifier

__all__ = ["IncidentFilters", "IncidentParameters", "Limit", "areas_for", "read_circle", "read_ring"]

Limit = Annotated[int, Field(ge=1, description="Incidents in a page; above 1000 means 1000.")]
MAX_CORNERS = 500
MAX_RADIUS_M = 100_000.0


def areas_for(caller: Caller, area: str | None) -> tuple[str, ...] | None:
    """The areas to look in: the one asked for, within those that the caller may see; None: everywhere."""
    if area is not None:
        return (area,) if caller.may_see(area) else ()
    return None if caller.areas is None else tuple(sorted(caller.areas))


def _fault(name: str, problem: str, remedy: str) -> BadParameter:
    return BadParameter(
        f"`{name}`: {problem}.", remedy, errors=[{"in": "query", "name": name, "problem": problem}]
    )


def _is_place(place: object) -> bool:
    return (
        isinstance(place, list)
        and len(place) == 2
        and all(type(number) in (int, float) and math.isfinite(number) for number in place)
        and abs(place[0]) <= 180
        and abs(place[1]) <= 90
    )


def read_ring(text: str | None) -> tuple[tuple[float, float], ...] | None:
    """The outer ring of a GeoJSON polygon, or a plain list of corners.

    Raises:
        BadParameter: It is no such ring of 3 to 500 corners.
    """
    if text is None:
        return None
    remedy = "Give [[lon,lat],...] with 3 to 500 corners, or a GeoJSON Polygon without holes."
    try:
        ring = json.loads(text)
    except (ValueError, RecursionError):
        raise _fault("polygon", "not JSON", remedy) from None
    if isinstance(ring, dict):
        rings = ring.get("coordinates")
        if ring.get("type") != "Polygon" or not isinstance(rings, list) or len(rings) != 1:
            raise _fault("polygon", "not a polygon of one ring", remedy)
        (ring,) = rings
    if not isinstance(ring, list) or not all(_is_place(place) for place in ring):
        raise _fault("polygon", "not a ring of places", remedy)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring = ring[:-1]
    if not 3 <= len(ring) <= MAX_CORNERS:
        raise _fault("polygon", f"{len(ring)} corners", remedy)
    return tuple((float(lon), float(lat)) for lon, lat in ring)


def read_circle(text: str | None) -> Circle | None:
    """The circle that `near` names.

    Raises:
        BadParameter: It is not longitude, latitude and a radius of at most 100 km.
    """
    if text is None:
        return None
    remedy = "Give lon,lat,radius in metres, such as 116.391,39.907,250."
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise _fault("near", "not numbers with commas between", remedy) from None
    if len(numbers) != 3 or not _is_place(numbers[:2]):
        raise _fault("near", "not a place and a radius", remedy)
    if not 0 < numbers[2] <= MAX_RADIUS_M:
        raise _fault("near", "the radius is not between 0 and 100000 m", remedy)
    return numbers[0], numbers[1], numbers[2]


class IncidentFilters(BaseModel):
    """Filters of incidents; together they all must hold."""

    datetime: str | None = Field(
        default=None,
        max_length=100,
        description="When it was there (first to last seen): an instant, a day or a/b, ../b, a/..",
        examples=["2026-05-01T00:00:00Z/2026-05-02T00:00:00Z"],
    )
    bbox: str | None = Field(
        default=None,
        max_length=200,
        description="west,south,east,north in degrees; leaves out incidents without a place.",
        examples=["116.30,39.85,116.45,39.95"],
    )
    polygon: str | None = Field(
        default=None,
        max_length=20_000,
        description="[[lon,lat],...] or a GeoJSON Polygon without holes, straight lines in degrees.",
        examples=["[[116.39,39.90],[116.40,39.90],[116.40,39.91]]"],
    )
    near: str | None = Field(
        default=None, max_length=100, description="lon,lat,radius in metres.", examples=["116.391,39.907,250"]
    )
    category: Category | None = Field(default=None, description="What it is.")
    camera: Identifier | None = Field(default=None, description="Camera id.")
    view: Identifier | None = Field(default=None, description="View id.")
    zone: Identifier | None = Field(default=None, description="Zone id.")
    unit: Identifier | None = Field(default=None, description="Responsible unit.")
    area: Identifier | None = Field(default=None, description="Area of responsibility.")
    grid_cell: str | None = Field(
        default=None, pattern=r"^[0-9]{15}$", description="Cell of the district grid, 15 digits."
    )
    status: Literal["open", "closed"] | None = Field(default=None, description="Still there, or gone.")
    run: Identifier = Field(
        default="live", description="`live`, or the name of an analysis of recordings (see /v1/runs)."
    )
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Words that all stand in reason, zones, unit, area, camera or view; ends may miss.",
    )
    min_confidence: float | None = Field(default=None, ge=0, le=1, description="Least confidence.")
    max_error_m: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="Longest half axis of the error ellipse, metres."
    )

    model_config = ConfigDict(extra="ignore")

    def query(self, caller: Caller, sort: Sort = "-opened") -> IncidentQuery:
        """The filters in the store's terms, within what the caller may see.

        Raises:
            BadParameter: A time or a shape cannot be read.
        """
        since_ms, until_ms = read_datetime(self.datetime)
        return IncidentQuery(
            run=self.run,
            status=self.status,
            category=self.category,
            camera=self.camera,
            view=self.view,
            zone=self.zone,
            unit=self.unit,
            areas=areas_for(caller, self.area),
            grid_cell=self.grid_cell,
            min_confidence=self.min_confidence,
            max_error_m=self.max_error_m,
            since_ms=since_ms,
            until_ms=until_ms,
            bbox=read_bbox(self.bbox),
            ring=read_ring(self.polygon),
            circle=read_circle(self.near),
            text=self.text,
            sort=sort,
        )


class IncidentParameters(IncidentFilters):
    """Filters, order and paging of the incident list."""

    sort: Sort = Field(
        default="-opened", description="Order; `-` is descending. `ellipse` is the longest half axis."
    )
    limit: Limit = DEFAULT_LIMIT
    token: str | None = Field(default=None, max_length=300, description="From the `next` link.")
    f: Literal["geojson", "json", "csv"] = Field(default="geojson", description="Format of the reply.")
