"""Bringing a look into the light of the scene memory, so that only things differ, not the light."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LightMatch", "match_light"]

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

BLOCKS_WH = (8, 5)
"""Blocks of the local correction; a thing must fill half of five neighbours to bend it."""

SAMPLE_STEP = 3
LEAST_SAMPLES = 20
"""Steady samples without which a block says nothing of its light."""
GAIN_RANGE = (0.25, 4.0)


@dataclass(frozen=True, slots=True, eq=False)
class LightMatch:
    """A look in the memory's light.

    Args:
        picture: (h, w) uint8, corrected luma.
        gain: Global contrast factor that was divided out.
        noise: Robust standard deviation of what is left, grey levels.
    """

    picture: U8
    gain: float
    noise: float


def match_light(luma: U8, background: U8, steady: NDArray[np.bool_]) -> LightMatch:
    """Correct global gain and offset, and a smooth local offset, of `luma` against `background`.

    Args:
        luma: (h, w) uint8 look.
        background: (h, w) uint8 scene memory.
        steady: (h, w) bool, pixels that are believed to show the background.

    Returns: The look as it would be in the background's light.
    """
    gain, offset = _global_fit(luma, background, steady)
    corrected = luma.astype(np.float32)
    corrected -= offset
    corrected /= gain
    residual = corrected - background
    local = _local_offset(residual, steady)
    corrected -= local
    sampled = (slice(None, None, SAMPLE_STEP), slice(None, None, SAMPLE_STEP))
    noise = _median(np.abs(residual[sampled] - local[sampled]).reshape(-1)) * 1.4826
    np.rint(corrected, out=corrected)
    np.clip(corrected, 0, 255, out=corrected)
    return LightMatch(corrected.astype(np.uint8), gain, noise)


def _global_fit(luma: U8, background: U8, steady: NDArray[np.bool_]) -> tuple[float, float]:
    """Gain and offset so that luma = gain * background + offset, by trimmed least squares."""
    keep = steady[::SAMPLE_STEP, ::SAMPLE_STEP].reshape(-1)
    if keep.sum() < 100:
        keep = np.ones_like(keep)
    seen = luma[::SAMPLE_STEP, ::SAMPLE_STEP].reshape(-1)[keep].astype(np.float64)
    past = background[::SAMPLE_STEP, ::SAMPLE_STEP].reshape(-1)[keep].astype(np.float64)
    gain, offset = 1.0, _median(seen - past)
    for _ in range(3):
        residual = np.abs(seen - gain * past - offset)
        inside = residual <= max(4.0, 2.5 * 1.4826 * _median(residual))
        x, y = past[inside], seen[inside]
        if len(x) < 50:
            break
        x_mean, y_mean = float(x.mean()), float(y.mean())
        x_apart = x - x_mean
        variance = float((x_apart * x_apart).mean())
        if variance < 3.0**2:
            break
        slope = float((x_apart * (y - y_mean)).mean()) / variance
        gain = min(max(slope, GAIN_RANGE[0]), GAIN_RANGE[1])
        offset = y_mean - gain * x_mean
    return gain, offset


def _median(values: NDArray[np.floating[Any]]) -> float:
    """The median of a flat array without NaN: `np.median` to the last bit, at a tenth of its cost."""
    middle = len(values) // 2
    parted = np.partition(values, middle)
    if len(values) % 2:
        return float(parted[middle])
    return float((parted[:middle].max() + parted[middle]) / 2)


def _local_offset(residual: F32, steady: NDArray[np.bool_]) -> F32:
    """A smooth offset field from block medians, each the median of its neighbours' too."""
    height, width = residual.shape
    columns, rows = BLOCKS_WH
    samples, is_sample = _block_samples(height, width)
    counted = is_sample & steady.reshape(-1)[samples]
    # What does not count sorts behind all that does, so the median is at half of the count.
    values = np.where(counted, residual.reshape(-1)[samples], np.float32(np.inf))
    values.sort(axis=1)
    counts = counted.sum(axis=1)
    every = np.arange(len(values))
    pairs = values[every, np.maximum(counts - 1, 0) // 2] + values[every, counts // 2]
    medians = np.where(counts >= LEAST_SAMPLES, pairs / 2, np.float32(0)).reshape(rows, columns)
    smooth = cv2.medianBlur(medians, 3)
    field = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(field, dtype=np.float32)


@cache
def _block_samples(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Every second pixel of each block, row by row of blocks.

    Returns: (blocks, N) flat indices, and (blocks, N) bool which of them belong to the block: blocks of
        unlike size are filled up with pixel 0.
    """
    columns, rows = BLOCKS_WH
    y_edges = np.linspace(0, height, rows + 1).astype(int)
    x_edges = np.linspace(0, width, columns + 1).astype(int)
    flat = np.arange(height * width).reshape(height, width)
    blocks = [
        flat[y_edges[row] : y_edges[row + 1] : 2, x_edges[column] : x_edges[column + 1] : 2].reshape(-1)
        for row in range(rows)
        for column in range(columns)
    ]
    most = max(len(block) for block in blocks)
    samples = np.zeros((len(blocks), most), np.intp)
    is_sample = np.zeros((len(blocks), most), np.bool_)
    for number, block in enumerate(blocks):
        samples[number, : len(block)] = block
        is_sample[number, : len(block)] = True
    return samples, is_sample
