"""Fine-tuning by a recipe: pseudo-labels, data set, training, export. Needs requirements-train.txt.

The COCO head is kept whole while training, each of our classes in a slot of it, so that all starting
weights are carried over; only our rows are exported. Every step leaves its result in the run's folder
and is skipped when it is there, so that a run that was killed goes on.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from models.compose import Drawer, compose
from models.labels import Label, Picture, label_line, licensed_pictures, merge_labels
from models.recipe import Recipe, Stage, read_recipe
from vision.errors import BadInput, ModelRejected

__all__ = ["list_stage", "train", "write_drawn"]

CONTEXT = {"person", "bicycle", "motorcycle", "car", "bus", "truck"}
HEAD_SLOTS = 80
LONG_SIDE_PX = 640
SEED = 7


def train(recipe: Path, out: Path, drawer: Drawer | None = None) -> Path:
    """Run a recipe and give the exported ONNX file.

    Args:
        recipe: Recipe file.
        out: Folder of the run; an interrupted run goes on in it.
        drawer: Draws the things of recipes that ask for drawn pictures, `sample_videos.drawn` for one.

    Raises:
        ModelRejected: The recipe is unfit, the training packages are not installed, or the starting
            weights were lost on the way into the training.
        FileNotFoundError: The data is not there; STREETKEEPER_DATA names its folder.
    """
    plan = read_recipe(recipe)
    torch, ultralytics = _packages()
    data = _data_folder()
    weights = data / plan.start
    folder = out / "set"
    folder.mkdir(parents=True, exist_ok=True)
    _write_pictures(plan, data, folder, _start(ultralytics, weights))
    if plan.drawn is not None:
        write_drawn(plan, folder, drawer)
    checkpoint: Path | None = None
    for number, stage in enumerate(plan.stages, 1):
        network = _start(ultralytics, weights) if checkpoint is None else ultralytics.YOLO(checkpoint)
        listed = list_stage(plan, stage, folder, f"stage{number}")
        checkpoint = _fit(plan, stage, listed, network, (torch, ultralytics))
    if checkpoint is None:
        raise ModelRejected(f"{recipe.name} has no stage")
    return _export(plan, checkpoint, out / f"{plan.name}.onnx", torch, ultralytics)


def write_drawn(plan: Recipe, folder: Path, drawer: Drawer | None) -> None:
    """Write the recipe's drawn pictures and labels; those that are there already are kept.

    Raises:
        ModelRejected: There is nothing to draw with.
    """
    if plan.drawn is None:
        return
    if drawer is None:
        raise ModelRejected(f"recipe {plan.name} asks for drawn pictures, and no drawer was given")
    for seed in range(plan.drawn.first_seed, plan.drawn.first_seed + plan.drawn.pictures):
        image, label = _places(folder, "drawn", f"drawn_{seed}")
        if label.is_file():
            continue
        composed = compose(drawer, seed)
        image.write_bytes(composed.jpeg)
        _write_labels(plan, label, composed.labels)


def list_stage(plan: Recipe, stage: Stage, folder: Path, name: str) -> Path:
    """Write what a stage trains on, repeats included, and describe it to ultralytics.

    Returns: The description; it names all 80 slots, so that the head keeps its shape.
    """
    slots = {str(plan.classes[kind]): times for kind, times in plan.repeat.items()}
    lines: list[str] = []
    for split in ("train", "drawn") if stage.with_drawn else ("train",):
        for image in sorted((folder / "images" / split).glob("*.jpg")):
            label = folder / "labels" / split / f"{image.stem}.txt"
            kinds = {line.split()[0] for line in label.read_text(encoding="utf-8").splitlines()}
            if kinds or split == "drawn" or _is_kept(image.stem, plan.one_empty_in):
                times = max([slots.get(kind, 1) for kind in kinds], default=1) if split == "train" else 1
                lines += [f"./images/{split}/{image.name}"] * times
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    named = {slot: kind for kind, slot in plan.classes.items()}
    facts = {
        "path": str(folder.resolve()),
        "train": f"{name}.txt",
        "val": "images/val",
        "names": {slot: named.get(slot, f"unused_{slot}") for slot in range(HEAD_SLOTS)},
    }
    listed = folder / f"{name}.yaml"
    listed.write_text(yaml.safe_dump(facts, sort_keys=False), encoding="utf-8")
    return listed


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


def _start(ultralytics: Any, weights: Path) -> Any:
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
            f"{weights.name} does not fit yolo26n: {len(fit.missing_keys)} weights are missing, "
            f"{len(fit.unexpected_keys)} have no place"
        )
    network.ckpt = {"model": network.model}
    return network


def _write_pictures(plan: Recipe, data: Path, folder: Path, teacher: Any) -> None:
    """Write pictures and labels in YOLO's layout; what is there already is kept."""
    for source in plan.data:
        for picture in licensed_pictures(data / source):
            image, label = _places(folder, picture.split, f"{source}_{picture.path.stem}")
            if label.is_file():
                continue
            pixels = cv2.imread(str(picture.path))
            if pixels is None:
                raise BadInput(f"{picture.path} is no picture that can be read")
            cv2.imwrite(str(image), _shrunk(pixels))
            _write_labels(plan, label, _labels(plan, picture, pixels, teacher))


