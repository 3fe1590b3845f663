"""A camera-day of the district: what the oracle is told agrees with the truth and with the pictures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from contracts.site_check import check_site
from models.registry import load_manifest
from sample_videos.district.camera_day import ThingRecord, box_of
from sample_videos.district.cameras import camera_of
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.day_stage import DayKey, StageTruth
from sample_videos.district.day_truth import SEEN_EVERY_S
from sample_videos.district.district_day import DistrictDay, class_of, keys_of
from sample_videos.district.in_view import in_view
from sample_videos.district.lens import smear
from sample_videos.district.parts import Parts
from sample_videos.district.run_day import run_day
from sample_videos.district.things import Placed
from tests.support.proxy_parts import write_proxy_objects, write_proxy_plate
from vision.boxes import union_iou
from vision.errors import BadInput

pytestmark = pytest.mark.slow

KEY = DayKey(7, 1, "market-south", 0)
QUIET_KINDS = ["e_bike", "sedan", "van", "light_truck", "person", "bin", "e_bike_rider", "tricycle_driven"]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    folder = tmp_path_factory.mktemp("proxy")
    write_proxy_objects(folder, QUIET_KINDS)
    write_proxy_plate(camera_of("canal"), folder / "plates")
    return Parts(folder)


@pytest.fixture(scope="module")
def market(parts: Parts) -> DistrictDay:
    return DistrictDay(KEY, parts)


@pytest.fixture(scope="module")
def street(parts: Parts) -> DistrictDay:
    """A camera that is nudged by more than the memory takes for shake, with a sleeper and her belongings."""
    return DistrictDay(DayKey(7, 1, "street-west", 0), parts)


@pytest.fixture(scope="module")
def truth(market: DistrictDay) -> StageTruth:
    return market.truth()


def due_things(truth: StageTruth) -> Iterator[ThingRecord]:
    """What is against a rule and has a class of the detector."""
    none = ("", "unattended_object")
    return (thing for thing in truth.things if thing.due is not None and thing.category not in none)


def test_the_oracle_is_shown_each_thing_where_truth_says_it_is(
    market: DistrictDay, truth: StageTruth
) -> None:
    agreed = told = 0
    for thing in due_things(truth):
        for since, until in thing.seen[:1]:
            t = (since + until) / 2
            box = box_of(thing, t)
            told += 1
            same = [each for each in market.visible(t) if each.name == thing.category and box is not None]
            agreed += any(union_iou(each.box, box) > 0.9 and each.share > 0.3 for each in same if box)
    assert told > 15 and agreed >= 0.95 * told


def test_what_truth_calls_hidden_shows_the_oracle_less_of_itself(
    market: DistrictDay, truth: StageTruth
) -> None:
    """Truth and oracle ask the same function; truth leaves out nudges and asks once a minute."""
    shares: dict[bool, list[float]] = {True: [], False: []}
    for thing in due_things(truth):
        # At the very moments at which truth looked: passers hide a thing for seconds only.
        for t in np.arange(max(0.0, thing.there[0]), min(86400.0, thing.there[1]), 3 * SEEN_EVERY_S):
            box = box_of(thing, t)
            if box is not None:
                is_seen = any(since <= t < until for since, until in thing.seen)
                shares[is_seen] += [
                    each.share
                    for each in market.visible(t)
                    if each.name == thing.category and union_iou(each.box, box) > 0.9
                ]
    assert min(len(shares[True]), len(shares[False])) >= 20
    assert np.median(shares[False]) < 0.75
    assert np.median(shares[False]) < np.median(shares[True]) - 0.2


def test_the_sleeper_and_her_belongings_are_both_marked(street: DistrictDay) -> None:
    sleepers = [thing for thing in street.truth().things if thing.is_sleeper]
    assert {thing.kind for thing in sleepers} == {"person", "belongings"}
    assert all(thing.due is None and thing.boxes for thing in sleepers)


def test_every_trap_that_is_counted_has_a_name_for_false_incidents(truth: StageTruth) -> None:
    named = {thing.trap for thing in truth.things}
    of_camera = {"nudge", "dirty_lens", "power_cut", "cloud_passage", "shower", "headlights"}
    there = {kind for kind, count in truth.exposure.items() if count} - of_camera
    assert there and there <= named
    assert all(thing.trap for thing in truth.things if not thing.category)


def test_a_nudge_moves_what_the_oracle_is_shown_as_it_moves_the_truth(street: DistrictDay) -> None:
    truth = street.truth()
    nudge = truth.nudges[0]
    before, after = nudge.at - 1, nudge.at + 1
    was, now = ({each.key: each.box for each in street.visible(t)} for t in (before, after))
    shifts = [np.abs(np.subtract(now[key], was[key])).max() for key in now if key in was]
    assert nudge.shift_px > 20 and np.median(shifts) > 0.8 * nudge.shift_px
    standing = [thing for thing in truth.things if thing.there[0] < before and thing.there[1] > after]
    vendors = [thing for thing in standing if thing.category == "street_vendor" or thing.kind == "e_bike"]
    boxes = [box for thing in vendors if (box := box_of(thing, after)) is not None]
    ious = [max(union_iou(each, box) for each in now.values()) for box in boxes]
    assert ious and np.median(ious) > 0.85, "the lens bends before or after the nudge: that is little"


def test_classes_are_the_detectors_and_every_kind_is_decided() -> None:
    names = load_manifest().entry("detector").classes
    told = {kind: class_of(kind) for kind in CATALOGUE}
    assert {name for name in told.values() if name} <= set(names)
    assert told["fruit_tricycle"] == "street_vendor" and told["sand_heap"] == "construction_debris"
    unnamed = {kind for kind, name in told.items() if name is None and CATALOGUE[kind].family != "change"}
    assert unnamed == {"cafe_umbrella", "shop_display", "delivery_boxes", "belongings", "suitcase", "cones"}


def test_keys_take_the_splits_cameras() -> None:
    assert {key.camera_id for key in keys_of(1, 2, 8, "test", "default")} == {"street-east", "lane"}
    assert len(keys_of(1, 2, 8, "all", "default")) == 16 and len(keys_of(1, 1, 3, "train", "default")) == 3
    with pytest.raises(BadInput, match="train, test or all"):
        keys_of(1, 1, 1, "tset", "default")


def test_the_site_has_no_fault_and_each_day_its_own_calibration(market: DistrictDay, parts: Parts) -> None:
    site = market.site()
    assert check_site(yaml.safe_dump(site.model_dump(mode="json", exclude_none=True))) == []
    assert [camera.id for camera in site.cameras] == ["market-south"]
    tomorrow = DistrictDay(DayKey(7, 2, "market-south", 1), parts).site()
    assert tomorrow.cameras[0].views[0].calibration != site.cameras[0].views[0].calibration


def test_a_nearer_thing_hides() -> None:
    camera = camera_of("canal")
    person = Placed("person", "a", "stand", 0, -16.0, -48.0, 90.0)
    van = Placed("light_truck", "a", "still", 0, -14.0, -47.9, 0.0)
    alone = in_view(camera, [person])
    behind = {each.placed.asset: each.share for each in in_view(camera, [person, van])}
    assert alone and alone[0].share > 0.9
    assert behind["light_truck"] > 0.7 and behind["person"] < 0.4
    assert in_view(camera, [Placed("person", "a", "stand", 0, 20.0, -47.0, 90.0)]) == [], "behind the camera"


@pytest.mark.parametrize("shape", [(90, 160), (90, 160, 1), (90, 160, 3)])
def test_a_dirty_lens_keeps_the_pictures_shape(shape: tuple[int, ...]) -> None:
    levels = np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)
    smeared = smear(levels, 0.8, 3)
    assert smeared.shape == shape and smeared.std() < levels.std()


@pytest.mark.slow
def test_an_hour_of_a_quiet_day_goes_through_the_pipeline(parts: Parts, tmp_path: Path) -> None:
    key = DayKey(3, 1, "canal", 0, scenario="quiet")
    stage = DistrictDay(key, parts)
    stage.begins, stage.ends = 9 * 3600.0, 10 * 3600.0
    day = run_day(key, stage, "oracle")
    assert day.looks == 360 and day.oracle["crops"][0] > 20
    assert day.incidents == [], "nothing in a quiet day stands against a rule"
