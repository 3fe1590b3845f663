"""Signing in and out, and who is calling."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.bodies import body_of, read_model
from api.callers import Caller
from api.deps import PartsDep, ServiceParts, Signed, address_of, known_parameters, session_of
from api.documents_people import OwnPassword, SessionShown, SignInRequest, SignInWays
from api.errors import Conflict, Forbidden
from api.examples import problems
from api.examples_people import OWN_PASSWORD, SESSION, SIGN_IN, WAYS
from api.passwords import check_password_rules, hash_password
from api.roles import Needs
from api.sessions import check_own_origin, forget_cookie, proof_of, set_cookie
from api.signing_in import check_password, user_caller
from api.store.sessions import end_session, find_session, open_session
from api.store.times import from_ms
from api.store.users import find_user_by_name, set_password
from api.tries import network_of
from contracts.incident import rfc3339

__all__ = ["router", "start_session"]

router = APIRouter(tags=["session"], dependencies=[Depends(known_parameters)])


def shown(caller: Caller, secret: str | None, ends_ms: int | None) -> dict[str, object]:
    """A caller, and the session that he has."""
    return {
        "actor": caller.actor,
        "name": caller.name,
        "role": caller.role.value,
        "may": [need.name.lower() for need in Needs if caller.allows(need)],
        "areas": None if caller.areas is None else sorted(caller.areas),
        "unit": caller.unit,
        "csrf_token": None if secret is None else proof_of(secret),
        "ends_at": None if ends_ms is None else rfc3339(from_ms(ends_ms)),
    }


def start_session(parts: ServiceParts, user_id: str, actor: str) -> str:
    """A new session of a user; gives the secret for his cookie."""
    lasts_s = parts.settings.session_hours * 3600
    return open_session(parts.store, "user", user_id, actor=actor, lasts_s=lasts_s)


@router.get(
    "/v1/sign-in",
    response_model=SignInWays,
    responses={200: {"content": WAYS}, **problems(400, 429)},
    summary="Ways to sign in",
)
def get_ways(parts: PartsDep) -> JSONResponse:
    """How people sign in here; needs no sign-in."""
    provider = parts.provider
    named = None if provider is None else {"name": provider.settings.name, "href": "/sign-in/oidc"}
    return JSONResponse({"password": True, "provider": named})


@router.post(
    "/v1/session",
    status_code=201,
    response_model=SessionShown,
    responses={201: {"content": SESSION}, **problems(400, 401, 403, 408, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(SignInRequest, SIGN_IN),
    summary="Sign in",
)
async def post_session(request: Request, parts: PartsDep) -> JSONResponse:
    """Change name and password for a session; its cookie is out of reach of scripts and other sites."""
    check_own_origin(request, parts.settings)
    parts.addresses.take(network_of(address_of(request)))
    wish = await read_model(request, SignInRequest, parts.settings.body_timeout_s)
    return await run_in_threadpool(_sign_in, request, parts, wish)


def _sign_in(request: Request, parts: ServiceParts, wish: SignInRequest) -> JSONResponse:
    user = check_password(parts.store, parts.pauses, address_of(request), wish.name, wish.password)
    caller = user_caller(user)
    secret = start_session(parts, user.user_id, caller.actor)
    session = find_session(parts.store, secret, parts.settings.session_idle_minutes * 60)
    reply = JSONResponse(shown(caller, secret, session.ends_ms if session else None), 201)
    set_cookie(request, reply, secret, parts.settings)
    return reply


@router.get(
    "/v1/session",
    response_model=SessionShown,
    responses={200: {"content": SESSION}, **problems(400, 401, 403, 429, 503)},
    summary="Who is calling",
)
def get_session(request: Request, caller: Signed) -> JSONResponse:
    """Who is calling and what he may do; by cookie also the token that goes with each change."""
    found = None if "authorization" in request.headers else session_of(request)
    secret, ends_ms = (found[0], found[1].ends_ms) if found else (None, None)
    return JSONResponse(shown(caller, secret, ends_ms))


@router.delete(
    "/v1/session",
    status_code=204,
    response_class=Response,
    responses={204: {"description": "Signed out."}, **problems(400, 401, 403, 429, 503, 507)},
    summary="Sign out",
)
def delete_session(request: Request, parts: PartsDep, caller: Signed) -> Response:
    """End the session; its cookie opens nothing any more, wherever it was copied to."""
    found = None if "authorization" in request.headers else session_of(request)
    reply = Response(status_code=204)
    if found:
        end_session(parts.store, found[1].session_id, actor=caller.actor)
        forget_cookie(request, reply, parts.settings)
    return reply


@router.put(
    "/v1/session/password",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "Changed; every session of the user has ended."},
        **problems(400, 401, 403, 408, 409, 413, 422, 429, 503, 507),
    },
    openapi_extra=body_of(OwnPassword, OWN_PASSWORD),
    summary="Change one's own password",
)
async def put_password(request: Request, parts: PartsDep, caller: Signed) -> Response:
    """Change the password of the user who is signed in; the present one is asked for again."""
    if not caller.actor.startswith("user:"):
        raise Forbidden("A key has no password.", "Sign in as a user.")
    wish = await read_model(request, OwnPassword, parts.settings.body_timeout_s)
    return await run_in_threadpool(_change_own, request, parts, caller, wish)


def _change_own(request: Request, parts: ServiceParts, caller: Caller, wish: OwnPassword) -> Response:
    known = find_user_by_name(parts.store, caller.name)
    if known is not None and known.issuer is not None:
        raise Conflict("An identity provider knows your password.", "Change it there.")
    user = check_password(parts.store, parts.pauses, address_of(request), caller.name, wish.present)
    check_password_rules(wish.password, user.name)
    set_password(parts.store, user.user_id, hash_password(wish.password), actor=caller.actor)
    reply = Response(status_code=204)
    forget_cookie(request, reply, parts.settings)
    return reply
