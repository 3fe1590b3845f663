"""Whether a case is about a place at which one of its category was closed a short while before."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["RECURS_WITHIN_DAYS", "SAME_PLACE_M", "Placed", "recurring"]

RECURS_WITHIN_DAYS = 30
SAME_PLACE_M = 30.0
"""Two cases so near each other are about the same place; a camera's place is good to some metres."""
DAY_MS = 86_400_000
METRES_PER_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A case at a place and a moment: when it was reported, or when it was closed."""

    case_id: str
    category: str
    lon: float
    lat: float
    at_ms: int


def recurring(reported: Iterable[Placed], closed: Iterable[Placed]) -> set[str]:
    """Ids of the reported cases that come back: same category, near one closed in the 30 days before.

    Args:
        reported: Cases by the moment of their report.
        closed: Cases by the moment of their closing.
    """
    cells: dict[tuple[str, int, int], list[Placed]] = defaultdict(list)
    for case in closed:
        cells[_cell(case)].append(case)
    return {case.case_id for case in reported if _comes_back(case, cells)}


def _comes_back(case: Placed, cells: dict[tuple[str, int, int], list[Placed]]) -> bool:
    category, column, row = _cell(case)
    around = [(category, column + east, row + north) for east in (-1, 0, 1) for north in (-1, 0, 1)]
    return any(
        before.case_id != case.case_id
        and 0 <= case.at_ms - before.at_ms <= RECURS_WITHIN_DAYS * DAY_MS
        and _apart_m(case, before) <= SAME_PLACE_M
        for key in around
        for before in cells.get(key, ())
    )


def _cell(case: Placed) -> tuple[str, int, int]:
    """Cells at least as wide as the distance, so that only neighbours need a look."""
    row = math.floor(case.lat * METRES_PER_DEGREE / SAME_PLACE_M)
    # The width by the row's latitude, so that all of a row agree; a hundredth wider for the rows beside it.
    shrink = math.cos(math.radians(min(89.0, abs(row) * SAME_PLACE_M / METRES_PER_DEGREE))) * 0.99
    return case.category, math.floor(case.lon * METRES_PER_DEGREE * shrink / SAME_PLACE_M), row


def _apart_m(one: Placed, other: Placed) -> float:
    """Distance in metres; good to a thousandth over the few metres that matter."""
    east = (one.lon - other.lon) * METRES_PER_DEGREE * math.cos(math.radians(one.lat))
    return math.hypot(east, (one.lat - other.lat) * METRES_PER_DEGREE)
