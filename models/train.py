"""Fine-tuning by a recipe: pseudo-labels, dataset, training, export. Needs requirements-train.txt.

The COCO head is kept whole while training, each of our classes in a slot of it, so that all starting
weights are carried over; only our rows are exported. Every step leaves its result in the run's folder
and is skipped when it is there, so that a run that was killed goes on.
"""

import csv
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vision.boxes import union_iou
from vision.errors import ModelRejected

__all__ = ["Picture", "Recipe", "licensed_pictures", "merge_labels", "read_recipe", "train"]

CONTEXT = {"person", "bicycle", "motorcycle", "car", "bus", "truck"}
OWN_BEATS_PSEUDO_IOU = {"street_vendor": 0.4, "garbage_bin": 0.6, "overflowing_bin": 0.6}
"""A vehicle that the teacher sees in a labelled cart or bin is that cart or bin."""
SAME_IOU = 0.7
LONG_SIDE_PX = 640
SEED = 7
Box = tuple[float, float, float, float]
Label = tuple[str, Box]


class Recipe(BaseModel):
    """What a run is made of; data folders are relative to STREETKEEPER_DATA or ../shared/data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    data: list[str] = Field(min_length=1)
    start: str
    classes: dict[str, int] = Field(min_length=1)
    pseudo_least_score: float = Field(gt=0, lt=1)
    teacher_px: int = Field(ge=320)
    input_px: int = Field(ge=160)
    batch: int = Field(ge=1)
    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    freeze: int = Field(ge=0)
    drawn: str | None = Field(
        default=None, description="Folder with train/ and val/ of drawn pictures and labels."
    )


@dataclass(frozen=True, slots=True)
class Picture:
    """One licensed picture and its own labels; boxes are shares of the picture, `xyxy`."""

    path: Path
    split: str
    labels: tuple[Label, ...]


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file.

    Raises:
        ModelRejected: It is none; the message names the key.
    """
    try:
        return Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (ValidationError, yaml.YAMLError) as error:
        raise ModelRejected(f"{path.name}: {error}") from error


def train(recipe: Path, out: Path) -> Path:
    """Run a recipe and give the exported ONNX file.

    Raises:
        ModelRejected: The recipe is unfit, or the training packages are not installed.
        FileNotFoundError: The data is not there; STREETKEEPER_DATA names its folder.
    """
    plan = read_recipe(recipe)
    torch, ultralytics = _packages()
    out.mkdir(parents=True, exist_ok=True)
    data = _data_folder()
    teacher = _start(ultralytics, torch, data / plan.start)
    listed = _prepare(plan, data, out / "set", teacher)
    best = _fit(plan, listed, out, ultralytics, teacher)
    return _export(plan, best, out / f"{plan.name}.onnx", torch, ultralytics)


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
        swallowed = name != "person" and any(
            union_iou(box, other) > OWN_BEATS_PSEUDO_IOU.get(kind, 1.0) for kind, other in own
        )
        if not swallowed and not any(
            kind == name and union_iou(box, other) > SAME_IOU for kind, other in merged
        ):
            merged.append((name, box))
    return [*own, *merged]


def _packages() -> tuple[Any, Any]:
    try:
        import torch
        import ultralytics
    except ImportError as error:
        raise ModelRejected(
            f"training needs {error.name}: install requirements-train.txt in an environment of its own"
        ) from error
    return torch, ultralytics


def _data_folder() -> Path:
    root = Path(__file__).parent.parent
    folder = Path(os.environ.get("STREETKEEPER_DATA", root.parent / "shared" / "data"))
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there; name the data's folder by STREETKEEPER_DATA")
    return folder


def _start(ultralytics: Any, torch: Any, weights: Path) -> Any:
    """The starting network; all weights must fit, since a silent misfit would train from nothing."""
    from safetensors.torch import load_file

    network = ultralytics.YOLO("yolo26n.yaml")
    state = {
        key: value.float() if value.is_floating_point() else value
        for key, value in load_file(weights).items()
    }
    fit = network.model.load_state_dict(state, strict=False)
    if fit.missing_keys or fit.unexpected_keys:
        raise ModelRejected(
            f"{weights.name} does not fit yolo26n: {len(fit.missing_keys)} weights are missing"
        )
    network.ckpt = {"model": network.model}
    del torch
    return network


