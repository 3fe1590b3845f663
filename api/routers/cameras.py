"""Cameras: the latest health of each view."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.configuration import cameras_of
from api.deps import Reads, StoreDep, known_parameters
from api.documents import ViewList
from api.examples import VIEW_LIST, problems
from api.incident_parameters import areas_for
from api.store.cameras import list_views
from contracts.incident import Identifier

__all__ = ["router"]

router = APIRouter(tags=["cameras"], dependencies=[Depends(known_parameters)])

VIEWS_SHOWN = 10_000


class CameraParameters(BaseModel):
    """Filters of the camera list."""

    run: Identifier = Field(default="live", description="`live`, or the name of an analysis of recordings.")

    model_config = ConfigDict(extra="ignore")


@router.get(
    "/v1/cameras",
    response_model=ViewList,
    responses={200: {"content": VIEW_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="Cameras and their health",
)
def get_cameras(store: StoreDep, caller: Reads, given: Annotated[CameraParameters, Query()]) -> JSONResponse:
    """Every view that was heard of, with its latest health and its open incidents.

    Who is limited to areas sees the cameras that look into them, and of their incidents those that lie there.
    """
    views = list_views(store, given.run, VIEWS_SHOWN, areas_for(caller, None))
    cameras = cameras_of(store, caller)
    return JSONResponse(
        {
            "views": [
                {
                    "view_id": view.view_id,
                    "camera_id": view.camera_id,
                    "run": view.run,
                    "open_incidents": view.open_incidents,
                    "reported_at": view.reported_at,
                    "health": view.health.model_dump(mode="json") if view.health else None,
                }
                for view in views
                if cameras is None or view.camera_id in cameras
            ]
        }
    )
