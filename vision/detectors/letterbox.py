"""Fitting a picture into a square input, and boxes back out of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Letterbox", "letterbox"]

U8 = NDArray[np.uint8]
GREY = 114
"""The padding that YOLO models are trained with."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """How a picture was fitted: input = picture * scale + pad.

    Args:
        scale: Input pixels per picture pixel.
        pad_x: Padding at the left, input pixels.
        pad_y: Padding at the top, input pixels.
        size_wh: Size of the picture.
    """

    scale: float
    pad_x: int
    pad_y: int
    size_wh: tuple[int, int]

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 4) boxes of the input in picture pixels, clipped to the picture."""
        boxes = (xyxy - np.array([self.pad_x, self.pad_y] * 2, np.float32)) / self.scale
        width, height = self.size_wh
        boxes[:, 0::2] = np.clip(boxes[:, 0::2], 0, width)
        boxes[:, 1::2] = np.clip(boxes[:, 1::2], 0, height)
        return boxes.astype(np.float32)

    def to_input(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 4) boxes of the picture in input pixels."""
        return np.asarray(
            xyxy * self.scale + np.array([self.pad_x, self.pad_y] * 2, np.float32), dtype=np.float32
        )


def letterbox(image: U8, side: int) -> tuple[U8, Letterbox]:
    """A (h, w, 3) picture fitted into (side, side, 3), proportions kept, grey around it."""
    height, width = image.shape[:2]
    scale = side / max(width, height)
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pad_x, pad_y = (side - new_w) // 2, (side - new_h) // 2
    canvas = np.full((side, side, 3), GREY, np.uint8)
    canvas[pad_y : pad_y + new_h, pad_x : pad_x + new_w] = cv2.resize(
        image, (new_w, new_h), interpolation=method
    )
    return canvas, Letterbox(scale, pad_x, pad_y, (width, height))