def _prepare(plan: Recipe, data: Path, out: Path, teacher: Any) -> Path:
    """Write pictures and labels in YOLO's layout; what is there already is kept."""
    slots = {slot: name for name, slot in plan.classes.items() if name in CONTEXT}
    for source in plan.data:
        for picture in licensed_pictures(data / source):
            image = out / "images" / picture.split / f"{source}_{picture.path.stem}.jpg"
            label = out / "labels" / picture.split / f"{image.stem}.txt"
            if label.is_file():
                continue
            image.parent.mkdir(parents=True, exist_ok=True)
            label.parent.mkdir(parents=True, exist_ok=True)
            pixels = cv2.imread(str(picture.path))
            found = teacher.predict(
                pixels, imgsz=plan.teacher_px, conf=0.1, classes=sorted(slots), verbose=False, device="cpu"
            )[0].boxes
            seen = [
                (slots[int(kind)], float(score), (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
                for kind, score, box in zip(found.cls, found.conf, found.xyxyn, strict=True)
            ]
            own = [row for row in picture.labels if row[0] in plan.classes]
            cv2.imwrite(str(image), _shrunk(pixels))
            lines = [
                _line(plan.classes[name], box)
                for name, box in merge_labels(own, seen, plan.pseudo_least_score)
            ]
            label.write_text("\n".join(lines), encoding="utf-8")
    return _list_set(plan, out)


def _list_set(plan: Recipe, out: Path) -> Path:
    """The data set's description: all 80 slots named, so that the head keeps its shape."""
    named = {slot: name for name, slot in plan.classes.items()}
    names = {slot: named.get(slot, f"unused_{slot}") for slot in range(80)}
    trained: list[str] = ["images/train"]
    if plan.drawn is not None:
        trained.append(str((Path(plan.drawn) / "images" / "train").resolve()))
    listed = out / "data.yaml"
    facts = {"path": str(out.resolve()), "train": trained, "val": "images/val", "names": names}
    listed.write_text(yaml.safe_dump(facts, sort_keys=False), encoding="utf-8")
    return listed


def _fit(plan: Recipe, listed: Path, out: Path, ultralytics: Any, network: Any) -> Path:
    last = out / "run" / "weights" / "last.pt"
    if last.is_file():
        # Our own checkpoint of a killed run; a stranger's pickle is never opened.
        ultralytics.YOLO(last).train(resume=True)
        return last
    network.train(
        data=str(listed),
        epochs=plan.epochs,
        imgsz=plan.input_px,
        batch=plan.batch,
        optimizer="AdamW",
        lr0=plan.learning_rate,
        lrf=0.05,
        cos_lr=True,
        freeze=plan.freeze,
        scale=0.6,
        erasing=0.0,
        amp=False,
        val=False,
        plots=False,
        workers=2,
        seed=SEED,
        deterministic=True,
        save_period=1,
        project=str(out.resolve()),
        name="run",
        exist_ok=True,
    )
    return last


def _export(plan: Recipe, checkpoint: Path, target: Path, torch: Any, ultralytics: Any) -> Path:
    """ONNX with only our rows of the class heads, in the order of the recipe."""
    network = ultralytics.YOLO(checkpoint)
    head = network.model.float().model[-1]
    rows = list(plan.classes.values())
    for branch in (head.cv3, head.one2one_cv3):
        for block in branch:
            old = block[-1]
            new = torch.nn.Conv2d(old.in_channels, len(rows), 1)
            new.weight.data, new.bias.data = old.weight.data[rows].clone(), old.bias.data[rows].clone()
            block[-1] = new
    head.nc, head.no = len(rows), len(rows) + head.reg_max * 4
    network.model.names = dict(enumerate(plan.classes))
    network.model.nc = network.model.yaml["nc"] = len(rows)
    Path(network.export(format="onnx", imgsz=plan.input_px, simplify=True, batch=1, device="cpu")).rename(
        target
    )
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_suffix(".sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    return target


def _labels(path: Path, names: Mapping[int, str] | Sequence[str]) -> Iterator[Label]:
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        kind, x, y, width, height = (float(value) for value in line.split()[:5])
        yield names[int(kind)], (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _line(slot: int, box: Box) -> str:
    x1, y1, x2, y2 = box
    return f"{slot} {(x1 + x2) / 2:.5f} {(y1 + y2) / 2:.5f} {x2 - x1:.5f} {y2 - y1:.5f}"


def _shrunk(pixels: Any) -> Any:
    scale = LONG_SIDE_PX / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
