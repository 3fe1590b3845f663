"""What a model is trained on: licensed pictures only, drawn things only where asked, repeats and empties."""

import csv
import os
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.compose import compose
from models.labels import label_line, licensed_pictures
from models.recipe import Recipe, read_recipe
from models.train import list_stage, write_drawn
from sample_videos import drawn
from vision.errors import ModelRejected

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
RECIPES = ROOT / "models" / "recipes"
DATA = Path(os.environ.get("STREETKEEPER_DATA", ROOT.parent / "shared" / "data"))


class Square:
    """Draws white squares on black: found again without doubt, and in no time."""

    def draw_object(self, kind: str, seed: int, size_px: int) -> tuple[drawn.U8, drawn.F32]:
        return np.full((size_px, size_px, 3), 255, np.uint8), np.ones((size_px, size_px), np.float32)

    def draw_background(self, seed: int, size_wh: tuple[int, int]) -> drawn.U8:
        return np.zeros((size_wh[1], size_wh[0], 3), np.uint8)


def detector_recipe(**changes: object) -> Recipe:
    return read_recipe(RECIPES / "detector.yaml").model_copy(update=changes)


@settings(deadline=None)
@given(st.integers(1000, 100_000))
def test_labels_lie_in_the_composed_picture(seed: int) -> None:
    composed = compose(Square(), seed)
    picture = cv2.imdecode(np.frombuffer(composed.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (480, 480, 3)
    assert len(composed.labels) <= 5
    for name, (x1, y1, x2, y2) in composed.labels:
        assert name in {"street_vendor", "garbage_pile", "person", "car"}
        assert 0 <= x1 <= x2 <= 1 and 0 <= y1 <= y2 <= 1


def test_a_composed_picture_follows_from_its_seed() -> None:
    assert compose(drawn, 1003) == compose(drawn, 1003) != compose(drawn, 1004)


def test_composed_pictures_show_all_that_they_are_made_for() -> None:
    counts = Counter(name for seed in range(1000, 1040) for name, _ in compose(Square(), seed).labels)
    assert set(counts) == {"street_vendor", "garbage_pile", "person", "car"}


def test_a_label_says_where_the_thing_was_drawn() -> None:
    tried = 0
    for seed in range(1000, 1060):
        composed = compose(Square(), seed)
        picture = cv2.imdecode(np.frombuffer(composed.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        if picture is None or len(composed.labels) != 1 or picture.min() > 60:
            continue
        rows, columns = np.nonzero(picture > picture.max() * 0.6)
        if (
            np.count_nonzero(picture > picture.max() * 0.6)
            < (np.ptp(rows) + 1) * (np.ptp(columns) + 1) * 0.95
        ):
            continue
        tried += 1
        box = np.array(composed.labels[0][1]) * 480
        assert np.abs(box - [columns.min(), rows.min(), columns.max(), rows.max()]).max() <= 3, seed
    assert tried >= 5


def test_drawn_pictures_need_something_to_draw_with(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="no drawer was given"):
        write_drawn(detector_recipe(), tmp_path, None)


def test_drawn_pictures_that_are_there_are_kept(tmp_path: Path) -> None:
    plan = detector_recipe()
    plan = (
        plan.model_copy(update={"drawn": plan.drawn.model_copy(update={"first_seed": 1003, "pictures": 2})})
        if plan.drawn
        else plan
    )
    write_drawn(plan, tmp_path, drawn)
    image = tmp_path / "images" / "drawn" / "drawn_1003.jpg"
    image.write_bytes(b"mine")
    write_drawn(plan, tmp_path, drawn)
    assert image.read_bytes() == b"mine"
    assert len(list((tmp_path / "labels" / "drawn").glob("*.txt"))) == 2


def test_the_demos_seeds_are_not_trained_on() -> None:
    for recipe in RECIPES.glob("*.yaml"):
        plan = read_recipe(recipe)
        assert plan.drawn is None or plan.drawn.first_seed >= 1000
    with pytest.raises(ValueError, match="first_seed"):
        Recipe.model_validate(detector_recipe().model_dump() | {"drawn": {"first_seed": 3, "pictures": 1}})


def write_pictures(folder: Path, labels: dict[str, str], split: str = "train") -> None:
    for kind in ("images", "labels"):
        (folder / kind / split).mkdir(parents=True, exist_ok=True)
    for name, text in labels.items():
        (folder / "images" / split / f"{name}.jpg").write_bytes(b"")
        (folder / "labels" / split / f"{name}.txt").write_text(text)


def test_pictures_of_vendors_are_listed_more_often_and_drawn_ones_only_where_asked(tmp_path: Path) -> None:
    box = (0.1, 0.1, 0.5, 0.5)
    write_pictures(
        tmp_path, {"cart": f"{label_line(60, box)}\n{label_line(0, box)}", "heap": label_line(24, box)}
    )
    write_pictures(tmp_path, {"drawn_1000": label_line(60, box)}, "drawn")
    plan = detector_recipe()
    list_stage(plan, plan.stages[0], tmp_path, "stage1")
    listed = yaml.safe_load(list_stage(plan, plan.stages[1], tmp_path, "stage2").read_text())
    first = Counter((tmp_path / "stage1.txt").read_text().split())
    assert first == {"./images/train/cart.jpg": 3, "./images/train/heap.jpg": 1}
    assert Counter((tmp_path / "stage2.txt").read_text().split()) == first + Counter(
        ["./images/drawn/drawn_1000.jpg"]
    )
    assert (
        len(listed["names"]) == 80
        and listed["names"][60] == "street_vendor"
        and listed["train"] == "stage2.txt"
    )


def test_one_empty_picture_in_so_many_is_kept_and_always_the_same(tmp_path: Path) -> None:
    write_pictures(tmp_path, {f"empty_{number}": "" for number in range(300)} | {"full": "0 0.5 0.5 0.1 0.1"})
    plan = detector_recipe(one_empty_in=6)
    list_stage(plan, plan.stages[0], tmp_path, "stage1")
    first = (tmp_path / "stage1.txt").read_text()
    assert 25 <= first.count("empty_") <= 80 and "full.jpg" in first
    list_stage(plan, plan.stages[0], tmp_path, "again")
    assert (tmp_path / "again.txt").read_text() == first


@pytest.mark.skipif(
    not DATA.is_dir(), reason=f"{DATA} is not there; STREETKEEPER_DATA names the data's folder"
)
def test_no_picture_without_a_stated_licence_is_trained_on() -> None:
    folder = DATA / "images-vd"
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        unlicensed = {
            folder / row["file"]
            for row in csv.DictReader(file)
            if row["licence_group"] != "licensed as stated"
        }
    taken = list(licensed_pictures(folder))
    assert unlicensed and taken
    assert not unlicensed & {picture.path for picture in taken}
    assert all(name == "street_vendor" for picture in taken for name, _ in picture.labels)
