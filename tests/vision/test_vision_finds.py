"""Which finds are of which thing, and which are of none that is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.tracks.finds import new_finds, own_finds, whole_finds
from vision.tracks.identity import examine
from vision.tracks.presence import Track
from vision.types import Box, Detections

NAMES = ("street_vendor", "garbage_pile", "person", "car", "garbage_bin")
LEFT: Box = (100.0, 100.0, 160.0, 180.0)
RIGHT: Box = (135.0, 100.0, 195.0, 180.0)
"""Overlaps `LEFT` by 0.4 of each: two stalls of a row, seen at a slant."""


def found(*rows: tuple[str, float, Box]) -> Detections:
    return Detections(
        np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([NAMES.index(row[0]) for row in rows], np.int64),
        NAMES,
    )


def a_track(number: int = 1, **facts: object) -> Track:
    grid = (10, 10, 20, 20)
    return Track(number, "region", 0, 0.0, 0.0, grid, grid, **facts)  # type: ignore[arg-type]


def a_thing(number: int = 1, name: str = "street_vendor") -> Track:
    return a_track(number, is_found=True, came=True, named=name)


def boxes() -> st.SearchStrategy[Box]:
    corner, side = st.integers(0, 200), st.integers(10, 100)
    return st.builds(
        lambda x, y, w, h: (float(x), float(y), float(x + w), float(y + h)), corner, corner, side, side
    )


def test_of_two_stalls_side_by_side_each_keeps_its_own_find() -> None:
    one, other = a_thing(1), a_thing(2)
    things = [(one, LEFT), (other, RIGHT)]
    both = found(("street_vendor", 0.6, LEFT), ("street_vendor", 0.9, RIGHT))
    assert own_finds(one, LEFT, both, things).xyxy.tolist() == [list(LEFT)]
    assert own_finds(other, RIGHT, both, things).xyxy.tolist() == [list(RIGHT)]


def test_what_explains_is_shared_by_all_that_it_explains() -> None:
    one, other = a_thing(1), a_thing(2)
    car = found(("car", 0.9, (90.0, 90.0, 200.0, 190.0)))
    assert len(own_finds(one, LEFT, car, [(one, LEFT), (other, RIGHT)])) == 1


@given(boxes(), boxes())
def test_a_find_is_always_somebodys(mine: Box, theirs: Box) -> None:
    one, other = a_thing(1), a_thing(2)
    things = [(one, mine), (other, theirs)]
    find = found(("garbage_pile", 0.8, mine))
    assert len(own_finds(one, mine, find, things)) + len(own_finds(other, theirs, find, things)) >= 1


def test_a_thing_follows_the_find_that_fits_it_and_not_the_surest_one() -> None:
    track = a_thing()
    track.found_box_px = LEFT
    examine(track, LEFT, found(("street_vendor", 0.5, LEFT), ("street_vendor", 0.9, RIGHT)), 1, 10.0)
    assert track.found_box_px == LEFT


@given(st.lists(st.floats(-3, 3), min_size=8, max_size=40))
def test_a_box_is_the_mean_of_its_last_finds(errors: list[float]) -> None:
    track = a_thing()
    for look, error in enumerate(errors):
        box = (LEFT[0] + error, LEFT[1], LEFT[2] + error, LEFT[3])
        examine(track, track.found_box_px or LEFT, found(("street_vendor", 0.9, box)), look, 10.0 * look)
    assert track.found_box_px is not None
    assert min(errors) - 0.02 <= track.found_box_px[0] - LEFT[0] <= max(errors) + 0.02


def test_a_stall_that_stands_half_behind_one_that_is_found_again_is_new() -> None:
    things = [(a_thing(), LEFT)]
    assert new_finds(found(("street_vendor", 0.9, LEFT), ("street_vendor", 0.8, RIGHT)), things) == [RIGHT]
    assert new_finds(found(("street_vendor", 0.8, RIGHT)), things) == [RIGHT], "it hides the known one"
    shifted = (LEFT[0] + 20, *LEFT[1:])
    assert new_finds(found(("street_vendor", 0.8, shifted)), things) == [], "it is the known one"


def test_a_part_of_a_known_thing_is_not_new() -> None:
    part = (105.0, 105.0, 130.0, 175.0)
    both = found(("street_vendor", 0.9, LEFT), ("garbage_pile", 0.9, part))
    assert new_finds(both, [(a_thing(), LEFT)]) == []


@pytest.mark.parametrize(("name", "is_new"), [("garbage_bin", True), ("", False)])
def test_what_lies_beside_a_bin_is_new_and_what_fills_it_is_not(name: str, is_new: bool) -> None:
    track = a_track(named=name or "garbage_bin")
    box = RIGHT if is_new else LEFT
    assert bool(new_finds(found(("garbage_pile", 0.9, box)), [(track, LEFT)])) is is_new


def test_changed_ground_takes_what_is_found_on_it_until_it_was_found_empty() -> None:
    patch = a_track()
    pile = found(("garbage_pile", 0.9, LEFT))
    assert new_finds(pile, [(patch, LEFT)]) == []
    for look in range(4):
        examine(patch, LEFT, found(), look, 10.0 * look)
    assert new_finds(pile, [(patch, LEFT)]) == [LEFT]


def test_only_a_find_that_no_inner_edge_of_a_crop_cuts_is_whole() -> None:
    crop = (0.0, 100.0, 200.0, 300.0)
    at_picture_edge, at_crop_edge = (0.0, 150.0, 40.0, 190.0), (150.0, 101.0, 180.0, 140.0)
    both = found(("garbage_pile", 0.9, at_picture_edge), ("garbage_pile", 0.9, at_crop_edge))
    assert whole_finds(both, crop, (640, 360)).xyxy.tolist() == [list(at_picture_edge)]
