"""Which control points make a plane, which are left out, and when the lens is bent too."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.errors import CalibrationRejected
from vision.georeference.ellipse import CHI_95
from vision.georeference.frame import LocalFrame
from vision.georeference.homography import PlaneGeoreferencer, fit
from vision.georeference.plane import Plane

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
SPOTS = np.array([(-6, 14), (5, 15), (0, 22), (9, 27), (-9, 30)], np.float64)


def seen(places_m: F64, k1: float = 0.0) -> F64:
    """Pixels of places before a camera 7.5 m above the origin that looks north, 19 degrees down."""
    tilt, focal = np.deg2rad(19.0), 1050.0
    right = np.array([1.0, 0.0, 0.0])
    down = np.array([0.0, -np.sin(tilt), -np.cos(tilt)])
    forward = np.array([0.0, np.cos(tilt), -np.sin(tilt)])
    rotation = np.stack([right, down, forward])
    shape = np.column_stack([rotation[:, 0], rotation[:, 1], -rotation @ (0.0, 0.0, 7.5)])
    shape = np.array([[focal, 0, WH[0] / 2], [0, focal, WH[1] / 2], [0, 0, 1]]) @ shape
    projected = np.column_stack([places_m, np.ones(len(places_m))]) @ shape.T
    straight = projected[:, :2] / projected[:, 2:]
    from_middle = straight - np.array(WH) / 2
    square = (from_middle**2).sum(axis=1) / ((WH[0] ** 2 + WH[1] ** 2) / 4)
    return np.asarray(straight + from_middle * (k1 * square)[:, None])


def fitted(pixels: F64, places_m: F64, sigma_px: float = 1.0, sigma_m: float = 0.1) -> PlaneGeoreferencer:
    return fit(pixels, FRAME.to_lonlat(places_m), np.tile([sigma_px, sigma_m], (len(pixels), 1)), WH)


def missed(view: PlaneGeoreferencer, k1: float = 0.0) -> float:
    """Metres by which the view misses the spots at most."""
    places = FRAME.to_metres(view.locate(seen(SPOTS, k1)).lonlat)
    return float(np.linalg.norm(places - SPOTS, axis=1).max())


@pytest.mark.parametrize("sigma_m", [0.1, 0.3, 0.5])
def test_points_that_keep_to_their_stated_errors_are_all_used(sigma_m: float) -> None:
    # 0.5 m beside the camera are 50 px: far, and right for a point that says so.
    rng = np.random.default_rng(4)
    used = [
        fitted(
            seen(GROUND) + rng.normal(0, 1, GROUND.shape),
            GROUND + rng.normal(0, sigma_m, GROUND.shape),
            sigma_m=sigma_m,
        ).is_used.all()
        for _ in range(40)
    ]
    assert all(used)


@pytest.mark.parametrize("wrong", [[3], [1, 8], [0, 5, 9]])
def test_up_to_a_third_of_wrong_points_are_left_out_and_the_rest_is_used(wrong: list[int]) -> None:
    rng = np.random.default_rng(11)
    pixels = seen(GROUND) + rng.normal(0, 1, GROUND.shape)
    pixels[wrong] += rng.choice([-1, 1], (len(wrong), 2)) * 30.0
    places = GROUND + rng.normal(0, 0.05, GROUND.shape)
    places[wrong] += (4.0, -5.0)
    view = fitted(np.clip(pixels, 0, WH), places)
    assert np.flatnonzero(~view.is_used).tolist() == wrong
    assert missed(view) < 0.6


def test_a_mistyped_longitude_is_left_out_though_it_lies_a_kilometre_away() -> None:
    places = GROUND.copy()
    places[6] += (-900.0, -400.0)
    view = fitted(seen(GROUND), places)
    assert np.flatnonzero(~view.is_used).tolist() == [6]
    assert missed(view) < 1e-3


def test_errors_stated_too_small_make_the_ellipse_larger_and_rarely_the_set_smaller() -> None:
    rng = np.random.default_rng(8)
    used, shares = [], []
    for _ in range(25):
        pixels = seen(GROUND) + rng.normal(0, 3, GROUND.shape)
        places = GROUND + rng.normal(0, 0.3, GROUND.shape)
        inside = np.clip(pixels, 0, WH)
        honest, boasting = fitted(inside, places, 3.0, 0.3), fitted(inside, places, 1.0, 0.1)
        used.append(boasting.is_used.mean())
        errors = [np.trace(view.locate(seen(SPOTS), 0.0).covariance_m2[2]) for view in (honest, boasting)]
        shares.append(errors[1] / errors[0])
    assert float(np.mean(used)) > 0.9
    assert float(np.median(shares)) > 0.4  # 1/9 if the statement were believed


def test_a_bent_lens_is_noticed_and_corrected() -> None:
    rng = np.random.default_rng(6)
    grid = np.array([(side, north) for north in (11, 15, 22, 32) for side in (-0.42, 0, 0.42)], np.float64)
    grid[:, 0] *= grid[:, 1]
    pixels = seen(grid, -0.15) + rng.normal(0, 1, grid.shape)
    view = fitted(pixels, grid + rng.normal(0, 0.03, grid.shape), sigma_m=0.03)
    assert view.plane.k1 == pytest.approx(-0.15, abs=0.03)
    assert missed(view, -0.15) < 0.5


def test_a_straight_lens_is_found_straight_within_what_the_points_tell() -> None:
    rng = np.random.default_rng(9)
    views = [
        fitted(seen(GROUND) + rng.normal(0, 1, GROUND.shape), GROUND + rng.normal(0, 0.1, GROUND.shape))
        for _ in range(60)
    ]
    found = np.array([view.plane.k1 for view in views])
    claimed = np.array([np.sqrt(view.parameter_covariance[8, 8]) for view in views])
    assert abs(float(found.mean())) < 0.02
    assert (np.abs(found) < 2 * claimed).mean() > 0.9
    assert (claimed < 0.1).all()  # every set says more than what is known of lenses anyway


@pytest.mark.parametrize("k1", [-0.06, 0.0, 0.06])
def test_a_lens_that_few_points_do_not_show_is_in_the_ellipse(k1: float) -> None:
    rng = np.random.default_rng(13)
    few = GROUND[[0, 3, 5, 6, 7, 9]]
    inside = total = 0
    for _ in range(120):
        places = few + rng.normal(0, 0.1, few.shape)
        view = fitted(seen(few, k1) + rng.normal(0, 1, few.shape), places)
        found = view.locate(seen(SPOTS, k1), 0.0)
        for row, covariance in zip(FRAME.to_metres(found.lonlat) - SPOTS, found.covariance_m2, strict=True):
            inside += float(row @ np.linalg.inv(covariance) @ row) <= CHI_95**2
            total += 1
    assert inside / total >= 0.93


def test_the_ellipse_holds_the_truth_in_95_of_100_also_where_the_lens_was_estimated() -> None:
    rng = np.random.default_rng(12)
    inside = total = 0
    for _ in range(150):
        places = GROUND + rng.normal(0, 0.05, GROUND.shape)
        view = fitted(seen(GROUND, -0.12) + rng.normal(0, 1, GROUND.shape), places, sigma_m=0.05)
        found = view.locate(seen(SPOTS, -0.12) + rng.normal(0, 3, SPOTS.shape))
        for row, covariance in zip(FRAME.to_metres(found.lonlat) - SPOTS, found.covariance_m2, strict=True):
            inside += float(row @ np.linalg.inv(covariance) @ row) <= CHI_95**2
            total += 1
    assert 0.93 <= inside / total <= 0.97


@settings(max_examples=80, deadline=None)
@given(
    k1=st.floats(-0.15, 0.3),
    east=st.floats(-12, 12),
    north=st.floats(-15, 25),
)
def test_through_any_lens_the_ground_of_a_projected_place_is_the_place(
    k1: float, east: float, north: float
) -> None:
    straight = fitted(seen(GROUND), GROUND).plane
    plane = Plane(straight.to_pixels, k1, WH)
    place = np.array([[east, north]])
    pixel = plane.project(place)
    if np.isfinite(pixel).all() and (pixel >= 0).all() and (pixel <= WH).all():
        assert np.abs(plane.ground(pixel) - place).max() < 1e-5


@settings(max_examples=40, deadline=None)
@given(east=st.floats(-8, 8), north=st.floats(-6, 12), k1=st.sampled_from([0.0, -0.1, 0.2]))
def test_the_derivatives_are_those_of_the_projection(east: float, north: float, k1: float) -> None:
    plane = Plane(fitted(seen(GROUND), GROUND).plane.to_pixels, k1, WH)
    by_place, by_parameters = plane.jacobians(np.array([[east, north]]))
    step = 1e-5
    for axis in (0, 1):
        nudge = np.zeros((1, 2))
        nudge[0, axis] = step
        place = np.array([[east, north]])
        slope = (plane.project(place + nudge) - plane.project(place - nudge))[0] / (2 * step)
        assert np.allclose(by_place[0, :, axis], slope, rtol=1e-4, atol=1e-4)
    higher, lower = (Plane(plane.to_pixels, k1 + sign * step, WH) for sign in (1, -1))
    place = np.array([[east, north]])
    slope = (higher.project(place) - lower.project(place))[0] / (2 * step)
    assert np.allclose(by_parameters[0, :, 8], slope, rtol=1e-4, atol=1e-4)


def test_three_of_four_points_on_a_line_are_refused() -> None:
    places = np.array([(-6, 15), (0, 15), (6, 15), (0, 25)], np.float64)
    with pytest.raises(CalibrationRejected, match=r"do not determine|no plane|wrong by up to"):
        fitted(seen(places), places)


def test_points_so_inexact_that_the_plane_is_a_guess_are_refused_with_its_error() -> None:
    places = GROUND[[0, 3, 4, 6]]
    with pytest.raises(CalibrationRejected, match=r"wrong by up to \d+\.\d m"):
        fitted(seen(places), places, sigma_px=3.0, sigma_m=5.0)


@pytest.mark.parametrize(
    ("sigma", "pixel", "reason"),
    [(0.0, 0.0, "greater than 0"), (1.0, np.nan, "not finite"), (np.inf, 0.0, "not finite")],
)
def test_numbers_that_are_none_are_refused(sigma: float, pixel: float, reason: str) -> None:
    pixels = seen(GROUND)
    pixels[2, 0] += pixel
    with pytest.raises(CalibrationRejected, match=reason):
        fitted(pixels, GROUND, sigma_px=sigma)


def test_swapped_places_of_two_points_are_noticed() -> None:
    places = GROUND.copy()
    places[[0, 7]] = places[[7, 0]]
    assert np.flatnonzero(~fitted(seen(GROUND), places).is_used).tolist() == [0, 7]


def test_no_place_is_given_where_its_ellipse_would_be_longer_than_30_m() -> None:
    places = GROUND[[0, 3, 4, 6]]
    view = fit(seen(places), FRAME.to_lonlat(places), np.tile([1.0, 0.1], (4, 1)), WH, max_range_m=1e6)
    column = np.stack([np.full(700, 640.0), np.linspace(719, 20, 700)], axis=1)
    found = view.locate(column)
    given_ = np.isfinite(found.lonlat[:, 0])
    assert given_[0] and not given_[-1]
    axes = CHI_95 * np.sqrt(np.linalg.eigvalsh(found.covariance_m2[given_])[:, 1])
    assert axes.max() <= 30.0
