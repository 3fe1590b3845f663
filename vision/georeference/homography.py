"""Ground control points to a plane homography, and image points to places with their error.

The homography maps local metres to pixels, so that residuals are in pixels, where the errors of
reading a point arise; the errors of measuring its place are carried over by the local scale.
Source: docs/methods/georeference.md.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import CalibrationRejected
from vision.georeference.frame import LocalFrame
from vision.types import GroundPoints

__all__ = ["PlaneGeoreferencer", "fit"]

F64 = NDArray[np.float64]
FEWEST_POINTS = 4
COLLINEAR = 0.02
"""Least spread of points across their main direction, share of the spread along it."""
OUTLIER_PX = 12.0
MOST_OUTLIERS = 1 / 3
WORST_RMS = 6.0
"""Root mean square of residuals in units of their own sigma beyond which a set is refused."""
WORST_CONDITION = 1e7
PIXEL_SIGMA = 3.0
"""Error of a detected box's edge, pixels (one sigma)."""
DEFAULT_RANGE_FACTOR = 4.0
"""Without a told range, places are given up to so many times the farthest control point's distance."""


@dataclass(frozen=True, slots=True, eq=False)
class PlaneGeoreferencer:
    """A view's calibration on a plane.

    Args:
        frame: The local frame.
        to_pixels: (3, 3), local metres to pixels, normalised so that its last entry is 1.
        parameter_covariance: (8, 8), of the first eight entries of `to_pixels`.
        points_px: (N, 2) control points used.
        points_m: (N, 2) their places, local metres.
        sigmas: (N, 2) their errors: pixels, metres.
        max_range_m: No place is given farther than this from the middle of the control points.
    """

    frame: LocalFrame
    to_pixels: F64
    parameter_covariance: F64
    points_px: F64
    points_m: F64
    sigmas: F64
    max_range_m: float
    _to_metres: F64 = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_to_metres", np.linalg.inv(self.to_pixels))

    def locate(self, points_px: F64, pixel_sigma: float = PIXEL_SIGMA) -> GroundPoints:
        """Places of (N, 2) image points on the ground, with calibration and pixel error.

        Points at or above the horizon, and beyond the range, are NaN.
        """
        places = self._ground(points_px)
        covariance = np.full((len(places), 2, 2), np.nan)
        for row in np.flatnonzero(np.isfinite(places[:, 0])):
            covariance[row] = self._covariance(places[row], pixel_sigma)
        return GroundPoints(self.frame.to_lonlat(places), places, covariance)

    def project(self, lonlat: F64) -> F64:
        """Image points (N, 2) of places (N, 2) on the ground; NaN behind the camera."""
        return _apply(self.to_pixels, self.frame.to_metres(lonlat), self._front())

    def residuals_px(self) -> F64:
        """(N, 2) pixels by which each control point's projection misses where it was read."""
        return _apply(self.to_pixels, self.points_m, 0.0) - self.points_px

    def leave_one_out_m(self) -> F64:
        """(N,) metres by which each control point is missed when the others alone make the fit.

        NaN where the others do not suffice.
        """
        errors = np.full(len(self.points_px), np.nan)
        for row in range(len(errors)):
            others = np.arange(len(errors)) != row
            if others.sum() < FEWEST_POINTS:
                continue
            try:
                to_pixels, _ = _solve(self.points_px[others], self.points_m[others], self.sigmas[others])
            except CalibrationRejected:
                continue
            place = _apply(
                np.asarray(np.linalg.inv(to_pixels), np.float64), self.points_px[row : row + 1], 0.0
            )
            errors[row] = float(np.linalg.norm(place[0] - self.points_m[row]))
        return errors

    def _front(self) -> float:
        """Sign of the homogeneous coordinate in front of the camera, at the control points."""
        return float(np.sign(_homogeneous(self.to_pixels, self.points_m)[:, 2].mean()))

    def _ground(self, points_px: F64) -> F64:
        front = float(np.sign(_homogeneous(self._to_metres, self.points_px)[:, 2].mean()))
        places = _apply(self._to_metres, points_px, front)
        with np.errstate(invalid="ignore"):
            far = np.linalg.norm(places - self.points_m.mean(axis=0), axis=1) > self.max_range_m
        places[far] = np.nan
        return places

    def _covariance(self, place: F64, pixel_sigma: float) -> F64:
        """(2, 2) covariance of a place: J_p S_p J_p' + J_h S_h J_h', by the implicit function.

        The place x solves project(h, x) = p, hence dx = (dproject/dx)^-1 (dp - dproject/dh dh).
        """
        by_place, by_parameters = _jacobians(self.to_pixels, place)
        inverse = np.linalg.inv(by_place)
        pixels = pixel_sigma**2 * np.eye(2) + by_parameters @ self.parameter_covariance @ by_parameters.T
        return np.asarray(inverse @ pixels @ inverse.T)


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
    _refuse_unfit(points_px, lonlat, picture_wh)
    frame = LocalFrame(float(lonlat[:, 0].mean()), float(lonlat[:, 1].mean()))
    points_m = frame.to_metres(lonlat)
    inliers = _inliers(points_px, points_m)
    to_pixels, covariance = _solve(points_px[inliers], points_m[inliers], sigmas[inliers])
    extent = float(np.linalg.norm(points_m - points_m.mean(axis=0), axis=1).max())
    return PlaneGeoreferencer(
        frame,
        to_pixels,
        covariance,
        points_px[inliers],
        points_m[inliers],
        sigmas[inliers],
        max_range_m if max_range_m is not None else DEFAULT_RANGE_FACTOR * extent,
    )


