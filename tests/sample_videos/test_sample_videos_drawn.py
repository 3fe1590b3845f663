"""Drawn things: the same seed the same picture, standing on their lowest row, none like the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_videos.drawn import Kind, draw_background, draw_object

pytestmark = pytest.mark.slow

KINDS: tuple[Kind, ...] = ("stall", "heap", "walker", "car")


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_drawing_again_and_another_seed_another(kind: Kind) -> None:
    once, alpha = draw_object(kind, 3, 90)
    again, alpha_again = draw_object(kind, 3, 90)
    other, _ = draw_object(kind, 4, 90)
    assert np.array_equal(once, again) and np.array_equal(alpha, alpha_again)
    assert np.abs(once.astype(int) - other).mean() > 3


@settings(max_examples=25, deadline=None)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 5000), size=st.integers(24, 160))
def test_every_drawing_has_its_width_an_alpha_of_0_to_1_and_stands_on_its_lowest_rows(
    kind: Kind, seed: int, size: int
) -> None:
    bgr, alpha = draw_object(kind, seed, size)
    assert bgr.dtype == np.uint8 and alpha.dtype == np.float32
    assert bgr.shape == (*alpha.shape, 3) and alpha.shape[1] == size
    assert alpha.min() >= 0 and alpha.max() == pytest.approx(1, abs=0.02)
    lowest = np.flatnonzero((alpha > 0.5).any(axis=1)).max()
    assert lowest >= 0.93 * alpha.shape[0] - 1.5


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawing_has_shades_and_grain_and_is_no_flat_shape(kind: Kind) -> None:
    bgr, alpha = draw_object(kind, 7, 120)
    shades = {tuple(pixel) for pixel in bgr[alpha > 0.9].tolist()}
    assert len(shades) > 400


def test_twenty_stalls_are_of_several_kinds() -> None:
    outlines = [draw_object("stall", seed, 48)[1] > 0.5 for seed in range(20)]
    likeness = [(one & other).sum() / (one | other).sum() for one in outlines for other in outlines]
    assert min(likeness) < 0.6


def test_backgrounds_differ_by_seed_and_only_by_seed() -> None:
    one, again, other = (draw_background(seed, (320, 180)) for seed in (5, 5, 6))
    assert one.shape == (180, 320, 3)
    assert np.array_equal(one, again) and not np.array_equal(one, other)
