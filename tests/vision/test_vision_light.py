"""Bringing a look into the memory's light: corrections by medians, whatever the size of the blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from vision.scene.light import BLOCKS_WH, _block_samples, _median, match_light

LEVELS = st.floats(-300, 300, width=32)


@given(hnp.arrays(np.float32, st.integers(1, 60), elements=LEVELS))
def test_the_median_is_numpys_to_the_last_bit(values: NDArray[np.float32]) -> None:
    assert _median(values) == np.median(values)


@settings(max_examples=40, deadline=None)
@given(st.integers(8, 120), st.integers(8, 160))
def test_every_second_pixel_of_every_block_is_sampled_once(half_height: int, half_width: int) -> None:
    height, width = 2 * half_height, 2 * half_width
    samples, is_sample = _block_samples(height, width)
    taken = samples[is_sample]
    assert len(samples) == BLOCKS_WH[0] * BLOCKS_WH[1]
    assert len(np.unique(taken)) == len(taken)
    # A quarter of the pixels; a block of odd sides gives half a row or column more.
    assert height * width / 4 <= len(taken) <= (height + 5) * (width + 8) / 4


@pytest.mark.parametrize("size_hw", [(180, 320), (174, 320), (44, 60), (320, 132)])
def test_another_exposure_and_a_smooth_shade_are_taken_out(size_hw: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    background = rng.integers(60, 160, size_hw).astype(np.uint8)
    shade = np.linspace(-6, 6, size_hw[1])[None, :]
    luma = np.clip(background * 1.2 - 10 + shade, 0, 255).astype(np.uint8)
    match = match_light(luma, background, np.ones(size_hw, bool))
    assert match.gain == pytest.approx(1.2, abs=0.05)
    assert match.noise < 4
    assert np.median(np.abs(match.picture.astype(int) - background)) <= 3


def test_a_block_without_steady_pixels_is_left_as_it_is() -> None:
    background = np.random.default_rng(4).integers(60, 160, (180, 320)).astype(np.uint8)
    luma, steady = background.copy(), np.ones((180, 320), bool)
    luma[:, :160], steady[:, :160] = 250, False
    picture = match_light(luma, background, steady).picture
    assert (picture[40:140, 40:120] > 200).all()
    assert np.abs(picture[:, 200:].astype(int) - background[:, 200:]).max() <= 1
