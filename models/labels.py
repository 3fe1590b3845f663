"""Labels for training: those that the data has, and those that the teacher adds to them."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from vision.boxes import union_iou

__all__ = ["Box", "Label", "Picture", "label_line", "licensed_pictures", "merge_labels"]

Box = tuple[float, float, float, float]
"""`xyxy`, shares of the picture."""
Label = tuple[str, Box]

OWN_BEATS_PSEUDO_IOU = {"street_vendor": 0.4, "garbage_bin": 0.6, "overflowing_bin": 0.6}
"""A vehicle that the teacher sees in a labelled cart or bin is that cart or bin."""
SAME_IOU = 0.7
SAME_OTHER_CLASS_IOU = 0.85
"""A car that is also seen as a truck is what it is seen as with the better score."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One licensed picture, its split and its own labels."""

    path: Path
    split: str
    labels: tuple[Label, ...]


def licensed_pictures(folder: Path) -> Iterator[Picture]:
    """The pictures of a data folder whose manifest states a licence, with their labels."""
    names = yaml.safe_load((folder / "data.yaml").read_text(encoding="utf-8"))["names"]
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get("licence_group", "licensed as stated") != "licensed as stated":
                continue
            path = folder / row["file"]
            label = folder / "labels" / row["split"] / f"{path.stem}.txt"
            yield Picture(path, row["split"], tuple(_labels(label, names)))


def merge_labels(own: Sequence[Label], seen: Sequence[tuple[str, float, Box]], least: float) -> list[Label]:
    """A picture's own labels, and the teacher's where they do not contradict them, best score first."""
    merged: list[Label] = []
    for name, score, box in sorted(seen, key=lambda row: -row[1]):
        if score < least:
            continue
        is_swallowed = name != "person" and any(
            union_iou(box, other) > OWN_BEATS_PSEUDO_IOU.get(kind, 1.0) for kind, other in own
        )
        if not is_swallowed and not any(
            union_iou(box, other) > (SAME_IOU if kind == name else SAME_OTHER_CLASS_IOU)
            for kind, other in merged
        ):
            merged.append((name, box))
    return [*own, *merged]


def label_line(slot: int, box: Box) -> str:
    """A line of a YOLO label file: slot, centre and size as shares of the picture."""
    x1, y1, x2, y2 = box
    return f"{slot} {(x1 + x2) / 2:.5f} {(y1 + y2) / 2:.5f} {x2 - x1:.5f} {y2 - y1:.5f}"


def _labels(path: Path, names: Mapping[int, str] | Sequence[str]) -> Iterator[Label]:
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        kind, x, y, width, height = (float(value) for value in line.split()[:5])
        yield names[int(kind)], (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
