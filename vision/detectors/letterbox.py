"""Fitting a picture into a square input, and boxes back out of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Letterbox", "input_tensor", "letterbox"]

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
    """A (h, w, 3) picture fitted into (side, side, 3), proportions kept, grey around it.

    One that fits as it is is given back itself, not a copy.
    """
    height, width = image.shape[:2]
    if width == height == side:  # a tile of the mask pass
        return image, Letterbox(1.0, 0, 0, (width, height))
    scale = side / max(width, height)
    new_w, new_h = max(1, round(width * scale)), max(1, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pad_x, pad_y = (side - new_w) // 2, (side - new_h) // 2
    canvas = np.full((side, side, 3), GREY, np.uint8)
    canvas[pad_y : pad_y + new_h, pad_x : pad_x + new_w] = cv2.resize(
        image, (new_w, new_h), interpolation=method
    )
    return canvas, Letterbox(scale, pad_x, pad_y, (width, height))


def input_tensor(fitted: U8) -> NDArray[np.float32]:
    """A fitted (side, side, 3) BGR picture as a model gets it: (1, 3, side, side) float32 RGB, 0..1."""
    height, width = fitted.shape[:2]
    tensor = np.empty((1, 3, height, width), np.float32)
    blue_green_red = cv2.split(fitted)
    for channel, plane in enumerate(reversed(blue_green_red)):
        np.divide(plane, np.float32(255), out=tensor[0, channel])
    return tensor
