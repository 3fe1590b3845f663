"""Users: made, changed and disabled by an administrator."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.bodies import body_of, read_model
from api.callers import Caller
from api.deps import Administers, PartsDep, StoreDep, known_parameters
from api.documents_people import PasswordRequest, UserChange, UserList, UserRequest, UserShown
from api.errors import NotFound
from api.examples import problems
from api.examples_people import PASSWORD_WISH, USER, USER_CHANGE, USER_LIST, USER_WISH
from api.granting import check_may_grant, is_within
from api.passwords import check_password_rules, hash_password
from api.store import Store
from api.store.rights import checked_rights
from api.store.sessions import end_sessions_of
from api.store.users import UserRecord, change_user, create_user, find_user, list_users, set_password
from contracts.incident import rfc3339

__all__ = ["router"]

router = APIRouter(tags=["users"], dependencies=[Depends(known_parameters)])
UserId = Annotated[str, Path(max_length=64, examples=["7c1c6f0e-58b5-4c0b-9c44-3a4f2f5a9a01"])]


def _shown(record: UserRecord) -> dict[str, Any]:
    rights = record.rights.shown()
    del rights["scopes"]
    return {
        "user_id": record.user_id,
        "name": record.name,
        **rights,
        "signs_in_with": "password" if record.issuer is None else "provider",
        "created_at": rfc3339(record.created_at),
        "signed_in_at": rfc3339(record.signed_in_at) if record.signed_in_at else None,
        "disabled_at": rfc3339(record.disabled_at) if record.disabled_at else None,
    }


def _known(store: Store, caller: Caller, user_id: str) -> UserRecord:
    """The user, if he is for this administrator to see."""
    record = find_user(store, user_id)
    if record is None or not is_within(caller, record.rights):
        raise NotFound("There is no such user.", "List users at /v1/users.")
    return record


@router.get(
    "/v1/users",
    response_model=UserList,
    responses={200: {"content": USER_LIST}, **problems(400, 401, 403, 429, 503)},
    summary="List users",
)
def get_users(store: StoreDep, caller: Administers) -> JSONResponse:
    """Users by name, at most 1000, disabled ones too; a limited administrator sees those within his areas."""
    users = [record for record in list_users(store) if is_within(caller, record.rights)]
    return JSONResponse({"users": [_shown(record) for record in users]})


@router.post(
    "/v1/users",
    status_code=201,
    response_model=UserShown,
    responses={201: {"content": USER}, **problems(400, 401, 403, 408, 409, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(UserRequest, USER_WISH),
    summary="Make a user",
)
async def post_user(request: Request, parts: PartsDep, caller: Administers) -> JSONResponse:
    """Make a user who signs in with a password: 12 characters or more, not a common one."""
    wish = await read_model(request, UserRequest, parts.settings.body_timeout_s)
    return await run_in_threadpool(_make, parts.store, caller, wish)


def _make(store: Store, caller: Caller, wish: UserRequest) -> JSONResponse:
    rights = checked_rights(wish.role, wish.areas, wish.unit)
    check_may_grant(caller, rights)
    check_password_rules(wish.password, wish.name)
    record = create_user(store, wish.name, rights, password=hash_password(wish.password), actor=caller.actor)
    return JSONResponse(_shown(record), 201)


@router.patch(
    "/v1/users/{user_id}",
    response_model=UserShown,
    responses={200: {"content": USER}, **problems(400, 401, 403, 404, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(UserChange, USER_CHANGE),
    summary="Change a user",
)
async def patch_user(request: Request, user_id: UserId, parts: PartsDep, caller: Administers) -> JSONResponse:
    """Change role, areas or unit, or disable a user; his sessions end. Users are never deleted."""
    _known(parts.store, caller, user_id)
    wish = await read_model(request, UserChange, parts.settings.body_timeout_s)
    return await run_in_threadpool(_change, parts.store, caller, user_id, wish)


def _change(store: Store, caller: Caller, user_id: str, wish: UserChange) -> JSONResponse:
    before = _known(store, caller, user_id).rights
    given = wish.model_fields_set
    rights = checked_rights(
        wish.role or before.role,
        wish.areas if "areas" in given else before.areas,
        wish.unit if "unit" in given else before.unit,
    )
    check_may_grant(caller, rights)
    record = change_user(store, user_id, rights=rights, is_disabled=wish.is_disabled, actor=caller.actor)
    return JSONResponse(_shown(record))


@router.put(
    "/v1/users/{user_id}/password",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "Changed; his sessions have ended."},
        **problems(400, 401, 403, 404, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(PasswordRequest, PASSWORD_WISH),
    summary="Set a user's password",
)
async def put_user_password(
    request: Request, user_id: UserId, parts: PartsDep, caller: Administers
) -> Response:
    """Give a user a new password, because he forgot it."""
    user = _known(parts.store, caller, user_id)
    check_may_grant(caller, user.rights)
    wish = await read_model(request, PasswordRequest, parts.settings.body_timeout_s)
    check_password_rules(wish.password, user.name)
    await run_in_threadpool(_set_password, parts.store, caller, user_id, wish.password)
    return Response(status_code=204)


def _set_password(store: Store, caller: Caller, user_id: str, password: str) -> None:
    set_password(store, user_id, hash_password(password), actor=caller.actor)


@router.delete(
    "/v1/users/{user_id}/sessions",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "Ended."}, **problems(400, 401, 403, 404, 429, 503, 507)},
    summary="End a user's sessions",
)
def delete_sessions(user_id: UserId, store: StoreDep, caller: Administers) -> Response:
    """Sign a user out everywhere."""
    end_sessions_of(store, "user", _known(store, caller, user_id).user_id, actor=caller.actor)
    return Response(status_code=204)
