"""The eight cameras of the sample district: where they hang, how they look, and where things fall in them.

A camera is a pinhole with one coefficient of radial distortion, in the same terms as
`vision.georeference.plane.Plane`: k1 per square of the distance from the picture's middle, in half
diagonals. Source: Brown (1971) for the radial term.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["CAMERAS", "DistrictCamera", "camera_of"]

F64 = NDArray[np.float64]
LEAST_DEPTH_M = 0.05
NEWTON_STEPS = 12
SPARE = 1.08
"""A plate is wider than the picture by so much beyond what the lens bends in: shake and nudges look there."""


@dataclass(frozen=True, slots=True)
class DistrictCamera:
    """A fixed camera.

    Args:
        id: Name of the camera and of its only view.
        name: What people call it.
        size_wh: Of its picture.
        east_m: Place of its lens in `plan.FRAME`.
        north_m: Likewise.
        height_m: Above the ground.
        azimuth_deg: Direction of the optical axis, clockwise from north.
        tilt_deg: Of the optical axis below the horizontal.
        focal_px: Focal length.
        k1: Radial distortion, 0 or negative (barrel).
        split: `test` cameras are never used while tuning or training.
    """

    id: str
    name: str
    size_wh: tuple[int, int]
    east_m: float
    north_m: float
    height_m: float
    azimuth_deg: float
    tilt_deg: float
    focal_px: float
    k1: float
    split: Literal["train", "test"]

    @property
    def place_enu(self) -> F64:
        """(3,) place of the lens, metres."""
        return np.array([self.east_m, self.north_m, self.height_m])

    @property
    def rotation(self) -> F64:
        """(3, 3) from east, north, up to right, down, forward."""
        return _rotation(self.azimuth_deg, self.tilt_deg)

    @property
    def plate_wh(self) -> tuple[int, int]:
        """Size of the pinhole picture from which the bent one, shaken or nudged, can be made.

        Same focal length, principal point in its middle; both sides even.
        """
        corner = np.array([[0.0, 0.0]])
        middle = np.array(self.size_wh) / 2
        share = float(((self.straightened(corner) - middle) / (corner - middle)).max())
        width, height = (int(np.ceil(side * share * SPARE / 2)) * 2 for side in self.size_wh)
        return width, height

    def depth(self, points_enu: F64) -> F64:
        """(N,) metres along the optical axis of (N, 3) places; negative behind the camera."""
        return np.asarray((points_enu - self.place_enu) @ self.rotation[2])

    def straight(self, points_enu: F64) -> F64:
        """(N, 2) pixels of (N, 3) places without distortion; NaN behind the camera."""
        right, down, forward = ((points_enu - self.place_enu) @ self.rotation.T).T
        forward = np.where(forward > LEAST_DEPTH_M, forward, np.nan)
        return np.stack(
            [
                self.size_wh[0] / 2 + self.focal_px * right / forward,
                self.size_wh[1] / 2 + self.focal_px * down / forward,
            ],
            axis=1,
        )

    def project(self, points_enu: F64) -> F64:
        """(N, 2) pixels of (N, 3) places; NaN behind the camera and where the lens model folds."""
        return self.bent(self.straight(points_enu))

    def bent(self, straight_px: F64) -> F64:
        """(N, 2) pixels of the picture for (N, 2) pixels of a pinhole of the same focal length."""
        if self.k1 == 0.0:
            return straight_px
        middle, reach = self._middle, self._reach
        from_middle = straight_px - middle
        square = (from_middle**2).sum(axis=1, keepdims=True) / reach**2
        square[~(1 + 3 * self.k1 * square > 0)] = np.nan
        return np.asarray(middle + from_middle * (1 + self.k1 * square))

    def straightened(self, points_px: F64) -> F64:
        """(N, 2) pixels without distortion for (N, 2) pixels of the picture; the inverse of `bent`."""
        if self.k1 == 0.0:
            return points_px
        middle = self._middle
        from_middle = (points_px - middle) / self._reach
        bent = np.sqrt((from_middle**2).sum(axis=1))
        straight = bent.copy()
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(NEWTON_STEPS):
                straight -= (straight * (1 + self.k1 * straight**2) - bent) / (1 + 3 * self.k1 * straight**2)
            factor = np.where(bent > 0, straight / bent, 1.0)
        return np.asarray(middle + from_middle * factor[:, None] * self._reach)

    def rays(self, points_px: F64) -> F64:
        """(N, 3) unit directions east, north, up in which (N, 2) pixels of the picture look."""
        across = (self.straightened(points_px) - self._middle) / self.focal_px
        rays = np.column_stack([across, np.ones(len(across))]) @ self.rotation
        return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))

    def ground(self, points_px: F64) -> F64:
        """(N, 2) east, north where (N, 2) pixels look at the ground; NaN at and above the horizon."""
        rays = self.rays(points_px)
        drop = np.where(rays[:, 2] < -1e-6, -rays[:, 2], np.nan)
        return np.asarray(self.place_enu[:2] + rays[:, :2] * (self.height_m / drop)[:, None])

    def distance_m(self, east_m: float, north_m: float) -> float:
        """Horizontal distance of a place."""
        return float(np.hypot(east_m - self.east_m, north_m - self.north_m))

    def bearing_deg(self, east_m: float, north_m: float) -> float:
        """Compass direction from a place to the camera; a thing of this yaw faces it."""
        return float(np.rad2deg(np.arctan2(self.east_m - east_m, self.north_m - north_m)) % 360)

    @property
    def _middle(self) -> F64:
        return np.array(self.size_wh, np.float64) / 2

    @property
    def _reach(self) -> float:
        """Half the picture's diagonal, pixels."""
        return float(np.hypot(*self.size_wh)) / 2


