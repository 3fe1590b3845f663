"""How scores become probabilities: fits whose answer is known, few boxes, folds, and what is not judged."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.calibrate import (
    FOLDS,
    Rows,
    Shown,
    Truth,
    calibrate,
    calibration_error,
    fit_all,
    fit_map,
    fold_of,
    labelled_pictures,
)
from models.registry import load_manifest
from vision.detectors.calibration import ScoreMap
from vision.errors import BadInput
from vision.types import Detections

F64 = NDArray[np.float64]
NAMES = tuple(load_manifest().entry("detector").classes)


def drawn_boxes(true_map: ScoreMap, count: int, seed: int = 3) -> tuple[F64, NDArray[np.bool_]]:
    """Scores whose share of right boxes is what a map says."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0.1, 0.95, count)
    return scores, rng.random(count) < true_map.apply(scores)


class Painted:
    """Finds what it was told for each grey level that a picture's corner has."""

    def __init__(
        self, rows: Mapping[int, Sequence[tuple[str, float, tuple[float, float, float, float]]]]
    ) -> None:
        self._rows = rows

    @property
    def names(self) -> tuple[str, ...]:
        return NAMES

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        return [self._in(self._rows[int(image[0, 0, 0])]) for image in images]

    def _in(self, rows: Sequence[tuple[str, float, tuple[float, float, float, float]]]) -> Detections:
        return Detections(
            np.array([row[2] for row in rows], np.float32).reshape(-1, 4),
            np.array([row[1] for row in rows], np.float32),
            np.array([NAMES.index(row[0]) for row in rows], np.int64),
            NAMES,
        )


def shown(level: int, *truths: Truth) -> Shown:
    return Shown(f"picture-{level}", np.full((300, 300, 3), level, np.uint8), truths)


def boxes(*rows: tuple[float, float, float, float]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 4)


@settings(deadline=None, max_examples=20)
@given(st.floats(0.5, 2.5), st.floats(-1.5, 1.5), st.integers(0, 1000))
def test_a_fit_finds_the_map_that_made_the_boxes(slope: float, shift: float, seed: int) -> None:
    scores, right = drawn_boxes(ScoreMap(slope, shift), 4000, seed)
    fitted = fit_map(scores, right)
    levels = np.linspace(0.15, 0.9, 20)
    assert np.abs(fitted.apply(levels) - ScoreMap(slope, shift).apply(levels)).max() < 0.1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40))
def test_every_fit_is_monotone_and_gives_probabilities(rows: list[tuple[float, bool]]) -> None:
    fitted = fit_map(np.array([row[0] for row in rows]), np.array([row[1] for row in rows], bool))
    given_back = fitted.apply(np.linspace(0, 1, 50))
    assert fitted.slope > 0
    assert (np.diff(given_back) >= 0).all() and 0 <= given_back.min() <= given_back.max() <= 1


@given(st.floats(0.5, 5), st.floats(-1.5, 1.5), st.floats(0.05, 0.95))
def test_a_threshold_on_probabilities_cuts_where_the_map_says(slope: float, shift: float, p: float) -> None:
    one = ScoreMap(slope, shift)
    assert float(one.apply(np.array([one.score_of(p)]))[0]) == pytest.approx(p, abs=2e-3)
    assert one.score_of(0.0) == 0.0


def test_a_class_with_few_boxes_stays_with_all_classes_and_one_with_many_goes_its_own_way() -> None:
    everybody, own = ScoreMap(1.5, 0.5), ScoreMap(0.7, -1.5)
    few = fit_map(*drawn_boxes(own, 5), None, everybody, (0.3, 0.7))
    many = fit_map(*drawn_boxes(own, 3000), None, everybody, (0.3, 0.7))
    none = fit_map(np.zeros(0), np.zeros(0, bool), None, everybody, (0.3, 0.7))
    assert none == everybody
    assert abs(few.slope - everybody.slope) < 0.3
    assert abs(many.slope - own.slope) < 0.15 and abs(many.shift - own.shift) < 0.2


@pytest.mark.parametrize(
    ("given_p", "right", "expected"),
    [
        ([0.95, 0.95], [True, True], 0.05),
        ([0.95, 0.95], [False, False], 0.95),
        ([0.5, 0.5], [True, False], 0.0),
        ([0.15, 0.85, 0.85, 0.85], [False, True, True, False], (0.15 + 3 * abs(0.85 - 2 / 3)) / 4),
        ([1.0], [True], 0.0),
    ],
)
def test_calibration_error_of_hand_made_cases(
    given_p: list[float], right: list[bool], expected: float
) -> None:
    assert calibration_error(np.array(given_p), np.array(right)) == pytest.approx(expected, abs=1e-3)


@given(st.integers(0, FOLDS - 1))
def test_a_fold_is_judged_by_a_map_that_never_saw_it(fold: int) -> None:
    groups = [f"picture-{number}" for number in range(60)]
    scores, right = drawn_boxes(ScoreMap(1.2, 0.3), 60)
    one = Rows(list(scores), list(right), groups)
    turned = [
        not value if fold_of(group) == fold else value for value, group in zip(right, groups, strict=True)
    ]
    other = Rows(list(scores), turned, groups)
    assert turned != list(right)
    name = "garbage_pile"
    assert fit_all({name: one}, [name], fold) == fit_all({name: other}, [name], fold)
    assert fit_all({name: one}, [name]) != fit_all({name: other}, [name])


