"""Which finds of the detector are of which thing, and which are of none that is known."""

from collections.abc import Sequence

import numpy as np

from vision.boxes import area, overlap_of_smaller, union_iou
from vision.tracks.belief import class_probability
from vision.tracks.identity import FINDABLE, SAME_IOU, is_part, is_same_thing
from vision.tracks.presence import VAGUE_TIMES, Track
from vision.types import Box, Detections

__all__ = ["NEW_SCORE", "Things", "Watched", "new_finds", "own_finds", "whole_finds"]

Watched = tuple[Track, Box]
"""A track with its box in picture pixels."""
Things = Sequence[Watched]

NEW_SCORE = 0.4
"""Least calibrated score for something to be taken up that no track covers."""
APART = 0.3
"""Overlap of the smaller up to which two boxes are two things whatever else is known of them."""
KNOWN_EMPTY = 3
"""Checks that found nothing on changed ground after which what is found there has come since."""
MAY_BE = 0.2
MISREAD_IOU = 0.5
"""A find that fills the box of a car or a bin is that car or bin, misread."""
EDGE_PX = 2.0


def own_finds(track: Track, box: Box, found: Detections, things: Things) -> Detections:
    """The finds without those that are another thing's: of two stalls side by side each keeps its own.

    Args:
        track: The track that is examined.
        box: Its box, picture pixels.
        found: Finds in picture pixels.
        things: All tracks; those that the detector has found keep what fits them better.
    """
    others = [
        (held, other) for held, other in things if held is not track and held.is_found and not held.settled
    ]
    keep = np.ones(len(found), bool)
    for row in range(len(found)):
        if found.name(row) not in FINDABLE:
            continue
        find = _box(found, row)
        own = union_iou(find, box), -track.track_id
        claims = [(union_iou(find, other), -held.track_id) for held, other in others]
        keep[row] = not any(claim[0] >= SAME_IOU and claim > own for claim in claims)
    return found.select(keep)


def new_finds(found: Detections, things: Things) -> list[Box]:
    """Boxes of findable things that no track covers yet, one per thing, the surest first.

    Changed ground in which nothing was found yet covers a find, unless it is far larger or was found empty.

    Args:
        found: Finds in picture pixels.
        things: All tracks.
    """
    rows = found.of(*FINDABLE)
    finds = [_box(rows, row) for row in range(len(rows))]
    fresh: list[Box] = []
    for row in np.argsort(-rows.scores, kind="stable"):
        box = finds[row]
        if rows.scores[row] < NEW_SCORE or any(overlap_of_smaller(box, other) > APART for other in fresh):
            continue
        rest = finds[:row] + finds[row + 1 :]
        if not any(_covers(track, known, box, rest) for track, known in things if not track.settled):
            fresh.append(box)
    return fresh


def whole_finds(found: Detections, crop: Box, size_wh: tuple[int, int]) -> Detections:
    """The finds that no inner edge of a crop cuts off."""
    left, top, right, bottom = crop
    x1, y1, x2, y2 = found.xyxy.T
    is_cut = (left > 0) & (x1 <= left + EDGE_PX) | (top > 0) & (y1 <= top + EDGE_PX)
    is_cut |= (right < size_wh[0]) & (x2 >= right - EDGE_PX) | (bottom < size_wh[1]) & (
        y2 >= bottom - EDGE_PX
    )
    return found.select(~is_cut)


def _covers(track: Track, known: Box, box: Box, rest: Sequence[Box]) -> bool:
    """Whether a track accounts for a find, other finds of the same look being known."""
    if not track.is_found:
        if track.named:
            return union_iou(known, box) > MISREAD_IOU
        if track.open_checks >= KNOWN_EMPTY and not _may_be_findable(track):
            return False
        return area(known) <= VAGUE_TIMES * area(box) and overlap_of_smaller(known, box) > APART
    if not is_same_thing(known, box):
        return False
    own = union_iou(known, box)
    return is_part(known, box) or not any(union_iou(known, other) > max(SAME_IOU, own) for other in rest)


def _may_be_findable(track: Track) -> bool:
    return any(class_probability(track, name) >= MAY_BE for name in FINDABLE)


def _box(found: Detections, row: int) -> Box:
    x1, y1, x2, y2 = (float(value) for value in found.xyxy[row])
    return x1, y1, x2, y2
