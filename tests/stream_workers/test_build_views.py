"""A view in a stream of another size than its calibration, and privacy zones that reach behind the camera."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from contracts.incident import Incident
from contracts.site import Calibration, Camera, ControlPoint, View, Zone, ZoneKind
from stream_workers.build import placer_of, privacy_zones
from tests.support.pipelines import Rig, Row, a_site, px
from tests.vision.test_vision_georeference_place import FRAME, GROUND, flat, seen

THING = (150, 130, 185, 160, 30)
GARBAGE: Row = ("garbage_pile", 0.7, px(THING[:4]))
SEEN_WH = (1280, 720)


def calibrated(picture_wh: tuple[int, int]) -> View:
    """The street's view, calibrated on a picture of another size of the same 1280x720 scene."""
    pixels = seen(flat(GROUND)) * np.array(picture_wh) / np.array(SEEN_WH)
    points = [
        ControlPoint(px=(float(x), float(y)), lonlat=(float(lon), float(lat)))
        for (x, y), (lon, lat) in zip(pixels, FRAME.to_lonlat(GROUND), strict=True)
    ]
    return View(id="view", calibration=Calibration(control_points=points, picture_wh=picture_wh))


def incident_in(view: View) -> Incident:
    rig = Rig(site=a_site(cameras=[Camera(id="cam", views=[view])]))
    rig.watch(8)
    (event,) = rig.watch(20, (GARBAGE,), things=(THING,))
    return event.data


def test_a_stream_of_another_size_gives_the_same_place_with_a_larger_error() -> None:
    same, larger = incident_in(calibrated(SEEN_WH)), incident_in(calibrated((3840, 2160)))
    assert same.lonlat is not None and larger.lonlat is not None
    assert same.ellipse is not None and larger.ellipse is not None
    apart_m = np.linalg.norm(np.diff(FRAME.to_metres(np.array([same.lonlat, larger.lonlat])), axis=0))
    assert apart_m < 0.3
    assert larger.ellipse.semi_major_m >= 0.9 * same.ellipse.semi_major_m


def test_a_stream_of_another_shape_suspends_its_places_and_says_why() -> None:
    incident = incident_in(calibrated((1280, 960)))
    assert incident.lonlat is None and incident.ellipse is None
    assert incident.place_note is not None
    assert "1280x720, of another shape than the 1280x960 of the calibration" in incident.place_note


def zone_on_the_map(*corners_m: tuple[float, float]) -> Zone:
    ring = [(float(lon), float(lat)) for lon, lat in FRAME.to_lonlat(np.array(corners_m))]
    return Zone(id="garden", kind=ZoneKind.PRIVACY, polygon_lonlat=ring)


@given(st.floats(-3.5, 3.5), st.floats(8.2, 19.5))
def test_a_privacy_zone_that_reaches_behind_the_camera_covers_all_of_it_that_is_in_view(
    east: float, north: float
) -> None:
    """The camera stands at 0, 0 and looks north; the zone runs from 20 m before it to 5 m behind."""
    view = calibrated(SEEN_WH)
    zone = zone_on_the_map((-4, -5), (4, -5), (4, 20), (-4, 20))
    zones = privacy_zones(a_site(zones=[zone], cameras=[Camera(id="cam", views=[view])]), view)
    shape = Polygon(zones.polygons_px[0])
    (pixel,) = seen(np.array([[east, north, 0.0]]))
    assert len(zones.polygons_px) == 1 and shape.is_valid
    assert shape.covers(Point(pixel))
    assert not shape.covers(Point(seen(np.array([[5.0 if east > 0 else -5.0, north, 0.0]]))[0]))


@pytest.mark.parametrize("corners", [((-4, -9), (4, -9), (4, -2), (-4, -2)), ((900, 5), (910, 5), (910, 8))])
def test_a_privacy_zone_that_is_not_in_view_covers_nothing(corners: tuple[tuple[float, float], ...]) -> None:
    view = calibrated(SEEN_WH)
    site = a_site(zones=[zone_on_the_map(*corners)], cameras=[Camera(id="cam", views=[view])])
    assert list(privacy_zones(site, view).polygons_px) == []


@given(st.lists(st.tuples(st.integers(100, 500), st.integers(200, 300)), min_size=1, max_size=8))
def test_a_box_that_was_placed_before_is_where_it_was(corners: list[tuple[int, int]]) -> None:
    placer, fresh = placer_of(calibrated(SEEN_WH)), placer_of(calibrated(SEEN_WH))
    assert placer is not None and fresh is not None
    asked = [
        ((float(x), float(y), x + 60.0, y + 80.0), category, look_px)
        for x, y in corners
        for category in ("street_vendor", "garbage_pile")
        for look_px in (1.0, 3.0)
    ]
    first = [placer.place(*each) for each in asked]
    assert [placer.place(*each) for each in reversed(asked)] == first[::-1]
    assert fresh.place(*asked[-1]) == first[-1]
    assert len({str(place) for place in first}) >= len(set(corners))
