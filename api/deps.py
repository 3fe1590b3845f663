"""What routes depend on: the store, the settings, and a caller whose role allows the route."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from api.auditing import EvidenceReads
from api.callers import Caller
from api.errors import BadParameter, Forbidden, NotSignedIn
from api.lockout import SignInPauses
from api.metrics import Metrics
from api.oidc.begun import SignInsBegun
from api.oidc.provider import Provider
from api.rates import RateLimit
from api.roles import Needs, roles_with
from api.sessions import CSRF_HEADER, check_proof, cookie_of
from api.settings import ApiSettings
from api.signing_in import user_caller
from api.store import Store
from api.store.keys import KeyRecord, check_key, find_key, note_key_used
from api.store.sessions import SessionRecord, find_session
from api.store.users import find_user
from api.tries import FailedTries, network_of

__all__ = [
    "Administers",
    "Audits",
    "Configures",
    "Dispatches",
    "Evaluates",
    "Handles",
    "Needs",
    "PartsDep",
    "Reads",
    "ReadsOrSends",
    "Reviews",
    "Sends",
    "ServiceParts",
    "Signed",
    "StoreDep",
    "Supervises",
    "address_of",
    "caller_of",
    "check_presented",
    "key_caller",
    "known_parameters",
    "needs",
    "parts_of",
    "session_of",
]

MAX_KEY_LENGTH = 200
SAFE_METHODS = frozenset({"GET", "HEAD"})
WORKER_COST = 0.1


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """What one running API is made of."""

    settings: ApiSettings
    store: Store
    tries: FailedTries
    pauses: SignInPauses
    callers: RateLimit
    addresses: RateLimit
    provider: Provider | None
    begun: SignInsBegun
    reads: EvidenceReads
    metrics: Metrics


def parts_of(request: Request) -> ServiceParts:
    """The parts of the API that serves this request."""
    return cast(ServiceParts, request.app.state.parts)


def _store(request: Request) -> Store:
    return parts_of(request).store


PartsDep = Annotated[ServiceParts, Depends(parts_of)]
StoreDep = Annotated[Store, Depends(_store)]

# Only for the OpenAPI document: it says how keys travel. The checking is ours, with our errors.
_bearer = HTTPBearer(auto_error=False, scheme_name="apiKey", description="An API key: `Bearer sk_...`.")


_cookie = APIKeyCookie(
    name="streetkeeper_session",
    auto_error=False,
    scheme_name="session",
    description="A session from `POST /v1/session`; changes also need `X-CSRF-Token`.",
)


def address_of(request: Request) -> str:
    """Where a request comes from; behind a proxy, where the proxy says so."""
    return request.client.host if request.client else "unknown"


def key_caller(record: KeyRecord) -> Caller:
    """The caller behind a key."""
    rights = record.rights
    return Caller(f"key:{record.key_id}", record.name, rights.role, rights.areas, rights.unit, rights.scopes)


def session_of(request: Request) -> tuple[str, SessionRecord] | None:
    """The secret and the session that a browser's cookie names, if it is valid."""
    secret, parts = cookie_of(request), parts_of(request)
    if secret is None:
        return None
    session = find_session(parts.store, secret, parts.settings.session_idle_minutes * 60)
    return None if session is None else (secret, session)


def _caller_by_cookie(request: Request) -> Caller | None:
    found = session_of(request)
    if found is None:
        return None
    parts, (secret, session) = parts_of(request), found
    is_read = request.method in SAFE_METHODS
    if session.holder_kind == "key":
        # A key was lent to the page to look around; what changes something is done by a person or a machine.
        key = find_key(parts.store, session.holder_id)
        return key_caller(key) if key and key.is_valid_at(datetime.now(UTC)) and is_read else None
    user = find_user(parts.store, session.holder_id)
    if user is None or user.disabled_at is not None:
        return None
    if not is_read:
        check_proof(request, secret, request.headers.get(CSRF_HEADER), parts.settings)
    return user_caller(user)


