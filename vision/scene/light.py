"""Bringing a look into the light of the scene memory, so that only things differ, not the light."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LightMatch", "match_light"]

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

BLOCKS_WH = (8, 5)
"""Blocks of the local correction; a thing must fill half of five neighbours to bend it."""

SAMPLE_STEP = 3
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
    corrected = (luma.astype(np.float32) - offset) / gain
    residual = corrected - background
    local = _local_offset(residual, steady)
    corrected -= local
    flat = np.abs(residual - local)[::SAMPLE_STEP, ::SAMPLE_STEP]
    noise = float(np.median(flat)) * 1.4826
    return LightMatch(np.clip(np.rint(corrected), 0, 255).astype(np.uint8), gain, noise)


def _global_fit(luma: U8, background: U8, steady: NDArray[np.bool_]) -> tuple[float, float]:
    """Gain and offset so that luma = gain * background + offset, by trimmed least squares."""
    seen = luma[::SAMPLE_STEP, ::SAMPLE_STEP].astype(np.float64).reshape(-1)
    past = background[::SAMPLE_STEP, ::SAMPLE_STEP].astype(np.float64).reshape(-1)
    keep = steady[::SAMPLE_STEP, ::SAMPLE_STEP].reshape(-1)
    if keep.sum() < 100:
        keep = np.ones_like(keep)
    gain, offset = 1.0, float(np.median(seen[keep] - past[keep]))
    for _ in range(3):
        residual = np.abs(seen - gain * past - offset)
        spread = max(4.0, 2.5 * 1.4826 * float(np.median(residual[keep])))
        inside = keep & (residual <= spread)
        x, y = past[inside], seen[inside]
        if len(x) < 50 or float(x.std()) < 3.0:
            break
        slope = float(((x - x.mean()) * (y - y.mean())).mean() / x.var())
        gain = min(max(slope, GAIN_RANGE[0]), GAIN_RANGE[1])
        offset = float(y.mean() - gain * x.mean())
    return gain, offset


def _local_offset(residual: F32, steady: NDArray[np.bool_]) -> F32:
    """A smooth offset field from block medians, each the median of its neighbours' too."""
    height, width = residual.shape
    columns, rows = BLOCKS_WH
    y_edges = np.linspace(0, height, rows + 1).astype(int)
    x_edges = np.linspace(0, width, columns + 1).astype(int)
    medians = np.zeros((rows, columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            block = (
                slice(y_edges[row], y_edges[row + 1], 2),
                slice(x_edges[column], x_edges[column + 1], 2),
            )
            values = residual[block][steady[block]]
            if len(values) >= 20:
                medians[row, column] = np.median(values)
    smooth = cv2.medianBlur(medians, 3)
    field = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(field, dtype=np.float32)
