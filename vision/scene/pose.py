"""Whether a view still looks where its memory and its calibration were made."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Shift", "measure_shift"]

U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a look is displaced against a reference.

    Args:
        dx_px: To the right, grid pixels.
        dy_px: Downwards, grid pixels.
        trust: 0..1, how much of the picture agrees on it.
    """

    dx_px: float
    dy_px: float
    trust: float

    @property
    def length_px(self) -> float:
        """Length of the displacement, grid pixels."""
        return float(np.hypot(self.dx_px, self.dy_px))


def measure_shift(picture: U8, reference: U8) -> Shift:
    """Displacement of (h, w) uint8 `picture` against `reference`, by phase correlation of their edges.

    Edges, because a change of light leaves them where they are.
    """
    height, width = reference.shape
    window = _window((width, height))
    (dx, dy), response = cv2.phaseCorrelate(_edges(reference), _edges(picture), window)
    return Shift(float(dx), float(dy), float(response))


@cache
def _window(size_wh: tuple[int, int]) -> NDArray[np.float32]:
    """The window that keeps the picture's borders from correlating; the same for every look."""
    return np.asarray(cv2.createHanningWindow(size_wh, cv2.CV_32F), np.float32)


def _edges(picture: U8) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(picture, (3, 3), 0)
    across = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3), np.float32)
    down = np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3), np.float32)
    # The squares are whole numbers below 2^24, so this is `hypot` to the last bit, at a tenth of its cost.
    across *= across
    down *= down
    across += down
    np.sqrt(across, out=across)
    # Strong edges of one passing lorry must not outweigh the whole street.
    return np.minimum(across, np.float32(160), out=across)
