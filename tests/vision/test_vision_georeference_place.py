"""The place of a thing is the middle of its footprint, and its ellipse holds what the box does not show."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.georeference.ellipse import Ellipse95
from vision.georeference.frame import LocalFrame
from vision.georeference.homography import PlaneGeoreferencer, fit
from vision.georeference.place import Place, place_footprint
from vision.georeference.upright import Upright

pytestmark = pytest.mark.slow

F64 = NDArray[np.float64]
WH = (1280, 720)
FRAME = LocalFrame(121.47, 31.23)
GROUND = np.array(
    [
        (-7, 11),
        (-2, 10),
        (3.5, 10.5),
        (7.5, 12),
        (-8.5, 17),
        (0.5, 16),
        (9, 19),
        (-11, 26),
        (4, 27),
        (12, 31),
    ],
    np.float64,
)


def seen(east_north_up_m: F64) -> F64:
    """Pixels before a camera 7.5 m above the origin that looks north, 19 degrees down."""
    tilt = np.deg2rad(19.0)
    east, north, up = east_north_up_m.T
    below = 7.5 - up
    forward = north * np.cos(tilt) + below * np.sin(tilt)
    down = below * np.cos(tilt) - north * np.sin(tilt)
    return np.stack([640 + 1050 * east / forward, 360 + 1050 * down / forward], axis=1)


def flat(places_m: F64) -> F64:
    return np.column_stack([places_m, np.zeros(len(places_m))])


def view_of(rng: np.random.Generator | None) -> PlaneGeoreferencer:
    pixels, places = seen(flat(GROUND)), GROUND
    if rng is not None:
        pixels, places = pixels + rng.normal(0, 1, pixels.shape), places + rng.normal(0, 0.1, places.shape)
    return fit(pixels, FRAME.to_lonlat(places), np.tile([1.0, 0.1], (len(GROUND), 1)), WH, 60.0)


def box_of(centre: F64, width_m: float, depth_m: float, turn: float, height_m: float) -> F64:
    """The box of an oblong thing of that size, turned by `turn` radians."""
    half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width_m / 2, depth_m / 2)
    ground = half @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + centre
    pixels = seen(np.vstack([flat(ground), np.column_stack([ground, np.full(4, height_m)])]))
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


def placed(box: F64, view: PlaneGeoreferencer, category: str = "street_vendor") -> Place:
    x1, y1, x2, y2 = box.tolist()
    place = place_footprint((x1, y1, x2, y2), view, WH, category)
    assert place is not None
    return place


def is_within(ellipse: Ellipse95, missed_m: F64) -> bool:
    azimuth = np.deg2rad(ellipse.azimuth_deg)
    along = missed_m @ (np.sin(azimuth), np.cos(azimuth)) / ellipse.semi_major_m
    beside = missed_m @ (np.cos(azimuth), -np.sin(azimuth)) / ellipse.semi_minor_m
    return float(along**2 + beside**2) <= 1.0


def test_stalls_turned_any_way_lie_within_their_ellipse_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(700):
        width, ratio = rng.uniform(1.2, 2.6), float(np.clip(rng.normal(0.7, 0.2), 0.25, 2))
        centre = np.array([rng.uniform(-5, 5), rng.uniform(14, 27)])
        box = box_of(centre, width, width * ratio, rng.uniform(0, np.pi), 1.3)
        box = box + rng.normal(0, np.hypot(2.0, 0.03 * (box[2:] - box[:2]).max()), 4)
        place = placed(box, view_of(rng))
        inside += is_within(place.ellipse, FRAME.to_metres(np.array([place.lonlat]))[0] - centre)
    assert 0.93 <= inside / 700 <= 0.98


def test_over_many_stalls_the_place_errs_neither_to_the_camera_nor_away_from_it() -> None:
    rng = np.random.default_rng(4)
    view, along, fronts = view_of(None), [], []
    for _ in range(500):
        width = rng.uniform(1.2, 2.6)
        centre = np.array([rng.uniform(-5, 5), rng.uniform(14, 27)])
        box = box_of(centre, width, 0.7 * width, rng.uniform(0, np.pi), 1.3)
        sight = centre / np.linalg.norm(centre)
        along.append((FRAME.to_metres(np.array([placed(box, view).lonlat]))[0] - centre) @ sight)
        foot = FRAME.to_metres(view.locate(np.array([[(box[0] + box[2]) / 2, box[3]]])).lonlat)[0]
        fronts.append((foot - centre) @ sight)
    assert abs(float(np.mean(along))) < 0.15  # carts of this height are less deep on the whole
    assert float(np.mean(fronts)) < -0.6  # the lower edge itself would be wrong by this much


def test_the_error_reaches_along_the_line_of_sight() -> None:
    place = placed(box_of(np.array([5.0, 18.0]), 2.0, 1.4, 0.0, 1.3), view_of(None))
    assert place.ellipse.azimuth_deg == pytest.approx(np.rad2deg(np.arctan2(5, 18)), abs=6)
    assert place.ellipse.semi_major_m > 1.5 * place.ellipse.semi_minor_m


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(150, 1050), bottom=st.floats(330, 700), width=st.floats(30, 200), height=st.floats(20, 200)
)
def test_the_footprint_is_a_closed_ring_about_the_place_with_its_area_and_turns_left(
    x: float, bottom: float, width: float, height: float
) -> None:
    place = place_footprint((x, bottom - height, x + width, bottom), view_of(None), WH, "garbage_pile")
    assert place is not None and place.footprint[0] == place.footprint[-1]
    ring = FRAME.to_metres(np.array(place.footprint))
    east, north = ring[:-1].T
    doubled = float((east * np.roll(north, -1) - np.roll(east, -1) * north).sum())
    assert doubled / 2 == pytest.approx(place.area_m2, rel=1e-4)
    centre = FRAME.to_metres(np.array([place.lonlat]))[0]
    assert np.abs(ring[:-1].mean(axis=0) - centre).max() < 1e-4
    assert place.area_error_m2 > 0


def test_a_box_that_the_edge_cuts_off_is_less_certain_the_way_it_is_cut() -> None:
    view = view_of(None)
    whole = placed(np.array([10.0, 480.0, 130.0, 560.0]), view, "garbage_pile").ellipse
    left = placed(np.array([0.0, 480.0, 120.0, 560.0]), view, "garbage_pile").ellipse
    below = placed(np.array([500.0, 620.0, 640.0, 720.0]), view, "garbage_pile").ellipse
    above = placed(np.array([500.0, 615.0, 640.0, 715.0]), view, "garbage_pile").ellipse
    assert left.semi_minor_m > 1.3 * whole.semi_minor_m
    assert left.semi_major_m > whole.semi_major_m
    assert below.semi_major_m > 1.1 * above.semi_major_m


@pytest.mark.parametrize("cut", ["left", "right", "below"])
def test_stalls_that_the_edge_cuts_lie_within_their_ellipse(cut: str) -> None:
    rng, view = np.random.default_rng(8), view_of(None)
    inside = total = 0
    while total < 250:
        width, depth = rng.uniform(1.1, 2.8), rng.uniform(0.8, 2.2)
        centre = np.array([rng.uniform(-9, 9), rng.uniform(6, 24)])
        box = box_of(centre, width, depth, rng.uniform(0, np.pi), rng.uniform(0.9, 2.3))
        box = box + rng.normal(0, np.maximum(3.0, 0.04 * np.tile(box[2:] - box[:2], 2)))
        shown = np.clip(box, 0, np.tile(WH, 2))
        edge = {"left": shown[0] == 0, "right": shown[2] == WH[0], "below": shown[3] == WH[1]}
        share = np.prod(shown[2:] - shown[:2]) / np.prod(box[2:] - box[:2])
        if not edge[cut] or sum(edge.values()) > 1 or share < 0.4 or shown[1] == 0:
            continue
        place = placed(shown, view)
        inside += is_within(place.ellipse, FRAME.to_metres(np.array([place.lonlat]))[0] - centre)
        total += 1
    assert inside / total >= 0.9


def test_a_low_thing_is_placed_more_exactly_than_one_whose_height_hides_its_depth() -> None:
    view, centre = view_of(None), np.array([1.0, 14.0])
    low, high = (placed(box_of(centre, 2.2, 1.5, 0.0, height), view) for height in (0.3, 1.8))
    assert low.ellipse.semi_major_m < 0.9 * high.ellipse.semi_major_m


def test_a_box_of_no_size_that_things_have_is_placed_where_its_lower_edge_stands() -> None:
    for size in (0.1, 14.0):
        place = placed(box_of(np.array([0.0, 20.0]), size, size, 0.0, size), view_of(None))
        missed = FRAME.to_metres(np.array([place.lonlat]))[0] - (0.0, 20.0)
        assert np.linalg.norm(missed) < max(0.5, 0.5 * size)
        assert is_within(place.ellipse, missed)


@given(st.floats(-6, 6), st.floats(11, 30), st.floats(0.1, 3.0))
def test_a_calibrated_plane_knows_where_what_stands_on_it_ends(east: float, north: float, up: float) -> None:
    upright = Upright.of(view_of(None).plane)
    foot = FRAME.to_metres(FRAME.to_lonlat(np.array([[east, north]])))
    shift = view_of(None).frame.to_metres(FRAME.to_lonlat(foot))
    column, row = upright.project(shift[:, 0], shift[:, 1], np.array([up]))
    assert (column[0], row[0]) == pytest.approx(tuple(seen(np.array([[east, north, up]]))[0]), abs=0.5)


def test_a_thing_beyond_the_horizon_has_no_place() -> None:
    assert place_footprint((600, 2, 700, 20), view_of(None), WH, "garbage_pile") is None
