"""The district's cameras: what is projected comes back, and everything that matters is in some picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_videos.district.cameras import CAMERAS, DistrictCamera, camera_of
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.spots import sees_well, spots_of
from vision.georeference.plane import Plane

pytestmark = pytest.mark.slow

shares = st.floats(0.0, 1.0)
cameras = st.sampled_from(CAMERAS)


@given(cameras, st.lists(st.tuples(shares, shares), min_size=1, max_size=20))
def test_a_pixel_on_the_ground_comes_back_within_a_twentieth_of_a_pixel(
    camera: DistrictCamera, at: list[tuple[float, float]]
) -> None:
    pixels = np.array(at) * camera.size_wh
    places = camera.ground(pixels)
    seen = np.isfinite(places).all(axis=1)
    # Where a pixel looks over the horizon there is no ground.
    assert (camera.rays(pixels)[~seen, 2] > -1e-5).all()
    again = camera.project(np.column_stack([places[seen], np.zeros(seen.sum())]))
    assert np.abs(again - pixels[seen]).max(initial=0) < 0.05


@given(cameras, st.lists(st.tuples(shares, shares), min_size=1, max_size=20))
def test_the_lens_bends_and_straightens_back(camera: DistrictCamera, at: list[tuple[float, float]]) -> None:
    pixels = np.array(at) * camera.size_wh
    assert np.abs(camera.bent(camera.straightened(pixels)) - pixels).max() < 0.05
    if camera.k1 < 0:
        middle = np.array(camera.size_wh) / 2
        outward = np.linalg.norm(camera.straightened(pixels) - middle, axis=1)
        assert (outward >= np.linalg.norm(pixels - middle, axis=1) - 1e-9).all()


@given(cameras, st.tuples(shares, shares), st.floats(0.5, 90.0))
def test_a_place_along_a_pixels_ray_falls_on_that_pixel(
    camera: DistrictCamera, at: tuple[float, float], metres: float
) -> None:
    pixel = np.array([at]) * camera.size_wh
    place = camera.place_enu + camera.rays(pixel) * metres
    assert np.abs(camera.project(place) - pixel).max() < 0.05
    assert camera.depth(place)[0] == pytest.approx(metres * (camera.rays(pixel) @ camera.rotation[2])[0])


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.id)
def test_a_camera_is_a_plane_to_the_ground_as_vision_models_it(camera: DistrictCamera) -> None:
    """The same lens as `vision` fits: else the bench would measure the difference of two formulas."""
    pixels = np.random.default_rng(3).uniform(0.02, 0.98, (200, 2)) * camera.size_wh
    places = camera.ground(pixels)
    places = places[np.isfinite(places).all(axis=1) & (np.hypot(*(places - camera.place_enu[:2]).T) < 80)]
    origin = places.mean(axis=0)
    right, down, forward = camera.rotation
    middle_x, middle_y = np.array(camera.size_wh) / 2
    rows = np.array(
        [camera.focal_px * right + middle_x * forward, camera.focal_px * down + middle_y * forward, forward]
    )
    to_pixels = np.column_stack([rows[:, :2], rows @ (np.append(origin, 0.0) - camera.place_enu)])
    plane = Plane(to_pixels / to_pixels[2, 2], camera.k1, camera.size_wh)
    expected = camera.project(np.column_stack([places, np.zeros(len(places))]))
    assert np.abs(plane.project(places - origin) - expected).max() < 1e-6


def test_what_is_behind_a_camera_has_no_pixel() -> None:
    camera = camera_of("lane")
    behind = camera.place_enu - 5.0 * camera.rotation[2]
    assert np.isnan(camera.project(behind[None])).all()
    assert camera.depth(behind[None])[0] == pytest.approx(-5.0)


def test_an_unknown_camera_is_named_with_those_that_exist() -> None:
    with pytest.raises(KeyError, match="market-south"):
        camera_of("roof")


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.id)
def test_a_plate_holds_the_picture_shaken_by_a_nudge(camera: DistrictCamera) -> None:
    width, height = camera.size_wh
    edge = np.array([(x, y) for x in (0, width / 2, width) for y in (0, height / 2, height)], float)
    from_middle = np.abs(camera.straightened(edge) - np.array(camera.size_wh) / 2)
    spare = np.array(camera.plate_wh) / 2 - from_middle.max(axis=0)
    assert (spare >= 0.03 * np.array(camera.size_wh)).all()


def test_the_cameras_are_as_described() -> None:
    assert len(CAMERAS) == 8
    assert sum(camera.split == "test" for camera in CAMERAS) == 2
    assert sorted(camera.size_wh for camera in CAMERAS) == [(1280, 720)] * 6 + [(1920, 1080)] * 2
    for camera in CAMERAS:
        assert 5.0 <= camera.height_m <= 9.0
        assert 10.0 <= camera.tilt_deg <= 28.0
        assert -0.12 <= camera.k1 <= 0.0


def test_each_place_of_the_district_is_in_some_picture() -> None:
    """Every strip on which something may be put is seen well by some camera, but for what leads out of it."""
    unseen = []
    for strip in DISTRICT.strips:
        east, north = np.meshgrid(
            np.linspace(strip.west_m, strip.east_m, 40), np.linspace(strip.south_m, strip.north_m, 5)
        )
        places = np.column_stack([east.ravel(), north.ravel()])
        if not any(sees_well(camera, places).any() for camera in CAMERAS):
            unseen.append(strip.id)
    assert unseen == ["x-wall-nw"]


def test_two_cameras_overlap_on_the_market_corner() -> None:
    pitch = next(strip for strip in DISTRICT.strips if strip.id == "plaza-pitch")
    east, north = np.meshgrid(
        np.linspace(pitch.west_m, pitch.east_m, 20), np.linspace(pitch.south_m, pitch.north_m, 10)
    )
    places = np.column_stack([east.ravel(), north.ravel()])
    both = sees_well(camera_of("market-south"), places) & sees_well(camera_of("market-north"), places)
    assert both.mean() > 0.8


@pytest.mark.parametrize("camera", CAMERAS, ids=lambda camera: camera.id)
def test_each_camera_has_places_for_everything(camera: DistrictCamera) -> None:
    assert len(spots_of(camera, ("wall", "kerb", "open"))) > 50
    assert len(spots_of(camera, ("pitch",))) > 10
    assert len(spots_of(camera, ("slab",))) > 10


@settings(max_examples=40)
@given(cameras, st.floats(-70, 70), st.floats(-50, 50))
def test_a_wall_hides_what_is_behind_it(camera: DistrictCamera, east: float, north: float) -> None:
    """Nobody sees the ground inside a building, whose roof is above every camera."""
    around = np.array([(east + dx, north + dy) for dx in (-1.0, 0.0, 1.0) for dy in (-1.0, 0.0, 1.0)])
    tops = district_heights().solid_m[district_heights().cells(around[:, 0], around[:, 1])]
    # A step inside: on the wall's very edge a thing that leans on it stands too, and is seen.
    if (tops > 4).all():
        assert not district_heights().sees(camera.place_enu, np.array([(east, north, 0.1)]))[0]
