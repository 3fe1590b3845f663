"""Leases of cameras and drop folders: what workers tell of themselves."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import body_of, read_model
from api.configuration import cameras_of
from api.deps import PartsDep, Reads, Sends, StoreDep, known_parameters
from api.documents_commands import DropFolderList, LeaseList
from api.examples import problems
from api.examples_commands import DROP_FOLDER, DROP_FOLDERS, LEASE_WISH, LEASES, LEASES_WANTED
from api.store.drop_folders import keep_drop_folder, list_drop_folders
from api.store.leases import CameraLease, list_leases, release_lease, renew_leases, take_lease
from api.store.times import from_ms
from api.wishes import DropFolderTold, LeasesWanted, LeaseWish
from contracts.incident import Identifier, rfc3339

__all__ = ["router"]

MOST_BYTES = 500_000

router = APIRouter(tags=["workers"], dependencies=[Depends(known_parameters)])

CameraId = Annotated[Identifier, Path(description="Camera id.", examples=["market"])]


class HolderParameters(BaseModel):
    """Who gives back."""

    worker: str = Field(min_length=1, max_length=200, description="Name of the worker that has it.")

    model_config = ConfigDict(extra="ignore")


def _shown(lease: CameraLease) -> dict[str, Any]:
    return {
        "camera_id": lease.camera_id,
        "holder": lease.holder,
        "fence": lease.fence,
        "expires_at": rfc3339(from_ms(lease.expires_ms)),
    }


def _until(lease_s: float) -> tuple[int, int]:
    now_ms = time.time_ns() // 1_000_000
    return now_ms, now_ms + int(lease_s * 1000)


@router.put(
    "/v1/leases/{camera}",
    response_model=LeaseList,
    responses={200: {"content": LEASES}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(LeaseWish, LEASE_WISH),
    summary="Take a camera (workers)",
)
async def put_lease(request: Request, camera: CameraId, parts: PartsDep, caller: Sends) -> JSONResponse:
    """The camera's lease as it is after asking: the caller's where it was free, run out or its own already.

    Where `holder` is another, that worker watches the camera; ask again later.
    """
    wish = await read_model(request, LeaseWish, parts.settings.body_timeout_s, MOST_BYTES)
    lease = await asyncio.wrap_future(
        parts.store.write(
            lambda connection: take_lease(connection, camera, wish.worker, caller.actor, _until(wish.lease_s))
        )
    )
    return JSONResponse({"leases": [_shown(lease)]})


@router.post(
    "/v1/leases",
    response_model=LeaseList,
    responses={200: {"content": LEASES}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(LeasesWanted, LEASES_WANTED),
    summary="Renew cameras (workers)",
)
async def post_leases(request: Request, parts: PartsDep, caller: Sends) -> JSONResponse:
    """Renew the leases of a worker's cameras; each comes back as it is afterwards, its own or another's."""
    wish = await read_model(request, LeasesWanted, parts.settings.body_timeout_s, MOST_BYTES)
    leases = await asyncio.wrap_future(
        parts.store.write(
            lambda connection: renew_leases(
                connection, wish.cameras, wish.worker, caller.actor, _until(wish.lease_s)
            )
        )
    )
    return JSONResponse({"leases": [_shown(lease) for lease in leases]})


@router.delete(
    "/v1/leases/{camera}",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "Given back."}, **problems(400, 401, 403, 429, 503, 507)},
    summary="Give a camera back (workers)",
)
async def delete_lease(
    camera: CameraId, parts: PartsDep, _: Sends, given: Annotated[HolderParameters, Query()]
) -> Response:
    """End a worker's lease, so that another need not wait; one that is another's stays."""
    await asyncio.wrap_future(
        parts.store.write(lambda connection: release_lease(connection, camera, given.worker))
    )
    return Response(status_code=204)


@router.get(
    "/v1/leases",
    response_model=LeaseList,
    responses={200: {"content": LEASES}, **problems(400, 401, 403, 429, 503)},
    summary="Who watches which camera",
)
def get_leases(store: StoreDep, caller: Reads) -> JSONResponse:
    """The leases that hold now; who is limited to areas sees those of the cameras that look into them."""
    cameras = cameras_of(store, caller)
    leases = store.read(lambda connection: list_leases(connection, time.time_ns() // 1_000_000))
    shown = [_shown(lease) for lease in leases if cameras is None or lease.camera_id in cameras]
    return JSONResponse({"leases": shown})


@router.post(
    "/v1/drop-folders",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "Kept."}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(DropFolderTold, DROP_FOLDER),
    summary="Tell what lies in a drop folder (workers)",
)
async def post_drop_folder(request: Request, parts: PartsDep, caller: Sends) -> Response:
    """Keep the names of the recordings in a worker's drop folder; `analyse-recording` names one of them."""
    told = await read_model(request, DropFolderTold, parts.settings.body_timeout_s, 2_000_000)
    files = [file.model_dump(mode="json") for file in told.files]
    now_ms = time.time_ns() // 1_000_000
    await asyncio.wrap_future(
        parts.store.write(
            lambda connection: keep_drop_folder(connection, told.worker, caller.actor, files, now_ms)
        )
    )
    return Response(status_code=204)


@router.get(
    "/v1/drop-folders",
    response_model=DropFolderList,
    responses={200: {"content": DROP_FOLDERS}, **problems(400, 401, 403, 429, 503)},
    summary="Recordings that can be analysed",
)
def get_drop_folders(store: StoreDep, caller: Reads) -> JSONResponse:
    """What lies in each worker's drop folder, as it told last; recordings lie in no area."""
    folders = store.read(list_drop_folders) if caller.areas is None else []
    return JSONResponse(
        {
            "folders": [
                {
                    "worker": folder.worker,
                    "files": folder.files,
                    "told_at": rfc3339(from_ms(folder.told_ms)),
                }
                for folder in folders
            ]
        }
    )
