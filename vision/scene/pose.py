"""Whether a view still looks where its memory and its calibration were made."""

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Rest", "Shift", "measure_shift", "most_agree"]

U8 = NDArray[np.uint8]

STEP_GRID_PX: Final = 0.3
"""Least step that is a push: 1.2 px of a 720p picture, 1.8 px of a 1080p one. Light makes steps of up to 0.2
on simulated streets."""
STEP_SIGMAS: Final = 5.5
"""A shaken camera must step further than its shake lets two means of so few looks differ."""
STEP_LOOKS: Final = 4
EACH_SHARE: Final = 0.25
TILES: Final = 3
TILE_TRUST: Final = 0.12
LEAST_RESTED: Final = 8
"""Looks after which it is known where a view rests."""
REST_PACE: Final = 1 / 12
SPREAD_PACE: Final = 1 / 120
FIRST_SPREAD: Final = 0.15**2
FIRST_COUNTS: Final = 7
"""Variance of the shift in one direction before it was measured, square grid pixels, and for how many looks
it counts."""


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


@dataclass(slots=True)
class Rest:
    """Where the looks of a view rest against its memory, and how far they stray. Plain numbers: it is stored.

    Args:
        dx_px: Mean shift to the right, grid pixels, of the looks before the last few.
        dy_px: Likewise downwards.
        spread: Variance of the shift in one direction, square grid pixels.
        looks: How many looks it is made of.
        last: (dx, dy) of the last looks, which are compared with it before they join it.
    """

    dx_px: float = 0.0
    dy_px: float = 0.0
    spread: float = FIRST_SPREAD
    looks: int = 0
    last: list[list[float]] = field(default_factory=list)

    def take(self, shift: Shift) -> tuple[float, float] | None:
        """Take in the shift of a look.

        Returns: The step in grid pixels, to the right and downwards, if the last looks agree that the view
            was pushed.
        """
        self.last.append([round(float(shift.dx_px), 4), round(float(shift.dy_px), 4)])
        if len(self.last) > STEP_LOOKS:
            self._join(*self.last.pop(0))
        if self.looks < LEAST_RESTED or len(self.last) < STEP_LOOKS:
            return None
        # Plain numbers: four rows are too few for arrays to be worth their cost at every look.
        apart = [(dx - self.dx_px, dy - self.dy_px) for dx, dy in self.last]
        across, down = (sum(values) / STEP_LOOKS for values in zip(*apart, strict=True))
        length = math.hypot(across, down)
        known = 1 / STEP_LOOKS + max(1 / self.looks, REST_PACE / (2 - REST_PACE))
        if length <= max(STEP_GRID_PX, STEP_SIGMAS * math.sqrt(self.spread * known)):
            return None
        # One look that a lorry fills must not speak for all: each goes some of the way.
        if min(dx * across + dy * down for dx, dy in apart) < EACH_SHARE * length**2:
            return None
        return across, down

    def to_json(self) -> dict[str, Any]:
        """All fields as plain JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def _join(self, dx_px: float, dy_px: float) -> None:
        self.looks += 1
        pace = max(REST_PACE, 1 / self.looks)
        off = (dx_px - self.dx_px) ** 2 + (dy_px - self.dy_px) ** 2
        self.dx_px = round(self.dx_px + pace * (dx_px - self.dx_px), 5)
        self.dy_px = round(self.dy_px + pace * (dy_px - self.dy_px), 5)
        if self.looks > 1:
            pace = max(SPREAD_PACE, 1 / (self.looks + FIRST_COUNTS))
            self.spread = round(self.spread + pace * (off / 2 - self.spread), 7)


def measure_shift(picture: U8, reference: U8) -> Shift:
    """Displacement of (h, w) uint8 `picture` against `reference`, by phase correlation of their edges.

    Edges, because a change of light leaves them where they are.
    """
    height, width = reference.shape
    window = _window((width, height))
    (dx, dy), response = cv2.phaseCorrelate(_edges(reference), _edges(picture), window)
    return Shift(float(dx), float(dy), float(response))


def most_agree(picture: U8, reference: U8, rest: Rest, step: tuple[float, float]) -> bool:
    """Whether most of the picture went along with a step from its rest; a shadow's edge takes only some.

    Args:
        picture: (h, w) uint8, the last look.
        reference: (h, w) uint8, the memory.
        rest: Where the view rested.
        step: The step, grid pixels to the right and downwards.
    """
    now, past = _edges(picture), _edges(reference)
    height, width = reference.shape
    tile_wh = width // TILES, height // TILES
    along = []
    for row in range(TILES):
        for column in range(TILES):
            tile = (
                slice(row * tile_wh[1], (row + 1) * tile_wh[1]),
                slice(column * tile_wh[0], (column + 1) * tile_wh[0]),
            )
            (dx, dy), trust = cv2.phaseCorrelate(past[tile].copy(), now[tile].copy(), _window(tile_wh))
            if trust >= TILE_TRUST:
                along.append((dx - rest.dx_px) * step[0] + (dy - rest.dy_px) * step[1])
    # The last look alone is shaken: half of the step tells it from none.
    return not along or float(np.median(along)) > math.hypot(*step) ** 2 / 2


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
