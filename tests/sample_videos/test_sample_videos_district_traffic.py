"""Traffic: a pure function of time, smooth at 25 a second, and nobody goes through what stands there."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.episodes.board import block_of, crosses
from sample_videos.district.layout import DISTRICT
from sample_videos.district.obstacles import Course, Obstacle, bump, swerves
from sample_videos.district.routes import beside, line_of
from sample_videos.district.things import Part, Placed, hour
from sample_videos.district.timeline import World
from sample_videos.district.traffic import _in_view, _on_lane, movers

pytestmark = pytest.mark.slow

WORLD = World(7)
paths = st.integers(0, len(DISTRICT.paths) - 1)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(CAMERAS), st.lists(st.floats(hour(0, 8), hour(0, 9)), min_size=2, max_size=5))
def test_a_moment_shows_the_same_whatever_was_asked_before(
    camera: DistrictCamera, moments: list[float]
) -> None:
    once = [movers(WORLD, camera.id, t) for t in moments]
    again = [movers(World(7, 0, 3), camera.id, t) for t in reversed(moments)]
    assert once == again[::-1]


def test_two_cameras_see_the_same_movers() -> None:
    """What market-south sees before the plaza, market-north sees too, at the same place."""
    both = 0
    for step in range(120):
        t = hour(0, 17) + step * 7.0
        there = movers(WORLD, "market-north", t)
        for mover in movers(WORLD, "market-south", t):
            if 26 < mover.east_m < 36 and 5 < mover.north_m < 9:
                both += 1
                assert mover in there
    assert both > 5


@pytest.mark.parametrize("camera_id", ["street-west", "market-south", "site-gate", "lane"])
def test_everybody_moves_smoothly_from_picture_to_picture(camera_id: str) -> None:
    """At 25 pictures a second nobody jumps, turns on the spot by much, or comes and goes within the view."""
    period = hour(0, 8.2)
    before: list[Placed] = []
    for step in range(25 * 20):
        now = movers(WORLD, camera_id, period + step / 25)
        if before:
            for mover in now:
                like = [
                    other
                    for other in before
                    if (other.asset, other.tint_bgr) == (mover.asset, mover.tint_bgr)
                ]
                if not like:
                    continue
                near = min(like, key=lambda other: _apart_m(other, mover))
                assert _apart_m(near, mover) < 0.45
                turned = abs((near.yaw_deg - mover.yaw_deg + 180) % 360 - 180)
                assert turned < 12
        before = now
    assert before


def _apart_m(first: Placed, second: Placed) -> float:
    return float(np.hypot(first.east_m - second.east_m, first.north_m - second.north_m))


def test_a_walkers_legs_follow_the_way_it_has_gone() -> None:
    steps: dict[tuple[float, ...], list[tuple[float, int]]] = defaultdict(list)
    for step in range(25 * 12):
        for mover in movers(WORLD, "lane", hour(0, 8.4) + step / 25):
            if mover.asset == "person" and mover.pose == "walk":
                steps[mover.tint_bgr].append((mover.east_m, mover.phase))
    longest = max(steps.values(), key=len)
    gone = abs(longest[-1][0] - longest[0][0])
    changes = sum(first[1] != second[1] for first, second in pairwise(longest))
    assert gone > 4
    # Six pictures a stride of 1.4 m.
    assert changes == pytest.approx(gone / 1.4 * 6, abs=2)
    assert all((second[1] - first[1]) % 6 in (0, 1) for first, second in pairwise(longest))


def test_who_stands_shows_no_step() -> None:
    seen = [mover for step in range(400) for mover in movers(WORLD, "market-south", hour(0, 17) + step * 9.0)]
    standing = [mover for mover in seen if mover.pose == "stand"]
    assert standing and all(mover.phase == 0 for mover in standing)
    assert {mover.phase for mover in seen if mover.pose == "walk"} == set(range(6))
    assert all(mover.is_person == (mover.asset == "person") for mover in seen)


@pytest.mark.parametrize("ways", [("drive-north", "turn-ne"), ("drive-west", "turn-ws"), ("drive-east",)])
def test_vehicles_on_a_lane_keep_apart(ways: tuple[str, ...]) -> None:
    lane = (*_on_lane(7, ways, 8), *_on_lane(7, ways, 9))
    assert len(lane) > 80
    waited = 0
    for first, second in pairwise(lane):
        waited += len(second.course.times) > 2
        for t in np.linspace(second.course.times[0], second.course.times[0] + 60, 61):
            if t < first.course.times[-1] and t < second.course.times[-1]:
                ahead = np.interp(t, first.course.times, first.course.metres)
                behind = np.interp(t, second.course.times, second.course.metres)
                # Beyond the crossing they may go different ways.
                if ahead < 80:
                    assert ahead - behind > 6.0
    assert waited > 5


def test_nobody_drives_over_a_red_light() -> None:
    """Vehicles that come over the long street's and the cross street's lines at the same time would meet."""
    for ways, is_long in ((("drive-east",), True), (("drive-north", "turn-ne"), False)):
        for mover in _on_lane(7, ways, 8):
            stop = DISTRICT.paths[mover.course.path].yields_at_m[0]
            passes = float(np.interp(stop + 0.01, mover.course.metres, mover.course.times))
            phase = (passes - (0.0 if is_long else 45.0)) % 90.0
            assert phase < 38.1


def test_traffic_follows_the_hours() -> None:
    def count(hours: float) -> float:
        return float(
            np.mean([len(movers(WORLD, "street-west", hour(0, hours) + step * 20)) for step in range(90)])
        )

    assert count(3.0) < 0.5 < 2.0 < count(8.0)


def test_lights_are_on_after_dusk_only() -> None:
    assert all(mover.has_lights for mover in movers(WORLD, "street-west", hour(0, 20)))
    noon = movers(WORLD, "street-west", hour(0, 12))
    assert noon and not any(mover.has_lights for mover in noon)


def test_those_who_pass_go_round_what_stands_there() -> None:
    """Of all meetings of a mover with a thing, next to none overlap; without swerving many would."""
    world, meetings, hits = World(7), 0, 0
    for step in range(500):
        t = hour(0, 9) + step * 61.0
        blocks = [
            block_of(
                Part(each.asset, each.variant, each.east_m, each.north_m, each.yaw_deg, 0, 1, each.scale)
            )
            for each in world.placed("street-west", t)
            if each.pose not in ("walk",)
        ]
        for mover in movers(world, "street-west", t):
            body = block_of(
                Part(
                    mover.asset, mover.variant, mover.east_m, mover.north_m, mover.yaw_deg, 0, 1, mover.scale
                )
            )
            for block in blocks:
                if np.hypot(*(block.mean(axis=0) - body.mean(axis=0))) < 5:
                    meetings += 1
                    hits += crosses(block, body)
    assert meetings > 100
    assert hits / meetings < 0.03


def _block(placed: Placed) -> np.ndarray:
    return block_of(
        Part(placed.asset, placed.variant, placed.east_m, placed.north_m, placed.yaw_deg, 0, 1, placed.scale)
    )


@given(paths, st.floats(0, 1), st.floats(-3, 3))
def test_a_place_beside_a_path_is_found_again(path: int, share: float, aside: float) -> None:
    line = line_of(path)
    corners = np.array(line.starts_m)
    metre = share * line.length_m
    if np.abs(corners - metre).min() > 6:
        east, north, _ = line.at(metre, aside)
        metres, asides = beside(path, np.array([(east, north)]))
        assert metres[0] == pytest.approx(metre, abs=1e-6)
        assert asides[0] == pytest.approx(aside, abs=1e-6)


@given(paths, st.floats(0, 1), st.floats(-1, 1))
def test_going_back_is_the_same_way_turned_round(path: int, share: float, aside: float) -> None:
    line = line_of(path)
    there = line.at(share * line.length_m, aside)
    back = line.at(share * line.length_m, -aside, is_back=True)
    assert back[:2] == pytest.approx(there[:2])
    assert (back[2] - there[2]) % 360 == pytest.approx(180)


@given(st.floats(-1.2, 1.2), st.booleans())
def test_a_swerve_clears_the_obstacle_by_the_shorter_side(aside: float, is_back: bool) -> None:
    path = next(number for number, way in enumerate(DISTRICT.paths) if way.id == "walk-lane")
    length = line_of(path).length_m
    course = Course(path, is_back, aside, (0.0, length), (0.0, length))
    obstacle = Obstacle(60.0, 0.2, 1.4, -1e9, 1e9)
    for metre, offset in swerves(course, [obstacle]):
        side = (aside + offset) * (-1 if is_back else 1)
        assert side <= 0.2 - 0.349 or side >= 1.4 + 0.349
        assert metre == (length - 60.0 if is_back else 60.0)
    gone = Obstacle(60.0, 0.2, 1.4, -1e9, -1e8)
    assert list(swerves(course, [gone])) == []


@given(st.floats(-20, 20))
def test_a_swerve_comes_and_goes_smoothly(metres: float) -> None:
    assert 0 <= bump(metres) <= 1
    assert abs(bump(metres + 0.05) - bump(metres)) < 0.02


def test_buckets_miss_nobody() -> None:
    """All movers of an hour, asked one by one, are those that the buckets give."""
    everyone = {mover for there in _in_view(7, "default", "lane", 8).values() for mover in there}
    for step in range(100):
        t = hour(0, 8) + step * 36.0
        there = [placed for mover in everyone if (placed := mover.placed(t)) is not None]
        near = [each for each in there if -50 < each.east_m < 0 and 26 < each.north_m < 32]
        shown = movers(WORLD, "lane", t)
        assert all(each in shown for each in near)
