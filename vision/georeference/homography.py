"""A view's calibration on a plane: image points to places with their error, and back.

Source: docs/methods/georeference.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.errors import CalibrationRejected
from vision.georeference.ellipse import CHI_95
from vision.georeference.frame import LocalFrame
from vision.georeference.plane import Plane
from vision.georeference.solve import FEWEST_POINTS, ControlPoints, agreeing, refuse_unfit, solve
from vision.types import GroundPoints

__all__ = ["PlaneGeoreferencer", "fit"]

F64 = NDArray[np.float64]
PIXEL_SIGMA = 3.0
"""Error of a detected box's edge, pixels (one sigma)."""
DEFAULT_RANGE_FACTOR = 4.0
"""Without a told range, places are given up to so many times the farthest control point's distance."""
WORST_AXIS_SHARE = 0.5
"""A set is refused whose own error (95 %) at one of its points exceeds this share of its extent."""
LONGEST_AXIS_M = 30.0
"""No place is given whose ellipse is longer: there the error is no longer an ellipse, and no help."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaneGeoreferencer:
    """A view's calibration on a plane.

    Args:
        frame: The local frame; its origin is the middle of the control points.
        plane: Local metres to pixels.
        parameter_covariance: (9, 9), of the plane's parameters.
        points: The control points that were used.
        is_used: (M,) which of the given control points those are.
        max_range_m: No place is given farther than this from the middle of the control points.
    """

    frame: LocalFrame
    plane: Plane
    parameter_covariance: F64
    points: ControlPoints
    is_used: NDArray[np.bool_]
    max_range_m: float

    @property
    def points_px(self) -> F64:
        """(N, 2) control points used, pixels."""
        return self.points.pixels

    @property
    def points_m(self) -> F64:
        """(N, 2) their places, local metres."""
        return self.points.metres

    def locate(self, points_px: F64, pixel_sigma: float = PIXEL_SIGMA) -> GroundPoints:
        """Places of (N, 2) image points on the ground, with calibration and pixel error.

        NaN at and above the horizon, beyond the range, and where the error grows beyond use.
        """
        places = self.plane.ground(np.asarray(points_px, np.float64))
        with np.errstate(invalid="ignore"):
            far = np.linalg.norm(places - self.points.metres.mean(axis=0), axis=1) > self.max_range_m
        places[far] = np.nan
        covariance = np.full((len(places), 2, 2), np.nan)
        found: NDArray[np.bool_] = np.asarray(np.isfinite(places).all(axis=1), bool)
        covariance[found] = _covariances(self.plane, self.parameter_covariance, places[found], pixel_sigma)
        vague = found.copy()
        vague[found] = _major_axes(covariance[found]) > LONGEST_AXIS_M
        places[vague], covariance[vague] = np.nan, np.nan
        return GroundPoints(self.frame.to_lonlat(places), places, covariance)

    def project(self, lonlat: F64) -> F64:
        """Image points (N, 2) of places (N, 2) on the ground; NaN behind the camera."""
        return self.plane.project(self.frame.to_metres(lonlat))

    def residuals_px(self) -> F64:
        """(N, 2) pixels by which each control point's projection misses where it was read."""
        return np.asarray(self.plane.project(self.points.metres) - self.points.pixels)

    def leave_one_out_m(self) -> F64:
        """(N,) metres by which each control point is missed when the others alone make the fit.

        NaN where the others do not suffice.
        """
        errors = np.full(len(self.points), np.nan)
        for row in range(len(errors)):
            others = np.arange(len(errors)) != row
            if others.sum() < FEWEST_POINTS:
                continue
            try:
                plane, _ = solve(self.points.chosen(others))
            except CalibrationRejected:
                continue
            place = plane.ground(self.points.pixels[row : row + 1])[0]
            errors[row] = float(np.linalg.norm(place - self.points.metres[row]))
        return errors


def fit(
    points_px: F64,
    lonlat: F64,
    sigmas: F64,
    picture_wh: tuple[int, int],
    max_range_m: float | None = None,
) -> PlaneGeoreferencer:
    """Fit the ground plane of a view to its control points.

    Args:
        points_px: (N, 2) where the points were read.
        lonlat: (N, 2) where they are, degrees EPSG:4326.
        sigmas: (N, 2) their errors: pixels, metres (one sigma).
        picture_wh: Size of the picture that they were read on.
        max_range_m: Farthest place to be given; None takes four times the control points' extent.

    Raises:
        CalibrationRejected: The points cannot give a plane; the message says why and what helps.
    """
    # The median: one mistyped longitude must not carry the origin behind the camera.
    middle = np.median(lonlat, axis=0) if len(lonlat) else np.zeros(2)
    first = LocalFrame(float(middle[0]), float(middle[1]))
    points = ControlPoints(points_px, first.to_metres(lonlat), sigmas, picture_wh)
    refuse_unfit(points)
    is_used = agreeing(points)
    middle = lonlat[is_used].mean(axis=0)
    frame = LocalFrame(float(middle[0]), float(middle[1]))
    used = ControlPoints(points_px[is_used], frame.to_metres(lonlat[is_used]), sigmas[is_used], picture_wh)
    plane, covariance = solve(used)
    extent = float(np.linalg.norm(used.metres, axis=1).max())
    own_error = _major_axes(_covariances(plane, covariance, used.metres, 0.0)).max()
    if own_error > WORST_AXIS_SHARE * extent:
        raise CalibrationRejected(
            f"the plane would be wrong by up to {own_error:.1f} m at the control points themselves; "
            "measure more points, more exactly, near and far and on both sides"
        )
    max_range_m = DEFAULT_RANGE_FACTOR * extent if max_range_m is None else max_range_m
    return PlaneGeoreferencer(frame, plane, covariance, used, is_used, max_range_m)


def _covariances(plane: Plane, parameter_covariance: F64, places: F64, pixel_sigma: float) -> F64:
    """(N, 2, 2) covariances of places: J_p S_p J_p' + J_h S_h J_h', by the implicit function.

    The place x solves project(h, x) = p, hence dx = (dproject/dx)^-1 (dp - dproject/dh dh).
    """
    by_place, by_parameters = plane.jacobians(places)
    inverse = np.linalg.inv(by_place)
    pixels = by_parameters @ parameter_covariance @ by_parameters.transpose(0, 2, 1)
    pixels = pixels + pixel_sigma**2 * np.eye(2)
    return np.asarray(inverse @ pixels @ inverse.transpose(0, 2, 1), np.float64)


def _major_axes(covariances: F64) -> F64:
    """(N,) longer half axes of the 95 % ellipses, metres."""
    return np.asarray(CHI_95 * np.sqrt(np.maximum(np.linalg.eigvalsh(covariances)[:, 1], 0.0)))
