"""Measuring a shipped detector on labelled pictures: AP50, precision and recall per class, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from models.labels import licensed_pictures
from models.registry import open_detector
from vision.detectors.boxes import iou_matrix
from vision.errors import BadInput
from vision.protocols import Detector
from vision.types import Detections

__all__ = ["Labelled", "Matches", "average_precision", "evaluate", "match", "measure", "read_labelled"]

IOU = 0.5
RESAMPLES = 200
SEED = 17
F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """One picture and its true boxes by class name: (N, 4) float32 `xyxy` in its pixels."""

    path: Path
    boxes: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Found boxes of one class in one picture, the best score first.

    Args:
        scores: (N,) float64.
        right: (N,) whether each matches a true box that no better one matches.
        partners: (N,) int64, the row of that true box, or -1.
        heights: (N,) float64, pixels.
        truths: How many true boxes there are.
    """

    scores: F64
    right: NDArray[np.bool_]
    partners: NDArray[np.int64]
    heights: F64
    truths: int


def evaluate(model_name: str, data: Path, split: str = "val") -> dict[str, Any]:
    """Measure a model of the manifest on `data` (a folder with data.yaml, images/ and labels/).

    Raises:
        BadInput: The folder is no such data set; the message says what is missing.
        ModelRejected: The model is not what its manifest entry says.
    """
    model = open_detector(model_name)
    pictures, names = read_labelled(data, split)
    known = [name for name in names if name in model.names]
    figures = measure(model, pictures, known)
    return {
        "bench": "models-eval",
        "model": model.info.name,
        "version": model.info.version,
        "sha256": model.info.sha256,
        "data": data.name,
        "split": split,
        "pictures": len(pictures),
        "skipped_classes": [name for name in names if name not in model.names],
        "classes": figures,
    }


def read_labelled(data: Path, split: str, *, licensed_only: bool = False) -> tuple[list[Labelled], list[str]]:
    """Pictures and class names of a YOLO data set; if asked, only the licensed ones of its manifest.csv."""
    try:
        names = yaml.safe_load((data / "data.yaml").read_text(encoding="utf-8"))["names"]
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise BadInput(f"{data} has no data.yaml with names: {error}") from error
    listed = [names[index] for index in sorted(names)] if isinstance(names, dict) else list(names)
    paths = sorted((data / "images" / split).glob("*.jpg"))
    if not paths:
        raise BadInput(f"{data / 'images' / split} holds no .jpg")
    if licensed_only and (data / "manifest.csv").is_file():
        licensed = {picture.path for picture in licensed_pictures(data)}
        paths = [path for path in paths if path in licensed]
    return [_labelled(path, data / "labels" / split / f"{path.stem}.txt", listed) for path in paths], listed


def measure(detector: Detector, pictures: Sequence[Labelled], names: Sequence[str]) -> dict[str, Any]:
    """AP50, precision and recall per class, with bootstrap 95 % intervals over the pictures."""
    matches: dict[str, list[Matches]] = {name: [] for name in names}
    for picture in pictures:
        image = cv2.imread(str(picture.path))
        if image is None:
            raise BadInput(f"{picture.path} is no picture that can be read")
        found = detector.detect([np.asarray(image, np.uint8)])[0]
        for name in names:
            matches[name].append(match(found.of(name), picture.boxes.get(name)))
    return {name: _figures(rows) for name, rows in matches.items() if sum(row.truths for row in rows)}


def match(found: Detections, truth: NDArray[np.float32] | None) -> Matches:
    """Match found boxes to true ones, the best score first, each true box once, from an overlap of 0.5 on."""
    order = np.argsort(-found.scores, kind="stable")
    partners = np.full(len(order), -1, np.int64)
    if truth is not None and len(truth) and len(order):
        overlaps = iou_matrix(found.xyxy[order], truth)
        free = np.ones(len(truth), bool)
        for row in range(len(order)):
            best = int(np.argmax(np.where(free, overlaps[row], -1.0)))
            if free[best] and overlaps[row, best] >= IOU:
                free[best], partners[row] = False, best
    boxes = found.xyxy[order].astype(np.float64)
    return Matches(
        found.scores[order].astype(np.float64),
        partners >= 0,
        partners,
        boxes[:, 3] - boxes[:, 1],
        0 if truth is None else len(truth),
    )


def average_precision(scores: F64, right: NDArray[np.bool_], truths: int) -> float:
    """Area under the precision-recall curve, precision made monotonic, all points.

    Source: PASCAL VOC 2010 and later.
    """
    if not truths:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    recall = np.concatenate([[0.0], hits / truths])
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1] if len(precision) else precision
    return float(np.sum(np.diff(recall) * envelope))


def _labelled(path: Path, label: Path, names: Sequence[str]) -> Labelled:
    image = cv2.imread(str(path))
    if image is None:
        raise BadInput(f"{path} is no picture that can be read")
    height, width = image.shape[:2]
    boxes: dict[str, list[list[float]]] = {}
    for line in label.read_text(encoding="utf-8").splitlines() if label.is_file() else []:
        kind, x, y, w, h = (float(value) for value in line.split()[:5])
        corners = [(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height]
        boxes.setdefault(names[int(kind)], []).append(corners)
    return Labelled(path, {name: np.array(rows, np.float32) for name, rows in boxes.items()})


def _figures(rows: Sequence[Matches]) -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    drawn = [_ap([rows[index] for index in rng.integers(0, len(rows), len(rows))]) for _ in range(RESAMPLES)]
    low, high = (float(value) for value in np.nanpercentile(drawn, [2.5, 97.5]))
    truths = sum(row.truths for row in rows)
    right = int(sum(row.right.sum() for row in rows))
    found = sum(len(row.scores) for row in rows)
    return {
        "ap50": round(_ap(rows), 3),
        "ap50_95pct": [round(low, 3), round(high, 3)],
        "precision": round(right / found, 3) if found else None,
        "recall": round(right / truths, 3),
        "boxes": truths,
    }


def _ap(rows: Sequence[Matches]) -> float:
    scores = np.concatenate([row.scores for row in rows])
    right = np.concatenate([row.right for row in rows])
    return average_precision(scores, right, sum(row.truths for row in rows))
