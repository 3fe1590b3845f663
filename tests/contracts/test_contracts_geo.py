"""GCJ-02 and BD-09 agree with a published vector, and each inverse brings a place back."""

from math import cos, hypot, isclose, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.geo import bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, in_china, wgs84_to_gcj02

WGS84, GCJ02, BD09 = (116.481499, 39.990475), (116.487586, 39.991754), (116.49412, 39.997716)
MAINLAND = st.tuples(st.floats(75.0, 133.0), st.floats(18.0, 53.0))
MILLIMETRE = 0.001


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Distance of two near places, on a sphere."""
    east = radians(one[0] - other[0]) * cos(radians(one[1]))
    return hypot(east, radians(one[1] - other[1])) * 6371000


def test_the_published_place_in_beijing_is_met_within_a_quarter_metre() -> None:
    assert metres(wgs84_to_gcj02(*WGS84), GCJ02) < 0.1
    assert metres(gcj02_to_bd09(*GCJ02), BD09) < 0.25
    assert metres(gcj02_to_wgs84(*GCJ02), WGS84) < 0.1
    assert metres(bd09_to_gcj02(*BD09), GCJ02) < 0.25


@given(MAINLAND)
def test_gcj02_moves_a_place_by_hundreds_of_metres_and_its_inverse_brings_it_back(
    place: tuple[float, float],
) -> None:
    there = wgs84_to_gcj02(*place)
    assert 20 < metres(there, place) < 1200
    assert metres(gcj02_to_wgs84(*there), place) < MILLIMETRE


@given(MAINLAND)
def test_bd09_is_brought_back_to_gcj02(place: tuple[float, float]) -> None:
    assert metres(bd09_to_gcj02(*gcj02_to_bd09(*place)), place) < MILLIMETRE


@given(MAINLAND)
def test_the_forward_way_of_an_inverse_is_where_one_started(place: tuple[float, float]) -> None:
    assert metres(wgs84_to_gcj02(*gcj02_to_wgs84(*place)), place) < MILLIMETRE
    assert metres(gcj02_to_bd09(*bd09_to_gcj02(*place)), place) < MILLIMETRE


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_outside_china_nothing_is_moved(lon: float, lat: float) -> None:
    for convert in (wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02):
        moved = convert(lon, lat)
        assert in_china(lon, lat) or moved == (lon, lat)
        assert isclose(moved[0], lon, abs_tol=0.02)
        assert isclose(moved[1], lat, abs_tol=0.02)


@pytest.mark.parametrize("place", [(2.35, 48.86), (-0.12, 51.5), (139.7, 35.7), (151.2, -33.9)])
def test_cities_elsewhere_lie_outside_the_box(place: tuple[float, float]) -> None:
    assert not in_china(*place)
    assert wgs84_to_gcj02(*place) == place
