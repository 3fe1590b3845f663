"""The ONNX back-end on tiny models whose answers can be told by hand (tests/models/tiny/make.py)."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vision.detectors.calibration import ScoreMap
from vision.detectors.letterbox import input_tensor, letterbox
from vision.detectors.onnx import OnnxDetector, OnnxOptions
from vision.errors import BadInput, ModelRejected

TINY = Path(__file__).parent.parent / "models" / "tiny"
COLOURS = ("red", "green", "blue")


def opened(name: str, names: tuple[str, ...], **options: object) -> OnnxDetector:
    return OnnxDetector(
        (TINY / f"{name}.onnx").read_bytes(),
        names,
        OnnxOptions(**{"input_px": 32, **options}),  # type: ignore[arg-type]
    )


def flat(bgr: tuple[int, int, int], size_wh: tuple[int, int] = (64, 64)) -> NDArray[np.uint8]:
    return np.full((size_wh[1], size_wh[0], 3), bgr, np.uint8)


def test_pictures_are_shown_to_the_model_as_rgb_from_0_to_1() -> None:
    found = opened("end_to_end", COLOURS, threshold=0.0).detect([flat((51, 102, 255))])[0]
    scores = {found.name(row): round(float(found.scores[row]), 3) for row in range(len(found))}
    assert scores == {"red": 1.0, "green": 0.4, "blue": 0.2}


@pytest.mark.parametrize("side", [1, 32, 61])
def test_the_input_is_the_picture_divided_by_255_to_the_last_bit(side: int) -> None:
    picture = np.random.default_rng(side).integers(0, 256, (side, side, 3)).astype(np.uint8)
    fitted, box = letterbox(picture, side)
    expected = np.ascontiguousarray(picture[:, :, ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    assert np.array_equal(input_tensor(fitted), expected)
    assert (box.scale, box.pad_x, box.pad_y) == (1.0, 0, 0)


def test_boxes_come_in_the_pixels_of_the_picture_that_was_given() -> None:
    found = opened("end_to_end", COLOURS).detect([flat((0, 0, 255), (128, 64))])[0].of("red")
    # (0, 8, 16, 24) of the 32 px input; the picture fills rows 8 to 24 of it at a quarter of its size.
    assert found.xyxy.tolist() == [[0, 0, 64, 64]]


def test_several_pictures_are_answered_in_their_order() -> None:
    found = opened("end_to_end", COLOURS, threshold=0.9).detect([flat((0, 0, 255)), flat((255, 0, 0))])
    assert [[rows.name(row) for row in range(len(rows))] for rows in found] == [["red"], ["blue"]]


def test_each_class_has_its_own_threshold() -> None:
    detector = opened("end_to_end", COLOURS, threshold=0.5, thresholds={"green": 0.3})
    found = detector.detect([flat((102, 102, 102))])[0]
    assert [found.name(row) for row in range(len(found))] == ["green"]


def test_scores_become_probabilities_by_the_map_of_their_class_and_thresholds_cut_those() -> None:
    maps = {"green": ScoreMap(2.0, -1.0), "blue": ScoreMap(1.0, 2.0)}
    plain = opened("end_to_end", COLOURS, threshold=0.0).detect([flat((51, 102, 204))])[0]
    mapped = opened("end_to_end", COLOURS, threshold=0.0, maps=maps).detect([flat((51, 102, 204))])[0]
    for row in range(len(plain)):
        expected = maps.get(plain.name(row), ScoreMap()).apply(plain.scores[row : row + 1])
        assert mapped.scores[row] == pytest.approx(expected[0], abs=1e-6)
    scores = {mapped.name(row): float(mapped.scores[row]) for row in range(len(mapped))}
    for name, score in scores.items():
        for threshold, is_kept in ((score - 0.001, True), (score + 0.001, False)):
            thresholds = {name: threshold}
            found = opened("end_to_end", COLOURS, threshold=0.999, thresholds=thresholds, maps=maps)
            assert (len(found.detect([flat((51, 102, 204))])[0].of(name)) == 1) is is_kept, (name, threshold)


def test_anchors_become_boxes_once_each_and_classes_do_not_silence_each_other() -> None:
    found = opened("anchors", ("pile", "bin"), threshold=0.45).detect([flat((0, 0, 0), (32, 32))])[0]
    rows = [(found.name(row), found.xyxy[row].tolist()) for row in range(len(found))]
    assert rows == [("pile", [12, 14, 20, 18]), ("bin", [12, 14, 20, 18])]
    assert np.allclose(found.scores, [0.9, 0.5])


def test_boxes_that_overlap_less_than_the_limit_both_stay() -> None:
    found = opened("anchors", ("pile", "bin"), threshold=0.55, iou=0.85).detect([flat((0, 0, 0))])[0]
    assert np.allclose(found.scores, [0.9, 0.6])


def test_a_manifest_entry_with_another_input_size_is_refused_at_opening() -> None:
    with pytest.raises(ModelRejected, match=r"is input_px of its manifest entry right"):
        opened("anchors", ("pile", "bin"), input_px=64)


def test_a_class_list_of_the_wrong_length_is_refused_at_opening() -> None:
    with pytest.raises(ModelRejected, match=r"is the class list of its manifest entry right"):
        opened("anchors", ("pile",))


def test_an_end_to_end_class_without_a_name_is_refused_when_it_is_found() -> None:
    detector = opened("end_to_end", ("red",), threshold=0.5)
    assert len(detector.detect([flat((0, 0, 255))])[0]) == 1
    with pytest.raises(ModelRejected, match="finds class 2, its list has 1 names"):
        detector.detect([flat((255, 0, 0))])


@pytest.mark.parametrize(
    "picture",
    [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((0, 8, 3), np.uint8)],
    ids=["grey", "with alpha", "empty"],
)
def test_what_is_no_bgr_picture_is_refused(picture: NDArray[np.uint8]) -> None:
    with pytest.raises(BadInput, match=r"needs \(h, w, 3\) uint8"):
        opened("end_to_end", COLOURS).detect([picture])


def test_a_thing_is_found_where_it_is_whatever_the_shape_of_the_picture() -> None:
    for width, height in ((640, 360), (360, 640), (100, 100), (1920, 300)):
        picture = flat((0, 0, 0), (width, height))
        left, top, right, bottom = width // 4, height // 4, width // 2, height // 2
        cv2.rectangle(picture, (left, top), (right - 1, bottom - 1), (255, 255, 255), -1)
        fitted, fit = letterbox(picture, 416)
        drawn_rows, drawn_columns = np.nonzero(fitted[:, :, 0] != 114)
        assert abs(drawn_rows.min() - (415 - drawn_rows.max())) <= 1, "the picture is in the middle"
        assert abs(drawn_columns.min() - (415 - drawn_columns.max())) <= 1
        rows, columns = np.nonzero(fitted[:, :, 0] > 200)
        shown = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
        error = np.abs(fit.to_picture(shown) - [[left, top, right, bottom]]).max()
        assert error <= 1.5 / fit.scale, (width, height)
