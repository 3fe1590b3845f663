"""API keys: made, listed and revoked by an administrator."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from api.bodies import decode_json, read_body
from api.deps import Administers, PartsDep, StoreDep, known_parameters
from api.documents import KeyList, KeyMade, KeyRequest
from api.errors import NotFound, Unprocessable
from api.examples import KEY_LIST, KEY_MADE, problems
from api.store import Store
from api.store.keys import KeyRecord, check_key, create_key, list_keys, revoke_key
from contracts.incident import rfc3339

__all__ = ["router"]

MAX_WISH_BYTES = 10_000

router = APIRouter(tags=["keys"], dependencies=[Depends(known_parameters)])


def _shown(record: KeyRecord) -> dict[str, Any]:
    return {
        "key_id": record.key_id,
        "name": record.name,
        "role": record.role.value,
        "created_at": rfc3339(record.created_at),
        "revoked_at": rfc3339(record.revoked_at) if record.revoked_at else None,
    }


@router.post(
    "/v1/keys",
    status_code=201,
    response_model=KeyMade,
    responses={201: {"content": KEY_MADE}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/KeyRequest"},
                    "example": {"role": "worker", "name": "worker in the east depot"},
                }
            },
        }
    },
    summary="Make a key",
)
async def post_key(request: Request, parts: PartsDep, _: Administers) -> JSONResponse:
    """Make a key; this reply is the only time that it is shown."""
    # Read by hand: the framework would read a body of any size before it asks for the key.
    body = await read_body(request, MAX_WISH_BYTES, parts.settings.body_timeout_s)
    return await run_in_threadpool(_make, parts.store, decode_json(body))


def _make(store: Store, document: Any) -> JSONResponse:
    try:
        wish = KeyRequest.model_validate(document)
    except ValidationError as error:
        faults = [
            {"in": "body", "name": ".".join(str(part) for part in fault["loc"]), "problem": fault["msg"]}
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise Unprocessable(
            "The wish for a key is not one.",
            'Send {"role": "worker|reader|operator|admin", "name": "who uses it"}.',
            errors=faults,
        ) from None
    key = create_key(store, wish.role, wish.name)
    record = check_key(store, key)
    if record is None:
        raise NotFound("The key was revoked as it was made.", "Make another.")
    return JSONResponse({**_shown(record), "key": key}, 201, {"Cache-Control": "no-store"})


@router.get(
    "/v1/keys",
    response_model=KeyList,
    responses={200: {"content": KEY_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="List keys",
)
def get_keys(store: StoreDep, _: Administers) -> JSONResponse:
    """The newest 1000 keys without their secrets, revoked ones too."""
    return JSONResponse({"keys": [_shown(record) for record in list_keys(store)]})


@router.delete(
    "/v1/keys/{key_id}",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "Revoked."}, **problems(400, 401, 403, 404, 409, 429, 503, 507)},
    summary="Revoke a key",
)
def delete_key(
    key_id: Annotated[str, Path(max_length=64, examples=["0a1b2c3d4e5f"])], store: StoreDep, _: Administers
) -> Response:
    """End a key at once; sessions signed in with it end too."""
    if not revoke_key(store, key_id):
        raise NotFound("There is no such key, or it was revoked before.", "List keys at /v1/keys.")
    return Response(status_code=204)