def test_what_is_reported_counts_boxes_things_and_what_was_found() -> None:
    thing, beside = (50.0, 50.0, 150.0, 150.0), (200.0, 200.0, 280.0, 280.0)
    detector = Painted(
        {
            1: [("garbage_pile", 0.9, thing), ("garbage_pile", 0.3, beside)],
            2: [],
            3: [("truck", 0.8, thing)],
        }
    )
    pile, vehicle = Truth(("garbage_pile",), boxes(thing)), Truth(("car", "truck"), boxes(thing))
    line = calibrate("detector", [shown(1, pile), shown(2, pile), shown(3, vehicle)], detector)
    assert line["pictures"] == 3
    garbage, truck, car = (line["calibration"][name] for name in ("garbage_pile", "truck", "car"))
    assert (garbage["boxes"], garbage["things"], garbage["recall"]) == (2, 2, 0.5)
    assert truck["recall"] == car["recall"] == 0.99, "a car that is found as a truck is found"
    assert (line["cross_fitted"]["garbage_pile"]["right"], line["cross_fitted"]["all"]["boxes"]) == (1, 3)
    assert set(line["calibration"]) == set(NAMES)


def test_what_is_too_small_to_be_labelled_is_neither_right_nor_wrong() -> None:
    small, tall = (10.0, 10.0, 30.0, 49.0), (100.0, 100.0, 140.0, 200.0)
    found_taller, elsewhere = (10.0, 10.0, 30.0, 51.0), (200.0, 200.0, 210.0, 220.0)
    detector = Painted(
        {1: [("person", 0.9, tall), ("person", 0.8, found_taller), ("person", 0.7, elsewhere)]}
    )
    line = calibrate("detector", [shown(1, Truth(("person",), boxes(small, tall), 40.0))], detector)
    assert (line["calibration"]["person"]["boxes"], line["calibration"]["person"]["things"]) == (1, 1)


def test_calibrated_scores_are_nearer_to_the_truth_than_those_that_were_given() -> None:
    rng = np.random.default_rng(5)
    rows, pictures = {}, []
    for level in range(200):
        thing = (50.0, 50.0, 150.0, 150.0)
        score = float(rng.uniform(0.15, 0.95))
        rows[level] = [("garbage_pile", score, thing)]
        is_there = rng.random() < score**3
        pictures.append(shown(level, Truth(("garbage_pile",), boxes(*([thing] if is_there else [])))))
    figures = calibrate("detector", pictures, Painted(rows))["cross_fitted"]["garbage_pile"]
    assert figures["log_loss_after"] < figures["log_loss_before"]
    assert figures["ece_after"] < figures["ece_before"] / 2
    assert sum(line["boxes"] for line in figures["bins_after"]) == figures["boxes"] == 200


def test_a_map_that_does_not_help_on_other_pictures_is_not_taken() -> None:
    """What is right in one clip is wrong in the next: no map of the others helps."""
    thing = (50.0, 50.0, 150.0, 150.0)
    pictures = []
    for number in range(40):
        there = boxes(thing) if fold_of(f"clip-{number}") % 2 else boxes()
        clip = np.full((300, 300, 3), 1, np.uint8)
        pictures.append(Shown(f"clip-{number}", clip, (Truth(("truck",), there),)))
    line = calibrate("detector", pictures, Painted({1: [("truck", 0.45, thing)]}))
    figures = line["cross_fitted"]["truck"]
    assert figures["log_loss_after"] >= figures["log_loss_before"]
    assert not figures["is_taken"]
    assert (line["calibration"]["truck"]["slope"], line["calibration"]["truck"]["shift"]) == (1.0, 0.0)
    assert line["cross_fitted"]["all"]["log_loss_after"] == figures["log_loss_before"]


def test_pictures_that_show_nothing_known_are_refused() -> None:
    with pytest.raises(BadInput, match="in none of these pictures"):
        calibrate("detector", [], Painted({}))


def test_only_labelled_classes_of_licensed_pictures_are_judged(tmp_path: Path) -> None:
    for folder in ("images/val", "labels/val"):
        (tmp_path / folder).mkdir(parents=True)
    for name, label in (("a", "1 0.5 0.5 0.5 0.5\n"), ("b", ""), ("c", "0 0.5 0.5 0.5 0.5\n")):
        cv2.imwrite(str(tmp_path / f"images/val/{name}.jpg"), np.zeros((200, 200, 3), np.uint8))
        (tmp_path / f"labels/val/{name}.txt").write_text(label)
    (tmp_path / "data.yaml").write_text("names: {0: street_vendor, 1: garbage_pile}\n")
    (tmp_path / "manifest.csv").write_text(
        "file,split,licence_group\nimages/val/a.jpg,val,licensed as stated\n"
        "images/val/b.jpg,val,licensed as stated\nimages/val/c.jpg,val,not stated\n"
    )
    pictures = list(labelled_pictures(tmp_path, "val", NAMES))
    assert [picture.group for picture in pictures] == ["a", "b"]
    assert all([truth.names for truth in picture.truths] == [("garbage_pile",)] for picture in pictures)
    assert [len(picture.truths[0].boxes) for picture in pictures] == [1, 0]
