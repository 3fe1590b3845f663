"""The oracle: stands where the detector stands, knows the truth, and errs as a good detector does.

It answers only for what lies inside the crops and heartbeats that it is asked for, and only for what is
large enough in them. Its errors are drawn from (seed, camera, look, thing), so that one look gives one
answer however often, and in however many crops, it is asked. How it errs, and how its scores are made:
docs/methods/bench-truth.md.
"""

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.boxes import area, share_inside
from vision.types import Box, Detections, FramePacket

__all__ = ["Oracle", "OracleTally", "Visible", "jittered"]

MISSED: Final = 0.10
MISSED_OCCLUDED: Final = 0.30
OCCLUDED_BELOW: Final = 0.5
LEAST_SHARE: Final = 0.1
"""What shows less than this of itself is not there for any detector."""
JITTER_PX: Final = 3.0
JITTER_SHARE: Final = 0.04
"""Standard deviation of each edge: pixels, or share of the box's size across that edge, the larger."""
WRONG_CLASS: Final = 0.02
PHANTOMS_PER_CROP: Final = 1 / 200
LEAST_PX: Final = 10.0
"""Root of the box's area, in pixels of the detector's input, from which a thing is seen."""
INSIDE: Final = 0.5
"""Share of a thing's box that a crop must show."""
BOXES_PER_CROP: Final = 1.5
"""True boxes in a crop or heartbeat tile on average, by which a box is a phantom rarely."""
RIGHT: Final = BOXES_PER_CROP * (1 - WRONG_CLASS) / (BOXES_PER_CROP + PHANTOMS_PER_CROP)
"""Share of the reported boxes whose class is right."""
SPREAD: Final = 2.0
"""a + b of the scores' beta distribution: the smaller, the more the scores tell right from wrong."""
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Visible:
    """Something of one of the detector's classes that is in the picture at a time.

    Args:
        key: Names the thing; the same in every look.
        name: Its class.
        box: Its box in the picture as it is at that time, pixels, clipped to the picture.
        share: Share of it that nothing hides, 0..1.
    """

    key: str
    name: str
    box: Box
    share: float


@dataclass(slots=True)
class OracleTally:
    """What the oracle was asked and what it said, to check it by counting.

    Args:
        crops: Boxes that it was asked for.
        boxes: Boxes that it reported.
        right: Those with the right class, per tenth of the score.
        told: All reported boxes, per tenth of the score.
    """

    crops: int = 0
    boxes: int = 0
    right: list[int] = field(default_factory=lambda: [0] * BINS)
    told: list[int] = field(default_factory=lambda: [0] * BINS)

    def count(self, score: float, *, is_right: bool) -> None:
        """Count one reported box."""
        place = min(BINS - 1, int(score * BINS))
        self.boxes += 1
        self.told[place] += 1
        self.right[place] += is_right


@dataclass(frozen=True, slots=True)
class _Report:
    """What the oracle makes of one thing in one look: box in picture pixels, class, score."""

    box: Box
    name: str
    score: float
    is_right: bool


