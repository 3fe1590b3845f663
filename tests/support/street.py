"""A drawn street on the gate's grid: textured ground, light, noise, shake, things and passers-by."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]


@dataclass
class Street:
    """Draws looks of a street; every change is a keyword of `look`."""

    size_wh: tuple[int, int] = (320, 180)
    seed: int = 1
    noise: float = 3.0
    ground: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        width, height = self.size_wh
        rng = np.random.default_rng(self.seed)
        fine = rng.normal(0, 1, (height, width)).astype(np.float32)
        coarse = cv2.resize(
            rng.normal(0, 1, (height // 6 + 1, width // 6 + 1)).astype(np.float32), (width, height)
        )
        self.ground = 120 + 12 * cv2.GaussianBlur(fine, (3, 3), 0) + 18 * coarse
        self.ground[: height // 3] += 40

    def look(
        self,
        number: int,
        *,
        things: tuple[tuple[int, int, int, int, int], ...] = (),
        passers: int = 0,
        gain: float = 1.0,
        offset: float = 0.0,
        shift: tuple[float, float] = (0.0, 0.0),
        shadow: tuple[int, int, int, int] | None = None,
        lamps: tuple[tuple[int, int, int, int, int], ...] = (),
    ) -> U8:
        """One look: (h, w) uint8 luma.

        Things are x1, y1, x2, y2, level; a shadow darkens its box; lamps are x1, y1, x2, y2, levels brighter.
        """
        rng = np.random.default_rng([self.seed, number])
        picture: NDArray[np.floating] = self.ground.astype(np.float64)
        for x1, y1, x2, y2, level in things:
            texture = np.random.default_rng(level).normal(0, 12, (y2 - y1, x2 - x1))
            picture[y1:y2, x1:x2] = level + texture
        if shadow is not None:
            x1, y1, x2, y2 = shadow
            picture[y1:y2, x1:x2] *= 0.55
        for x1, y1, x2, y2, levels in lamps:
            picture[y1:y2, x1:x2] += levels
        width, height = self.size_wh
        for _ in range(passers):
            x, y = int(rng.integers(0, width - 12)), int(rng.integers(height // 3, height - 30))
            picture[y : y + 28, x : x + 11] = rng.integers(10, 240)
        if shift != (0.0, 0.0):
            matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
            picture = np.asarray(
                cv2.warpAffine(picture, matrix, self.size_wh, borderMode=cv2.BORDER_REPLICATE), np.float64
            )
        picture = picture * gain + offset + rng.normal(0, self.noise, picture.shape)
        return np.clip(picture, 0, 255).astype(np.uint8)
