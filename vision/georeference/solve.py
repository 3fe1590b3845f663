"""Control points to a plane: refusal of sets that cannot give one, outliers, weighted least squares.

Residuals are in pixels, where the errors of reading a point arise; the errors of measuring its place are
carried into the picture by the local scale. Each residual is divided by its own error, so that a point
near the camera, where 0.1 m are many pixels, is not taken for a wrong one.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import CalibrationRejected
from vision.georeference.plane import PARAMETERS, Plane

__all__ = ["FEWEST_POINTS", "ControlPoints", "agreeing", "refuse_unfit", "solve"]

F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]
FEWEST_POINTS = 4
COLLINEAR = 0.02
"""Least spread of points across their main direction, share of the spread along it."""
FAR_OFF = 4.29
"""A point that misses by more of its own errors is left out: one good point of 10 000 does (root of the
99.99 % point of chi-square with two degrees of freedom)."""
MOST_OUTLIERS = 1 / 3
SUBSETS = 500
"""So many sets of four points are tried; up to 12 points that is all of them."""
WORST_RMS = 6.0
"""Root mean square of residuals in units of their own error beyond which a set is refused."""
WORST_CONDITION = 1e7
STEPS = 25
LENS_SIGMA = 0.1
"""Standard deviation of k1 among lenses before any point is read: surveillance lenses of 3 to 12 mm bend
the picture's corner by up to a tenth of its distance, to either side once cameras correct for it."""
STRONGEST_LENS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ControlPoints:
    """Points read on a picture, and where they are.

    Args:
        pixels: (N, 2).
        metres: (N, 2) east and north in a local frame.
        sigmas: (N, 2) their errors: pixels, metres (one sigma).
        picture_wh: Size of the picture.
    """

    pixels: F64
    metres: F64
    sigmas: F64
    picture_wh: tuple[int, int]

    def __len__(self) -> int:
        return len(self.pixels)

    def chosen(self, which: Mask | list[int]) -> "ControlPoints":
        """Some of them."""
        return ControlPoints(self.pixels[which], self.metres[which], self.sigmas[which], self.picture_wh)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A plane, the (9, 9) covariance of its parameters, and the sum of squared residuals in their errors."""

    plane: Plane
    covariance: F64
    chi_square: float


def refuse_unfit(points: ControlPoints) -> None:
    """Refuse a set that no plane can come of.

    Raises:
        CalibrationRejected: Too few, outside the picture, not finite, or on a line; with the remedy.
    """
    if len(points) < FEWEST_POINTS:
        raise CalibrationRejected(
            f"{len(points)} control points cannot give a plane; measure at least {FEWEST_POINTS}, "
            "better 8, near and far and on both sides"
        )
    if not all(np.isfinite(values).all() for values in (points.pixels, points.metres, points.sigmas)):
        raise CalibrationRejected("a control point has a number that is not finite; measure it again")
    if (points.sigmas <= 0).any():
        raise CalibrationRejected("a control point's error must be greater than 0 (sigma_px, sigma_m)")
    width, height = points.picture_wh
    outside = (points.pixels < 0).any(axis=1) | (points.pixels > (width, height)).any(axis=1)
    if outside.any():
        first = points.pixels[outside][0]
        raise CalibrationRejected(
            f"point ({first[0]:.0f}, {first[1]:.0f}) lies outside the picture of {width}x{height}; "
            "read it on a look of that size"
        )
    _refuse_line(points)


def agreeing(points: ControlPoints) -> Mask:
    """(N,) the points that agree on one plane; all where there are too few to tell.

    Raises:
        CalibrationRejected: More than a third contradict the rest; they are named.
    """
    everyone = np.ones(len(points), bool)
    if len(points) < FEWEST_POINTS + 2:
        return everyone
    try:
        if _misses(_least_squares(points, bent=False), points, everyone).max() < FAR_OFF:
            return everyone
    except CalibrationRejected:
        pass  # One point behind the others' camera spoils the plain fit; the search below leaves it out.
    agree = _settled(_consensus(points), points)
    if (~agree).mean() > MOST_OUTLIERS or agree.sum() <= FEWEST_POINTS:
        named = ", ".join(f"({x:.0f}, {y:.0f})" for x, y in points.pixels[~agree][:6])
        raise CalibrationRejected(
            f"{int((~agree).sum())} of {len(points)} control points contradict the rest: {named}; "
            "check them, and whether the ground is flat there"
        )
    _refuse_line(points.chosen(agree))
    return agree


def solve(points: ControlPoints) -> tuple[Plane, F64]:
    """The plane with its lens, and the (9, 9) covariance of its parameters.

    Few points hardly show k1. Taken for 0 wherever they do not, it would be wrong by its own size without
    a word; so it has a prior, and what the points leave open of it goes into the covariance.

    Raises:
        CalibrationRejected: The points do not determine a plane, or miss it by far more than their errors.
    """
    bent = _with_lens(points)
    best = _least_squares(points, bent=False) if bent is None else bent
    freedom = 2 * len(points) - (PARAMETERS - 1)
    scatter = best.chi_square / freedom if freedom else 1.0
    if scatter > WORST_RMS**2:
        worst = float(_misses(best, points, np.ones(len(points), bool)).max())
        raise CalibrationRejected(
            f"the control points miss the plane by up to {worst:.0f} times their error; "
            "check points and places, or state a larger error"
        )
    # Points that fit worse than they claim make the plane worse than it would claim.
    return best.plane, best.covariance * max(1.0, scatter)


def _refuse_line(points: ControlPoints) -> None:
    for name, values in (("in the picture", points.pixels), ("on the ground", points.metres)):
        spread = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)
        if spread[1] < COLLINEAR * max(float(spread[0]), 1e-12):
            raise CalibrationRejected(
                f"the control points lie on a line {name}; add points beside that line, near and far"
            )


def _with_lens(points: ControlPoints) -> Solution | None:
    """The fit with k1, or None where the points cannot give it."""
    try:
        bent = _least_squares(points, bent=True)
    except CalibrationRejected:
        return None
    return bent if abs(bent.plane.k1) < STRONGEST_LENS else None


def _least_squares(points: ControlPoints, *, bent: bool) -> Solution:
    """Gauss-Newton from the plain homography; with the lens, its prior counts as one more reading."""
    plane = _first(points)
    count = PARAMETERS if bent else PARAMETERS - 1
    for _ in range(STEPS):
        residuals, jacobian = _whitened(plane, points)
        if bent:
            residuals = np.append(residuals, plane.k1 / LENS_SIGMA)
            jacobian = np.vstack([jacobian, np.eye(PARAMETERS)[-1] / LENS_SIGMA])
        scale = np.maximum(np.linalg.norm(jacobian[:, :count], axis=0), 1e-12)
        scaled = jacobian[:, :count] / scale
        if not np.isfinite(scaled).all() or np.linalg.cond(scaled) > WORST_CONDITION:
            raise CalibrationRejected(
                "the control points do not determine the plane; spread them near, far and wide, "
                "no three of four on a line"
            )
        step, *_ = np.linalg.lstsq(scaled, -residuals, rcond=None)
        plane = _stepped(plane, step / scale, points)
        if float(np.abs(step).max()) < 1e-9:
            break
    covariance = np.zeros((PARAMETERS, PARAMETERS))
    covariance[:count, :count] = np.linalg.inv(scaled.T @ scaled) / np.outer(scale, scale)
    chi_square = float((_whitened(plane, points)[0] ** 2).sum()) + (plane.k1 / LENS_SIGMA) ** 2
    return Solution(plane, covariance, chi_square)


def _first(points: ControlPoints) -> Plane:
    """The homography of unweighted least squares."""
    matrix, _ = cv2.findHomography(points.metres, points.pixels, 0)
    return _checked(None if matrix is None else np.asarray(matrix, np.float64), 0.0, points)


def _stepped(plane: Plane, step: F64, points: ControlPoints) -> Plane:
    entries = np.append(plane.to_pixels.reshape(-1)[:8] + step[:8], 1.0).reshape(3, 3)
    k1 = plane.k1 + (float(step[8]) if len(step) == PARAMETERS else 0.0)
    return _checked(entries, k1, points)


def _checked(matrix: F64 | None, k1: float, points: ControlPoints) -> Plane:
    if matrix is not None and np.isfinite(matrix).all() and abs(matrix[2, 2]) > 1e-12:
        plane = Plane(matrix / matrix[2, 2], k1, points.picture_wh)
        if np.isfinite(plane.project(points.metres)).all():
            return plane
    raise CalibrationRejected(
        "no plane in front of a camera fits the control points; check their order and places"
    )


def _whitened(plane: Plane, points: ControlPoints) -> tuple[F64, F64]:
    """Residuals in units of their own error (2N,) and their Jacobian by the parameters (2N, 9)."""
    by_place, by_parameters = plane.jacobians(points.metres)
    whiten = np.linalg.inv(np.linalg.cholesky(_spread(points, by_place)))
    missed = (plane.project(points.metres) - points.pixels)[:, :, None]
    return (whiten @ missed).reshape(-1), (whiten @ by_parameters).reshape(-1, PARAMETERS)


def _spread(points: ControlPoints, by_place: F64) -> F64:
    """(N, 2, 2) covariance of each residual, square pixels."""
    read = points.sigmas[:, 0, None, None] ** 2 * np.eye(2)
    return np.asarray(
        read + points.sigmas[:, 1, None, None] ** 2 * by_place @ by_place.transpose(0, 2, 1), np.float64
    )


def _misses(solution: Solution, points: ControlPoints, fitted: Mask) -> F64:
    """(N,) how far each point misses, in units of its error; infinite behind the camera.

    For a point that was not `fitted` the plane's own error counts too.
    """
    projected = solution.plane.project(points.metres)
    seen: Mask = np.asarray(np.isfinite(projected).all(axis=1), bool)
    misses = np.full(len(points), np.inf)
    by_place, by_parameters = solution.plane.jacobians(points.metres[seen])
    spread = _spread(points.chosen(seen), by_place)
    plane_error = by_parameters @ solution.covariance @ by_parameters.transpose(0, 2, 1)
    spread = spread + np.where(fitted[seen, None, None], 0.0, plane_error)
    missed = (projected - points.pixels)[seen, :, None]
    misses[seen] = np.sqrt((missed * np.linalg.solve(spread, missed)).sum(axis=(1, 2)))
    return misses


def _consensus(points: ControlPoints) -> Mask:
    """Points near the plane of the best four of them: RANSAC with a bounded cost."""
    count = len(points)
    if comb(count, FEWEST_POINTS) <= SUBSETS:
        subsets = [list(four) for four in combinations(range(count), FEWEST_POINTS)]
    else:
        rng = np.random.default_rng(7)
        subsets = [rng.choice(count, FEWEST_POINTS, replace=False).tolist() for _ in range(SUBSETS)]
    nothing, everyone = np.zeros((PARAMETERS, PARAMETERS)), np.ones(count, bool)
    lowest, near = np.inf, np.zeros(count, bool)
    for four in subsets:
        try:
            guess = Solution(_first(points.chosen(four)), nothing, 0.0)
            misses = _misses(guess, points, everyone)
        except (CalibrationRejected, np.linalg.LinAlgError):
            continue
        cost = float(np.minimum(misses, 2 * FAR_OFF).sum())
        if cost < lowest:
            lowest, near = cost, misses < 2 * FAR_OFF
    return near


def _settled(agree: Mask, points: ControlPoints) -> Mask:
    """The points that agree, fitted again until their number no longer changes."""
    for _ in range(6):
        if agree.sum() < FEWEST_POINTS:
            return agree
        try:
            misses = _misses(_least_squares(points.chosen(agree), bent=False), points, agree)
        except CalibrationRejected:
            return np.zeros(len(points), bool)
        # Errors stated too small make every point miss: what counts is to miss by more than the others.
        typical = float(np.clip(np.median(misses) / 1.177, 1.0, WORST_RMS))
        closer = np.asarray(misses < FAR_OFF * typical)
        if (closer == agree).all():
            break
        agree = closer
    return agree
