"""`streetkeeper calibrate`: control points in, a view's calibration out."""

from pathlib import Path
from typing import Annotated, get_args

import typer

__all__ = ["calibrate"]


def calibrate(
    points: Annotated[Path, typer.Argument(help="CSV (x_px,y_px,lon,lat[,sigma_px,sigma_m]) or GeoJSON.")],
    size: Annotated[str, typer.Option(help="Size of the picture that they were read on: 1920x1080.")],
    out: Annotated[Path, typer.Option(help="YAML file for the calibration; a picture goes beside it.")],
    picture: Annotated[Path | None, typer.Option(help="A look of the view, to draw the fit on.")] = None,
    crs: Annotated[
        str,
        typer.Option(
            "--from", help="What the coordinates are in: wgs84, gcj02 (Amap, Tencent) or bd09 (Baidu)."
        ),
    ] = "wgs84",
) -> None:
    """Fit a view to the ground and say how good the fit is.

    Measure at least 4, better 8 to 12 points on flat ground, near and far and on both sides: kerb corners,
    manhole covers, ends of road markings. The residuals and the left-out errors show which point is wrong.
    The written block goes into the site file, under the view that it belongs to.

    **Exit codes:** 0 fitted and written; 2 the points cannot give a plane (the reason is said).

    **Example:** streetkeeper calibrate points.csv --size 1920x1080 --out view.yaml --picture look.png
    """
    from stream_workers.calibrate import Crs, run_calibration
    from streetkeeper.console import faults_told, say

    width, _, height = size.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise typer.BadParameter(f"{size!r} is no size; write it as 1920x1080", param_hint="--size")
    if crs not in get_args(Crs):
        raise typer.BadParameter(f"{crs!r} is not known; choose wgs84, gcj02 or bd09", param_hint="--from")
    with faults_told():
        report = run_calibration(points, (int(width), int(height)), crs, out, picture)  # type: ignore[arg-type]
    for line in report.lines:
        say(line)
