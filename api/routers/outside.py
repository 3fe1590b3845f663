"""Pictures from outside: brought by people, hidden until a worker has masked them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import read_body
from api.callers import Caller
from api.deps import Needs, PartsDep, Reads, Sends, StoreDep, known_parameters, needs
from api.documents_commands import OutsideShown
from api.errors import NotFound, Unprocessable, WrongMediaType
from api.examples import problems
from api.examples_commands import OUTSIDE
from api.store import Store
from api.store.outside import OutsidePicture, find_outside, read_original, receive_outside
from api.store.times import from_ms
from contracts.incident import Identifier, rfc3339

__all__ = ["router"]

TAKEN = ("image/jpeg", "image/png", "image/webp")
LEAST_BYTES = 64
BINARY: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TAKEN}
BYTES: dict[str, Any] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}, "example": "(the bytes)"}
}

router = APIRouter(tags=["pictures from outside"], dependencies=[Depends(known_parameters)])

Brings = Annotated[Caller, Depends(needs(Needs.REVIEW, Needs.HANDLE))]
PictureId = Annotated[str, Path(max_length=64, examples=["5a2c9d0e-4f0b-4f5e-8a39-0d7d9c1f22aa"])]


class OutsideParameters(BaseModel):
    """What the picture belongs to."""

    report: Identifier | None = Field(default=None, description="Id of the report that it belongs to.")
    area: Identifier | None = Field(default=None, description="Area of the report.")

    model_config = ConfigDict(extra="ignore")


def _shown(picture: OutsidePicture) -> dict[str, Any]:
    return {
        "picture_id": picture.picture_id,
        "state": picture.state,
        "report": picture.report_id,
        "received_at": rfc3339(from_ms(picture.received_ms)),
        "size_bytes": picture.size_bytes,
        "evidence": f"evidence/{picture.evidence}" if picture.evidence else None,
        "reason": picture.reason,
        "original_deleted_at": (None if picture.deleted_ms is None else rfc3339(from_ms(picture.deleted_ms))),
    }


@router.post(
    "/v1/outside-pictures",
    status_code=202,
    response_model=OutsideShown,
    responses={
        202: {"description": "Quarantined; a worker will mask it.", "content": OUTSIDE},
        **problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 503, 507),
    },
    openapi_extra={"requestBody": {"required": True, "content": BINARY}},
    summary="Bring a picture from outside",
)
async def post_outside(
    request: Request, parts: PartsDep, caller: Brings, given: Annotated[OutsideParameters, Query()]
) -> JSONResponse:
    """Quarantine a picture of a citizen or a unit; nobody sees it before a worker has masked it.

    Everything but its pixels (place, time, device) is dropped with the original, which is then deleted.
    """
    if given.area is not None and not caller.may_see(given.area):
        raise NotFound(f"There is no area '{given.area}'.", "Name an area of yours.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TAKEN:
        raise WrongMediaType(f"'{kind[:80]}' is not taken here.", f"Send {', '.join(TAKEN)}.")
    content = await read_body(request, parts.settings.max_picture_bytes, parts.settings.body_timeout_s)
    if len(content) < LEAST_BYTES:
        raise Unprocessable("The body is no picture.", "Send the file as it was taken.")
    picture = await run_in_threadpool(_receive, parts.store, content, caller.actor, given)
    return JSONResponse(_shown(picture), 202)


def _receive(store: Store, content: bytes, actor: str, given: OutsideParameters) -> OutsidePicture:
    picture_id = receive_outside(store, content, actor=actor, report_id=given.report, area=given.area)
    return _find(store, picture_id)


def _find(store: Store, picture_id: str) -> OutsidePicture:
    picture = store.read(lambda connection: find_outside(connection, picture_id))
    if picture is None:
        raise NotFound("There is no such picture.", "Take its id from the reply to the upload.")
    return picture


@router.get(
    "/v1/outside-pictures/{picture_id}",
    response_model=OutsideShown,
    responses={200: {"content": OUTSIDE}, **problems(400, 401, 403, 404, 429, 503)},
    summary="What became of a picture from outside",
)
def get_outside(picture_id: PictureId, store: StoreDep, caller: Reads) -> JSONResponse:
    """Whether it is quarantined, released (then `evidence` names the masked one) or refused, and why."""
    picture = _find(store, picture_id)
    if picture.actor != caller.actor and not caller.may_see(picture.area):
        raise NotFound("There is no such picture.", "Take its id from the reply to the upload.")
    return JSONResponse(_shown(picture))


@router.get(
    "/v1/outside-pictures/{picture_id}/original",
    response_class=Response,
    responses={
        200: {"description": "As it came, for the mask pass.", "content": BYTES},
        **problems(400, 401, 403, 404, 409, 429, 503, 507),
    },
    summary="Take a picture to mask it (workers)",
)
def get_original(
    picture_id: PictureId,
    store: StoreDep,
    caller: Sends,
    x_streetkeeper_token: Annotated[str, Header(max_length=64, description="Token of the mask command.")],
) -> Response:
    """The bytes as they came, only for the worker that holds the command to mask them."""
    content = read_original(store, _find(store, picture_id), x_streetkeeper_token, caller.actor)
    headers = {"Cache-Control": "no-store", "Content-Disposition": "attachment"}
    return Response(content, media_type="application/octet-stream", headers=headers)
