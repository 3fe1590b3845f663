"""Calibrate-preview: how good a fit would be, drawn on the view as it is now."""

from typing import get_args

import cv2
import numpy as np

from contracts.command import CalibratePreview
from stream_workers.calibrate import Crs, Point, preview
from stream_workers.command_kinds.workbench import CommandFailed, Done, Errand, Workbench
from stream_workers.sight import keep_picture
from vision.errors import CalibrationRejected

__all__ = ["calibrate_preview"]

SHAPE_SLACK = 0.02


def calibrate_preview(errand: Errand, bench: Workbench) -> Done:
    """Residuals, left-out errors and the fit drawn on a masked still of now; nothing is changed.

    Raises:
        CommandFailed: The points cannot give a plane, or the picture is of another shape.
        NothingToShow: There is no look of now to draw on.
    """
    wanted = errand.command.parsed()
    if not isinstance(wanted, CalibratePreview):
        raise TypeError("not a calibrate-preview")
    sight = bench.sights.of(errand.command.camera_id, wanted.view_id)
    still = sight.still_of_now()
    height, width = still.image.shape[:2]
    across, down = wanted.picture_wh
    if abs(width * down - across * height) > SHAPE_SLACK * across * height:
        raise CommandFailed(
            f"the camera's picture is {width}x{height}, of another shape than {across}x{down}: read the "
            "points on a snapshot of this view"
        )
    canvas = np.asarray(cv2.resize(still.image, (across, down)), np.uint8)
    points = [Point(point.px, point.lonlat, point.sigma_px, point.sigma_m) for point in wanted.control_points]
    crs: Crs = next(known for known in get_args(Crs) if known == wanted.crs)
    try:
        report, drawing = preview(points, wanted.picture_wh, crs, canvas)
    except CalibrationRejected as error:
        raise CommandFailed(str(error)) from error
    file = keep_picture(sight.evidence, "still", drawing)
    answer = {
        "view_id": sight.view.id,
        "points": report.points,
        "lines": report.lines,
        "calibration": dict(report.block),
    }
    return Done(answer, [file])
