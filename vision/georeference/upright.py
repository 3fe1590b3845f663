"""What a calibrated plane says of what stands on it: the pixels of places above the ground.

A plane's homography holds the camera's pose if pixels are square and the axis goes through the picture's
middle, as with nearly all cameras. Source: Z. Zhang, A flexible new technique for camera calibration (2000).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.georeference.plane import Plane

__all__ = ["Upright"]

F64 = NDArray[np.float64]
SHORTEST, LONGEST = 0.4, 8.0
"""Focal lengths that are believed, in widths of the picture: from 100 degrees across to 7."""


@dataclass(frozen=True, slots=True, eq=False)
class Upright:
    """A plane, and the direction that is up.

    Args:
        plane: The plane.
        up: (3,) homogeneous pixels that a metre of height adds.
    """

    plane: Plane
    up: F64

    @classmethod
    def of(cls, plane: Plane) -> "Upright":
        """The upright direction of a plane's picture."""
        width, height = plane.picture_wh
        shift = np.array([[1.0, 0.0, -width / 2], [0.0, 1.0, -height / 2], [0.0, 0.0, 1.0]])
        east, north, origin = (shift @ plane.to_pixels).T
        # Both axes are equally long and stand upright on each other: two equations for 1 / f^2.
        pixels = np.array([east[:2] @ north[:2], east[:2] @ east[:2] - north[:2] @ north[:2]])
        rest = np.array([east[2] * north[2], east[2] ** 2 - north[2] ** 2])
        focal = float(np.sqrt(max((pixels @ pixels) / max(-(pixels @ rest), 1e-12), 0.0)))
        focal = float(np.clip(focal, SHORTEST * width, LONGEST * width))
        lens = np.array([focal, focal, 1.0])
        first, second, place = east / lens, north / lens, origin / lens
        length = float(np.sqrt(np.linalg.norm(first) * np.linalg.norm(second)))
        third = np.cross(first, second) / length
        # The camera is above the ground: its own height, against the third axis, is positive.
        third *= -np.sign(third @ place) or 1.0
        return cls(plane, np.linalg.inv(shift) @ (third * lens))

    def project(self, east_m: F64, north_m: F64, up_m: F64) -> tuple[F64, F64]:
        """Columns and rows of places at heights, in the shape of what is given.

        NaN behind the camera and where the lens model folds.

        Args:
            east_m: Local metres.
            north_m: Local metres.
            up_m: Metres above the ground.
        """
        u, v, depth = (
            by_east * east_m + by_north * north_m + (by_up * up_m + origin)
            for (by_east, by_north, origin), by_up in zip(self.plane.to_pixels, self.up, strict=True)
        )
        return self.plane.bent(u, v, depth)
