"""Places from image points: exact where points are exact, honest about their error where they are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.errors import CalibrationRejected
from vision.georeference.ellipse import CHI_95, ellipse_of
from vision.georeference.frame import LocalFrame
from vision.georeference.homography import PlaneGeoreferencer, fit

F64 = NDArray[np.float64]
WH = (1920, 1080)
ORIGIN = (116.391, 39.907)
FRAME = LocalFrame(*ORIGIN)
GROUND = np.array(
    [(-9, 14), (0, 13), (8, 15), (-12, 25), (2, 24), (13, 27), (-16, 40), (-2, 42), (15, 38), (4, 55)],
    np.float64,
)


def camera(height_m: float = 8.0, tilt_deg: float = 18.0, focal_px: float = 1400.0) -> F64:
    """A pinhole camera above the origin, looking north: (3, 3) from local metres to pixels."""
    tilt = np.deg2rad(tilt_deg)
    right, down, forward = (
        np.array([1.0, 0.0, 0.0]),
        np.array([0.0, -np.sin(tilt), -np.cos(tilt)]),
        np.array([0.0, np.cos(tilt), -np.sin(tilt)]),
    )
    rotation = np.stack([right, down, forward])
    intrinsics = np.array([[focal_px, 0, WH[0] / 2], [0, focal_px, WH[1] / 2], [0, 0, 1]])
    translation = -rotation @ np.array([0.0, 0.0, height_m])
    return np.asarray(intrinsics @ np.column_stack([rotation[:, 0], rotation[:, 1], translation]))


def seen(places_m: F64, shape: F64) -> F64:
    projected = np.column_stack([places_m, np.ones(len(places_m))]) @ shape.T
    return np.asarray(projected[:, :2] / projected[:, 2:])


def calibrated(
    rng: np.random.Generator | None, sigma_px: float = 1.0, sigma_m: float = 0.1
) -> PlaneGeoreferencer:
    pixels, places = seen(GROUND, camera()), GROUND.copy()
    if rng is not None:
        pixels = pixels + rng.normal(0, sigma_px, pixels.shape)
        places = places + rng.normal(0, sigma_m, places.shape)
    sigmas = np.tile([sigma_px, sigma_m], (len(GROUND), 1))
    return fit(pixels, FRAME.to_lonlat(places), sigmas, WH)


@settings(max_examples=60, deadline=None)
@given(east=st.floats(-15, 15), north=st.floats(12, 60))
def test_locating_a_projected_place_gives_the_place(east: float, north: float) -> None:
    view = calibrated(None)
    lonlat = FRAME.to_lonlat(np.array([[east, north]]))
    found = view.locate(view.project(lonlat))
    assert np.abs(FRAME.to_metres(found.lonlat) - [[east, north]]).max() < 1e-5


def test_the_ellipse_holds_the_true_place_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(5)
    spots = np.array([(-8, 20), (5, 18), (0, 30), (9, 33), (-10, 36), (2, 48)], np.float64)
    inside = total = 0
    for _ in range(250):
        view = calibrated(rng)
        pixels = seen(spots, camera()) + rng.normal(0, 3.0, spots.shape)
        places = view.locate(pixels, pixel_sigma=3.0)
        missed = FRAME.to_metres(places.lonlat) - spots
        for row, covariance in enumerate(places.covariance_m2):
            inside += float(missed[row] @ np.linalg.inv(covariance) @ missed[row]) <= CHI_95**2
            total += 1
    assert 0.93 <= inside / total <= 0.97


def test_error_grows_with_distance_and_points_away_from_the_camera() -> None:
    view = calibrated(None)
    near, far = view.locate(seen(np.array([(0.0, 15.0), (0.0, 50.0)]), camera())).covariance_m2
    near_ellipse, far_ellipse = ellipse_of(near), ellipse_of(far)
    assert far_ellipse.semi_major_m > 5 * near_ellipse.semi_major_m
    assert min(far_ellipse.azimuth_deg, 180 - far_ellipse.azimuth_deg) < 5


def test_points_above_the_horizon_and_beyond_the_range_have_no_place() -> None:
    view = calibrated(None)
    above = view.locate(np.array([[960.0, 10.0]]))
    beyond = view.locate(seen(np.array([(0.0, 500.0)]), camera()))
    assert np.isnan(above.lonlat).all() and np.isnan(beyond.lonlat).all()


def test_one_wrong_point_is_left_out() -> None:
    pixels = seen(GROUND, camera())
    pixels[3] += (140, -60)
    view = fit(pixels, FRAME.to_lonlat(GROUND), np.tile([1.0, 0.1], (len(GROUND), 1)), WH)
    assert len(view.points_px) == len(GROUND) - 1
    assert np.abs(view.residuals_px()).max() < 0.01


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (slice(0, 3), "3 control points cannot give a plane"),
        ([1, 4, 7], "cannot give a plane"),
    ],
)
def test_too_few_points_are_refused_with_the_number_that_helps(rows: slice | list[int], reason: str) -> None:
    pixels, places = seen(GROUND, camera())[rows], FRAME.to_lonlat(GROUND)[rows]
    with pytest.raises(CalibrationRejected, match=reason):
        fit(pixels, places, np.tile([1.0, 0.1], (len(pixels), 1)), WH)


def test_points_on_a_line_are_refused() -> None:
    line = np.array([(x, 20.0 + 0.001 * x) for x in np.linspace(-9, 9, 8)])
    with pytest.raises(CalibrationRejected, match="lie on a line"):
        fit(seen(line, camera()), FRAME.to_lonlat(line), np.tile([1.0, 0.1], (8, 1)), WH)


def test_points_outside_the_picture_are_refused() -> None:
    pixels = seen(GROUND, camera())
    pixels[0] = (2500, 500)
    with pytest.raises(CalibrationRejected, match="outside the picture of 1920x1080"):
        fit(pixels, FRAME.to_lonlat(GROUND), np.tile([1.0, 0.1], (len(GROUND), 1)), WH)


def test_points_that_contradict_each_other_are_refused_and_named() -> None:
    rng = np.random.default_rng(2)
    pixels = seen(GROUND, camera())
    pixels[::2] += rng.uniform(80, 200, pixels[::2].shape)
    with pytest.raises(CalibrationRejected, match=r"contradict the rest|miss the plane"):
        fit(pixels, FRAME.to_lonlat(GROUND), np.tile([1.0, 0.1], (len(GROUND), 1)), WH)


def test_leave_one_out_is_zero_for_exact_points_and_decimetres_for_noisy_ones() -> None:
    assert np.nanmax(calibrated(None).leave_one_out_m()) < 1e-4
    noisy = calibrated(np.random.default_rng(3)).leave_one_out_m()
    assert 0.01 < float(np.nanmedian(noisy)) < 2.0
