"""Looking again at a place: does it look as it did before a thing came, or as it did while it stood there?"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import Box

__all__ = ["PlaceAgain", "compare_place"]

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

RING: Final = 0.75
"""Width of the surroundings that light is judged by, share of the box's longer side."""
BLUR_PX: Final = 5
GAINS: Final = (0.5, 2.0)
SURROUNDINGS_DIFFER: Final = 14.0
"""Grey levels by which the surroundings may differ after their light is matched; beyond it rain, night or
another pose has changed everything. This and the next three are chosen, not measured on real streets."""
LEAST_THING: Final = 6.0
"""Grey levels between without and with the thing, below which it cannot be told by how it looks."""
CLEARLY: Final = 0.5
"""It must be closer to one than to the other by this share."""
STRANGE: Final = 1.2
"""Farther from both than this many times their own difference: something else stands there, or in front."""


@dataclass(frozen=True, slots=True)
class PlaceAgain:
    """How a place looks now, in grey levels; None where nothing can be said.

    Args:
        to_before: Distance to how it looked before the thing came.
        to_then: Distance to how it looked while the thing stood there.
        thing: Distance between those two: what the thing changed.
    """

    to_before: float | None
    to_then: float | None
    thing: float | None

    @property
    def looks_gone(self) -> bool | None:
        """Whether it looks as before (True), as then (False), or neither clearly (None)."""
        if self.to_before is None or self.to_then is None or self.thing is None:
            return None
        if self.thing < LEAST_THING or min(self.to_before, self.to_then) > STRANGE * self.thing:
            return None
        if self.to_before < CLEARLY * self.to_then:
            return True
        if self.to_then < CLEARLY * self.to_before:
            return False
        return None


def compare_place(now: U8, before: U8 | None, then: U8 | None, box: Box) -> PlaceAgain:
    """Compare a place with how it looked before and then, the light of its surroundings matched.

    Args:
        now: (H, W, 3) BGR of now.
        before: Of before the thing came, of the same size; None where there is none.
        then: Of while it stood there; likewise.
        box: The place, pixels.
    """
    return PlaceAgain(_distance(now, before, box), _distance(now, then, box), _distance(before, then, box))


def _distance(image: U8 | None, reference: U8 | None, box: Box) -> float | None:
    """Mean grey levels by which the box differs; None where one is missing or the surroundings differ."""
    if image is None or reference is None or image.shape != reference.shape:
        return None
    cut = _around(box, image.shape[1], image.shape[0])
    if cut is None:
        return None
    left, top, right, bottom, inside = cut
    a, b = (_soft(picture[top:bottom, left:right]) for picture in (image, reference))
    around = ~inside
    if around.sum() < 16 or inside.sum() < 16:
        return None
    matched = _matched(b, a, around)
    if float(np.median(np.abs(matched - a)[around])) > SURROUNDINGS_DIFFER:
        return None
    return float(np.abs(matched - a)[inside].mean())


def _matched(values: F32, wanted: F32, where: NDArray[np.bool_]) -> F32:
    """`values` with the brightness and contrast that bring them to `wanted` where asked."""
    spread = float(values[where].std())
    gain = float(np.clip(wanted[where].std() / spread, *GAINS)) if spread > 1 else 1.0
    shift = float(np.median(wanted[where]) - gain * np.median(values[where]))
    return (gain * values + shift).astype(np.float32)


def _soft(image: U8) -> F32:
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.GaussianBlur(grey, (BLUR_PX, BLUR_PX), 0).astype(np.float32)


def _around(box: Box, width: int, height: int) -> tuple[int, int, int, int, NDArray[np.bool_]] | None:
    """The box with its surroundings in the picture, and which of these pixels lie inside the box."""
    x1, y1, x2, y2 = box
    ring = RING * max(x2 - x1, y2 - y1)
    left, top = max(0, int(x1 - ring)), max(0, int(y1 - ring))
    right, bottom = min(width, int(np.ceil(x2 + ring))), min(height, int(np.ceil(y2 + ring)))
    if right - left < 8 or bottom - top < 8:
        return None
    inside = np.zeros((bottom - top, right - left), bool)
    inside[max(0, int(y1) - top) : max(0, int(y2) - top), max(0, int(x1) - left) : max(0, int(x2) - left)] = (
        True
    )
    return left, top, right, bottom, inside