def _refuse_unfit(points_px: F64, lonlat: F64, picture_wh: tuple[int, int]) -> None:
    if len(points_px) < FEWEST_POINTS:
        raise CalibrationRejected(
            f"{len(points_px)} control points cannot give a plane; measure at least {FEWEST_POINTS}, "
            "better 8, near and far and on both sides"
        )
    width, height = picture_wh
    outside = (points_px < 0).any(axis=1) | (points_px[:, 0] > width) | (points_px[:, 1] > height)
    if outside.any():
        first = points_px[outside][0]
        raise CalibrationRejected(
            f"point ({first[0]:.0f}, {first[1]:.0f}) lies outside the picture of {width}x{height}; "
            "read it on a look of that size"
        )
    scale = np.array([np.cos(np.deg2rad(lonlat[:, 1].mean())), 1.0])
    for name, values in (("in the picture", points_px), ("on the ground", lonlat * scale)):
        spread = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)
        if spread[1] < COLLINEAR * max(float(spread[0]), 1e-12):
            raise CalibrationRejected(
                f"the control points lie on a line {name}; add points beside that line, near and far"
            )


def _inliers(points_px: F64, points_m: F64) -> NDArray[np.bool_]:
    """Points that agree on a plane, by RANSAC; all where there are too few to tell."""
    if len(points_px) < FEWEST_POINTS + 2:
        return np.ones(len(points_px), bool)
    cv2.setRNGSeed(7)
    _, mask = cv2.findHomography(points_m, points_px, cv2.RANSAC, OUTLIER_PX)
    if mask is None:
        raise CalibrationRejected("no plane fits the control points; check their order and places")
    inliers = np.asarray(mask).reshape(-1).astype(bool)
    if (~inliers).mean() > MOST_OUTLIERS or inliers.sum() < FEWEST_POINTS:
        bad = ", ".join(f"({x:.0f}, {y:.0f})" for x, y in points_px[~inliers][:6])
        raise CalibrationRejected(
            f"{int((~inliers).sum())} of {len(inliers)} control points contradict the rest: {bad}; "
            "check them, and whether the ground is flat there"
        )
    return inliers


