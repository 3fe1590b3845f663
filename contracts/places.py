"""Which zones a thing stands in, and which unit answers there."""

from collections.abc import Iterable

from shapely.geometry import Point, Polygon

from contracts.incident import Category
from contracts.judgement import Candidate, LonLatPoint
from contracts.site import Site, Zone

__all__ = ["unit_for", "zones_at"]


def zones_at(candidate: Candidate, site: Site) -> list[Zone]:
    """The zones that a thing stands in: by its foot point in pixels, by its centroid in lonlat."""
    x1, _, x2, y2 = candidate.box_xyxy_px
    foot = ((x1 + x2) / 2, y2)
    found = []
    for zone in site.zones:
        if zone.polygon_px is not None and zone.view == candidate.view_id:
            inside = _inside(zone.polygon_px, foot)
        else:
            inside = (
                zone.polygon_lonlat is not None
                and candidate.lonlat is not None
                and _inside(zone.polygon_lonlat, candidate.lonlat)
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


def _inside(ring: Iterable[LonLatPoint], point: LonLatPoint) -> bool:
    return bool(Polygon(list(ring)).covers(Point(point)))
