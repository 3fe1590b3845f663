"""From a list of control points to a view's calibration, with everything that a person needs to judge it."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from contracts.geo import bd09_to_gcj02, gcj02_to_wgs84
from vision.errors import CalibrationRejected
from vision.georeference.ellipse import ellipse_of
from vision.georeference.homography import PlaneGeoreferencer, fit

__all__ = ["CalibrationReport", "Crs", "Point", "preview", "run_calibration"]

F64 = NDArray[np.float64]
Crs = Literal["wgs84", "gcj02", "bd09"]
SIGMA_PX = 1.0
SIGMA_M = 0.1
SURE_M = 2.0
"""Half axis of the 95 % ellipse up to which a place is good enough to send someone to."""
GRID_WH = (33, 65)
"""Places of the picture at which the error is asked."""
GRID_M, GRID_REACH_M = 10.0, 60.0
SHAPE_SLACK = 0.02
FAR_OUTSIDE_PX = 20_000.0
"""Farther out OpenCV's line drawing overflows."""


@dataclass(frozen=True, slots=True)
class Point:
    """One control point: pixels, WGS 84 degrees, errors."""

    px: tuple[float, float]
    lonlat: tuple[float, float]
    sigma_px: float
    sigma_m: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What the fit gave.

    Args:
        lines: To be shown to a person.
        block: The calibration as it stands in a site document.
        points: Each point with how far the fit misses it.
    """

    lines: list[str]
    block: Mapping[str, Any]
    points: list[dict[str, Any]]


def run_calibration(
    points_file: Path, picture_wh: tuple[int, int], crs: Crs, out: Path, picture: Path | None = None
) -> CalibrationReport:
    """Fit a view's plane to control points and write the calibration block.

    Args:
        points_file: CSV (x_px, y_px, lon, lat, and if known sigma_px, sigma_m) or GeoJSON (points with
            the properties x_px, y_px).
        picture_wh: Size of the picture that the points were read on.
        crs: What the coordinates are in; GCJ-02 and BD-09 are turned into WGS 84.
        out: YAML file of the block; a picture of the fit goes beside it.
        picture: A look of the view, to draw the fit on.

    Raises:
        CalibrationRejected: The points cannot give a plane, or a row cannot be read; the message says which.
            Nothing is written then.
    """
    report, drawing = preview(_read(points_file), picture_wh, crs, _canvas(picture_wh, picture))
    text = yaml.safe_dump({"calibration": report.block}, sort_keys=False)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(f"# {line}\n" for line in report.lines) + text, encoding="utf-8")
    beside = out.with_suffix(".png")
    beside.write_bytes(cv2.imencode(".png", drawing)[1].tobytes())
    return replace(report, lines=[*report.lines, f"written: {out}, {beside}"])


def preview(
    points: Sequence[Point], picture_wh: tuple[int, int], crs: Crs, canvas: NDArray[np.uint8]
) -> tuple[CalibrationReport, NDArray[np.uint8]]:
    """Fit a view's plane to control points and draw the fit; nothing is written.

    Args:
        points: The control points.
        picture_wh: Size of the picture that they were read on.
        crs: What their coordinates are in.
        canvas: (H, W, 3) of that size, to draw on.

    Raises:
        CalibrationRejected: The points cannot give a plane.
    """
    points = [_to_wgs84(point, crs) for point in points]
    pixels = np.array([point.px for point in points], np.float64).reshape(-1, 2)
    lonlat = np.array([point.lonlat for point in points], np.float64).reshape(-1, 2)
    sigmas = np.array([(point.sigma_px, point.sigma_m) for point in points], np.float64).reshape(-1, 2)
    view = fit(pixels, lonlat, sigmas, picture_wh)
    block = {
        "picture_wh": list(picture_wh),
        "max_range_m": round(view.max_range_m, 1),
        "control_points": [
            {
                "px": [round(value, 2) for value in point.px],
                "lonlat": [round(value, 8) for value in point.lonlat],
                "sigma_px": point.sigma_px,
                "sigma_m": point.sigma_m,
            }
            for point in points
        ],
    }
    report = CalibrationReport(_judgement(view, pixels), block, _misses(view, pixels))
    return report, _draw(view, pixels, canvas)


def _misses(view: PlaneGeoreferencer, given_px: F64) -> list[dict[str, Any]]:
    """Each point with how far the fit misses it, in the order given; null where it was not used."""
    residuals = iter(np.linalg.norm(view.residuals_px(), axis=1))
    left_out = iter(view.leave_one_out_m())
    found = []
    for (x, y), is_used in zip(given_px, view.is_used, strict=True):
        residual, miss = (next(residuals), next(left_out)) if is_used else (np.nan, np.nan)
        found.append(
            {
                "px": [float(x), float(y)],
                "is_used": bool(is_used),
                "residual_px": round(float(residual), 3) if is_used else None,
                "left_out_m": round(float(miss), 3) if np.isfinite(miss) else None,
            }
        )
    return found


def _read(path: Path) -> list[Point]:
    try:
        return _read_rows(path)
    except UnicodeDecodeError as error:
        raise CalibrationRejected(f"{path.name}: no UTF-8 text; save it as CSV in UTF-8") from error


def _read_rows(path: Path) -> list[Point]:
    if path.suffix.lower() in (".json", ".geojson"):
        return _read_geojson(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        missing = {"x_px", "y_px", "lon", "lat"} - set(rows.fieldnames or ())
        if missing:
            raise CalibrationRejected(
                f"{path.name}: the columns {', '.join(sorted(missing))} are missing; "
                "the first line must name x_px, y_px, lon, lat (and if known sigma_px, sigma_m)"
            )
        return [_point(row, f"{path.name}, line {number}") for number, row in enumerate(rows, 2)]


def _read_geojson(path: Path) -> list[Point]:
    try:
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        rows = [
            {
                **feature["properties"],
                "lon": feature["geometry"]["coordinates"][0],
                "lat": feature["geometry"]["coordinates"][1],
            }
            for feature in features
        ]
    except (json.JSONDecodeError, KeyError, TypeError, IndexError) as error:
        raise CalibrationRejected(
            f"{path.name}: no GeoJSON of points ({error}); each needs x_px and y_px"
        ) from error
    return [_point(row, f"{path.name}, feature {number}") for number, row in enumerate(rows, 1)]


def _point(row: Mapping[str, Any], where: str) -> Point:
    try:
        numbers = {name: float(row[name]) for name in ("x_px", "y_px", "lon", "lat")}
        sigma_px, sigma_m = (
            default if row.get(name) in (None, "") else float(row[name])
            for name, default in (("sigma_px", SIGMA_PX), ("sigma_m", SIGMA_M))
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CalibrationRejected(f"{where}: {error}; write plain numbers with a point") from error
    if not (abs(numbers["lon"]) <= 180 and abs(numbers["lat"]) <= 90):
        raise CalibrationRejected(f"{where}: longitude and latitude seem to be exchanged, or are metres")
    if sigma_px <= 0 or sigma_m <= 0:
        raise CalibrationRejected(f"{where}: an error must be greater than 0")
    return Point((numbers["x_px"], numbers["y_px"]), (numbers["lon"], numbers["lat"]), sigma_px, sigma_m)


def _to_wgs84(point: Point, crs: Crs) -> Point:
    lon, lat = point.lonlat
    if crs == "bd09":
        lon, lat = bd09_to_gcj02(lon, lat)
    if crs in ("gcj02", "bd09"):
        lon, lat = gcj02_to_wgs84(lon, lat)
    return Point(point.px, (lon, lat), point.sigma_px, point.sigma_m)


def _judgement(view: PlaneGeoreferencer, given_px: F64) -> list[str]:
    """The fit in words: each point, the whole, and how far places may be trusted."""
    residuals = np.linalg.norm(view.residuals_px(), axis=1)
    missed = view.leave_one_out_m()
    lines = ["  x_px    y_px   residual px   left out m"]
    for (x, y), residual, miss in zip(view.points_px, residuals, missed, strict=True):
        lines.append(f"{x:6.0f}  {y:6.0f}   {residual:11.2f}   {_metres(miss):>10}")
    for x, y in given_px[~view.is_used]:
        lines.append(f"{x:6.0f}  {y:6.0f}   not used: it contradicts the others; check it")
    known = missed[np.isfinite(missed)]
    left_out = (
        f"{np.median(known):.2f} m median, {known.max():.2f} m at most" if len(known) else "unknown: 4 points"
    )
    lines.append(
        f"{len(residuals)} of {len(given_px)} points used; "
        f"residual {np.sqrt((residuals**2).mean()):.2f} px rms; left-out error {left_out}"
    )
    if view.plane.k1:
        lines.append(f"the lens is bent: k1 = {view.plane.k1:.3f}, corrected")
    lines.append(
        f"places are good to +-{SURE_M:g} m (95 %) up to {_sure_range(view):.0f} m from the middle of the "
        f"points; none is given beyond {view.max_range_m:.0f} m"
    )
    return lines


def _metres(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "-"


def _sure_range(view: PlaneGeoreferencer) -> float:
    """Distance from the points' middle within which every place in the picture is sure, metres."""
    width, height = view.plane.picture_wh
    x, y = np.meshgrid(np.linspace(0, width, GRID_WH[0]), np.linspace(0, height, GRID_WH[1]))
    places = view.locate(np.stack([x.ravel(), y.ravel()], axis=1))
    seen = np.isfinite(places.east_north_m).all(axis=1)
    distances = np.linalg.norm(places.east_north_m[seen] - view.points_m.mean(axis=0), axis=1)
    vague = np.array([ellipse_of(each).semi_major_m > SURE_M for each in places.covariance_m2[seen]], bool)
    return float(distances[vague].min() if vague.any() else distances.max(initial=0.0))