def _solve(points_px: F64, points_m: F64, sigmas: F64) -> tuple[F64, F64]:
    """Homography and covariance of its eight parameters, by weighted Gauss-Newton."""
    start, _ = cv2.findHomography(points_m, points_px, 0)
    if start is None or not np.isfinite(start).all() or abs(start[2, 2]) < 1e-12:
        raise CalibrationRejected("no plane fits the control points; add points near and far")
    shape = np.asarray(start, np.float64) / start[2, 2]
    for _ in range(8):
        residuals, jacobian = _weighted(shape, points_px, points_m, sigmas)
        scale = np.maximum(np.linalg.norm(jacobian, axis=0), 1e-12)
        step, *_ = np.linalg.lstsq(jacobian / scale, -residuals, rcond=None)
        shape = np.append(shape.reshape(-1)[:8] + step / scale, 1.0).reshape(3, 3)
        if float(np.abs(step).max()) < 1e-9:
            break
    residuals, jacobian = _weighted(shape, points_px, points_m, sigmas)
    scale = np.maximum(np.linalg.norm(jacobian, axis=0), 1e-12)
    normal = (jacobian / scale).T @ (jacobian / scale)
    if not np.isfinite(normal).all() or np.linalg.cond(normal) > WORST_CONDITION**2:
        raise CalibrationRejected(
            "the control points do not determine the plane; spread them near, far and wide"
        )
    freedom = len(residuals) - 8
    if freedom > 0 and float(np.sqrt((residuals**2).sum() / freedom)) > WORST_RMS:
        raise CalibrationRejected(
            f"the control points miss the plane by {float(np.abs(residuals).max()):.0f} times their error; "
            "check points and places, or state a larger error"
        )
    covariance = np.linalg.inv(normal) / np.outer(scale, scale)
    if freedom > 0:
        # Points that fit worse than they claim make the plane worse than it would claim.
        covariance *= max(1.0, float((residuals**2).sum() / freedom))
    return shape, covariance


def _weighted(shape: F64, points_px: F64, points_m: F64, sigmas: F64) -> tuple[F64, F64]:
    """Whitened residuals (2N,) and their Jacobian (2N, 8)."""
    residuals, rows = [], []
    for pixel, place, (sigma_px, sigma_m) in zip(points_px, points_m, sigmas, strict=True):
        by_place, by_parameters = _jacobians(shape, place)
        spread = sigma_px**2 * np.eye(2) + sigma_m**2 * by_place @ by_place.T
        whiten = np.linalg.inv(np.linalg.cholesky(spread))
        missed = _apply(shape, place[None], 0.0)[0] - pixel
        residuals.append(whiten @ missed)
        rows.append(whiten @ by_parameters)
    return np.concatenate(residuals), np.concatenate(rows)


def _jacobians(shape: F64, place: F64) -> tuple[F64, F64]:
    """Derivatives of the projected pixel by the place (2, 2) and by the eight parameters (2, 8)."""
    x, y = place
    u, v, w = shape @ np.array([x, y, 1.0])
    top = np.array([[1 / w, 0.0, -u / w**2], [0.0, 1 / w, -v / w**2]])
    by_place = top @ shape[:, :2]
    point = np.array([x, y, 1.0])
    by_entries = np.zeros((3, 8))
    by_entries[0, 0:3] = point
    by_entries[1, 3:6] = point
    by_entries[2, 6:8] = point[:2]
    return by_place, top @ by_entries


def _homogeneous(shape: F64, points: F64) -> F64:
    return np.asarray(np.column_stack([points, np.ones(len(points))]) @ shape.T)


def _apply(shape: F64, points: F64, front: float) -> F64:
    """Project points; with `front` given, NaN where the homogeneous coordinate has the other sign."""
    projected = _homogeneous(shape, points)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = projected[:, :2] / projected[:, 2:3]
    if front:
        result[projected[:, 2] * front <= 1e-12] = np.nan
    return np.asarray(result)
