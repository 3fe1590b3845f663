"""Incidents on a map: clustered points of a zoom level, and a heat grid by the hour."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from api.deps import Reads, StoreDep, known_parameters
from api.documents_history import ClusterCollection, HeatReply
from api.errors import BadParameter, TooLarge
from api.examples import problems
from api.examples_history import CLUSTERS, HEAT
from api.incident_parameters import IncidentFilters
from api.map_counts import Cluster, cluster, heat
from api.replies import GEOJSON, GeoJson
from api.store.columns import IncidentColumns
from api.store.history import ids_of
from contracts.geojson import DECIMALS

__all__ = ["router"]

router = APIRouter(tags=["maps"], dependencies=[Depends(known_parameters)])

MAX_CELLS = 20_000


class ClusterParameters(IncidentFilters):
    """Filters of incidents, and how near the map is."""

    zoom: int = Field(ge=0, le=22, description="Zoom level of the map (Web Mercator); 0 is the world.")


class HeatParameters(IncidentFilters):
    """Filters of incidents, and how the grid is cut."""

    cell_m: float = Field(default=100, ge=5, le=100_000, description="Side of a cell, metres.")
    time_zone: str = Field(
        default="UTC",
        max_length=60,
        description="Where hours are told, IANA name.",
        examples=["Asia/Shanghai"],
    )


def columns_of(request: Request) -> IncidentColumns:
    """The columns in memory of the API that serves this request."""
    columns: IncidentColumns = request.app.state.columns
    return columns


ColumnsDep = Annotated[IncidentColumns, Depends(columns_of)]


@router.get(
    "/v1/clusters",
    response_model=ClusterCollection,
    response_class=GeoJson,
    responses={200: {"content": CLUSTERS}, **problems(400, 401, 403, 413, 429, 503)},
    summary="Clustered incidents",
)
def get_clusters(
    store: StoreDep, columns: ColumnsDep, caller: Reads, given: Annotated[ClusterParameters, Query()]
) -> JSONResponse:
    """Incidents with a place as clusters with counts by category and status.

    A cluster is a cell a quarter of a map tile wide, shown at the middle of its incidents; of one that holds
    a single incident, `incident_id` names it. The counts sum to `numberMatched`, exactly.
    """
    with columns.matching(given.query(caller)) as matched:
        total, clusters = len(matched), cluster(matched, given.zoom)
    _check_size(len(clusters))
    ids = ids_of(store, [one.keys_sum for one in clusters if one.count == 1])
    features = [_feature(one, ids.get(one.keys_sum)) for one in clusters]
    return JSONResponse(
        {"type": "FeatureCollection", "features": features, "numberMatched": total}, media_type=GEOJSON
    )


def _check_size(cells: int) -> None:
    if cells > MAX_CELLS:
        raise TooLarge(
            f"{cells} cells, at most {MAX_CELLS} are sent.", "Ask for a smaller box or larger cells."
        )


def _feature(one: Cluster, incident_id: str | None) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(value, DECIMALS) for value in one.lonlat]},
        "properties": {
            "count": one.count,
            "by_category": one.by_category,
            "by_status": one.by_status,
            "incident_id": incident_id,
        },
    }


@router.get(
    "/v1/heat",
    response_model=HeatReply,
    responses={200: {"content": HEAT}, **problems(400, 401, 403, 413, 429, 503)},
    summary="Heat grid by hour",
)
def get_heat(columns: ColumnsDep, caller: Reads, given: Annotated[HeatParameters, Query()]) -> JSONResponse:
    """Incidents with a place, counted in square cells and by the hour of the day at which they opened."""
    try:
        zone = ZoneInfo(given.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadParameter(
            "`time_zone`: there is no such zone.", "Give an IANA name: Asia/Shanghai."
        ) from None
    with columns.matching(given.query(caller)) as matched:
        grid = heat(matched, given.cell_m, zone)
    _check_size(len(grid.cells))
    cells = [
        {"column": one.column, "row": one.row, "count": one.count, "hours": one.hours} for one in grid.cells
    ]
    return JSONResponse(
        {
            "cell_m": given.cell_m,
            "time_zone": given.time_zone,
            "origin_lonlat": list(grid.origin),
            "step_deg": list(grid.step_deg),
            "total": grid.total,
            "cells": cells,
        }
    )
