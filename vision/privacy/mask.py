"""The mask pass: cover every person, and every vehicle that is not itself the incident."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.boxes import share_inside, union_iou
from vision.errors import MaskFailed
from vision.privacy.cover import cover, dilated
from vision.privacy.tiles import Tile, plan_tiles
from vision.protocols import Detector
from vision.types import Box, Detections

__all__ = ["VEHICLES", "MaskReport", "MaskSettings", "Masked", "PrivacyMask"]

U8 = NDArray[np.uint8]

PERSON = "person"
VEHICLES = ("bicycle", "motorcycle", "car", "bus", "truck")
KEEP_IOU = 0.5
KEEP_INSIDE = 0.9
SAME_IOU = 0.5
BATCH = 4


@dataclass(frozen=True, slots=True)
class MaskSettings:
    """How carefully the mask pass looks.

    The defaults are fitted to the persons of `benchmarks/privacy_boxes.json`; docs/privacy.md has the
    table of what was tried.

    Args:
        person_threshold: Least score of a person to be covered; low, since a false cover costs a
            patch of street and a missed one costs a person's privacy.
        cut_threshold: Least score of a person whom an inner edge of her tile cuts: whoever is cut in
            one tile is whole in its neighbour or in the shrunken picture, and corners of anything
            look like pieces of a person.
        largest: Longest side of a box that a tile is believed for, share of the tile's side: what is
            larger is seen better in the shrunken picture, and up close a heap of rubbish looks like
            a car.
        vehicle_threshold: Least score of a vehicle to be covered.
        tile_px: Side of the detector's input, pixels.
        overlap: Least share of a tile that its neighbour sees too.
        dilate: Growth of a person's box on every side, share of its width and height.
        dilate_vehicle: Likewise of a vehicle's.
        work_px: Pixels of the enlarged picture that is tiled: a smaller picture is enlarged up to
            this (at most `most_enlarged` times), a larger one is tiled as it is.
        most_enlarged: Largest enlargement.
    """

    person_threshold: float = 0.05
    cut_threshold: float = 0.25
    largest: float = 0.33
    vehicle_threshold: float = 0.15
    tile_px: int = 640
    overlap: float = 0.2
    dilate: float = 0.15
    dilate_vehicle: float = 0.075
    work_px: int = 1920 * 1080
    most_enlarged: float = 3.0

    def scales(self, size_wh: tuple[int, int]) -> tuple[float, ...]:
        """The enlargements at which a picture of `size_wh` is tiled."""
        enlarged = float(np.sqrt(self.work_px / (size_wh[0] * size_wh[1])))
        return (min(self.most_enlarged, max(1.0, enlarged)),)


@dataclass(frozen=True, slots=True)
class MaskReport:
    """What one mask pass covered.

    Args:
        persons: Persons, overlapping boxes counted once.
        vehicles: Vehicles, likewise; those kept are not counted.
        covered: Share of the picture that is covered, 0..1.
        boxes: Covered boxes as painted, whole pixels, dilated.
    """

    persons: int
    vehicles: int
    covered: float
    boxes: tuple[tuple[int, int, int, int], ...]


Masked = tuple[U8, MaskReport]
"""A covered (H, W, 3) picture and what was covered in it."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One box of one tile, in picture pixels; `cut` where an inner edge of its tile cuts it."""

    box: Box
    score: float
    name: str
    cut: bool


