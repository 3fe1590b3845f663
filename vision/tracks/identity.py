"""What a track is: the evidence of the detector's checks, and the decision over them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from vision.boxes import intersection, overlap_of_smaller, share_inside, union_iou
from vision.tracks.belief import Recall, class_probability, weigh, weigh_name
from vision.tracks.presence import Track
from vision.types import Box, Detections

__all__ = [
    "CONTEXT",
    "FINDABLE",
    "SAME_IOU",
    "Check",
    "Identity",
    "Kind",
    "decide",
    "examine",
    "is_part",
    "is_same_thing",
]

FINDABLE = ("street_vendor", "garbage_pile", "overflowing_bin", "construction_debris")
"""Classes that are a category of incident."""
VEHICLES = ("bicycle", "motorcycle", "car", "bus", "truck")
CONTEXT = (*VEHICLES, "garbage_bin")
"""Classes that claim a region: it is explained and no incident."""

PERSON_SHARE = 0.5
PERSON_REACH = 0.35
"""A person reaches things within this share of her height."""
HIDING_SHARE = 0.5
"""Share of a thing's box that a person or vehicle covers who hides it."""
FILLS_IOU = 0.5
SAME_IOU = 0.35
"""Least union of a thing and a find of it; two stalls, one half before the other, have less."""
PART = 0.75
"""Overlap of the smaller beyond which a box is a part of what the other is."""
MEAN_OF = 8
"""Finds of which a box is the mean: few enough to follow a heap that grows."""
NOTHING_KNOWN: Recall = MappingProxyType({})


class Kind(StrEnum):
    """What a track turned out to be."""

    CATEGORY = "category"
    CLAIMED = "claimed"
    PERSON = "person"
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, slots=True)
class Identity:
    """The decision over a track.

    Args:
        kind: What it turned out to be.
        name: The class that named or claimed it.
        confidence: Probability that it is there and is that.
        reason: In plain words.
    """

    kind: Kind
    name: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """What one check saw of the thing itself.

    Args:
        name: The class of incident that was found with the best score, or empty.
        score: Its calibrated score, or 0.
        is_hidden: Whether something stood in front of it, so that not finding it says nothing.
    """

    name: str
    score: float
    is_hidden: bool


def examine(
    track: Track, box_px: Box, found: Detections, look: int, at: float, recall: Recall = NOTHING_KNOWN
) -> Check:
    """Add one check: what the detector saw at the track's place in this look.

    Args:
        track: The track; its evidence and its name are updated.
        box_px: Its box in picture pixels.
        found: Detections in picture pixels, scores calibrated, persons at a low threshold.
        look: Number of the look.
        at: Its POSIX time.
        recall: The detector's, by class.
    """
    track.checks += 1
    track.last_check_look = look
    persons = found.of("person")
    if any(_reaches(box, box_px) for box in persons.xyxy):
        track.person_checks += 1
        track.last_person_at = at
    best = _best_explaining(found, box_px, is_found=track.is_found)
    own = max((name for name in best if name in FINDABLE), key=lambda name: best[name][0], default="")
    is_known = track.is_found or track.origin == "detection"
    is_hidden = not own and (track.is_hidden or (is_known and _is_covered(found, box_px)))
    if not is_hidden:
        weigh(track, {name: score for name, (score, _) in best.items()}, recall)
        weigh_name(track, CONTEXT)
    shown = track.named or own
    if shown in best:
        _settle_box(track, best[shown][1])
        track.missed = 0
    elif not is_hidden:
        track.missed += 1
    if not is_hidden:
        track.is_found = track.named in FINDABLE or (track.is_found and not track.named)
    return Check(own, best[own][0] if own else 0.0, is_hidden)


def is_same_thing(known: Box, find: Box) -> bool:
    """Whether a find can be the thing of a box: it fits it, or one is a part of the other."""
    return union_iou(known, find) >= SAME_IOU or is_part(known, find)


def is_part(one: Box, other: Box) -> bool:
    """Whether one of two boxes lies almost wholly in the other."""
    return overlap_of_smaller(one, other) > PART


def decide(track: Track) -> Identity:
    """What the track is, by all its checks.

    A stall is a stall whoever stands at it; everything else that a person touches in more than
    half of its checks is hers.
    """
    name = track.named
    is_hers = track.person_share > PERSON_SHARE
    belief = class_probability(track, name)
    if name in FINDABLE and (name == "street_vendor" or not is_hers):
        return Identity(
            Kind.CATEGORY,
            name,
            track.probability * belief,
            f"{name} with {belief:.2f} in {track.checks} checks",
        )
    if name in CONTEXT:
        return Identity(Kind.CLAIMED, name, belief, f"claimed by {name} with {belief:.2f}")
    if is_hers:
        return Identity(
            Kind.PERSON,
            "person",
            track.person_share,
            f"a person touches it in {track.person_checks} of {track.checks} checks",
        )
    other = max((class_probability(track, known) for known in track.evidence), default=0.0)
    return Identity(
        Kind.UNCLAIMED, "", track.probability * (1 - other), f"no class claims it in {track.checks} checks"
    )


def _settle_box(track: Track, box: Box) -> None:
    """The mean of the last finds at one place: a box's edges err by a few per cent, anew in each look."""
    old = track.found_box_px
    if old is None or union_iou(old, box) < FILLS_IOU:
        track.finds, track.found_box_px = 1, box
        return
    track.finds = min(MEAN_OF, track.finds + 1)
    x1, y1, x2, y2 = (was + (now - was) / track.finds for was, now in zip(old, box, strict=True))
    track.found_box_px = (round(x1, 2), round(y1, 2), round(x2, 2), round(y2, 2))


def _best_explaining(found: Detections, box: Box, *, is_found: bool) -> Mapping[str, tuple[float, Box]]:
    """Of each class that explains the box, the best score and where it was found.

    Of a thing that was found before it is the find that fits best: the surest may be its neighbour.
    """
    best: dict[str, tuple[float, Box]] = {}
    fits: dict[str, float] = {}
    for row in range(len(found)):
        name, score = found.name(row), float(found.scores[row])
        if name not in FINDABLE and name not in CONTEXT:
            continue
        x1, y1, x2, y2 = (float(value) for value in found.xyxy[row])
        find: Box = (x1, y1, x2, y2)
        is_thing = is_found and name in FINDABLE
        fit = union_iou(find, box) if is_thing else score
        explains = is_same_thing(box, find) if is_thing else _explains(found.xyxy[row], box)
        if explains and fit > fits.get(name, -1.0):
            best[name], fits[name] = (score, find), fit
    return best


def _is_covered(found: Detections, box: Box) -> bool:
    """Whether a person or a vehicle stands before most of the box.

    One that fills the same box does not hide the thing: it is the thing, seen as what it is.
    """
    others = [[float(value) for value in other] for other in found.of("person", *VEHICLES).xyxy]
    return any(
        share_inside(box, other) > HIDING_SHARE and union_iou(box, other) < FILLS_IOU for other in others
    )


def _explains(found: NDArray[np.float32], box: Box) -> bool:
    """Whether a detection covers the track's box, or is most of it."""
    detection = [float(value) for value in found]
    return share_inside(box, detection) >= 0.5 or (
        share_inside(detection, box) >= 0.6 and share_inside(box, detection) >= 0.15
    )


def _reaches(person: NDArray[np.float32], box: Box) -> bool:
    """Whether the person, with her reach, touches the box."""
    x1, y1, x2, y2 = (float(value) for value in person)
    reach = PERSON_REACH * (y2 - y1)
    return intersection((x1 - reach, y1, x2 + reach, y2 + reach / 2), box) > 0
