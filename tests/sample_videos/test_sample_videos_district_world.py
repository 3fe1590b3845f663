"""The seeded world: the same whatever is asked first, and nothing in another's place."""

from collections import defaultdict
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_videos.district.cameras import CAMERAS, camera_of
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.episodes.board import Board, block_of, crosses
from sample_videos.district.episodes.faults import Nudge
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.site import CAPACITY, MARKET_HOURS
from sample_videos.district.spots import is_framed, trains_on
from sample_videos.district.things import DAY_0, Part, block_en, clock, hour
from sample_videos.district.timeline import World, day_of

pytestmark = pytest.mark.slow

DAYS = [(7, 0), (7, 1), pytest.param(11, 5, marks=pytest.mark.slow)]
CAMERA_IDS = [camera.id for camera in CAMERAS]


@pytest.mark.slow
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**31), order=st.permutations([0, 1]))
def test_a_seed_gives_the_same_world_whatever_is_asked_first(seed: int, order: list[int]) -> None:
    in_order = {day: World(seed, 0, 2).episodes(day) for day in (0, 1)}
    day_of.cache_clear()
    other = World(seed, 0, 2)
    for day in order:
        assert other.episodes(day) == in_order[day]
    assert World(seed, 1, 1).episodes(1) == in_order[1]
    assert World(seed + 1, 1, 1).episodes(1) != in_order[1]


