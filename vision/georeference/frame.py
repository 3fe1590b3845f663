"""A local frame in metres around a place: east and north on the WGS 84 ellipsoid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LocalFrame"]

F64 = NDArray[np.float64]
SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563


@dataclass(frozen=True, slots=True)
class LocalFrame:
    """Metres east and north of an origin; good to millimetres within a few kilometres.

    Source: radii of curvature of the WGS 84 ellipsoid in the meridian and the prime vertical.

    Args:
        lon0: Longitude of the origin, degrees.
        lat0: Latitude of the origin, degrees.
    """

    lon0: float
    lat0: float

    def to_metres(self, lonlat: F64) -> F64:
        """(N, 2) degrees as (N, 2) metres east and north."""
        east_per_deg, north_per_deg = self._metres_per_degree()
        return np.stack(
            [(lonlat[:, 0] - self.lon0) * east_per_deg, (lonlat[:, 1] - self.lat0) * north_per_deg], axis=1
        )

    def to_lonlat(self, east_north_m: F64) -> F64:
        """(N, 2) metres east and north as (N, 2) degrees."""
        east_per_deg, north_per_deg = self._metres_per_degree()
        return np.stack(
            [self.lon0 + east_north_m[:, 0] / east_per_deg, self.lat0 + east_north_m[:, 1] / north_per_deg],
            axis=1,
        )

    def _metres_per_degree(self) -> tuple[float, float]:
        latitude = np.deg2rad(self.lat0)
        squash = FLATTENING * (2 - FLATTENING)
        root = np.sqrt(1 - squash * np.sin(latitude) ** 2)
        prime_vertical = SEMI_MAJOR_M / root
        meridian = SEMI_MAJOR_M * (1 - squash) / root**3
        return float(np.deg2rad(prime_vertical * np.cos(latitude))), float(np.deg2rad(meridian))
