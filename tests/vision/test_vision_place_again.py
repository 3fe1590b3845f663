"""Whether a place looks as before or as then, whatever the light does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.scene.place_again import compare_place

U8 = NDArray[np.uint8]
BOX = (80.0, 60.0, 120.0, 100.0)


def street(seed: int = 1) -> U8:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 180, (12, 16, 3), dtype=np.uint8)
    return np.asarray(np.kron(coarse, np.ones((16, 16, 1), np.uint8)), np.uint8)


def with_thing(picture: U8, level: int = 240) -> U8:
    shown = picture.copy()
    shown[64:98, 84:118] = level
    shown[70:80, 90:110] = 20
    return shown


def lit(picture: U8, gain: float, shift: float) -> U8:
    return np.asarray(np.clip(picture.astype(np.float32) * gain + shift, 0, 255), np.uint8)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.8, 1.1), st.floats(-15, 15), st.integers(0, 5))
def test_gone_and_still_there_are_told_apart_in_other_light(gain: float, shift: float, seed: int) -> None:
    before, then = street(seed), with_thing(street(seed))
    assert compare_place(lit(before, gain, shift), before, then, BOX).looks_gone is True
    assert compare_place(lit(then, gain, shift), before, then, BOX).looks_gone is False


def test_what_looks_like_neither_says_nothing() -> None:
    before, then = street(), with_thing(street())
    other = street()
    other[60:100, 80:120] = np.random.default_rng(3).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    other[60:100, 80:120] //= 8
    assert compare_place(other, before, then, BOX).looks_gone is None


def test_a_thing_that_looks_like_the_ground_cannot_be_told_by_how_it_looks() -> None:
    before = street()
    assert compare_place(before, before, before, BOX).looks_gone is None


def test_another_scene_all_around_says_nothing() -> None:
    before, then = street(1), with_thing(street(1))
    assert compare_place(street(2), before, then, BOX).looks_gone is None


@pytest.mark.parametrize("missing", ["before", "then", "size"])
def test_what_is_missing_says_nothing(missing: str) -> None:
    before, then = street(), with_thing(street())
    shown = {"before": before, "then": then} | (
        {missing: None} if missing != "size" else {"then": then[:100]}
    )
    assert compare_place(before, shown["before"], shown["then"], BOX).looks_gone is None
