"""What a track is: the evidence of the detector's checks, and the decision over them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from vision.boxes import intersection, share_inside
from vision.tracks.presence import Track
from vision.types import Box, Detections

__all__ = ["CONTEXT", "FINDABLE", "Identity", "Kind", "decide", "examine", "is_believed"]

FINDABLE = ("street_vendor", "garbage_pile", "overflowing_bin", "construction_debris")
"""Classes that are a category of incident."""
VEHICLES = ("bicycle", "motorcycle", "car", "bus", "truck")
CONTEXT = (*VEHICLES, "garbage_bin")
"""Classes that claim a region: it is explained and no incident."""

CLASS_SHARE = 0.2
"""Least mean score over the checks for a class to be believed."""
PERSON_SHARE = 0.5
PERSON_REACH = 0.35
"""A person reaches things within this share of her height."""


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
        confidence: 0..1.
        reason: In plain words.
    """

    kind: Kind
    name: str
    confidence: float
    reason: str


def examine(track: Track, box_px: Box, found: Detections, look: int, at: float) -> None:
    """Add one check: what the detector saw at the track's place in this look.

    Args:
        track: The track; its scores are updated.
        box_px: Its box in picture pixels.
        found: Detections in picture pixels, persons at a low threshold.
        look: Number of the look.
        at: Its POSIX time.
    """
    track.checks += 1
    track.last_check_look = look
    persons = found.of("person")
    if any(_reaches(box, box_px) for box in persons.xyxy):
        track.person_checks += 1
        track.last_person_at = at
    best = 0.0
    for name in (*FINDABLE, *CONTEXT):
        rows = found.of(name)
        scores = [
            (float(score), box)
            for score, box in zip(rows.scores, rows.xyxy, strict=True)
            if _explains(box, box_px)
        ]
        if not scores:
            continue
        score, box = max(scores, key=lambda pair: pair[0])
        track.scores[name] = track.scores.get(name, 0.0) + score
        if name in FINDABLE and score > best:
            best = score
            track.found_box_px = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
            track.found_as = name


def is_believed(track: Track, name: str) -> bool:
    """Whether a class was found often and surely enough over the checks."""
    return track.mean_score(name) >= CLASS_SHARE


def decide(track: Track) -> Identity:
    """What the track is, by all its checks.

    A stall is a stall whoever stands at it; everything else that a person touches in more than
    half of its checks is hers.
    """
    own = max(FINDABLE, key=track.mean_score)
    context = max(CONTEXT, key=track.mean_score)
    own_score, context_score = track.mean_score(own), track.mean_score(context)
    if is_believed(track, own) and own_score >= context_score:
        if own == "street_vendor" or track.person_share <= PERSON_SHARE:
            return Identity(
                Kind.CATEGORY,
                own,
                own_score,
                f"{own} in {track.checks} checks, mean score {own_score:.2f}",
            )
    elif is_believed(track, context):
        return Identity(
            Kind.CLAIMED, context, context_score, f"claimed by {context}, mean score {context_score:.2f}"
        )
    if track.person_share > PERSON_SHARE:
        return Identity(
            Kind.PERSON,
            "person",
            track.person_share,
            f"a person touches it in {track.person_checks} of {track.checks} checks",
        )
    other = max(own_score, context_score)
    return Identity(
        Kind.UNCLAIMED, "", track.probability * (1 - other), f"no class claims it in {track.checks} checks"
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
