"""Building changes stand where their camera can see them, and every kind is somewhere."""

import math

import numpy as np
import pytest

from sample_videos.district.cameras import camera_of
from sample_videos.district.catalogue import asset, assets
from sample_videos.district.changes import CHANGE_PLACES, ChangePlace, change_parts
from sample_videos.district.heights import district_heights

pytestmark = pytest.mark.slow


def test_every_kind_has_a_place_and_every_place_all_its_variants() -> None:
    assert {place.kind for place in CHANGE_PLACES} == {each.kind for each in assets("change")}
    assert len({place.id for place in CHANGE_PLACES}) == len(CHANGE_PLACES)
    assert len(change_parts()) == sum(len(asset(place.kind).variants) for place in CHANGE_PLACES)


@pytest.mark.parametrize("place", CHANGE_PLACES, ids=lambda place: place.id)
def test_the_camera_sees_the_front_of_the_change(place: ChangePlace) -> None:
    camera = camera_of(place.camera_id)
    yaw = math.radians(place.yaw_deg)
    _, depth, height = asset(place.kind).size_m
    away = depth / 2 + 0.3
    east, north = place.east_m + away * math.sin(yaw), place.north_m + away * math.cos(yaw)
    spots = np.array([[east, north, place.base_m + height * share] for share in (0.5, 0.9)])
    pixels = camera.project(spots)
    assert ((pixels > 0) & (pixels < np.array(camera.size_wh))).all()
    assert district_heights().sees(camera.place_enu, spots).all()
