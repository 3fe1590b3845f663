"""Buildings change in stages, are drawn where truth has them, and are no incident of anything else."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sample_videos.district.built import with_built
from sample_videos.district.built_truth import built_record
from sample_videos.district.cameras import CAMERAS, camera_of
from sample_videos.district.catalogue import asset
from sample_videos.district.changes import CHANGE_PLACES, ChangePlace
from sample_videos.district.episodes.building import Built, changes_of
from sample_videos.district.figures import world_figures
from sample_videos.district.parts import PARTS, Parts, Plate
from sample_videos.district.things import DAY_S
from sample_videos.district.timeline import World, day_of
from vision.boxes import share_inside

pytestmark = pytest.mark.slow

BUILT = World(7, 0, 10, "changes")
CHANGES = [(camera, change) for camera in CAMERAS for change in BUILT.changes(camera.id)]


@pytest.fixture(scope="module")
def parts() -> Parts:
    return Parts(PARTS)


def whole(place: ChangePlace, variant: str = "a", share: float = 1.0) -> Built:
    height = asset(place.kind).size_m[2]
    return Built(f"{place.id}-{variant}", place.base_m, place.base_m + share * height)


def is_built(plate: Plate, changed: Plate) -> NDArray[np.bool_]:
    """(h, w) where something nearer stands than before, or something of quite another colour hangs."""
    nearer = changed.depth_m < 0.98 * np.minimum(plate.depth_m, 1000.0) - 0.02
    other = np.abs(changed.sky.astype(int) - plate.sky).max(axis=2) > 50
    return np.asarray(nearer | other, bool)


def test_only_the_scenario_that_asks_for_it_has_them_and_nothing_else_changes() -> None:
    assert len(CHANGES) >= 13
    for scenario in ("default", "quiet", "market", "nudges"):
        assert all(World(7, 0, 4, scenario).changes(camera.id) == () for camera in CAMERAS)
    assert day_of(7, 0, "changes").episodes == day_of(7, 0, "default").episodes


def test_they_come_in_working_hours_grow_and_are_taken_down() -> None:
    kinds = {change.place.kind for _, change in CHANGES}
    assert kinds == {place.kind for place in CHANGE_PLACES}
    for camera, change in CHANGES:
        assert change.at(change.from_t - 1) is None and change.at(change.to_t) is None
        tops = [built.top_m for moment, _ in change.steps if (built := change.at(moment)) is not None]
        assert tops == sorted(set(tops)) and tops[-1] == change.place.base_m + change.height_m
        assert 8.0 <= (change.from_t % (DAY_S / 2)) / 3600 <= 10.5
        assert change.steps[-1][0] < change.to_t
        if camera.split == "train":
            assert change.variant.split == "train"
    spans = sorted((change.place.id, change.from_t, change.to_t) for _, change in CHANGES)
    for (one, _, gone), (other, comes, _) in pairwise(spans):
        assert one != other or gone < comes


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 50), st.sampled_from([camera.id for camera in CAMERAS]), st.integers(0, 9))
def test_a_days_changes_are_those_of_the_span_around_it(seed: int, camera_id: str, day: int) -> None:
    long = changes_of(seed, camera_id, 0.0, 10 * DAY_S)
    ours = changes_of(seed, camera_id, day * DAY_S, (day + 1) * DAY_S)
    assert set(ours) == {each for each in long if each.from_t < (day + 1) * DAY_S and each.to_t > day * DAY_S}


@pytest.mark.parametrize("place", CHANGE_PLACES, ids=lambda place: place.id)
def test_what_is_drawn_lies_in_the_box_that_truth_gives(place: ChangePlace, parts: Parts) -> None:
    camera = camera_of(place.camera_id)
    plate = parts.plate(camera.id)
    changed = with_built(plate, camera, [whole(place)], parts)
    rows, columns = np.nonzero(is_built(plate, changed))
    assert len(rows) > 100
    # The plate has no lens and a margin: from its pixels to the picture's.
    offset = (np.array(camera.plate_wh) - np.array(camera.size_wh)) / 2
    x, y = (camera.bent(np.column_stack([columns, rows]) + 0.5 - offset)).T
    low, high = (np.quantile(np.stack([x, y]), share, axis=1) for share in (0.02, 0.98))
    change = next(change for _, change in CHANGES if change.place == place)
    record = built_record(camera, change, [change.steps[-1][0]], World(7, 0, 4, "quiet"))
    box = record.boxes[0][1]
    assert box is not None
    low, high = np.maximum(low, 0), np.minimum(high, camera.size_wh)
    drawn = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    assert share_inside(drawn, (box[0] - 12, box[1] - 12, box[2] + 12, box[3] + 12)) > 0.9


def test_half_a_wall_is_half_as_high(parts: Parts) -> None:
    place = next(place for place in CHANGE_PLACES if place.id == "canal-wall")
    camera = camera_of(place.camera_id)
    plate = parts.plate(camera.id)
    reach = []
    for share in (0.5, 1.0):
        changed = with_built(plate, camera, [whole(place, share=share)], parts)
        reach.append(int(is_built(plate, changed).sum()))
    assert 0.35 < reach[0] / reach[1] < 0.65
    assert with_built(plate, camera, [], parts) is plate


def test_truth_has_category_outline_height_area_and_permit_and_nothing_due() -> None:
    records = [built_record(camera, change, [change.to_t - 1], BUILT) for camera, change in CHANGES]
    assert all(record.due is None and record.height_m for record in records)
    for record, (_, change) in zip(records, CHANGES, strict=True):
        is_change = change.place.kind not in ("scaffold", "banner")
        assert record.category == ("building_change" if is_change else "")
        assert record.area_m2 == pytest.approx(asset(change.place.kind).area_m2)
        assert record.footprint[0] == record.footprint[-1] and len(record.footprint) == 5
        assert bool(record.permit) == (record.trap == "permitted_change")
    assert {record.trap for record in records} == {
        "building_change", "permitted_change", "scaffold", "banner"
    }  # fmt: skip


def test_the_world_tells_how_often_buildings_change() -> None:
    lines = list(world_figures(World(7, 0, 1, "changes")))
    assert any("a day in all" in line for line in lines)
