"""What routes depend on: the store, the settings, and a caller whose role allows the route."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from api.errors import BadParameter, Forbidden, NotSignedIn
from api.metrics import Metrics
from api.sessions import COOKIE, Sessions
from api.settings import ApiSettings
from api.store import Store
from api.store.keys import KeyRecord, Role, check_key, find_key
from api.tries import FailedTries

__all__ = [
    "Administers",
    "Needs",
    "PartsDep",
    "Reads",
    "ReadsOrSends",
    "Sends",
    "ServiceParts",
    "StoreDep",
    "allows",
    "caller_of",
    "check_presented",
    "known_parameters",
    "parts_of",
]

MAX_KEY_LENGTH = 200


class Needs(StrEnum):
    """What a route asks of a caller."""

    SEND = "send events and evidence"
    READ = "read"
    ADMINISTER = "manage keys"


ALLOWED: dict[Role, frozenset[Needs]] = {
    Role.WORKER: frozenset({Needs.SEND}),
    Role.READER: frozenset({Needs.READ}),
    Role.OPERATOR: frozenset({Needs.READ}),
    Role.ADMIN: frozenset(Needs),
}


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


def caller_of(request: Request) -> KeyRecord:
    """The key that a request comes with, as a header or, for reading, as a signed session.

    Raises:
        NotSignedIn: There is none, or it is not valid.
        TooManyTries: Too many wrong keys came from this address.
    """
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer" or len(key) > MAX_KEY_LENGTH:
            key = ""
        return check_presented(request, key.strip())
    cookie = request.cookies.get(COOKIE)
    if cookie and request.method in {"GET", "HEAD"}:
        parts = parts_of(request)
        key_id = parts.sessions.open(cookie)
        record = find_key(parts.store, key_id) if key_id else None
        if record is not None and record.revoked_at is None:
            return record
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
    return record


def allows(record: KeyRecord, *wanted: Needs) -> bool:
    """Whether the key's role may do one of these."""
    return not ALLOWED[record.role].isdisjoint(wanted)


def _needs(*wanted: Needs) -> Callable[..., KeyRecord]:
    def check(request: Request, _: Annotated[object, Depends(_bearer)]) -> KeyRecord:
        record = caller_of(request)
        if not allows(record, *wanted):
            raise Forbidden(
                f"A {record.role} key may not {' or '.join(wanted)}.",
                "Use another key: worker sends; reader, operator and admin read; admin manages keys.",
            )
        return record

    return check


Sends = Annotated[KeyRecord, Depends(_needs(Needs.SEND))]
Reads = Annotated[KeyRecord, Depends(_needs(Needs.READ))]
ReadsOrSends = Annotated[KeyRecord, Depends(_needs(Needs.READ, Needs.SEND))]
Administers = Annotated[KeyRecord, Depends(_needs(Needs.ADMINISTER))]


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
