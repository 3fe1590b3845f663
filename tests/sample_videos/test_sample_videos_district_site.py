"""The district's site: in order, and calibrated as well as noisy points allow and no better."""

from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.site_check import check_site, load_site
from sample_videos.district.cameras import CAMERAS, camera_of
from sample_videos.district.heights import district_heights
from sample_videos.district.plan import FRAME
from sample_videos.district.site import SIGMA_M, SIGMA_PX, site_document
from vision.georeference.homography import PlaneGeoreferencer, fit

pytestmark = pytest.mark.slow


def _points(camera: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    points = camera["views"][0]["calibration"]["control_points"]
    return np.array([point["px"] for point in points]), np.array([point["lonlat"] for point in points])


def _fitted(camera: dict[str, Any]) -> PlaneGeoreferencer:
    pixels, lonlat = _points(camera)
    sigmas = np.array([(SIGMA_PX, SIGMA_M)] * len(pixels))
    return fit(pixels, lonlat, sigmas, camera_of(camera["id"]).size_wh, 60.0)


def test_the_site_passes_its_check_without_a_warning() -> None:
    text = yaml.safe_dump(site_document(7), sort_keys=False)
    assert check_site(text) == []
    site = load_site(text)
    assert [camera.id for camera in site.cameras] == [camera.id for camera in CAMERAS]
    assert {rule.category.value: rule.dwell_s for rule in site.rules}["construction_debris"] == 1800


def test_a_site_of_some_cameras_holds_those() -> None:
    assert [camera["id"] for camera in site_document(7, 0, ["lane"])["cameras"]] == ["lane"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**31), st.integers(0, 400))
def test_points_are_drawn_anew_for_each_seed_and_day_but_always_alike(seed: int, day: int) -> None:
    assert site_document(seed, day) == site_document(seed, day)
    for first, second in zip(
        site_document(seed, day)["cameras"], site_document(seed, day + 1)["cameras"], strict=True
    ):
        assert not np.allclose(_points(first)[0], _points(second)[0])


def test_points_miss_by_their_errors() -> None:
    """1 px and 0.1 m: the spread over many days is what the points claim."""
    pixel_misses, metre_misses = [], []
    for day in range(25):
        for document in site_document(3, day)["cameras"]:
            camera = camera_of(document["id"])
            first, lonlat = _points(document)
            _, other = _points(site_document(3, day + 1000, [camera.id])["cameras"][0])
            metres = FRAME.to_metres(lonlat)
            metre_misses.append((metres - FRAME.to_metres(other)) / np.sqrt(2))
            true = camera.project(np.column_stack([metres, np.zeros(len(metres))]))
            near = np.hypot(*(metres - camera.place_enu[:2]).T) > 25
            pixel_misses.append((first - true)[near])
    assert np.concatenate(metre_misses).std() == pytest.approx(SIGMA_M, rel=0.06)
    # Far away a tenth of a metre is a few pixels at most; never less than the reading itself.
    assert np.concatenate(pixel_misses).std() > SIGMA_PX


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_camera_can_be_calibrated_and_places_well(seed: int) -> None:
    for document in site_document(seed)["cameras"]:
        camera = camera_of(document["id"])
        pixels, _ = _points(document)
        assert 8 <= len(pixels) <= 12
        places = camera.ground(np.random.default_rng(seed).uniform(0.05, 0.95, (300, 2)) * camera.size_wh)
        near = places[np.hypot(*(places - camera.place_enu[:2]).T) < 35]
        ground = np.column_stack([near, np.zeros(len(near))])
        ground = ground[
            district_heights().sees(camera.place_enu, np.column_stack([near, np.full(len(near), 0.05)]))
        ]
        located = _fitted(document).locate(camera.project(ground))
        misses = np.hypot(*(FRAME.to_metres(located.lonlat) - ground[:, :2]).T)
        assert np.nanmedian(misses) < 0.4, camera.id
        assert np.nanpercentile(misses, 90) < 1.5, camera.id


def test_the_marks_are_where_the_camera_sees_them() -> None:
    for document in site_document(5)["cameras"]:
        camera = camera_of(document["id"])
        places = FRAME.to_metres(_points(document)[1])
        ground = np.column_stack([places, np.full(len(places), 0.05)])
        # Measured with an error: one may fall just behind an edge.
        assert district_heights().sees(camera.place_enu, ground).mean() > 0.8, camera.id
