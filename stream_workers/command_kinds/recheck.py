"""Recheck: a camera looks again at a place, and says gone, still there, or that it cannot tell."""

import numpy as np
from numpy.typing import NDArray

from contracts.command import Recheck, RecheckAnswer
from contracts.incident import Category, rfc3339
from stream_workers.build import placer_of
from stream_workers.command_kinds.workbench import Done, Errand, Workbench
from stream_workers.errors import DecodeFailed
from stream_workers.evidence import EvidenceFile, Kind
from stream_workers.sight import NothingToShow, Sight, keep_picture, read_still
from stream_workers.stills import STILL_EVERY, StillFile
from vision.boxes import union_iou
from vision.errors import BadInput
from vision.scene.place_again import PlaceAgain, compare_place
from vision.scene.stills import evidence_picture
from vision.types import Box, Planes

__all__ = ["answer_of", "recheck"]

U8 = NDArray[np.uint8]
FOUND_IOU = 0.2
MARGIN = 1.0
"""How far around the place the detector looks, share of its longer side."""
LEAST_PX = 160.0
METRES_PER_DEGREE = 111_320.0


def recheck(errand: Errand, bench: Workbench) -> Done:
    """Look again at a place, with a masked pair: how it was while the thing stood there, and now.

    What the camera cannot show is no failure: the answer is then `cannot_tell`, and why.
    """
    wanted = errand.command.parsed()
    if not isinstance(wanted, Recheck):
        raise TypeError("not a recheck")
    try:
        sight = _steady(bench.sights.of(errand.command.camera_id, wanted.view_id))
        planes, at, count = sight.now()
        box = _box(wanted, sight, planes.size_wh)
    except (NothingToShow, DecodeFailed) as error:
        return Done({"answer": RecheckAnswer.CANNOT_TELL.value, "why": str(error)})
    before, then = sight.stills.nearest(wanted.first_seen), _still_then(sight, wanted)
    found = _found(bench, planes, box, wanted.category)
    # The stills are masked already, what is compared with them must be too; the detector sees it unmasked.
    now = sight.maker.masked(planes, at, count)
    shown_before, shown_then = (None if still is None else read_still(still) for still in (before, then))
    again = compare_place(now.image, shown_before, shown_then, box)
    answer, why = answer_of(found, again)
    files = _pair(sight, [shown_before, shown_then, now.image], box)
    told = {
        "answer": answer.value,
        "why": why,
        "captured_at": rfc3339(at),
        "before_at": None if then is None else rfc3339(then.captured_at),
        "view_id": sight.view.id,
        "box_xyxy_px": [round(value, 1) for value in box],
    }
    return Done(told, files)


def _steady(sight: Sight) -> Sight:
    if sight.is_suspended():
        raise NothingToShow("the view has moved away from its calibration")
    return sight


def answer_of(found: str | None, again: PlaceAgain) -> tuple[RecheckAnswer, str]:
    """What may be said, by what the detector finds there and by how the place looks.

    Args:
        found: What the detector finds at the place; empty: nothing; None: it was not asked.
        again: How the place looks.
    """
    looks_gone = again.looks_gone
    if found and looks_gone:
        return (
            RecheckAnswer.CANNOT_TELL,
            f"the place looks as before, and the detector finds a {found} there all the same",
        )
    if found:
        return RecheckAnswer.STILL_THERE, f"the detector finds a {found} there"
    if looks_gone is False:
        return RecheckAnswer.STILL_THERE, "the place looks as it did while it stood there"
    if looks_gone:
        nothing = "" if found is None else ", and the detector finds nothing there"
        return RecheckAnswer.GONE, f"the place looks as it did before{nothing}"
    if again.to_before is None or again.thing is None:
        return (
            RecheckAnswer.CANNOT_TELL,
            "there is no still of before and of then to compare with, or light and surroundings have changed",
        )
    return RecheckAnswer.CANNOT_TELL, "the place looks neither as before nor as then; something may hide it"


def _box(wanted: Recheck, sight: Sight, size_wh: tuple[int, int]) -> Box:
    """The place in pixels of the looks.

    Raises:
        NothingToShow: It lies outside the picture, or the view has no calibration to find it by.
    """
    width, height = size_wh
    if wanted.box_xyxy_px is not None and wanted.picture_wh is not None:
        across, down = width / wanted.picture_wh[0], height / wanted.picture_wh[1]
        x1, y1, x2, y2 = wanted.box_xyxy_px
        box = (x1 * across, y1 * down, x2 * across, y2 * down)
    else:
        box = _projected(wanted, sight, size_wh)
    shown = (max(0.0, box[0]), max(0.0, box[1]), min(width, box[2]), min(height, box[3]))
    if shown[2] - shown[0] < 4 or shown[3] - shown[1] < 4:
        raise NothingToShow("the place lies outside what the camera sees")
    return shown


def _projected(wanted: Recheck, sight: Sight, size_wh: tuple[int, int]) -> Box:
    placer = placer_of(sight.view)
    if placer is None or wanted.lonlat is None:
        raise NothingToShow("the view is not calibrated, so the place cannot be found in it")
    lon, lat = wanted.lonlat
    up = wanted.radius_m / METRES_PER_DEGREE
    east = up / np.cos(np.radians(lat))
    corners = np.array([[lon + dx * east, lat + dy * up] for dx in (-1, 1) for dy in (-1, 1)], np.float64)
    points = placer.georeferencer.project(corners)
    if not np.isfinite(points).all():
        raise NothingToShow("the place lies outside what the camera sees")
    across, down = size_wh[0] / placer.picture_wh[0], size_wh[1] / placer.picture_wh[1]
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    # A thing stands up from its footprint: as high as it is wide.
    return float(x1 * across), float((y1 - (x2 - x1) / 2) * down), float(x2 * across), float(y2 * down)


def _still_then(sight: Sight, wanted: Recheck) -> StillFile | None:
    """The newest still that was composed of looks at which it stood there."""
    still = sight.stills.nearest(wanted.last_seen)
    return still if still is not None and still.captured_at - STILL_EVERY / 2 >= wanted.first_seen else None


def _found(bench: Workbench, planes: Planes, box: Box, category: Category) -> str | None:
    """The category where the detector finds it at the place; empty where not, None without a detector."""
    detector = bench.models.detector
    if detector is None or category.value not in detector.names:
        return None
    around = MARGIN * max(box[2] - box[0], box[3] - box[1], LEAST_PX)
    width, height = planes.size_wh
    crop = (
        max(0.0, box[0] - around),
        max(0.0, box[1] - around),
        min(float(width), box[2] + around),
        min(float(height), box[3] + around),
    )
    (detections,) = detector.detect([planes.bgr(crop)])
    left, top = int(crop[0]) // 2 * 2, int(crop[1]) // 2 * 2  # as `bgr` widens it
    here = (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    for row in range(len(detections)):
        x1, y1, x2, y2 = (float(value) for value in detections.xyxy[row])
        if detections.name(row) == category.value and union_iou((x1, y1, x2, y2), here) >= FOUND_IOU:
            return category.value
    return ""


def _pair(sight: Sight, pictures: list[U8 | None], box: Box) -> list[EvidenceFile]:
    """Before and now, sharp only at the place: while the thing stood there, or else before it came."""
    before, then, now = pictures
    shown: list[tuple[Kind, U8 | None]] = [("before", then if then is not None else before), ("now", now)]
    files = []
    for kind, picture in shown:
        if picture is None:
            continue
        try:
            files.append(keep_picture(sight.evidence, kind, evidence_picture(picture, box)))
        except BadInput:
            continue  # a still of another size, in which the box lies outside
    return files
