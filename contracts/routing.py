"""Which unit answers for a case, with whom, in which time, under which codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from shapely.geometry import Point, Polygon
from shapely.strtree import STRtree

from contracts.incident import Category
from contracts.judgement import LonLatPoint
from contracts.responsibility import JointRule, Limit, ResponsibilityDocument, Route
from contracts.site import Area, Site

__all__ = ["Responsibility", "area_for", "codes_of", "limit_of", "responsible", "street_at"]

ORDINARY_PRIORITY = 3


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who answers for a case.

    Args:
        lead: The unit that leads; None where a person must choose.
        joint: Units that act with it.
        street: Street of the place; None outside all of them.
        grid_cell: 15-character number of the district grid's cell, where it is known.
        limit: Time from dispatch; None where nobody ordered one.
        codes: Code by standard; a standard without a code for the category is left out.
        reason: Which route decided, in plain words.
    """

    lead: str | None
    joint: tuple[str, ...]
    street: str | None
    grid_cell: str | None
    limit: Limit | None
    codes: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


class _Places:
    """Outlines by place, the smallest first.

    Args:
        ids: Name of each outline.
        outlines: Corners of each, degrees.
    """

    def __init__(self, ids: Sequence[str], outlines: Sequence[Sequence[LonLatPoint]]) -> None:
        polygons = [Polygon(outline) for outline in outlines]
        order = sorted(range(len(ids)), key=lambda index: (polygons[index].area, ids[index]))
        self._ids = [ids[index] for index in order]
        self._polygons = [polygons[index] for index in order]
        self._tree = STRtree(self._polygons)

    def smallest(self, lonlat: LonLatPoint) -> str | None:
        """The name of the smallest outline that covers a place."""
        point = Point(lonlat)
        near = sorted(int(index) for index in self._tree.query(point))
        return next((self._ids[index] for index in near if self._polygons[index].covers(point)), None)


def responsible(
    document: ResponsibilityDocument,
    category: Category,
    lonlat: LonLatPoint | None,
    area: str | None,
    *,
    priority: int = ORDINARY_PRIORITY,
    site: Site | None = None,
) -> Responsibility:
    """Who answers for a category at a place.

    Args:
        document: The responsibility document.
        category: What it is.
        lonlat: Where it is, degrees; None where that is not known.
        area: Area of responsibility of the site that it lies in; None outside all of them.
        priority: 1 is most urgent; some limits hold for some priorities only.
        site: Gives the unit of the area where no route fits.
    """
    street = street_at(document, lonlat) if lonlat is not None else None
    cell = _cells(_Key(document)).smallest(lonlat) if lonlat is not None else None
    fitting = [route for route in document.routes if _fits(route, category, area, street)]
    route = min(fitting, key=_vagueness) if fitting else None
    lead = route.lead if route is not None else _unit_of(area, site)
    joining = list(route.joint) if route is not None else []
    for rule in document.joint:
        if _fits(rule, category, area, street):
            joining += rule.units
    return Responsibility(
        lead=lead,
        joint=tuple(dict.fromkeys(unit for unit in joining if unit != lead)),
        street=street,
        grid_cell=cell,
        limit=limit_of(document, category, priority),
        codes=codes_of(document, category),
        reason=_reason(route, lead, area),
    )


def street_at(document: ResponsibilityDocument, lonlat: LonLatPoint) -> str | None:
    """The street of a place; of overlapping ones the smallest, None outside all of them."""
    return _streets(_Key(document)).smallest(lonlat)


def limit_of(
    document: ResponsibilityDocument, category: Category, priority: int = ORDINARY_PRIORITY
) -> Limit | None:
    """The time that a category has at a priority; None where nobody ordered one."""
    for rule in document.limits:
        if rule.category == category and (not rule.priorities or priority in rule.priorities):
            return rule.limit
    return None


def codes_of(document: ResponsibilityDocument, category: Category) -> dict[str, str]:
    """Code by standard of a category; a code that is not known is left out."""
    return {
        table.standard_ref: entry.code
        for table in document.code_tables
        for entry in table.entries
        if entry.category == category
    }


def area_for(category: Category, lonlat: LonLatPoint | None, site: Site) -> Area | None:
    """The site's area that answers for a category at a place; of nested ones the smallest decides."""
    if lonlat is None:
        return None
    point = Point(lonlat)
    fitting = [
        area
        for area in site.areas
        if (not area.categories or category in area.categories) and Polygon(area.polygon_lonlat).covers(point)
    ]
    return min(fitting, key=lambda area: Polygon(area.polygon_lonlat).area) if fitting else None


def _fits(rule: Route | JointRule, category: Category, area: str | None, street: str | None) -> bool:
    return (
        (not rule.categories or category in rule.categories)
        and (not rule.areas or area in rule.areas)
        and (not rule.streets or street in rule.streets)
    )


def _vagueness(route: Route) -> tuple[bool, bool, bool]:
    """Sorts the route of the smallest place first; `min` keeps the document's order among equals."""
    return not route.streets, not route.areas, not route.categories


def _unit_of(area: str | None, site: Site | None) -> str | None:
    if site is None or area is None:
        return None
    return next((item.unit for item in site.areas if item.id == area), None)


def _reason(route: Route | None, lead: str | None, area: str | None) -> str:
    if route is not None:
        return f"route {route.id}"
    return f"no route fits; area {area} belongs to {lead}" if lead else "no route fits"


class _Key:
    """A document as a key of a cache: by what it is, not by what it holds."""

    def __init__(self, document: ResponsibilityDocument) -> None:
        self.document = document

    def __hash__(self) -> int:
        return id(self.document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.document is self.document


@lru_cache(maxsize=4)
def _streets(key: _Key) -> _Places:
    streets = key.document.streets
    return _Places([street.id for street in streets], [street.polygon_lonlat for street in streets])


@lru_cache(maxsize=4)
def _cells(key: _Key) -> _Places:
    cells = key.document.grid_cells
    return _Places([cell.code for cell in cells], [cell.polygon_lonlat for cell in cells])