HD, FULL_HD = (1280, 720), (1920, 1080)
CAMERAS: Final = tuple(
    DistrictCamera(*row)
    for row in (
        # id, name, size, east, north, height, azimuth, tilt, focal length, k1, split
        ("market-south", "opposite the market", FULL_HD, 25.0, -7.4, 8.2, 8.0, 19.5, 1490.0, -0.05, "train"),
        ("market-north", "market hall's front", HD, 19.0, 26.7, 6.6, 137.0, 20.0, 880.0, -0.09, "train"),
        ("street-west", "long street, west", HD, -6.0, 4.9, 8.4, 259.0, 14.5, 1080.0, -0.03, "train"),
        ("street-east", "long street, east", FULL_HD, 30.0, -5.2, 8.6, 80.0, 14.0, 1540.0, -0.06, "test"),
        ("lane", "mouth of the lane", HD, 1.6, 26.1, 6.2, 273.0, 14.0, 960.0, -0.08, "test"),
        ("site-gate", "opposite the gate", HD, 5.9, -8.9, 7.6, 153.0, 19.0, 900.0, -0.12, "train"),
        ("waste-point", "above the waste point", HD, 13.9, -22.0, 6.8, 238.0, 20.0, 950.0, 0.0, "train"),
        ("canal", "at the canal bridge", HD, 3.0, -47.0, 5.6, 266.0, 11.5, 1150.0, -0.02, "train"),
    )
)
"""`market-south` and `market-north` overlap on the market corner."""


def camera_of(camera_id: str) -> DistrictCamera:
    """The camera of that id.

    Raises:
        KeyError: There is none; the message lists those that exist.
    """
    for camera in CAMERAS:
        if camera.id == camera_id:
            return camera
    raise KeyError(f"no camera '{camera_id}' in the district; it has {[camera.id for camera in CAMERAS]}")


@lru_cache(maxsize=64)
def _rotation(azimuth_deg: float, tilt_deg: float) -> F64:
    azimuth, tilt = np.deg2rad(azimuth_deg), np.deg2rad(tilt_deg)
    east, north = np.sin(azimuth), np.cos(azimuth)
    matrix = np.array(
        [
            [north, -east, 0.0],
            [-east * np.sin(tilt), -north * np.sin(tilt), -np.cos(tilt)],
            [east * np.cos(tilt), north * np.cos(tilt), -np.sin(tilt)],
        ]
    )
    matrix.flags.writeable = False
    return matrix