@pytest.mark.parametrize(("seed", "day"), DAYS)
def test_nothing_stands_in_anothers_place(seed: int, day: int) -> None:
    """All that stands still, overnight cars of the day before included, and the street's furniture."""
    parts = [
        (episode.id, part)
        for number in (day - 1, day)
        for episode in World(seed).episodes(number)
        for part in episode.parts
        if not part.way
    ]
    fixed = [
        block_en(each.east_m, each.north_m, each.yaw_deg, *each.size_m[:2]) for each in DISTRICT.fixtures
    ]
    cells: dict[tuple[int, int], list[tuple[str, Part, np.ndarray]]] = defaultdict(list)
    for name, part in parts:
        block = block_of(part)
        assert not any(crosses(block, other) for other in fixed), f"{name} on the furniture"
        for east in range(int(block[:, 0].min() // 6), int(block[:, 0].max() // 6) + 1):
            for north in range(int(block[:, 1].min() // 6), int(block[:, 1].max() // 6) + 1):
                cells[east, north].append((name, part, block))
    for there in cells.values():
        for (first, one, block), (second, other, other_block) in combinations(there, 2):
            if one.from_t < other.to_t and other.from_t < one.to_t:
                assert not crosses(block, other_block), f"{first} ({one.asset}) and {second} ({other.asset})"


@pytest.mark.parametrize(("seed", "day"), DAYS)
def test_main_things_stand_whole_in_the_picture_they_were_put_for(seed: int, day: int) -> None:
    for episode in World(seed).episodes(day):
        if episode.kind not in ("bin", "parked_car", "overflow", "bin_emptied", "bin_moved"):
            camera = camera_of(episode.camera_id)
            assert all(is_framed(camera, stage) for stage in episode.stages), episode.id


def test_a_day_has_its_hours_and_ends_before_the_next() -> None:
    for episode in World(7).episodes(1):
        assert hour(1, 4.0) <= episode.from_t
        limit = hour(1, 30.5) if episode.kind == "parked_car" else hour(1, 28.1)
        assert episode.span[1] <= limit, episode.id
        assert all(first.to_t == second.from_t for first, second in pairwise(episode.stages)) or (
            episode.kind == "bin"
        )


@pytest.mark.slow
def test_what_is_held_back_for_tests_is_never_before_a_camera_for_training() -> None:
    held_back = {
        (asset.kind, variant.name)
        for asset in CATALOGUE.values()
        if asset.family in ("vendor", "pile", "debris")
        for variant in asset.variants
        if variant.split == "test"
    }
    shown, all_of_test, held_back_at = set(), set(), []
    for day in range(4):
        for episode in World(5).episodes(day):
            main = episode.stages[-1]
            if episode.category and (main.asset, main.variant) in held_back:
                assert camera_of(episode.camera_id).split == "test"
                held_back_at.append((main.east_m, main.north_m))
                shown.add((main.asset, main.variant))
            elif episode.category and camera_of(episode.camera_id).split == "test":
                all_of_test.add(episode.split)
    assert shown == held_back
    assert not trains_on(np.array(held_back_at)).any()
    # Where a training camera looks too, a test camera gets what everybody may see.
    assert all_of_test <= {"train", "test"}


def test_the_held_back_are_about_a_quarter() -> None:
    for family in ("vendor", "pile", "debris"):
        variants = [
            variant for asset in CATALOGUE.values() if asset.family == family for variant in asset.variants
        ]
        assert 0.2 <= sum(variant.split == "test" for variant in variants) / len(variants) <= 0.3


@pytest.mark.slow
def test_permitted_vendors_keep_to_hours_place_and_capacity() -> None:
    market = next(zone for zone in DISTRICT.zones if zone.id == "market").outline_en
    (west, south), _, (east, north), _ = market
    most = 0
    for day in range(4):
        inside = []
        for episode in World(9).episodes(day):
            stall = episode.stages[0]
            if episode.trap == "permitted_vendor":
                opens = [hour(day, start) for start, _ in MARKET_HOURS]
                closes = [hour(day, end) + 900 for _, end in MARKET_HOURS]
                assert any(
                    start <= episode.from_t and episode.to_t <= end
                    for start, end in zip(opens, closes, strict=True)
                )
            if episode.kind == "vendor" and west < stall.east_m < east and south < stall.north_m < north:
                inside.append(episode)
        for episode in inside:
            most = max(most, sum(other.from_t <= episode.from_t < other.to_t for other in inside))
    assert 2 <= most <= CAPACITY["market"]


@pytest.mark.slow
def test_vendors_come_back_to_their_places_day_after_day() -> None:
    places = defaultdict(set)
    for day in range(5):
        for episode in World(7).episodes(day):
            if episode.kind == "vendor" and episode.camera_id == "canal" and episode.due is not None:
                stall = episode.stages[0]
                places[stall.asset, stall.variant, round(stall.east_m / 6)].add(day)
    assert sum(len(days) >= 3 for days in places.values()) >= 2


def test_piles_grow_at_their_place() -> None:
    grown = [
        episode
        for day in range(3)
        for episode in World(7).episodes(day)
        if episode.kind == "pile" and len(episode.stages) > 1
    ]
    assert len(grown) > 10
    for episode in grown:
        sizes = [stage.scale for stage in episode.stages]
        assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
        assert len({(stage.east_m, stage.north_m, stage.yaw_deg) for stage in episode.stages}) == 1


def test_a_seller_is_at_every_stall_and_nobody_at_what_was_left() -> None:
    sellers = []
    for episode in World(7).episodes(0):
        if episode.kind == "vendor":
            sellers.append(
                any(part.asset == "person" and part.to_t == episode.to_t for part in episode.others)
            )
        if episode.kind in ("pile", "debris", "left"):
            assert episode.others == ()
    assert np.mean(sellers) > 0.95


def test_a_bin_is_always_in_one_place_only() -> None:
    """At home, aside, overflowing or, for minutes, away with the lorry."""
    for name, *_ in DISTRICT.bins:
        stays = sorted(
            (stage.from_t, stage.to_t)
            for episode in World(7).episodes(1)
            if episode.id == f"d1-{name}" or episode.id.startswith(f"d1-{name}-")
            for stage in episode.stages
        )
        assert stays[0][0] == hour(1, 4) and stays[-1][1] == hour(1, 28)
        gaps = [second[0] - first[1] for first, second in pairwise(stays)]
        assert all(-1e-6 <= gap <= 901 for gap in gaps), name


@pytest.mark.parametrize("camera_id", CAMERA_IDS)
def test_what_is_placed_at_a_moment_is_what_the_episodes_say(camera_id: str) -> None:
    world, t = World(7), hour(0, 11.37)
    named = {placed.thing_id for placed in world.placed(camera_id, t)}
    there = {episode.id: episode for episode in world.all_episodes()}
    assert named
    for name in named:
        start, end = there[name].span
        assert start <= t < end
    own = {
        episode.id
        for episode in there.values()
        if episode.camera_id == camera_id
        and episode.stage_at(t)
        and episode.kind not in ("parked_car", "bin")
    }
    assert own <= named


def test_nudges_come_by_the_thousand_and_none_over_another() -> None:
    world = World(3, 0, 5, "nudges")
    count, sizes = 0, []
    for camera in CAMERAS:
        nudges = world.faults(camera.id).nudges
        count += len(nudges)
        sizes += [np.hypot(nudge.dx_px, nudge.dy_px) * 1280 / camera.size_wh[0] for nudge in nudges]
        # Time enough before each to know the view again.
        assert all(second.from_t - first.to_t > 300 for first, second in pairwise(nudges))
    assert count >= 1000
    assert min(sizes) >= 2 and max(sizes) <= 40 and np.median(sizes) < 15


def test_a_nudge_turns_clockwise_about_the_middle_and_shifts() -> None:
    nudge = Nudge(0, 1, 3.0, -2.0, 1.0, comes_back=False)
    moved = nudge.moved(np.array([(640.0, 360.0), (1240.0, 360.0)]), (1280, 720))
    assert np.allclose(moved[0], (643, 358))
    assert moved[1, 1] - moved[0, 1] == pytest.approx(600 * np.sin(np.deg2rad(1.0)))


def test_moments_have_the_sites_clock() -> None:
    assert clock(hour(1, 6.5)).isoformat() == "2026-04-07T06:30:00+08:00"
    assert DAY_0.weekday() == 0


@pytest.mark.slow
def test_scenarios_differ_and_unknown_ones_are_named() -> None:
    assert len(World(7, scenario="quiet").episodes(0)) < 0.6 * len(World(7).episodes(0))
    due = [
        sum(episode.due is not None for episode in World(7, scenario=name).episodes(0))
        for name in ("quiet", "default", "market")
    ]
    assert due[0] == 0 < due[1] < due[2]
    with pytest.raises(ValueError, match="nudges"):
        World(7, scenario="storm")
    with pytest.raises(ValueError, match="at least one"):
        World(7, days=0)


@given(
    st.integers(0, 10**6),
    st.integers(0, 3000),
    st.sampled_from(CAMERAS),
    st.text("abc", min_size=1, max_size=5),
)
def test_the_boards_numbers_depend_on_seed_day_camera_and_kind_alone(
    seed: int, day: int, camera: object, kind: str
) -> None:
    one = Board(seed, day).rng(CAMERAS[2], kind).random()
    board = Board(seed, day)
    board.rng(CAMERAS[0], "other").random()
    assert board.rng(CAMERAS[2], kind).random() == one
    assert Board(seed, day + 1).rng(CAMERAS[2], kind).random() != one
    assert board.rng(CAMERAS[3], kind).random() != one


def test_nobody_stands_in_a_wall_or_on_the_carriageway() -> None:
    heights, asked = district_heights(), 0
    for episode in World(7).episodes(0):
        for part in episode.parts:
            if part.asset == "person" and not part.way:
                asked += 1
                cell = heights.cells(np.array([part.east_m]), np.array([part.north_m]))
                assert heights.solid_m[cell][0] == 0, episode.id
                assert abs(part.north_m) > 4.5, episode.id
                assert not 6.5 < part.east_m < 13.5, episode.id
    assert asked > 200


def test_sellers_come_on_foot_and_push_what_has_wheels() -> None:
    pushed = 0
    for episode in World(7).episodes(0):
        if episode.kind != "vendor":
            continue
        coming = [part for part in episode.others if part.way and part.to_t == episode.from_t]
        if not coming:
            continue
        assert [part.asset for part in coming].count("person") == 1
        for part in coming:
            # It ends where it then stands, at a walk, and is nobody's main thing on the way.
            assert part.way[-1][1:] in {(each.east_m, each.north_m) for each in episode.parts if not each.way}
            (t0, e0, n0), (t1, e1, n1) = part.way[:2]
            assert 0.6 < np.hypot(e1 - e0, n1 - n0) / (t1 - t0) < 1.3
            pushed += part.asset != "person"
        sheets = (
            "vegetable_sheet",
            "trinket_sheet",
            "melon_heap",
            "fruit_stall",
            "goods_table",
            "clothes_rack",
        )
        assert not any(part.asset in sheets for part in coming)
    assert pushed > 5