def _draw(view: PlaneGeoreferencer, given_px: F64, canvas: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The look with a grid of ten metres and the points: read (green), ten times their miss, unused (red)."""
    drawing = canvas.copy()
    steps = np.arange(-GRID_REACH_M, GRID_REACH_M + 1.0)
    middle = np.round(view.points_m.mean(axis=0) / GRID_M) * GRID_M
    for offset in np.arange(-GRID_REACH_M, GRID_REACH_M + 1.0, GRID_M):
        across = np.stack([steps, np.full(len(steps), offset)], axis=1)
        for line in (across, across[:, ::-1]):
            _draw_line(drawing, view.project(view.frame.to_lonlat(middle + line)))
    for read, missed in zip(view.points_px, view.residuals_px(), strict=True):
        cv2.circle(drawing, _px(read), 6, (80, 220, 80), 2, cv2.LINE_AA)
        cv2.line(drawing, _px(read), _px(read + missed * 10), (60, 60, 230), 2, cv2.LINE_AA)
    for wrong in given_px[~view.is_used]:
        cv2.drawMarker(drawing, _px(wrong), (60, 60, 230), cv2.MARKER_TILTED_CROSS, 18, 3, cv2.LINE_AA)
    return drawing


def _canvas(picture_wh: tuple[int, int], picture: Path | None) -> NDArray[np.uint8]:
    width, height = picture_wh
    if picture is None:
        return np.full((height, width, 3), 60, np.uint8)
    canvas = cv2.imread(str(picture))
    if canvas is None:
        raise CalibrationRejected(f"{picture} is no picture that can be read")
    if abs(canvas.shape[1] * height - canvas.shape[0] * width) > SHAPE_SLACK * width * canvas.shape[0]:
        raise CalibrationRejected(
            f"{picture.name} is {canvas.shape[1]}x{canvas.shape[0]}, of another shape than {width}x{height}; "
            "give the look on which the points were read, and its size"
        )
    return np.asarray(cv2.resize(canvas, picture_wh), np.uint8)


def _draw_line(drawing: NDArray[np.uint8], pixels: F64) -> None:
    near = np.abs(np.nan_to_num(pixels, nan=2 * FAR_OUTSIDE_PX)) < FAR_OUTSIDE_PX
    usable: NDArray[np.bool_] = np.asarray(near.all(axis=1), bool)
    for start, end, both in zip(pixels, pixels[1:], usable[:-1] & usable[1:], strict=False):
        if both:
            cv2.line(drawing, _px(start), _px(end), (200, 180, 60), 1, cv2.LINE_AA)


def _px(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
