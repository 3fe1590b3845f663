"""Faults of cameras in a site document: streams that may not start, points that cannot give a plane."""

from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np

from contracts.fault import Fault
from contracts.site import Calibration, Camera, Stream
from contracts.stream_address import stream_kind

__all__ = ["camera_faults"]

FEWEST_POINTS = 4
COLLINEAR = 0.02
"""Least spread of control points across their main direction, share of the spread along it."""


def camera_faults(camera: Camera, path: str) -> Iterator[Fault]:
    """The faults of a camera's stream and of its views' calibrations."""
    if camera.stream is not None:
        yield from _stream(camera.stream, f"{path}.stream")
    for index, view in enumerate(camera.views):
        if view.calibration is not None and view.picture_wh not in (None, view.calibration.picture_wh):
            yield Fault(
                f"{path}.views[{index}].picture_wh",
                f"{list(view.picture_wh or ())} is another size than that of the calibration's picture",
                "Leave it out, and draw zones on the picture of the calibration",
            )
        if view.calibration is not None:
            yield from _calibration(view.calibration, f"{path}.views[{index}].calibration")


def _stream(stream: Stream, path: str) -> Iterator[Fault]:
    if (stream.url is None) == (stream.file is None):
        yield Fault(path, "needs either url or file, and not both", "Keep one of them")
    if stream.url is not None:
        yield from _url(stream.url, f"{path}.url")
    live = stream.url is not None
    severity: Literal["error", "warning"] = "error" if live else "warning"
    for name in ("purpose", "authority", "legal_basis"):
        if not getattr(stream, name).strip():
            yield Fault(
                f"{path}.{name}",
                "is missing: a live stream without it does not start" if live else "is missing",
                "Write why this place is watched, who may order it, and by which law",
                severity=severity,
            )
    if not stream.sign_confirmed:
        yield Fault(
            f"{path}.sign_confirmed",
            "no sign at the place is confirmed: a live stream without it does not start"
            if live
            else "no sign at the place is confirmed",
            "Put up the sign, then write true",
            severity=severity,
        )


def _url(url: str, path: str) -> Iterator[Fault]:
    try:
        parts = urlsplit(url)
        password = parts.password or parts.username
        _ = parts.port  # raises where it is no number of a port
    except ValueError:
        yield Fault(path, "is no address", "Write rtsp://host:port/path")
        return
    if password:
        yield Fault(
            path,
            "holds a user or password",
            "Take them out and name them by credentials: env:NAME or file:PATH",
        )
    if parts.scheme not in ("rtsp", "rtsps", "http", "https") or not parts.hostname:
        yield Fault(path, f"'{parts.scheme}' is no stream address", "Write rtsp://host:port/path")
    elif stream_kind(url) is None:
        yield Fault(
            path,
            "is neither an HLS playlist nor an FLV stream: its path ends neither in .m3u8 nor in .flv",
            "Write the playlist's or stream's own address, or rtsp://host:port/path",
        )


def _calibration(calibration: Calibration, path: str) -> Iterator[Fault]:
    points = calibration.control_points
    width, height = calibration.picture_wh
    for index, point in enumerate(points):
        if not (0 <= point.px[0] <= width and 0 <= point.px[1] <= height):
            yield Fault(
                f"{path}.control_points[{index}].px",
                f"{list(point.px)} lies outside the picture of {width}x{height}",
                "Read the point on a look of this size, or correct picture_wh",
            )
    if len(points) < FEWEST_POINTS:
        yield Fault(
            f"{path}.control_points",
            f"{len(points)} control points cannot give a plane",
            f"Measure at least {FEWEST_POINTS}, better 8, spread over near, far and both sides",
        )
        return
    for name, values in (
        ("px", [point.px for point in points]),
        ("lonlat", [point.lonlat for point in points]),
    ):
        if _is_line(np.array(values, dtype=float)):
            yield Fault(
                f"{path}.control_points",
                f"the control points lie on a line ({name})",
                "Add points beside that line, near and far",
            )
            return


def _is_line(points: "np.ndarray[Any, np.dtype[np.float64]]") -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[1] < COLLINEAR * max(float(spread[0]), 1e-12))
