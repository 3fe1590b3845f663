"""Query parameters as text, and what they mean."""

import math
import re
from datetime import UTC, datetime

from api.errors import BadParameter
from api.store.history import Bbox
from api.store.times import to_ms

__all__ = ["Span", "read_bbox", "read_datetime"]

Span = tuple[int | None, int | None]
"""From and to in milliseconds since 1970, both included; None is open."""

DATE = re.compile(r"^\d{4}-\d{2}-\d{2}\Z")
DAY_MS = 86_400_000
TIME_REMEDY = (
    "Give an instant such as 2026-05-01T08:00:00Z, a day (2026-05-01), or an interval a/b, a/.. or ../b."
)


def _fault(name: str, problem: str, remedy: str) -> BadParameter:
    return BadParameter(
        f"`{name}`: {problem}.", remedy, errors=[{"in": "query", "name": name, "problem": problem}]
    )


def _instant(text: str, *, is_end: bool) -> int:
    """Milliseconds of an RFC 3339 time or a UTC day; the end of a day is its last millisecond."""
    try:
        at = datetime.fromisoformat(text)
        if DATE.match(text):
            return to_ms(at.replace(tzinfo=UTC)) + (DAY_MS - 1 if is_end else 0)
        if at.tzinfo is None:
            raise _fault("datetime", "a time without its offset", TIME_REMEDY)
        return to_ms(at)
    except (ValueError, OverflowError):
        raise _fault("datetime", "not a time in RFC 3339", TIME_REMEDY) from None


def read_datetime(text: str | None) -> Span:
    """The span that `datetime` names.

    Raises:
        BadParameter: It is no instant or interval of OGC API - Features, or ends before it begins.
    """
    if text is None:
        return None, None
    parts = text.split("/")
    if len(parts) == 1:
        return _instant(text, is_end=False), _instant(text, is_end=True)
    if len(parts) != 2 or all(part in {"", ".."} for part in parts):
        raise _fault("datetime", "not an interval", TIME_REMEDY)
    since = None if parts[0] in {"", ".."} else _instant(parts[0], is_end=False)
    until = None if parts[1] in {"", ".."} else _instant(parts[1], is_end=True)
    if since is not None and until is not None and since > until:
        raise _fault("datetime", "ends before it begins", TIME_REMEDY)
    return since, until


def read_bbox(text: str | None) -> Bbox | None:
    """The box that `bbox` names; heights of a six-number box are left aside, our places have none.

    Raises:
        BadParameter: It is not four or six numbers in range, or south lies above north.
    """
    if text is None:
        return None
    remedy = "Give west,south,east,north in degrees (WGS 84), such as 116.3,39.8,116.5,40.0."
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise _fault("bbox", "not numbers with commas between", remedy) from None
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        raise _fault("bbox", "not four numbers", remedy)
    west, south, east, north = numbers
    if abs(west) > 180 or abs(east) > 180 or abs(south) > 90 or abs(north) > 90:
        raise _fault("bbox", "outside -180..180 or -90..90 degrees", remedy)
    if south > north:
        raise _fault("bbox", "south lies north of north", remedy)
    return west, south, east, north
