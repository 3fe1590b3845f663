"""How models are measured and how their training labels are made, on cases whose answer is known."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.evaluate import average_precision, measure, read_labelled
from models.labels import merge_labels
from models.recipe import read_recipe
from models.train import train
from tests.support.pipelines import ToldDetector
from vision.errors import BadInput, ModelRejected

RECIPES = Path(__file__).parent.parent.parent / "models" / "recipes"


@pytest.mark.parametrize(
    ("scores", "right", "truths", "expected"),
    [
        ([0.9, 0.8], [True, True], 2, 1.0),
        ([0.9, 0.8], [False, True], 1, 0.5),
        ([0.9], [True], 2, 0.5),
        ([], [], 3, 0.0),
        ([0.9, 0.8, 0.7], [True, False, True], 2, 0.5 + 0.5 * 2 / 3),
    ],
)
def test_average_precision_of_hand_made_cases(
    scores: list[float], right: list[bool], truths: int, expected: float
) -> None:
    assert average_precision(np.array(scores), np.array(right, bool), truths) == pytest.approx(expected)


def test_a_box_counts_once_however_often_it_is_found(tmp_path: Path) -> None:
    for folder in ("images/val", "labels/val"):
        (tmp_path / folder).mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "images/val/a.jpg"), np.zeros((200, 200, 3), np.uint8))
    (tmp_path / "labels/val/a.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (tmp_path / "data.yaml").write_text("names: {0: garbage_pile}\n")
    detector = ToldDetector(
        [("garbage_pile", 0.9, (50, 50, 150, 150)), ("garbage_pile", 0.8, (52, 50, 150, 150))]
    )
    pictures, names = read_labelled(tmp_path, "val")
    figures = measure(detector, pictures, names)["garbage_pile"]
    assert (figures["ap50"], figures["precision"], figures["recall"], figures["boxes"]) == (1.0, 0.5, 1.0, 1)


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"data\.yaml"):
        read_labelled(tmp_path, "val")


def test_a_vehicle_that_the_teacher_sees_in_a_vendors_cart_is_the_cart() -> None:
    own = [("street_vendor", (0.2, 0.2, 0.6, 0.6))]
    seen = [
        ("truck", 0.9, (0.2, 0.2, 0.6, 0.58)),
        ("person", 0.8, (0.5, 0.1, 0.6, 0.6)),
        ("car", 0.2, (0.7, 0.7, 0.9, 0.9)),
    ]
    assert merge_labels(own, seen, 0.33) == [*own, ("person", (0.5, 0.1, 0.6, 0.6))]


def test_a_thing_seen_twice_is_labelled_once() -> None:
    seen = [("car", 0.6, (0.1, 0.1, 0.5, 0.5)), ("car", 0.9, (0.1, 0.1, 0.5, 0.51))]
    assert merge_labels([], seen, 0.33) == [("car", (0.1, 0.1, 0.5, 0.51))]


def test_a_vehicle_seen_as_two_classes_is_the_one_that_is_surer() -> None:
    seen = [("truck", 0.6, (0.1, 0.1, 0.5, 0.5)), ("car", 0.9, (0.1, 0.1, 0.5, 0.51))]
    assert merge_labels([], seen, 0.33) == [("car", (0.1, 0.1, 0.5, 0.51))]


@pytest.mark.parametrize("recipe", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_recipes_are_read_and_no_class_shares_a_slot(recipe: Path) -> None:
    slots = list(read_recipe(recipe).classes.values())
    assert len(set(slots)) == len(slots)


@pytest.mark.skipif(
    find_spec("ultralytics") is not None, reason="the training packages are installed in this environment"
)
def test_training_without_its_packages_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r"requirements-train\.txt"):
        train(RECIPES / "mask.yaml", tmp_path)
