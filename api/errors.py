"""What the API refuses or fails to do, and the one table that turns it into problem details.

ApiError
├── BadParameter      a query parameter or path is wrong; the message names it
├── BadBody           the body is not what the route takes
├── NotSignedIn       no key or session, or one that is wrong, revoked or expired
├── Forbidden         the caller's role may not do this
├── TooManyTries      too many wrong keys or passwords; wait
├── TooManyRequests   more requests than this caller or address may make; wait
├── NotFound          there is no such thing
├── Conflict          it contradicts what is stored
├── StaleVersion      somebody changed it since the caller looked
├── TooLarge          a body or batch over its limit
├── TooSlow           the body did not arrive in time
├── WrongMediaType    the content type is not one that the route takes
├── Unprocessable     well formed, but not acceptable
├── RangeNotSatisfiable  the range lies outside the picture
├── ProviderFailed    the identity provider cannot be reached or answers nonsense
├── StoreBusy         the store cannot take it now; try again
└── StorageFull       the disk is full; nothing was kept; try again later
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "PROBLEMS",
    "ApiError",
    "BadBody",
    "BadParameter",
    "Conflict",
    "Forbidden",
    "NotFound",
    "NotSignedIn",
    "Problem",
    "ProblemReply",
    "ProviderFailed",
    "RangeNotSatisfiable",
    "StaleVersion",
    "StorageFull",
    "StoreBusy",
    "TooLarge",
    "TooManyRequests",
    "TooManyTries",
    "TooSlow",
    "Unprocessable",
    "WrongMediaType",
    "problem_of",
]

TYPE_PREFIX = "urn:streetkeeper:problem:"


class ApiError(Exception):
    """Anything that the API refuses or fails to do; the message is for the caller to read.

    Args:
        detail: What is wrong, in one sentence; never holds a secret.
        remedy: What the caller can do about it.
        headers: Reply headers that belong to this refusal.
        errors: The faults one by one, each with the place it is in.
    """

    def __init__(
        self,
        detail: str,
        remedy: str = "",
        *,
        headers: dict[str, str] | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy
        self.headers = headers or {}
        self.errors = errors or []


class BadParameter(ApiError):
    """A query parameter or path is wrong."""


class BadBody(ApiError):
    """The body cannot be read as what the route takes."""


class NotSignedIn(ApiError):
    """No key, a wrong one or a revoked one."""


class Forbidden(ApiError):
    """The key's role may not do this."""


class TooManyTries(ApiError):
    """Too many wrong keys from one address."""


class TooManyRequests(ApiError):
    """More requests than this caller or address may make."""


class NotFound(ApiError):
    """There is no such thing."""


class Conflict(ApiError):
    """It contradicts what is stored."""


class StaleVersion(ApiError):
    """Somebody changed it since the caller looked."""


class TooLarge(ApiError):
    """A body or batch over its limit."""


class TooSlow(ApiError):
    """The body did not arrive in time."""


class WrongMediaType(ApiError):
    """The content type is not one that the route takes."""


class Unprocessable(ApiError):
    """Well formed, but not acceptable."""


class RangeNotSatisfiable(ApiError):
    """The range lies outside the picture."""


class ProviderFailed(ApiError):
    """The identity provider cannot be reached or answers nonsense."""


class StoreBusy(ApiError):
    """The store cannot take it now."""


class StorageFull(ApiError):
    """The disk is full; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of the table: what a kind of refusal looks like on the wire."""

    status: int
    code: str
    title: str


@dataclass(frozen=True, slots=True)
class ProblemReply:
    """A problem as it is sent."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


PROBLEMS: dict[type[ApiError], Problem] = {
    BadParameter: Problem(400, "bad-parameter", "A parameter is wrong"),
    BadBody: Problem(400, "bad-body", "The body cannot be read"),
    NotSignedIn: Problem(401, "not-signed-in", "A sign-in or an API key is needed"),
    Forbidden: Problem(403, "forbidden", "The role may not do this"),
    NotFound: Problem(404, "not-found", "There is no such thing"),
    TooSlow: Problem(408, "too-slow", "The body did not arrive in time"),
    Conflict: Problem(409, "conflict", "It contradicts what is stored"),
    StaleVersion: Problem(412, "stale-version", "Somebody changed it meanwhile"),
    TooLarge: Problem(413, "too-large", "Too large"),
    WrongMediaType: Problem(415, "wrong-media-type", "The content type is not taken here"),
    RangeNotSatisfiable: Problem(416, "range-not-satisfiable", "The range lies outside the picture"),
    Unprocessable: Problem(422, "unprocessable", "Not acceptable"),
    TooManyTries: Problem(429, "too-many-tries", "Too many wrong keys or passwords"),
    TooManyRequests: Problem(429, "too-many-requests", "Too many requests"),
    ProviderFailed: Problem(502, "provider-failed", "The identity provider does not answer"),
    StoreBusy: Problem(503, "store-busy", "The store cannot take it now"),
    StorageFull: Problem(507, "storage-full", "The disk is full"),
}


def problem_of(error: ApiError, instance: str) -> ProblemReply:
    """The reply for an error.

    Args:
        error: What happened.
        instance: Path of the request, without its query (a query may hold what does not belong in logs).

    Source: RFC 9457; `remedy` and `errors` are our extension members.
    """
    row = PROBLEMS[type(error)]
    body: dict[str, Any] = {
        "type": TYPE_PREFIX + row.code,
        "title": row.title,
        "status": row.status,
        "detail": error.detail,
        "instance": instance,
    }
    if error.remedy:
        body["remedy"] = error.remedy
    if error.errors:
        body["errors"] = error.errors
    return ProblemReply(row.status, body, error.headers)
