"""How many people stay recognisable after the mask pass alone: `streetkeeper bench privacy`.

Whole single frames of real clips, no median and no reduction. A person is *missed* (recognisable)
when less than 95 % of the upper third of her box is covered.
"""

import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.clip_frames import find_clips, read_frames
from benchmarks.figures import line
from models.registry import OpenModel, open_detector
from vision.privacy.mask import PrivacyMask
from vision.types import Box

__all__ = [
    "ClipScore",
    "bench_privacy",
    "covered_share_of_head",
    "figures",
    "read_truth",
    "score_clips",
    "upper95",
]

BOXES = Path(__file__).with_name("privacy_boxes.json")
DATA = Path(__file__).parent.parent.parent / "shared" / "data"
COVERED_ENOUGH = 0.95
LEAST_HEIGHT_PX = 40


@dataclass(frozen=True, slots=True)
class TrueFrame:
    """Who and what is in one frame.

    Args:
        time_s: Seconds after the clip's first frame.
        persons: Boxes of persons of any height, pixels of the displayed frame.
        vehicles: Boxes of vehicles, likewise.
    """

    time_s: float
    persons: tuple[Box, ...]
    vehicles: tuple[Box, ...]


@dataclass
class ClipScore:
    """What the mask pass did to the frames of one clip.

    Args:
        clip: File name.
        frames: Frames looked at.
        persons: Persons at least 40 px tall.
        missed: Those whose upper third is covered by less than 95 %.
        free_px: Pixels in no true box of a person or vehicle.
        free_masked_px: Those of them that were masked all the same.
        personless_px: Pixels in no true box of a person, vehicles' pixels among them.
        personless_masked_px: Those of them that were masked.
        misses: Frame time and box of every missed person.
    """

    clip: str
    frames: int = 0
    persons: int = 0
    missed: int = 0
    free_px: int = 0
    free_masked_px: int = 0
    personless_px: int = 0
    personless_masked_px: int = 0
    misses: list[tuple[float, Box]] = field(default_factory=list)

    @property
    def overmasked(self) -> float:
        """Share of the free area that was masked, 0..1."""
        return self.free_masked_px / self.free_px if self.free_px else 0.0


def bench_privacy(footage: Path | None = None) -> str:
    """Figures of the shipped mask model and settings as one JSON line; a table on standard error.

    Args:
        footage: Folder of clips; by default that of STREETKEEPER_DATA or ../shared/data.

    Raises:
        FileNotFoundError: No clip of the committed boxes is there.
    """
    footage = footage or Path(os.environ.get("STREETKEEPER_DATA", DATA)) / "footage"
    if not find_clips(footage, set(read_truth())):
        raise FileNotFoundError(
            f"no clip of the committed boxes in {footage.name}/; set STREETKEEPER_DATA to the data's folder"
        )
    model = open_detector("mask")
    scores = score_clips(PrivacyMask(model), footage)
    typer.echo(table(scores), err=True)
    return line("privacy", figures(scores, _source(model)))


def score_clips(mask: PrivacyMask, footage: Path, boxes: Path = BOXES) -> list[ClipScore]:
    """Scores of every clip in `footage` that the committed boxes know by its SHA-256.

    Args:
        mask: The mask pass.
        footage: Folder of clips.
        boxes: True boxes: by file SHA-256, by frame time.
    """
    truth = read_truth(boxes)
    scores = []
    for sha256, path in find_clips(footage, set(truth)).items():
        score = ClipScore(path.name)
        frames = truth[sha256]
        for frame, image in zip(frames, read_frames(path, [one.time_s for one in frames]), strict=True):
            _, report = mask.mask(image)
            _score_frame(score, frame, _painted(image.shape[:2], report.boxes))
        scores.append(score)
    return sorted(scores, key=lambda score: score.clip)


def read_truth(boxes: Path = BOXES) -> dict[str, list[TrueFrame]]:
    """The true boxes: frames in order of time, by the SHA-256 of their file."""
    clips = json.loads(boxes.read_text(encoding="utf-8"))["clips"]
    return {
        sha256: [
            TrueFrame(frame["time_s"], _boxes(frame["persons"]), _boxes(frame["vehicles"]))
            for frame in clip["frames"]
        ]
        for sha256, clip in clips.items()
    }


def _boxes(rows: Sequence[Sequence[float]]) -> tuple[Box, ...]:
    return tuple((row[0], row[1], row[2], row[3]) for row in rows)


