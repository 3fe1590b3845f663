"""Score calibration: what a box's score is worth, measured on pictures that were not trained on.

Per class a monotone map of two numbers, drawn towards the map of all classes together where a class
has few boxes. What is reported is cross-fitted: each fifth of the pictures is judged by a map that was
fitted on the other four. A class whose map does not help there keeps its scores.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluate import match, read_labelled
from models.registry import ModelEntry, load_manifest, open_detector
from vision.detectors.calibration import AS_IT_IS, ScoreMap
from vision.detectors.crops import merge_tiles, tiles
from vision.errors import BadInput
from vision.odds import log_odds_of, probabilities
from vision.protocols import Detector
from vision.types import Detections

__all__ = [
    "FOLDS",
    "Rows",
    "Shown",
    "Truth",
    "calibrate",
    "calibration_error",
    "fit_all",
    "fit_map",
    "fold_of",
    "labelled_pictures",
]

LEAST_SCORE = 0.1
"""Boxes below it are never used; with them the fit would follow noise."""
PRIOR_SD = (0.2, 0.4)
"""How far a class's slope and shift may lie from those of all classes: 50 boxes outweigh it, 5 do not."""
POOL_SD = (1.0, 3.0)
SLOPES = (0.1, 10.0)
STEPS = 50
GROUP_WORTH = 30.0
"""Boxes that all those of one class in a clip count for at most: a street's cars are alike in every frame."""
BINS = 10
RESAMPLES = 200
FOLDS = 5
SEED = 17
F64 = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """All things of one kind in a picture.

    Args:
        names: Classes that are right for them; several where the labels do not tell them apart.
        boxes: (N, 4) float32 `xyxy`, pixels.
        least_height_px: Lower things, true or found, are not judged: they were not labelled.
    """

    names: tuple[str, ...]
    boxes: NDArray[np.float32]
    least_height_px: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One picture as the detector is shown it.

    Args:
        group: Pictures of one group are never on both sides of a fit: frames of a clip are alike.
        image: (h, w, 3) uint8 BGR.
        truths: What is in it.
        tile_px: Side of the tiles that it is shown in, or None for the whole picture.
    """

    group: str
    image: NDArray[np.uint8]
    truths: tuple[Truth, ...]
    tile_px: int | None = None


@dataclass(slots=True)
class Rows:
    """Found boxes of one class: scores, whether each is right, and which group it comes from."""

    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    truths: int = 0
    found: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """Found boxes with their score, their cross-fitted probability and the truth."""

    before: list[float]
    after: list[float]
    right: list[bool]
    groups: list[str]

    def extend(self, other: "Judged") -> None:
        """Add the boxes of another class."""
        self.before.extend(other.before)
        self.after.extend(other.after)
        self.right.extend(other.right)
        self.groups.extend(other.groups)


def calibrate(model_name: str, shown: Iterable[Shown], detector: Detector | None = None) -> dict[str, Any]:
    """Fit a model's maps and say how good they are, as `streetkeeper models calibrate` prints it.

    Args:
        model_name: Name in the manifest.
        shown: Pictures that the model was not trained on.
        detector: Gives the model's own scores; by default the model of the manifest.

    Raises:
        BadInput: No picture shows a thing of a class that the model knows.
    """
    entry = load_manifest().entry(model_name)
    model = detector or open_detector(model_name, least_score=LEAST_SCORE)
    rows, pictures = _collect(model, shown, _score_floors(entry))
    if not any(row.scores for row in rows.values()):
        raise BadInput("in none of these pictures the model finds a thing of a labelled class")
    report = _report(rows, entry.classes)
    maps = fit_all(rows, entry.classes)
    for name, figures in report.items():
        if name in maps and not figures["is_taken"]:
            maps[name] = AS_IT_IS
    return {
        "bench": "models-calibrate",
        "model": entry.name,
        "version": entry.version,
        "sha256": entry.sha256,
        "pictures": pictures,
        "calibration": {name: _line(maps[name], rows.get(name)) for name in entry.classes},
        "cross_fitted": report,
    }


def labelled_pictures(data: Path, split: str, names: Sequence[str]) -> Iterator[Shown]:
    """Pictures of a YOLO data set, with the classes of `names` that it labels in this split.

    Pictures that its manifest.csv marks as not licensed are left out.
    """
    pictures, _ = read_labelled(data, split, licensed_only=True)
    labelled = {name for picture in pictures for name in picture.boxes} & set(names)
    nothing = np.zeros((0, 4), np.float32)
    for picture in pictures:
        image = cv2.imread(str(picture.path))
        if image is None:
            raise BadInput(f"{picture.path} is no picture that can be read")
        truths = tuple(Truth((name,), picture.boxes.get(name, nothing)) for name in sorted(labelled))
        yield Shown(picture.path.stem, np.asarray(image, np.uint8), truths)


def fit_map(
    scores: F64,
    right: Flags,
    worth: F64 | None = None,
    around: ScoreMap = AS_IT_IS,
    sd: tuple[float, float] = POOL_SD,
) -> ScoreMap:
    """The map that makes `right` likeliest, drawn towards `around`.

    Args:
        scores: (N,) the model's own scores.
        right: (N,) whether each box was right.
        worth: (N,) how many unlike boxes each stands for; by default one.
        around: Centre of the normal prior over slope and shift.
        sd: Its standard deviations.

    Returns: Slope within 0.1..10, so that the map is monotone.
    Source: logistic regression by Newton's method; the prior is a ridge penalty around `around`.
    """
    each = np.ones(len(scores)) if worth is None else worth
    x = np.stack([log_odds_of(scores), np.ones(len(scores))], axis=1)
    centre = np.array([around.slope, around.shift])
    ridge = np.diag(1 / np.square(sd))
    value = centre.copy()
    for _ in range(STEPS):
        p = probabilities(x @ value)
        gradient = x.T @ (each * (right - p)) - ridge @ (value - centre)
        curve = (x * (each * p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(curve, gradient)
        value = value + np.clip(step, -1, 1)
        value[0] = np.clip(value[0], *SLOPES)
        if np.abs(step).max() < 1e-9:
            break
    return ScoreMap(round(float(value[0]), 4), round(float(value[1]), 4))


def calibration_error(given: F64, right: Flags) -> float:
    """Expected calibration error: the mean distance between what was given and what came true.

    Args:
        given: (N,) probabilities.
        right: (N,) whether each came true.

    Source: ten bins of equal width, weighted by their boxes; NaN without boxes.
    """
    if not len(given):
        return float("nan")
    apart = sum(abs(line["given"] - line["right"]) * line["boxes"] for line in _bins(given, right))
    return float(apart / len(given))


def _collect(
    model: Detector, shown: Iterable[Shown], floors: Mapping[str, float]
) -> tuple[dict[str, Rows], int]:
    rows: dict[str, Rows] = {}
    pictures = 0
    for picture in shown:
        pictures += 1
        found = _detect(model, picture)
        for truth in picture.truths:
            _judge(rows, picture.group, truth, found, floors)
    return rows, pictures


def _detect(model: Detector, picture: Shown) -> Detections:
    if picture.tile_px is None:
        return model.detect([picture.image])[0]
    height, width = picture.image.shape[:2]
    boxes = tiles((width, height), picture.tile_px, picture.tile_px // 4)
    cut = [
        np.ascontiguousarray(picture.image[int(y1) : int(y2), int(x1) : int(x2)]) for x1, y1, x2, y2 in boxes
    ]
    return merge_tiles(model.detect(cut), boxes, (width, height))


def _judge(
    rows: dict[str, Rows], group: str, truth: Truth, found: Detections, floors: Mapping[str, float]
) -> None:
    tall = truth.boxes[:, 3] - truth.boxes[:, 1] >= truth.least_height_px
    for name in truth.names:
        mine, into = found.of(name), rows.setdefault(name, Rows())
        matched = match(mine, truth.boxes)
        judged = matched.heights >= truth.least_height_px
        # A box that is right about a thing too small to be judged is neither right nor wrong.
        judged &= ~np.isin(matched.partners, np.flatnonzero(~tall))
        into.scores += [float(score) for score in matched.scores[judged]]
        into.right += [bool(right) for right in matched.right[judged]]
        into.groups += [group] * int(judged.sum())
        into.truths += int(tall.sum())
    # A car that is found as a truck is found.
    seen = np.zeros(len(truth.boxes), bool)
    for name in truth.names:
        mine = found.of(name)
        partners = match(mine.select(mine.scores >= floors[name]), truth.boxes).partners
        seen[partners[partners >= 0]] = True
    for name in truth.names:
        rows[name].found += int((seen & tall).sum())


def _score_floors(entry: ModelEntry) -> dict[str, float]:
    """The scores at which the shipped thresholds cut."""
    return {
        name: entry.maps.get(name, AS_IT_IS).score_of(entry.thresholds.get(name, entry.threshold))
        for name in entry.classes
    }


def fit_all(
    rows: Mapping[str, Rows], names: Sequence[str], without: int | None = None
) -> dict[str, ScoreMap]:
    """Maps of all classes, fitted on all boxes or on those outside one fold."""
    parts = {name: _arrays(rows[name], without) for name in names if name in rows}
    scores, right, worth = (np.concatenate(column) for column in zip(*parts.values(), strict=True))
    pooled = fit_map(scores, right.astype(bool), worth)
    return {name: fit_map(*parts[name], pooled, PRIOR_SD) if name in parts else pooled for name in names}


def _arrays(rows: Rows, without: int | None) -> tuple[F64, Flags, F64]:
    """Scores, whether right, and worth of the boxes outside a fold."""
    kept = np.array([fold_of(group) != without for group in rows.groups], bool)
    sizes = Counter(rows.groups)
    worth = np.array([min(1.0, GROUP_WORTH / sizes[group]) for group in rows.groups])
    return np.array(rows.scores, np.float64)[kept], np.array(rows.right, bool)[kept], worth[kept]


def fold_of(group: str) -> int:
    """Which fold a group belongs to, by its name, so in every run the same."""
    return hashlib.sha256(group.encode()).digest()[0] % FOLDS


def _report(rows: Mapping[str, Rows], names: Sequence[str]) -> dict[str, Any]:
    """What the scores said and what came true, before and after, each fold by the maps of the others."""
    fitted = [fit_all(rows, names, without=fold) for fold in range(FOLDS)]
    everything = Judged([], [], [], [])
    report: dict[str, Any] = {}
    for name in (name for name in names if name in rows and rows[name].scores):
        mine = rows[name]
        after = [
            float(fitted[fold_of(group)][name].apply(np.array([score]))[0])
            for score, group in zip(mine.scores, mine.groups, strict=True)
        ]
        judged = Judged(mine.scores, after, mine.right, mine.groups)
        report[name] = _figures(judged)
        is_taken = report[name]["log_loss_after"] < report[name]["log_loss_before"]
        report[name]["is_taken"] = is_taken
        everything.extend(judged if is_taken else replace(judged, after=mine.scores))
    report["all"] = _figures(everything)
    return report


def _figures(judged: Judged) -> dict[str, Any]:
    before, after = np.array(judged.before), np.array(judged.after)
    right = np.array(judged.right, bool)
    return {
        "boxes": len(right),
        "right": int(right.sum()),
        "log_loss_before": round(_log_loss(before, right), 3),
        "log_loss_after": round(_log_loss(after, right), 3),
        "ece_before": round(calibration_error(before, right), 3),
        "ece_after": round(calibration_error(after, right), 3),
        "ece_after_95pct": _interval(after, right, judged.groups),
        "bins_before": _bins(before, right),
        "bins_after": _bins(after, right),
    }


def _log_loss(given: F64, right: Flags) -> float:
    """Mean surprise in nats: unlike the calibration error it needs no bins and cannot be had by hedging."""
    x = log_odds_of(given)
    return float(np.mean(np.log1p(np.exp(np.where(right, -x, x)))))


def _interval(given: F64, right: Flags, groups: Sequence[str]) -> list[float]:
    """Bootstrap 95 % interval of the calibration error, whole groups drawn."""
    names = sorted(set(groups))
    members = [np.flatnonzero(np.array(groups) == name) for name in names]
    rng = np.random.default_rng(SEED)
    drawn = []
    for _ in range(RESAMPLES):
        picked = np.concatenate([members[index] for index in rng.integers(0, len(names), len(names))])
        drawn.append(calibration_error(given[picked], right[picked]))
    return [round(float(value), 3) for value in np.percentile(drawn, [2.5, 97.5])]


def _bins(given: F64, right: Flags) -> list[dict[str, Any]]:
    """Of each bin that has boxes: their mean probability, the share that was right, and how many."""
    slots = np.minimum((given * BINS).astype(int), BINS - 1)
    return [
        {
            "given": round(float(given[slots == slot].mean()), 3),
            "right": round(float(right[slots == slot].mean()), 3),
            "boxes": int((slots == slot).sum()),
        }
        for slot in range(BINS)
        if (slots == slot).any()
    ]


def _line(fitted: ScoreMap, rows: Rows | None) -> dict[str, Any]:
    """One class as the manifest takes it, and the boxes behind it."""
    recall = min(0.99, rows.found / rows.truths) if rows is not None and rows.truths else 0.0
    return {
        "slope": fitted.slope,
        "shift": fitted.shift,
        "recall": round(recall, 3),
        "boxes": len(rows.scores) if rows is not None else 0,
        "things": rows.truths if rows is not None else 0,
    }
