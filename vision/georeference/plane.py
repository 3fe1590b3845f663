"""A camera's view of a plane: a homography and, where it is needed, one coefficient of lens distortion.

Source: docs/methods/georeference.md; Brown (1971) for the radial term.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PARAMETERS", "Plane"]

F64 = NDArray[np.float64]
PARAMETERS = 9
"""Eight entries of the homography (the ninth is 1), then k1."""
LEAST_DEPTH = 1e-9
NEWTON_STEPS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Local metres on the ground to pixels.

    The origin of the metres must lie in front of the camera: there the homogeneous coordinate is 1.

    Args:
        to_pixels: (3, 3), its last entry is 1.
        k1: Radial distortion per square of the distance from the picture's middle, in half diagonals.
        picture_wh: Size of the picture.
    """

    to_pixels: F64
    k1: float
    picture_wh: tuple[int, int]

    def project(self, east_north_m: F64) -> F64:
        """(N, 2) pixels of (N, 2) places; NaN behind the camera and where the lens model folds."""
        return np.stack(self.bent(*_homogeneous(self.to_pixels, east_north_m).T), axis=1)

    def bent(self, u: F64, v: F64, depth: F64) -> tuple[F64, F64]:
        """Columns and rows, bent by the lens, of homogeneous straight pixels; NaN as for `project`."""
        (middle_x, middle_y), reach = self._middle, self._reach
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            nearness = 1 / np.where(depth > LEAST_DEPTH, depth, np.nan)
            x, y = (u * nearness - middle_x) / reach, (v * nearness - middle_y) / reach
            bend = 1 + self.k1 * (x * x + y * y)
            bend = np.where(3 * bend > 2, bend, np.nan)
            return middle_x + x * bend * reach, middle_y + y * bend * reach

    def ground(self, points_px: F64) -> F64:
        """(N, 2) places of (N, 2) pixels; NaN at and above the horizon."""
        inverse = np.asarray(np.linalg.inv(self.to_pixels), np.float64)
        east, north, nearness = _homogeneous(inverse, self._straightened(points_px)).T
        with np.errstate(divide="ignore", invalid="ignore"):
            places = np.stack([east / nearness, north / nearness], axis=1)
            places[~(nearness > LEAST_DEPTH)] = np.nan
        return places

    def jacobians(self, east_north_m: F64) -> tuple[F64, F64]:
        """Derivatives of the projected pixels by place (N, 2, 2) and by the parameters (N, 2, 9)."""
        count = len(east_north_m)
        point = np.column_stack([east_north_m, np.ones(count)])
        u, v, depth = _homogeneous(self.to_pixels, east_north_m).T
        by_homogeneous = np.zeros((count, 2, 3))
        by_homogeneous[:, 0, 0] = by_homogeneous[:, 1, 1] = 1 / depth
        by_homogeneous[:, 0, 2], by_homogeneous[:, 1, 2] = -u / depth**2, -v / depth**2
        from_middle = (np.stack([u / depth, v / depth], axis=1) - self._middle) / self._reach
        square = (from_middle**2).sum(axis=1)
        bend = (1 + self.k1 * square)[:, None, None] * np.eye(2)
        bend = bend + 2 * self.k1 * from_middle[:, :, None] * from_middle[:, None, :]
        by_homogeneous = bend @ by_homogeneous
        entries = np.zeros((count, 3, PARAMETERS - 1))
        entries[:, 0, 0:3] = entries[:, 1, 3:6] = point
        entries[:, 2, 6:8] = east_north_m
        by_k1 = (from_middle * (square * self._reach)[:, None])[:, :, None]
        return by_homogeneous @ self.to_pixels[:, :2], np.concatenate(
            [by_homogeneous @ entries, by_k1], axis=2
        )

    @property
    def _middle(self) -> F64:
        return np.array(self.picture_wh, np.float64) / 2

    @property
    def _reach(self) -> float:
        """Half the picture's diagonal, pixels."""
        return float(np.hypot(*self.picture_wh)) / 2

    def _straightened(self, points_px: F64) -> F64:
        """Pixels without the lens's distortion; NaN where no straight point is bent to the given one."""
        if self.k1 == 0.0:
            return points_px
        from_middle = (points_px - self._middle) / self._reach
        bent = np.linalg.norm(from_middle, axis=1)
        straight = bent.copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(NEWTON_STEPS):
                straight -= (straight * (1 + self.k1 * straight**2) - bent) / (1 + 3 * self.k1 * straight**2)
            left = np.abs(straight * (1 + self.k1 * straight**2) - bent)
            good = (left < 1e-9) & (1 + 3 * self.k1 * straight**2 > 0) & (straight >= 0)
            factor = np.where(good, np.where(bent > 0, straight / bent, 1.0), np.nan)
        return np.asarray(self._middle + from_middle * factor[:, None] * self._reach)


def _homogeneous(matrix: F64, points: F64) -> F64:
    return np.asarray(np.column_stack([points, np.ones(len(points))]) @ matrix.T)