class PrivacyMask:
    """Covers people and vehicles in whole pictures.

    Args:
        detector: Knows at least the class `person`.
        settings: How carefully to look.

    Raises:
        MaskFailed: The detector does not know persons; use the mask model of the manifest.
    """

    def __init__(self, detector: Detector, settings: MaskSettings | None = None) -> None:
        if PERSON not in detector.names:
            raise MaskFailed("the mask model does not know persons; use the manifest's mask model")
        self._detector = detector
        self._settings = settings or MaskSettings()

    def mask(self, image_bgr: U8, keep: Box | None = None) -> Masked:
        """A copy of the picture with every person and vehicle covered, and a report.

        Args:
            image_bgr: (H, W, 3) uint8, full resolution.
            keep: Box of the incident, pixels: a vehicle that fills it is the incident and stays
                visible; persons in it are covered all the same.

        Raises:
            MaskFailed: The detector failed or gave nonsense. No picture may leave.
        """
        if image_bgr.ndim != 3 or image_bgr.shape[2] != 3 or 0 in image_bgr.shape:
            raise MaskFailed(f"not a BGR picture: shape {image_bgr.shape}")
        size_wh = (image_bgr.shape[1], image_bgr.shape[0])
        found = [one for one in self._find(image_bgr, size_wh) if not _is_kept(one, keep)]
        persons = [one for one in found if one.name == PERSON]
        vehicles = [one for one in found if one.name != PERSON]
        boxes = tuple(sorted({dilated(one.box, self._dilate(one), size_wh) for one in found}))
        touched = np.zeros(image_bgr.shape[:2], np.bool_)
        for x1, y1, x2, y2 in boxes:
            touched[y1:y2, x1:x2] = True
        report = MaskReport(_count(persons), _count(vehicles), float(touched.mean()), boxes)
        return cover(image_bgr, boxes), report

    def _find(self, image: U8, size_wh: tuple[int, int]) -> list[_Found]:
        settings = self._settings
        tiles = plan_tiles(size_wh, settings.tile_px, settings.overlap, settings.scales(size_wh))
        found: list[_Found] = []
        for first in range(0, len(tiles), BATCH):
            batch = tiles[first : first + BATCH]
            for tile, detections in zip(batch, self._detect(image, batch), strict=True):
                found += self._wanted(tile, detections, size_wh)
        return found

    def _detect(self, image: U8, tiles: Sequence[Tile]) -> Sequence[Detections]:
        try:
            answers = self._detector.detect([_cut(image, tile) for tile in tiles])
        except Exception as error:
            raise MaskFailed(f"the mask model failed: {error}") from error
        if len(answers) != len(tiles):
            raise MaskFailed(f"the mask model answered {len(answers)} of {len(tiles)} tiles")
        if not all(np.isfinite(one.xyxy).all() and np.isfinite(one.scores).all() for one in answers):
            raise MaskFailed("the mask model gave numbers that are not finite")
        return answers

    def _wanted(self, tile: Tile, detections: Detections, size_wh: tuple[int, int]) -> list[_Found]:
        found = []
        for row in range(len(detections)):
            x1, y1, x2, y2 = (float(value) for value in detections.xyxy[row])
            # No detector is exact to the pixel of its input, and in a shrunken picture that is several.
            box = (
                tile.left + (x1 - 1) / tile.scale,
                tile.top + (y1 - 1) / tile.scale,
                tile.left + (x2 + 1) / tile.scale,
                tile.top + (y2 + 1) / tile.scale,
            )
            one = _Found(
                box, float(detections.scores[row]), detections.name(row), _is_cut(box, tile, size_wh)
            )
            if one.score >= self._threshold(one) and self._is_believed(one, tile, size_wh):
                found.append(one)
        return found

    def _is_believed(self, found: _Found, tile: Tile, size_wh: tuple[int, int]) -> bool:
        if (tile.width, tile.height) == size_wh:
            return True
        long_side = max(found.box[2] - found.box[0], found.box[3] - found.box[1])
        return long_side <= self._settings.largest * self._settings.tile_px / tile.scale

    def _threshold(self, found: _Found) -> float:
        if found.name == PERSON:
            return self._settings.cut_threshold if found.cut else self._settings.person_threshold
        return self._settings.vehicle_threshold if found.name in VEHICLES else float("inf")

    def _dilate(self, found: _Found) -> float:
        return self._settings.dilate if found.name == PERSON else self._settings.dilate_vehicle


def _cut(image: U8, tile: Tile) -> U8:
    """The tile's part of the picture at the tile's scale."""
    part = image[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
    if tile.scale == 1.0:
        return part
    size_wh = (max(1, round(tile.width * tile.scale)), max(1, round(tile.height * tile.scale)))
    how = cv2.INTER_AREA if tile.scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, size_wh, interpolation=how), dtype=np.uint8)


def _is_cut(box: Box, tile: Tile, size_wh: tuple[int, int]) -> bool:
    """Whether the box ends at an edge of its tile that is no edge of the picture."""
    near = 3 / tile.scale
    right, bottom = tile.left + tile.width, tile.top + tile.height
    return (
        (tile.left > 0 and box[0] <= tile.left + near)
        or (tile.top > 0 and box[1] <= tile.top + near)
        or (right < size_wh[0] and box[2] >= right - near)
        or (bottom < size_wh[1] and box[3] >= bottom - near)
    )


def _is_kept(found: _Found, keep: Box | None) -> bool:
    """Whether this is the vehicle that the incident is about, or a piece of it that a tile edge cut."""
    if keep is None or found.name == PERSON:
        return False
    if union_iou(found.box, keep) >= KEEP_IOU:
        return True
    return found.cut and share_inside(found.box, _with_slack(keep)) >= KEEP_INSIDE


def _count(found: Sequence[_Found]) -> int:
    """How many things the boxes show: overlapping ones, and pieces inside a larger one, count once."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda item: (item.cut, -item.score, item.box)):
        if not any(
            union_iou(one.box, other.box) >= SAME_IOU
            or share_inside(one.box, _with_slack(other.box)) >= KEEP_INSIDE
            for other in kept
        ):
            kept.append(one)
    return len(kept)


def _with_slack(box: Box) -> Box:
    """The box with a tenth of itself around it: boxes of one thing at two scales never agree exactly."""
    slack_x, slack_y = (box[2] - box[0]) / 10, (box[3] - box[1]) / 10
    return (box[0] - slack_x, box[1] - slack_y, box[2] + slack_x, box[3] + slack_y)
