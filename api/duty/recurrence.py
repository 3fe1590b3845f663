"""Whether a case is about a place at which one of its category was closed a short while before."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["RECURS_WITHIN_DAYS", "SAME_PLACE_M", "Placed", "recurring"]

RECURS_WITHIN_DAYS = 30
SAME_PLACE_M = 30.0
"""Two cases so near each other are about the same place; a camera's place is good to some metres."""
DAY_MS = 86_400_000
METRES_PER_DEGREE = 111_320.0


class Placed(NamedTuple):
    """A case at a place and a moment: when it was reported or closed. A tuple: there are many."""

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
    reported, closed = list(reported), list(closed)
    # One width for all rows: that of the cells nearest to a pole, so that none is narrower than the distance.
    farthest = max((abs(case.lat) for case in (*reported, *closed)), default=0.0)
    grid = _Grid(max(0.01, math.cos(math.radians(farthest))) * METRES_PER_DEGREE / SAME_PLACE_M)
    for case in closed:
        grid.cells[(case.category, *grid.cell(case.lon, case.lat))].append(case)
    return {case.case_id for case in reported if grid.holds_before(case)}


@dataclass(slots=True)
class _Grid:
    """Closed cases by category and cell; cells are at least as wide as the distance."""

    columns_per_degree: float
    cells: dict[tuple[str, int, int], list[Placed]] = field(default_factory=lambda: defaultdict(list))

    def cell(self, lon: float, lat: float) -> tuple[int, int]:
        return math.floor(lon * self.columns_per_degree), math.floor(lat * METRES_PER_DEGREE / SAME_PLACE_M)

    def holds_before(self, case: Placed) -> bool:
        """Whether a case of the same place was closed in the days before."""
        column, row = self.cell(case.lon, case.lat)
        earliest_ms = case.at_ms - RECURS_WITHIN_DAYS * DAY_MS
        for east, north in _AROUND:
            for before in self.cells.get((case.category, column + east, row + north), ()):
                if (
                    earliest_ms <= before.at_ms <= case.at_ms
                    and before.case_id != case.case_id
                    and _apart_m(case, before) <= SAME_PLACE_M
                ):
                    return True
        return False


_AROUND = [(east, north) for east in (-1, 0, 1) for north in (-1, 0, 1)]


def _apart_m(one: Placed, other: Placed) -> float:
    """Distance in metres; good to a thousandth over the few metres that matter."""
    east = (one.lon - other.lon) * METRES_PER_DEGREE * math.cos(math.radians(one.lat))
    return math.hypot(east, (one.lat - other.lat) * METRES_PER_DEGREE)
