"""From a list of control points to a view's calibration, with everything that a person needs to judge it."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
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

__all__ = ["CalibrationReport", "Crs", "run_calibration"]

Crs = Literal["wgs84", "gcj02", "bd09"]
SIGMA_PX = 1.0
SIGMA_M = 0.1
SURE_M = 2.0
"""Half axis of the 95 % ellipse up to which a place is good enough to send someone to."""


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
    """

    lines: list[str]
    block: Mapping[str, Any]


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
    """
    points = [_to_wgs84(point, crs) for point in _read(points_file)]
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
    out.write_text(yaml.safe_dump({"calibration": block}, sort_keys=False), encoding="utf-8")
    drawing = out.with_suffix(".png")
    cv2.imwrite(str(drawing), _draw(view, picture_wh, picture))
    return CalibrationReport([*_judgement(view, len(points)), f"written: {out}, {drawing}"], block)


def _read(path: Path) -> list[Point]:
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
        sigma_px = float(row.get("sigma_px") or SIGMA_PX)
        sigma_m = float(row.get("sigma_m") or SIGMA_M)
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


def _judgement(view: PlaneGeoreferencer, given: int) -> list[str]:
    residuals = np.linalg.norm(view.residuals_px(), axis=1)
    left_out = view.leave_one_out_m()
    lines = ["  x_px    y_px   residual px   left out m"]
    for (x, y), residual, missed in zip(view.points_px, residuals, left_out, strict=True):
        lines.append(f"{x:6.0f}  {y:6.0f}   {residual:11.2f}   {missed:10.2f}")
    lines.append(
        f"{len(view.points_px)} of {given} points used; "
        f"residual {float(np.sqrt((residuals**2).mean())):.2f} px rms; left-out error "
        f"{float(np.nanmedian(left_out)):.2f} m median, {float(np.nanmax(left_out)):.2f} m at most"
    )
    sure = _sure_range(view)
    lines.append(
        f"places are good to +-{SURE_M:g} m (95 %) up to {sure:.0f} m from the middle of the points; "
        f"none is given beyond {view.max_range_m:.0f} m"
    )
    return lines


def _sure_range(view: PlaneGeoreferencer) -> float:
    """Distance north, east, south and west of the points' middle within which places are sure, metres."""
    best = 0.0
    for distance in np.arange(2.0, view.max_range_m, 2.0):
        ring = np.array([(0, distance), (distance, 0), (0, -distance), (-distance, 0)]) + view.points_m.mean(
            axis=0
        )
        places = view.locate(view.project(view.frame.to_lonlat(ring)))
        seen = np.isfinite(places.lonlat[:, 0])
        if not seen.any():
            break
        worst = max(ellipse_of(covariance).semi_major_m for covariance in places.covariance_m2[seen])
        if worst > SURE_M:
            break
        best = float(distance)
    return best


def _draw(view: PlaneGeoreferencer, picture_wh: tuple[int, int], picture: Path | None) -> NDArray[np.uint8]:
    """The look with a grid of ten metres, the points (green) and where the fit puts them (red)."""
    canvas = cv2.imread(str(picture)) if picture is not None else None
    if picture is not None and canvas is None:
        raise CalibrationRejected(f"{picture} is no picture that can be read")
    if canvas is None:
        canvas = np.full((picture_wh[1], picture_wh[0], 3), 60, np.uint8)
    drawing: NDArray[np.uint8] = np.asarray(cv2.resize(canvas, picture_wh), np.uint8)
    middle = np.round(view.points_m.mean(axis=0) / 10) * 10
    for offset in np.arange(-60.0, 61.0, 10.0):
        for line in (
            [(middle[0] + offset, middle[1] + step) for step in np.arange(-60.0, 61.0, 1.0)],
            [(middle[0] + step, middle[1] + offset) for step in np.arange(-60.0, 61.0, 1.0)],
        ):
            drawn = view.project(view.frame.to_lonlat(np.array(line)))
            usable = np.asarray(np.isfinite(drawn).all(axis=1) & (np.abs(drawn) < 1e5).all(axis=1), np.bool_)
            for start, end, good in zip(drawn, drawn[1:], usable[:-1] & usable[1:], strict=False):
                if good:
                    cv2.line(drawing, _px(start), _px(end), (200, 180, 60), 1, cv2.LINE_AA)
    for read, missed in zip(view.points_px, view.residuals_px(), strict=True):
        cv2.circle(drawing, _px(read), 6, (80, 220, 80), 2, cv2.LINE_AA)
        cv2.line(drawing, _px(read), _px(read + missed * 10), (60, 60, 230), 2, cv2.LINE_AA)
    return drawing


def _px(point: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
