"""What routes depend on: the store, the settings, and a caller whose role allows the route."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from api.callers import Caller
from api.errors import BadParameter, Forbidden, NotSignedIn
from api.metrics import Metrics
from api.roles import Needs, roles_with
from api.sessions import COOKIE, Sessions
from api.settings import ApiSettings
from api.store import Store
from api.store.keys import KeyRecord, check_key, find_key, note_key_used
from api.tries import FailedTries

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
    "StoreDep",
    "Supervises",
    "caller_of",
    "check_presented",
    "key_caller",
    "known_parameters",
    "needs",
    "parts_of",
]

MAX_KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """What one running API is made of."""

    settings: ApiSettings
    store: Store
    sessions: Sessions
    tries: FailedTries
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


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def key_caller(record: KeyRecord) -> Caller:
    """The caller behind a key."""
    rights = record.rights
    return Caller(f"key:{record.key_id}", record.name, rights.role, rights.areas, rights.unit, rights.scopes)


def caller_of(request: Request) -> Caller:
    """Who makes a request, by the key in its header or, for reading, by a signed session.

    Raises:
        NotSignedIn: There is none, or it is not valid.
        TooManyTries: Too many wrong keys came from this address.
    """
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or len(key) > MAX_KEY_LENGTH:
            key = ""
        return key_caller(check_presented(request, key.strip()))
    cookie = request.cookies.get(COOKIE)
    if cookie and request.method in {"GET", "HEAD"}:
        parts = parts_of(request)
        key_id = parts.sessions.open(cookie)
        record = find_key(parts.store, key_id) if key_id else None
        if record is not None and record.is_valid_at(datetime.now(UTC)):
            return key_caller(record)
    raise NotSignedIn(
        "This needs an API key.",
        "Send `Authorization: Bearer <key>`; `streetkeeper api keys create` makes keys.",
        headers={"WWW-Authenticate": "Bearer"},
    )


def check_presented(request: Request, key: str) -> KeyRecord:
    """The record of a key that somebody presents.

    Raises:
        NotSignedIn: It is wrong or revoked.
        TooManyTries: Too many wrong keys came from this address.
    """
    parts, address = parts_of(request), _address(request)
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


def needs(*wanted: Needs) -> Callable[..., Caller]:
    """A dependency that gives the caller, who may do one of these.

    Raises:
        NotSignedIn: Nobody is signed in.
        Forbidden: The caller may do none of them.
    """

    def check(request: Request, _: Annotated[object, Depends(_bearer)]) -> Caller:
        caller = caller_of(request)
        if not caller.allows(*wanted):
            raise Forbidden(
                f"The role {caller.role} may not {' or '.join(wanted)}.",
                f"This is for {', '.join(roles_with(*wanted))}; an administrator gives roles.",
            )
        return caller

    return check


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