class Oracle:
    """An examiner that knows the truth.

    Args:
        visible: All that is in the picture at a time (seconds of the simulated world).
        names: The detector's classes.
        input_px: Side of the detector's input.
        seed: Of the errors.
        starts_at: Time of the packets' media time 0.
    """

    def __init__(
        self,
        visible: Callable[[float], Sequence[Visible]],
        names: Sequence[str],
        input_px: int,
        seed: int,
        starts_at: float = 0.0,
    ) -> None:
        self._visible = visible
        self._names = tuple(names)
        self._input_px = input_px
        self._seed = seed
        self._starts_at = starts_at
        self._now: tuple[str, float] | None = None
        self._reports: list[_Report] = []
        self.tally = OracleTally()

    def examine(self, packet: FramePacket, boxes: Sequence[Box]) -> Sequence[Detections]:
        """What is inside each box, in that box's own pixels."""
        at = self._starts_at + packet.media_time_s
        if self._now != (packet.view_id, at):
            self._now = (packet.view_id, at)
            self._reports = self._look(packet.view_id, at, packet.size_wh)
        return [self._crop(packet.view_id, at, box) for box in boxes]

    def _look(self, view_id: str, at: float, size_wh: tuple[int, int]) -> list[_Report]:
        """What it would say of each thing in this look, were it asked."""
        reports = []
        for thing in self._visible(at):
            if thing.share < LEAST_SHARE or thing.name not in self._names:
                continue
            rng = self._rng(view_id, at, thing.key)
            missed = MISSED_OCCLUDED if thing.share < OCCLUDED_BELOW else MISSED
            if rng.random() < missed:
                continue
            is_right = bool(rng.random() >= WRONG_CLASS)
            name = thing.name if is_right else self._other(rng, thing.name)
            box = jittered(rng, thing.box, size_wh)
            if box is not None:
                reports.append(_Report(box, name, _score(rng, is_right=is_right), is_right))
        return reports

    def _crop(self, view_id: str, at: float, crop: Box) -> Detections:
        """What of the look's reports this crop shows, and now and then a phantom."""
        self.tally.crops += 1
        scale = min(1.0, self._input_px / max(crop[2] - crop[0], crop[3] - crop[1]))
        shown = [report for report in self._reports if _is_shown(report.box, crop, scale)]
        phantom = self._phantom(view_id, at, crop)
        if phantom is not None:
            shown.append(phantom)
        for report in shown:
            self.tally.count(report.score, is_right=report.is_right)
        corners = [_clipped(report.box, crop) for report in shown]
        xyxy = np.array(corners, np.float32).reshape(-1, 4) - np.array([crop[0], crop[1]] * 2, np.float32)
        scores = np.array([report.score for report in shown], np.float32)
        classes = np.array([self._names.index(report.name) for report in shown], np.int64)
        return Detections(xyxy.astype(np.float32), scores, classes, self._names)

    def _phantom(self, view_id: str, at: float, crop: Box) -> _Report | None:
        rng = self._rng(view_id, at, ",".join(f"{edge:.0f}" for edge in crop))
        if rng.random() >= PHANTOMS_PER_CROP:
            return None
        width, height = crop[2] - crop[0], crop[3] - crop[1]
        wide, high = rng.uniform(0.08, 0.4, 2) * (width, height)
        left, top = crop[0] + rng.uniform(0, width - wide), crop[1] + rng.uniform(0, height - high)
        name = self._names[int(rng.integers(len(self._names)))]
        box = (float(left), float(top), float(left + wide), float(top + high))
        return _Report(box, name, _score(rng, is_right=False), is_right=False)

    def _other(self, rng: np.random.Generator, name: str) -> str:
        others = [other for other in self._names if other != name]
        return others[int(rng.integers(len(others)))]

    def _rng(self, view_id: str, at: float, key: str) -> np.random.Generator:
        return np.random.default_rng(
            [self._seed, zlib.crc32(view_id.encode()), round(at * 100), zlib.crc32(key.encode())]
        )


def _score(rng: np.random.Generator, *, is_right: bool) -> float:
    """A score s that is right s of the time.

    Scores of all boxes follow Beta(a, b) with mean RIGHT. Those of right boxes must then follow its
    density times s, which is Beta(a + 1, b), and those of wrong ones its density times 1 - s, which is
    Beta(a, b + 1): by Bayes' rule the share of right ones at s is s.
    """
    a, b = SPREAD * RIGHT, SPREAD * (1 - RIGHT)
    return float(rng.beta(a + 1, b) if is_right else rng.beta(a, b + 1))


def jittered(rng: np.random.Generator, box: Box, size_wh: tuple[int, int]) -> Box | None:
    """The box with an error on each edge, inside the picture; None where nothing is left of it."""
    across = max(JITTER_PX, JITTER_SHARE * (box[2] - box[0]))
    down = max(JITTER_PX, JITTER_SHARE * (box[3] - box[1]))
    moved: NDArray[np.float64] = np.array(box) + rng.normal(0, 1, 4) * (across, down, across, down)
    x1, x2 = np.clip(moved[[0, 2]], 0, size_wh[0])
    y1, y2 = np.clip(moved[[1, 3]], 0, size_wh[1])
    return (float(x1), float(y1), float(x2), float(y2)) if x2 - x1 >= 1 and y2 - y1 >= 1 else None


def _is_shown(box: Box, crop: Box, scale: float) -> bool:
    """Whether a crop shows enough of a box, large enough on the detector's input."""
    return share_inside(box, crop) >= INSIDE and math.sqrt(area(_clipped(box, crop))) * scale >= LEAST_PX


def _clipped(box: Box, crop: Box) -> Box:
    return max(box[0], crop[0]), max(box[1], crop[1]), min(box[2], crop[2]), min(box[3], crop[3])
