"""The truth: inside the picture, hidden by what is in front, and due exactly where the rules say so."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon
from typer.testing import CliRunner

from contracts.incident import Category
from contracts.judgement import Candidate, Outcome
from contracts.rules import judge
from contracts.site import Site
from sample_videos.district.cameras import CAMERAS, camera_of
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import FRAME
from sample_videos.district.site import DWELL_S, site_document
from sample_videos.district.things import DAY_S, WHEELED, Episode, Part, clock, footprint_en, hour
from sample_videos.district.timeline import World
from sample_videos.district.traffic import movers
from sample_videos.district.truth import TRAPS, TruthThing, box_of, exposure, is_easy, things
from streetkeeper.main import app

pytestmark = pytest.mark.slow

WORLD = World(7, 0, 2)
EVERY = {camera.id: things(WORLD, camera.id) for camera in CAMERAS}
CHOSEN = [thing for found in EVERY.values() for thing in found]
VENDORS = list({thing.thing_id: thing for thing in CHOSEN if thing.kind == "vendor"}.values())


def _permitted_zones(site: Site) -> dict[str, str]:
    """The permitted zone that each vendor stands in, by thing."""
    zones = {zone.id: Polygon(zone.polygon_lonlat or []) for zone in site.zones if zone.needs_permit}
    return {
        vendor.thing_id: name
        for vendor in VENDORS
        for name, zone in zones.items()
        if zone.covers(Point(vendor.lonlat))
    }


def _rank(thing: TruthThing, places: dict[str, str], t: float) -> int:
    """How many vendors came to the same permitted zone before it and are still there."""
    mine = places.get(thing.thing_id)
    return sum(
        mine is not None
        and places.get(other.thing_id) == mine
        and other.from_t <= t < other.to_t
        and (other.from_t, other.thing_id) < (thing.from_t, thing.thing_id)
        for other in VENDORS
    )


@pytest.mark.slow
def test_the_rules_agree_with_every_due_time_of_two_days() -> None:
    """With a perfect place and a perfect detector the rules raise what the generator meant, and when."""
    site = Site.model_validate(site_document(7))
    places = _permitted_zones(site)
    asked, outcomes = 0, Counter[Outcome]()
    for thing in {thing.thing_id: thing for thing in CHOSEN if thing.category}.values():
        dwell = DWELL_S[thing.category]
        edges = [thing.from_t + dwell, thing.to_t, thing.due_from_t, thing.due_to_t]
        moments = {edge + step for edge in edges if edge is not None for step in (-1.0, 1.0)}
        moments |= {thing.from_t + 1, (thing.from_t + thing.to_t) / 2}
        raised = thing.raised_span(dwell)
        for t in moments:
            if not thing.from_t <= t < thing.to_t:
                continue
            candidate = Candidate(
                Category(thing.category), 0.9, (100, 100, 200, 200), thing.lonlat, thing.footprint,
                thing.area_m2, thing.camera_id, clock(thing.from_t), clock(t), t - thing.from_t,
            )  # fmt: skip
            outcome = judge(candidate, site, _rank(thing, places, t)).outcome
            expected = raised is not None and raised[0] <= t < raised[1]
            assert (outcome is Outcome.RAISED) == expected, f"{thing.thing_id} at {clock(t)}: {outcome}"
            asked, outcomes[outcome] = asked + 1, outcomes[outcome] + 1
    assert asked > 1500
    assert outcomes[Outcome.PERMITTED] > 50 and outcomes[Outcome.RAISED] > 500


def test_what_is_put_out_beyond_hours_is_due_from_the_end_of_the_grace() -> None:
    late = [thing for thing in CHOSEN if thing.kind == "put_out" and thing.due_from_t is not None]
    assert late
    assert all(thing.due_from_t == hour(int(thing.from_t // DAY_S), 21.5) for thing in late)
    in_time = [thing for thing in CHOSEN if thing.kind == "put_out" and thing.due_from_t is None]
    assert in_time and all(thing.trap == "permitted_rubbish" for thing in in_time)


def test_traps_are_never_due_and_incidents_always_are() -> None:
    for thing in CHOSEN:
        assert bool(thing.trap) != (thing.due_from_t is not None), thing.thing_id
        assert thing.category or thing.trap
    kinds = {thing.trap for thing in CHOSEN if not thing.category}
    assert kinds >= set(TRAPS) - {"nudge", "dirty_lens", "power_cut", "permitted_vendor", "permitted_rubbish"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CHOSEN), st.floats(0, 1))
def test_a_box_lies_in_the_picture_over_the_footprint(thing: TruthThing, share: float) -> None:
    t = thing.from_t + share * (thing.to_t - thing.from_t) * 0.999
    camera, stage, box = camera_of(thing.camera_id), thing.episode.stage_at(t), thing.box_at(t)
    if box is None:
        # A nudge may push a thing at the edge out of the picture; between its stages a bin is away.
        assert stage is None or WORLD.nudge_at(thing.camera_id, t) is not None
        return
    assert stage is not None
    width, height = camera.size_wh
    assert 0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height
    if WORLD.nudge_at(thing.camera_id, t) is None:
        ring = footprint_en(stage)
        feet = camera.project(np.column_stack([ring, np.zeros(len(ring))]))
        # The lower edge is where its nearest foot meets the ground; wheels stand a little inside.
        deeper = float(min(height, feet[:, 1].max())) - box[3]
        assert -1e-6 <= deeper <= (0.25 * (box[3] - box[1]) if stage.asset in WHEELED else 1e-6)
        if stage.asset not in WHEELED:
            inside = np.clip(feet, 0, camera.size_wh)
            assert (inside >= np.array(box[:2]) - 1e-6).all() and (inside <= np.array(box[2:]) + 1e-6).all()
    assert thing.box_at(thing.from_t - 0.1) is None
    assert thing.box_at(thing.to_t + 0.1) is None


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CHOSEN))
def test_place_and_footprint_are_those_of_the_largest_stage(thing: TruthThing) -> None:
    ring = FRAME.to_metres(np.array(thing.footprint))
    assert np.allclose(ring[0], ring[-1])
    edges = ring[:-1, 0] * ring[1:, 1] - ring[1:, 0] * ring[:-1, 1]
    assert edges.sum() / 2 == pytest.approx(thing.area_m2, rel=1e-3)
    place = FRAME.to_metres(np.array([thing.lonlat]))[0]
    assert camera_of(thing.camera_id).distance_m(*place) == pytest.approx(thing.distance_m, abs=1e-3)
    assert thing.area_at(thing.to_t - 0.01) == pytest.approx(thing.area_m2)


def test_a_nudge_moves_the_boxes_as_it_moves_the_picture() -> None:
    camera, nudge = next(
        (camera, nudge)
        for camera in CAMERAS
        for nudge in WORLD.faults(camera.id).nudges
        if abs(nudge.dx_px) > 5
    )
    part = next(
        thing.episode.stages[0]
        for thing in EVERY[camera.id]
        if (box := box_of(camera, thing.episode.stages[0]))
        and 200 < box[0] < box[2] < camera.size_wh[0] - 200
    )
    before, after = box_of(camera, part), box_of(camera, part, nudge)
    assert before is not None and after is not None
    assert after[0] - before[0] == pytest.approx(nudge.dx_px, abs=abs(nudge.dx_px) * 0.25 + 4)


def test_what_stands_in_front_hides_and_what_stands_behind_does_not() -> None:
    camera = camera_of("lane")
    stall = Part("fruit_stall", "a", -18.0, 29.0, 90.0, hour(0, 10), hour(0, 11))

    def share(other: Part) -> float:
        span = (stall.from_t, stall.to_t)
        episode = Episode("x", "vendor", "street_vendor", "", "lane", "train", (stall,), (), span)
        world = _Alone([Episode("y", "parked_car", "", "parked_car", "lane", "train", (other,)), episode])
        thing = TruthThing(
            "x", "lane", "vendor", "street_vendor", "", stall.from_t, stall.to_t, None, None, (0, 0), [], 1.0,
            camera.distance_m(-18.0, 29.0), "train", world, episode,
        )  # fmt: skip
        return thing.visible_share(hour(0, 10.5))

    van = Part("light_truck", "a", -12.0, 28.4, 90.0, hour(0, 10), hour(0, 11))
    behind = Part("light_truck", "a", -26.0, 29.4, 90.0, hour(0, 10), hour(0, 11))
    aside = Part("e_bike", "a", -9.0, 31.5, 90.0, hour(0, 10), hour(0, 11))
    assert share(behind) == 1.0
    assert share(aside) == 1.0
    assert share(van) < 0.7


class _Alone(World):
    """A world with only some episodes; traffic passes as ever."""

    def __init__(self, episodes: list[Episode], day: int = -900) -> None:
        super().__init__(1, day, 1, "quiet")
        self._episodes = episodes

    def placed(self, camera_id: str, t: float) -> list:  # type: ignore[type-arg]
        return [part.placed(t, each.id) for each in self._episodes for part in each.parts if part.is_there(t)]

    def nudge_at(self, camera_id: str, t: float) -> None:
        return None


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(CHOSEN), st.floats(0, 0.999))
def test_a_visible_share_is_a_share_and_none_while_it_is_away(thing: TruthThing, share: float) -> None:
    t = thing.from_t + share * (thing.to_t - thing.from_t)
    assert 0.0 <= thing.visible_share(t) <= 1.0
    assert thing.visible_share(thing.from_t - 5) == 0.0


def test_traffic_hides_things_now_and_then() -> None:
    """A stall alone on the north side of the long street: nothing but passers-by can hide it."""
    stall = Part("goods_table", "a", -30.0, 8.4, 180.0, 0.0, DAY_S)
    episode = Episode("x", "vendor", "street_vendor", "", "street-west", "train", (stall,))
    world = _Alone([episode], day=0)
    thing = TruthThing(
        "x", "street-west", "vendor", "street_vendor", "", 0.0, DAY_S, None, None, (0, 0), [], 1.0,
        camera_of("street-west").distance_m(-30.0, 8.4), "train", world, episode,
    )  # fmt: skip
    shares = [thing.visible_share(hour(0, 8) + step * 10) for step in range(360)]
    assert max(shares) == 1.0
    assert 0.5 < np.mean(np.array(shares) == 1.0) < 0.999


def test_what_nobody_can_see_is_in_no_truth() -> None:
    for camera_id, found in EVERY.items():
        for thing in found:
            assert box_of(camera_of(camera_id), thing.episode.stages[-1]) is not None
            assert thing.distance_m <= 110
    north_lane = [thing for thing in EVERY["canal"] if thing.episode.stages[0].north_m > 0]
    assert north_lane == []


def test_both_market_cameras_know_the_same_thing_by_one_name() -> None:
    one, other = (
        {thing.thing_id: (thing.lonlat, thing.due_from_t) for thing in EVERY[camera_id]}
        for camera_id in ("market-south", "market-north")
    )
    shared = one.keys() & other.keys()
    assert len(shared) > 20
    assert all(one[name] == other[name] for name in shared)


@pytest.mark.slow
def test_the_default_world_is_mean_enough_and_a_quiet_one_is_not() -> None:
    """At least 60 trap events a camera-day and half one of each kind, in training and in test cameras."""
    world = World(21, 0, 4)
    for split in ("train", "test"):
        counts = [
            exposure(world, camera.id, day) for camera in CAMERAS if camera.split == split for day in range(4)
        ]
        assert not is_easy(counts), split
    quiet = World(21, 0, 1, "quiet")
    assert is_easy([exposure(quiet, camera.id, 0) for camera in CAMERAS])
    assert is_easy([])


@pytest.mark.slow
def test_there_are_incidents_enough_to_measure() -> None:
    """On average 6 vendors, 4 piles and 2 heaps of debris due a camera-day, seen well within 60 m."""
    counts: Counter[str] = Counter()
    for found in EVERY.values():
        for thing in found:
            raised = thing.raised_span(DWELL_S[thing.category] + 120) if thing.category else None
            if raised and thing.distance_m < 60 and 0 <= raised[0] < 2 * DAY_S:
                counts[thing.category] += thing.visible_share(sum(raised) / 2) > 0.4
    days = 2 * len(CAMERAS)
    assert counts["street_vendor"] / days >= 6
    assert counts["garbage_pile"] / days >= 4
    assert counts["construction_debris"] / days >= 2
    assert counts["overflowing_bin"] and counts["unattended_object"]


def test_the_sleeper_and_her_belongings_are_nobodys_category() -> None:
    sleepers = [thing for thing in CHOSEN if thing.trap == "sleeper"]
    assert sleepers
    for thing in sleepers:
        assert thing.category == ""
        assert thing.episode.stages[0].pose == "lie"
    assert any(part.asset == "belongings" for thing in sleepers for part in thing.episode.others)


def test_sand_lies_behind_the_hoarding_in_an_ignored_zone() -> None:
    zone = next(zone for zone in DISTRICT.zones if zone.id == "site")
    (west, south), _, (east, north), _ = zone.outline_en
    heaps = [thing for thing in CHOSEN if thing.trap == "sand_in_site"]
    assert heaps
    for thing in heaps:
        stage = thing.episode.stages[0]
        assert west < stage.east_m < east and south < stage.north_m < north


def test_boxes_of_passing_traffic_can_be_asked_too() -> None:
    camera = camera_of("street-west")
    boxes = [box_of(camera, mover) for mover in movers(WORLD, camera.id, hour(0, 8))]
    assert any(box is not None for box in boxes)


def test_the_worlds_figures_are_told_by_their_command() -> None:
    result = CliRunner().invoke(app, ["district", "world", "--seed", "3", "--scenario", "quiet"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines[1:9]] == [camera.id for camera in CAMERAS]
    assert lines[-1].endswith("quiet: train easy, test easy")
    assert CliRunner().invoke(app, ["district", "world", "--scenario", "storm"]).exit_code == 2
