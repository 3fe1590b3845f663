"""Which zones a thing stands in, and which unit answers there."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from shapely.geometry import Point, Polygon

from contracts.incident import Category
from contracts.judgement import Candidate, LonLatPoint
from contracts.site import Site, Zone, ZoneKind

__all__ = ["unit_for", "zones_at"]

MOST_DOUBT_M = 3.0
"""However uncertain a place is, it has the benefit of the doubt only so far from a zone's edge."""
IN_FAVOUR = (ZoneKind.PERMITTED, ZoneKind.IGNORED)
METRES_PER_DEGREE = 111_320.0


def zones_at(candidate: Candidate, site: Site) -> list[Zone]:
    """The zones that a thing stands in: by its foot point in pixels, by its centroid in lonlat.

    In a zone on the map that lets it stay it also stands where its place's error reaches into the zone: who
    may be there must not be held to have left by an error of ours.
    """
    x1, _, x2, y2 = candidate.box_xyxy_px
    foot = ((x1 + x2) / 2, y2)
    found = []
    for zone in site.zones:
        if zone.polygon_px is not None and zone.view == candidate.view_id:
            inside = _inside(zone.polygon_px, foot)
        else:
            doubt_m = min(candidate.error_m, MOST_DOUBT_M) if zone.kind in IN_FAVOUR else 0.0
            inside = (
                zone.polygon_lonlat is not None
                and candidate.lonlat is not None
                and _is_within(zone.polygon_lonlat, candidate.lonlat, doubt_m)
            )
        if inside:
            found.append(zone)
    return found


def unit_for(category: Category, lonlat: LonLatPoint | None, site: Site) -> str | None:
    """The unit responsible for a category at a place; of nested areas the smallest decides."""
    if lonlat is None:
        return None
    fitting = [
        area
        for area in site.areas
        if (not area.categories or category in area.categories) and _inside(area.polygon_lonlat, lonlat)
    ]
    if not fitting:
        return None
    return min(fitting, key=lambda area: Polygon(area.polygon_lonlat).area).unit


@dataclass(frozen=True, slots=True, eq=False)
class _Ring:
    """A polygon, built once: the same few zones are asked for every thing in every look.

    Args:
        polygon: The polygon.
        bounds: Its least x and y, its greatest x and y.
    """

    polygon: Polygon
    bounds: tuple[float, float, float, float]

    def is_near(self, point: LonLatPoint, spare_x: float = 0.0, spare_y: float = 0.0) -> bool:
        """Whether a point lies in the polygon's bounds; what does not is in no zone, whatever its shape."""
        x1, y1, x2, y2 = self.bounds
        return x1 - spare_x <= point[0] <= x2 + spare_x and y1 - spare_y <= point[1] <= y2 + spare_y

    def covers(self, point: LonLatPoint) -> bool:
        """Whether a point lies in the polygon or on its edge."""
        return self.is_near(point) and bool(self.polygon.covers(Point(point)))


@lru_cache(maxsize=4096)
def _ring(corners: tuple[LonLatPoint, ...]) -> _Ring:
    polygon = Polygon(corners)
    x1, y1, x2, y2 = polygon.bounds
    return _Ring(polygon, (float(x1), float(y1), float(x2), float(y2)))


def _is_within(corners: Iterable[LonLatPoint], point: LonLatPoint, doubt_m: float) -> bool:
    """Whether a point lies in a polygon, or no farther from it than `doubt_m`."""
    ring = _ring(tuple(corners))
    if ring.covers(point):
        return True
    if doubt_m <= 0:
        return False
    # Good to half a per cent over the few metres that matter.
    east_m = METRES_PER_DEGREE * math.cos(math.radians(point[1]))
    if not ring.is_near(point, doubt_m / east_m, doubt_m / METRES_PER_DEGREE):
        return False
    metres = [
        ((lon - point[0]) * east_m, (lat - point[1]) * METRES_PER_DEGREE)
        for lon, lat in ring.polygon.exterior.coords
    ]
    return float(Polygon(metres).distance(Point(0.0, 0.0))) <= doubt_m


def _inside(corners: Iterable[LonLatPoint], point: LonLatPoint) -> bool:
    return _ring(tuple(corners)).covers(point)
