"""API keys: made, listed and revoked by an administrator."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.bodies import body_of, read_model
from api.callers import Caller
from api.deps import Administers, PartsDep, StoreDep, known_parameters
from api.documents_people import KeyList, KeyMade, KeyRequest
from api.errors import NotFound
from api.examples import problems
from api.examples_people import KEY_LIST, KEY_MADE, KEY_WISH
from api.granting import check_may_grant, is_within
from api.store import Store
from api.store.keys import KeyRecord, check_key, create_key, find_key, list_keys, revoke_key
from api.store.rights import checked_rights
from contracts.incident import rfc3339

__all__ = ["router"]

router = APIRouter(tags=["keys"], dependencies=[Depends(known_parameters)])


def _shown(record: KeyRecord) -> dict[str, Any]:
    return {
        "key_id": record.key_id,
        "name": record.name,
        **record.rights.shown(),
        "created_at": rfc3339(record.created_at),
        "expires_at": rfc3339(record.expires_at) if record.expires_at else None,
        "used_at": rfc3339(record.used_at) if record.used_at else None,
        "revoked_at": rfc3339(record.revoked_at) if record.revoked_at else None,
    }


@router.post(
    "/v1/keys",
    status_code=201,
    response_model=KeyMade,
    responses={201: {"content": KEY_MADE}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(KeyRequest, KEY_WISH),
    summary="Make a key",
)
async def post_key(request: Request, parts: PartsDep, caller: Administers) -> JSONResponse:
    """Make a key; this reply is the only time that it is shown."""
    wish = await read_model(request, KeyRequest, parts.settings.body_timeout_s)
    return await run_in_threadpool(_make, parts.store, caller, wish)


def _make(store: Store, caller: Caller, wish: KeyRequest) -> JSONResponse:
    rights = checked_rights(wish.role, wish.areas, wish.unit, wish.scopes)
    check_may_grant(caller, rights)
    key = create_key(store, rights, wish.name, expires_at=wish.expires_at, actor=caller.actor)
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
def get_keys(store: StoreDep, caller: Administers) -> JSONResponse:
    """The newest 1000 keys without their secrets, revoked ones too."""
    keys = [record for record in list_keys(store) if is_within(caller, record.rights)]
    return JSONResponse({"keys": [_shown(record) for record in keys]})


@router.delete(
    "/v1/keys/{key_id}",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "Revoked."}, **problems(400, 401, 403, 404, 409, 429, 503, 507)},
    summary="Revoke a key",
)
def delete_key(
    key_id: Annotated[str, Path(max_length=64, examples=["0a1b2c3d4e5f"])],
    store: StoreDep,
    caller: Administers,
) -> Response:
    """End a key at once; sessions signed in with it end too."""
    record = find_key(store, key_id)
    is_his = record is not None and is_within(caller, record.rights)
    if not is_his or not revoke_key(store, key_id, actor=caller.actor):
        raise NotFound("There is no such key, or it was revoked before.", "List keys at /v1/keys.")
    return Response(status_code=204)