def covered_share_of_head(covered: NDArray[np.bool_], box: Sequence[float]) -> float:
    """Share of the upper third of a person's box that is covered, 0..1.

    Args:
        covered: (H, W) bool, true where the mask pass painted.
        box: The person, pixels.
    """
    x1, y1, x2, y2 = box
    upper = covered[
        max(0, round(y1)) : max(0, round(y1)) + max(1, round((y2 - y1) / 3)),
        max(0, round(x1)) : max(round(x2), round(x1) + 1),
    ]
    return float(upper.mean()) if upper.size else 1.0


def _score_frame(score: ClipScore, frame: TrueFrame, covered: NDArray[np.bool_]) -> None:
    score.frames += 1
    for box in frame.persons:
        if box[3] - box[1] < LEAST_HEIGHT_PX:
            continue
        score.persons += 1
        if covered_share_of_head(covered, box) < COVERED_ENOUGH:
            score.missed += 1
            score.misses.append((frame.time_s, box))
    personless = ~_painted(covered.shape, [_whole(box) for box in frame.persons])
    free = personless & ~_painted(covered.shape, [_whole(box) for box in frame.vehicles])
    score.personless_px += int(personless.sum())
    score.personless_masked_px += int((personless & covered).sum())
    score.free_px += int(free.sum())
    score.free_masked_px += int((free & covered).sum())


def _whole(box: Box) -> tuple[int, int, int, int]:
    return (max(0, math.floor(box[0])), max(0, math.floor(box[1])), math.ceil(box[2]), math.ceil(box[3]))


def _painted(shape: tuple[int, ...], boxes: Sequence[tuple[int, int, int, int]]) -> NDArray[np.bool_]:
    covered = np.zeros(shape, np.bool_)
    for x1, y1, x2, y2 in boxes:
        covered[y1:y2, x1:x2] = True
    return covered


def upper95(missed: int, total: int) -> float:
    """One-sided 95 % upper bound of a share, exact.

    Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934): the share at which `missed` or
    fewer of `total` have a probability of 5 %.
    """
    if missed >= total:
        return 1.0
    low, high = missed / total, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(missed, total, middle) > 0.05 else (low, middle)
    return high


def _at_most(successes: int, total: int, share: float) -> float:
    """Probability of at most `successes` of `total` at `share` each, 0 < share < 1."""
    logs = [
        math.lgamma(total + 1)
        - math.lgamma(count + 1)
        - math.lgamma(total - count + 1)
        + count * math.log(share)
        + (total - count) * math.log1p(-share)
        for count in range(successes + 1)
    ]
    return math.fsum(math.exp(value) for value in logs)


def figures(scores: Sequence[ClipScore], source: str) -> dict[str, object]:
    """The figures as one line of JSON gives them.

    Args:
        scores: One per clip.
        source: Which model and which boxes they come from.
    """
    persons, missed = sum(s.persons for s in scores), sum(s.missed for s in scores)
    return {
        "persons": persons,
        "missed": missed,
        "missed_upper95": round(upper95(missed, persons), 5),
        "overmasked": round(_share(scores, "free_masked_px", "free_px"), 4),
        "overmasked_counting_vehicles": round(_share(scores, "personless_masked_px", "personless_px"), 4),
        "clips": sum(1 for s in scores if s.persons),
        "frames": sum(s.frames for s in scores),
        "source": source,
    }


def _share(scores: Sequence[ClipScore], part: str, whole: str) -> float:
    total = sum(asdict(score)[whole] for score in scores)
    return sum(asdict(score)[part] for score in scores) / total if total else 0.0


def table(scores: Sequence[ClipScore]) -> str:
    """One line a clip: frames, persons, missed, overmasked."""
    lines = [f"{'clip':34} {'frames':>6} {'persons':>7} {'missed':>6} {'overmasked':>10}"]
    lines += [
        f"{s.clip[:34]:34} {s.frames:6d} {s.persons:7d} {s.missed:6d} {100 * s.overmasked:9.2f}%"
        for s in scores
    ]
    return "\n".join(lines)


def _source(model: OpenModel) -> str:
    boxes = hashlib.sha256(BOXES.read_bytes()).hexdigest()
    return (
        f"mask {model.info.version} {model.info.sha256[:12]}; single whole frames of footage/; "
        f"boxes by eye {boxes[:12]}"
    )
