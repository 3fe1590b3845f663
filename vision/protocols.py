"""The seams of vision. Each has at least two implementations (a test's fake counts)."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.types import Detections, GroundPoints

__all__ = ["Detector", "Georeferencer"]


class Detector(Protocol):
    """Finds classes in pictures."""

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of the class indices."""
        ...

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        """Detections for each (h, w, 3) uint8 BGR picture, in that picture's own pixels."""
        ...


class Georeferencer(Protocol):
    """Turns image points into places."""

    def locate(self, points_px: NDArray[np.float64]) -> GroundPoints:
        """Places of (N, 2) image points that lie on the ground."""
        ...

    def project(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Image points (N, 2) of places (N, 2) on the ground; NaN behind the camera."""
        ...