def caller_of(request: Request) -> Caller:
    """Who makes a request: by the key in its header, or by the session of its cookie.

    Raises:
        NotSignedIn: There is none, or it is not valid.
        Forbidden: A change by cookie that our own page did not make.
        TooManyTries: Too many wrong keys came from this address.
        TooManyRequests: The caller makes more requests than he may.
    """
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or len(key) > MAX_KEY_LENGTH:
            key = ""
        caller: Caller | None = key_caller(check_presented(request, key.strip()))
    else:
        caller = _caller_by_cookie(request)
    parts = parts_of(request)
    if caller is None:
        parts.addresses.take(network_of(address_of(request)))
        raise NotSignedIn(
            "This needs a sign-in or an API key.",
            "Sign in at `/`, or send `Authorization: Bearer <key>`; an administrator gives both.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    parts.callers.take(caller.actor, WORKER_COST if caller.allows(Needs.SEND) else 1.0)
    return caller


def check_presented(request: Request, key: str) -> KeyRecord:
    """The record of a key that somebody presents; remembers that it is in use.

    Raises:
        NotSignedIn: It is wrong or revoked.
        TooManyTries: Too many wrong keys came from this address.
    """
    parts, address = parts_of(request), address_of(request)
    parts.tries.check(address, key)
    record = check_key(parts.store, key)
    if record is None:
        parts.tries.failed(address)
        parts.metrics.refused_keys.inc()
        raise NotSignedIn(
            "The key is wrong or was revoked.",
            "Ask an administrator for a key.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    parts.tries.accepted(address, key)
    note_key_used(parts.store, record)
    return record


def _signed(
    request: Request, _: Annotated[object, Depends(_bearer)], __: Annotated[object, Depends(_cookie)]
) -> Caller:
    return caller_of(request)


def needs(*wanted: Needs) -> Callable[..., Caller]:
    """A dependency that gives the caller, who may do one of these.

    Raises:
        NotSignedIn: Nobody is signed in.
        Forbidden: The caller may do none of them.
    """

    def check(
        request: Request, _: Annotated[object, Depends(_bearer)], __: Annotated[object, Depends(_cookie)]
    ) -> Caller:
        caller = caller_of(request)
        if not caller.allows(*wanted):
            raise Forbidden(
                f"The role {caller.role} may not {' or '.join(wanted)}.",
                f"This is for {', '.join(roles_with(*wanted))}; an administrator gives roles.",
            )
        return caller

    return check


Signed = Annotated[Caller, Depends(_signed)]
"""Anybody who is signed in, whatever he may do."""
Sends = Annotated[Caller, Depends(needs(Needs.SEND))]
Reads = Annotated[Caller, Depends(needs(Needs.READ))]
ReadsOrSends = Annotated[Caller, Depends(needs(Needs.READ, Needs.SEND))]
Reviews = Annotated[Caller, Depends(needs(Needs.REVIEW))]
Dispatches = Annotated[Caller, Depends(needs(Needs.DISPATCH))]
Handles = Annotated[Caller, Depends(needs(Needs.HANDLE))]
Supervises = Annotated[Caller, Depends(needs(Needs.SUPERVISE))]
Evaluates = Annotated[Caller, Depends(needs(Needs.EVALUATE))]
Configures = Annotated[Caller, Depends(needs(Needs.CONFIGURE))]
Administers = Annotated[Caller, Depends(needs(Needs.ADMINISTER))]
Audits = Annotated[Caller, Depends(needs(Needs.AUDIT))]


def known_parameters(request: Request) -> None:
    """Refuse query parameters that the route does not have, and those given twice.

    Raises:
        BadParameter: There is one; the reply names the known ones.

    Source: OGC API - Features 1.0.1, 7.15.2 and 7.15.3: unknown parameters are answered with 400.
    """
    operation = request.app.openapi()["paths"].get(request.scope["route"].path, {})
    described = operation.get("get" if request.method == "HEAD" else request.method.lower(), {})
    known = [item["name"] for item in described.get("parameters", []) if item["in"] == "query"]
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            listed = f"Known here: {', '.join(known)}." if known else "This takes no query parameters."
            raise BadParameter(
                f"There is no query parameter '{name[:60]}'.",
                listed,
                errors=[{"in": "query", "name": name[:60]}],
            )
        if given.count(name) > 1:
            raise BadParameter(f"The query parameter '{name}' is given more than once.", "Give it once.")
