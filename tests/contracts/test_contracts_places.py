"""Which zones a thing stands in: what is kept of a polygon between looks changes no answer."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon

from contracts.rules import zones_at
from tests.support.town import STALL, Town

METRE = 1 / 111_320.0
CORNER = (104.0, 30.0)
BENT = [(0, 0), (40, 0), (40, 30), (25, 30), (25, 10), (15, 10), (15, 30), (0, 30)]
"""A yard, metres: whoever stands between its wings stands in its bounds and not in it."""


def lonlat(east_m: float, north_m: float) -> tuple[float, float]:
    return CORNER[0] + east_m * METRE / math.cos(math.radians(CORNER[1])), CORNER[1] + north_m * METRE


def zones_where(east_m: float, north_m: float, kind: str, error_m: float) -> list[str]:
    yard = {"id": "yard", "kind": kind, "polygon_lonlat": [lonlat(*corner) for corner in BENT]}
    site = Town(zones=[yard]).site()
    thing = replace(STALL, lonlat=lonlat(east_m, north_m), error_m=error_m)
    return [zone.id for zone in zones_at(thing, site) if zone.id == "yard"]


@given(
    st.floats(-8, 48),
    st.floats(-8, 38),
    st.sampled_from(["restricted", "permitted", "ignored"]),
    st.floats(0, 5),
)
def test_a_thing_is_in_a_bent_zone_or_as_near_as_its_error_reaches(
    east_m: float, north_m: float, kind: str, error_m: float
) -> None:
    away_m = Polygon(BENT).distance(Point(east_m, north_m))
    doubt_m = 0.0 if kind == "restricted" else min(error_m, 3.0)
    # Within two centimetres of the bound either answer is right: degrees are not metres.
    if abs(away_m - doubt_m) > 0.02:
        assert zones_where(east_m, north_m, kind, error_m) == (["yard"] if away_m < doubt_m else [])
    elif away_m == 0 and Polygon(BENT).exterior.distance(Point(east_m, north_m)) > 0.02:
        assert zones_where(east_m, north_m, kind, error_m) == ["yard"]


def test_two_sites_with_the_same_names_have_zones_of_their_own() -> None:
    here = {"id": "yard", "kind": "restricted", "polygon_lonlat": [lonlat(*corner) for corner in BENT]}
    there = here | {"polygon_lonlat": [lonlat(east + 500, north) for east, north in BENT]}
    thing = replace(STALL, lonlat=lonlat(5, 5))
    told = [[zone.id for zone in zones_at(thing, Town(zones=[zone]).site())] for zone in (here, there, here)]
    assert ["yard" in names for names in told] == [True, False, True]
