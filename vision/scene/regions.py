"""Persistent regions: the connected parts of what is new and stays, and what they look like."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["GridBox", "Region", "find_regions", "is_light_only", "outline_gain"]

GridBox = tuple[int, int, int, int]
"""x1, y1, x2, y2 on the gate's grid, right and lower edge exclusive."""

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MIN_AREA = 8
LIGHT_NCC = 0.65
LIGHT_TEXTURE = 4.0
REACH = 4
OUTLINE_FLOOR = 1.0
"""Grey levels per pixel; keeps the ratio calm where neither shows an edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """One persistent region.

    Args:
        box: Bounds on the grid.
        mask: (h, w) bool over the whole grid.
        area: Number of grid pixels.
    """

    box: GridBox
    mask: Mask
    area: int


def find_regions(staying: Mask, min_area: int = MIN_AREA) -> list[Region]:
    """The connected parts of `staying`, gaps of two pixels closed, from top left to bottom right."""
    if not staying.any():
        return []
    closed = cv2.morphologyEx(staying.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    regions = []
    for label in range(1, count):
        x, y, width, height, closed_area = (int(value) for value in stats[label])
        # Closing only adds: what is too small with its gaps is too small.
        if closed_area < min_area:
            continue
        window = (slice(y, y + height), slice(x, x + width))
        inside = (labels[window] == label) & staying[window]
        area = int(np.count_nonzero(inside))
        if area >= min_area:
            mask = np.zeros(staying.shape, bool)
            mask[window] = inside
            regions.append(Region((x, y, x + width, y + height), mask, area))
    return sorted(regions, key=lambda region: (region.box[1], region.box[0]))


def is_light_only(background: U8, picture: U8, region: Region) -> bool:
    """Whether the region shows the same texture in another light: a shadow, a lamp, wet ground.

    Correlates the gradients of the look (in the memory's light) and of the background inside the
    region. Ground without texture says nothing, and is not called light.
    """
    x1, y1, x2, y2 = region.box
    window = (slice(max(0, y1 - REACH), y2 + REACH), slice(max(0, x1 - REACH), x2 + REACH))
    body = region.mask[window]
    inner = cv2.erode(body.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    mask = inner if int(inner.sum()) >= 2 * MIN_AREA else body
    now = _gradients(picture[window])[:, mask].reshape(-1)
    past = _gradients(background[window])[:, mask].reshape(-1)
    now_energy, past_energy = float(np.sqrt((now**2).mean())), float(np.sqrt((past**2).mean()))
    if min(now_energy, past_energy) < LIGHT_TEXTURE:
        return False
    return float((now * past).mean()) / (now_energy * past_energy) > LIGHT_NCC


def outline_gain(background: U8, picture: U8, mask: Mask) -> float:
    """How much stronger the outline of a region is in the look than in the background.

    A thing that came brings its outline with it (well above 1); ground that something left shows
    the outline in the background only (well below 1); leaves, reflections and a slight turn of the
    camera give about as much as they take.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    window = (
        slice(max(0, int(rows[0]) - REACH), int(rows[-1]) + 1 + REACH),
        slice(max(0, int(columns[0]) - REACH), int(columns[-1]) + 1 + REACH),
    )
    body = mask[window].astype(np.uint8)
    # The memory's tolerance makes a region a pixel smaller than the thing, so the ring reaches out.
    outline = (cv2.dilate(body, np.ones((5, 5), np.uint8)) - cv2.erode(body, np.ones((3, 3), np.uint8))) > 0
    now = float(np.hypot(*_gradients(picture[window]))[outline].mean())
    past = float(np.hypot(*_gradients(background[window]))[outline].mean())
    return (now + OUTLINE_FLOOR) / (past + OUTLINE_FLOOR)


def _gradients(picture: U8) -> NDArray[np.float32]:
    """(2, h, w) float32 derivatives to x and y."""
    along_x = cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize=3) / 4
    along_y = cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize=3) / 4
    return np.stack([along_x, along_y]).astype(np.float32)
