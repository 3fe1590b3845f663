"""Drawn people and cars, and a detector that finds them by their colours."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import Box, Detections

U8 = NDArray[np.uint8]

PERSON_BGR = (255, 0, 255)
CAR_BGR = (0, 255, 255)
COLOURS = {"person": PERSON_BGR, "car": CAR_BGR}


def ground(size_wh: tuple[int, int], grey: int = 120) -> U8:
    """An empty picture."""
    return np.full((size_wh[1], size_wh[0], 3), grey, np.uint8)


def draw(image: U8, name: str, box: tuple[int, int, int, int]) -> U8:
    """A copy with one person or car, a patch of its colour."""
    drawn = image.copy()
    x1, y1, x2, y2 = box
    drawn[y1:y2, x1:x2] = COLOURS[name]
    return drawn


def shows(image: U8, name: str) -> int:
    """How many pixels still have about the colour of `name`."""
    return int(cv2.countNonZero(_of_colour(image, name)))


def _of_colour(image: U8, name: str) -> U8:
    away = np.abs(image.astype(np.int16) - np.asarray(COLOURS[name], np.int16)).max(axis=2)
    return np.asarray(away < 70, dtype=np.uint8)


@dataclass
class ColourDetector:
    """Finds connected patches of the colours; sees nothing shorter than `least_px`."""

    least_px: int = 1
    names: tuple[str, ...] = ("person", "car")
    calls: int = field(default=0, init=False)

    def detect(self, images: Sequence[U8]) -> Sequence[Detections]:
        self.calls += 1
        return [self._detect_one(image) for image in images]

    def _detect_one(self, image: U8) -> Detections:
        boxes: list[Box] = []
        classes: list[int] = []
        for index, name in enumerate(self.names):
            count, _, stats, _ = cv2.connectedComponentsWithStats(_of_colour(image, name))
            for x, y, width, height, _ in stats[1:count].tolist():
                if max(width, height) >= self.least_px:
                    boxes.append((x, y, x + width, y + height))
                    classes.append(index)
        return Detections(
            np.asarray(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), 0.9, np.float32),
            np.asarray(classes, np.int64),
            self.names,
        )


class BrokenDetector:
    """Knows persons, and fails in the way that it is told."""

    names = ("person",)

    def __init__(self, fault: str, after: int = 0) -> None:
        self.fault = fault
        self.left = after

    def detect(self, images: Sequence[U8]) -> Sequence[Detections]:
        if self.left > 0:
            self.left -= 1
            return [Detections.empty(self.names) for _ in images]
        if self.fault == "raises":
            raise RuntimeError("run-time gave up")
        if self.fault == "answers too few":
            return []
        nan = np.full((1, 4), np.nan, np.float32)
        return [Detections(nan, np.ones(1, np.float32), np.zeros(1, np.int64), self.names) for _ in images]
