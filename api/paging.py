"""Page tokens: opaque to the caller, bound to the query they came from."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence

from api.errors import BadParameter

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "clamp", "open_numbers", "open_token", "seal_token"]

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_NUMBER = 2**62
REMEDY = "Take `token` from the `next` link and leave the other parameters as they were."


def clamp(limit: int) -> int:
    """A limit above the largest means the largest.

    Source: OGC API - Features 1.0.1, requirement core/rc-limit-response.
    """
    return min(limit, MAX_LIMIT)


def _bond(query: object) -> str:
    return hashlib.sha256(repr(query).encode()).hexdigest()[:16]


def seal_token(query: object, place: Sequence[float]) -> str:
    """A token for the page after `place`.

    Args:
        query: The filter, a frozen dataclass; another filter will refuse the token.
        place: Numbers that say where the page ended.
    """
    text = json.dumps([_bond(query), *place], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def open_token(query: object, token: str, numbers: int) -> list[int]:
    """The place in a token, of whole numbers.

    Raises:
        BadParameter: It is no token of ours, or came from a query with other filters.
    """
    place = open_numbers(query, token, numbers)
    if not all(type(number) is int for number in place):
        raise BadParameter("`token` is not one that this API gave.", REMEDY)
    return [int(number) for number in place]


def open_numbers(query: object, token: str, numbers: int) -> list[float]:
    """The place in a token.

    Raises:
        BadParameter: It is no token of ours, or came from a query with other filters.
    """
    try:
        parts = json.loads(base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4)))
        bond, *place = parts
    except (binascii.Error, ValueError, TypeError, RecursionError):
        raise BadParameter("`token` is not one that this API gave.", REMEDY) from None
    is_place = len(place) == numbers and all(type(n) in (int, float) and abs(n) < MAX_NUMBER for n in place)
    if not is_place or not isinstance(bond, str):
        raise BadParameter("`token` is not one that this API gave.", REMEDY)
    if bond != _bond(query):
        raise BadParameter("`token` belongs to a query with other filters.", REMEDY)
    return list(place)