def _labels(plan: Recipe, picture: Picture, pixels: Any, teacher: Any) -> list[Label]:
    slots = {slot: name for name, slot in plan.classes.items() if name in CONTEXT}
    found = teacher.predict(
        pixels, imgsz=plan.teacher_px, conf=0.1, classes=sorted(slots), verbose=False, device="cpu"
    )[0].boxes
    seen = [
        (slots[int(kind)], float(score), (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
        for kind, score, box in zip(found.cls, found.conf, found.xyxyn, strict=True)
    ]
    own = [row for row in picture.labels if row[0] in plan.classes]
    return merge_labels(own, seen, plan.pseudo_least_score)


def _fit(plan: Recipe, stage: Stage, listed: Path, network: Any, packages: tuple[Any, Any]) -> Path:
    """Train one stage, or what is left of it, and give its last checkpoint."""
    torch, ultralytics = packages
    run = listed.parent.parent / listed.stem
    last = run / "weights" / "last.pt"
    if last.is_file():
        # Our own checkpoint of a killed run; a stranger's pickle is never opened.
        if not _is_trained(last, stage.epochs, torch):
            ultralytics.YOLO(last).train(resume=True)
        return last
    _watch_start(network, torch)
    network.train(
        data=str(listed),
        epochs=stage.epochs,
        imgsz=plan.input_px,
        batch=plan.batch,
        optimizer="AdamW",
        lr0=stage.learning_rate,
        lrf=stage.last_share,
        warmup_epochs=stage.warmup_epochs,
        cos_lr=True,
        close_mosaic=plan.mosaic_off_epochs,
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
        project=str(run.parent.resolve()),
        name=run.name,
        exist_ok=True,
    )
    return last


def _watch_start(network: Any, torch: Any) -> None:
    """Have training stop at its first step unless every weight is the one that was given to it."""
    before = {key: value.clone().float() for key, value in network.model.state_dict().items()}

    def compare(trainer: Any) -> None:
        now = trainer.model.state_dict()
        lost = [
            key
            for key, value in before.items()
            if key not in now or not torch.equal(now[key].float().cpu(), value.cpu())
        ]
        if lost:
            raise ModelRejected(
                f"{len(lost)} of {len(before)} starting weights were lost, {lost[0]} first: "
                "is ultralytics of the version in requirements-train.txt?"
            )

    network.add_callback("on_train_start", compare)


def _is_trained(last: Path, epochs: int, torch: Any) -> bool:
    """Whether a checkpoint is of a finished stage; ultralytics refuses to resume one."""
    # Epochs count from 0; -1 marks a checkpoint from which the optimiser was stripped at the end.
    epoch = int(torch.load(last, map_location="cpu", weights_only=False)["epoch"])
    return epoch == -1 or epoch + 1 >= epochs


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


def _places(folder: Path, split: str, stem: str) -> tuple[Path, Path]:
    """Where a picture and its labels belong; their folders are made."""
    image = folder / "images" / split / f"{stem}.jpg"
    label = folder / "labels" / split / f"{stem}.txt"
    image.parent.mkdir(parents=True, exist_ok=True)
    label.parent.mkdir(parents=True, exist_ok=True)
    return image, label


def _write_labels(plan: Recipe, label: Path, rows: Sequence[Label]) -> None:
    lines = [label_line(plan.classes[name], box) for name, box in rows if name in plan.classes]
    label.write_text("\n".join(lines), encoding="utf-8")


def _is_kept(stem: str, one_in: int) -> bool:
    """Whether an empty picture is of the share that is kept, by its name, so in every run the same."""
    return int(hashlib.sha256(stem.encode()).hexdigest()[:8], 16) % one_in == 0


def _shrunk(pixels: Any) -> NDArray[np.uint8]:
    scale = LONG_SIDE_PX / max(pixels.shape[:2])
    if scale >= 1:
        return np.asarray(pixels, np.uint8)
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
