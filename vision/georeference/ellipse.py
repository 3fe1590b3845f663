"""The 95 % error ellipse of a place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHI_95", "Ellipse95", "ellipse_of"]

CHI_95 = 2.4477
"""Root of the 95 % point of chi-square with two degrees of freedom (5.991)."""
LEAST_AXIS_M = 0.01


@dataclass(frozen=True, slots=True)
class Ellipse95:
    """Half axes in metres; azimuth of the longer one in degrees clockwise from north, 0..180."""

    semi_major_m: float
    semi_minor_m: float
    azimuth_deg: float


def ellipse_of(covariance_m2: NDArray[np.float64]) -> Ellipse95:
    """The ellipse that holds 95 % of a normal error with this (2, 2) east-north covariance."""
    values, vectors = np.linalg.eigh(covariance_m2)
    minor, major = (float(CHI_95 * np.sqrt(max(value, 0.0))) for value in values)
    east, north = vectors[:, 1]
    azimuth = float(np.rad2deg(np.arctan2(east, north)) % 180)
    return Ellipse95(max(major, LEAST_AXIS_M), max(minor, LEAST_AXIS_M), azimuth if azimuth < 180 else 0.0)
