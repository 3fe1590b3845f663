"""Boxes, letterbox, crops and the ONNX back-end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vision.boxes import share_inside
from vision.detectors.boxes import iou_matrix, nms
from vision.detectors.crops import crop_around, merge_tiles, tiles
from vision.detectors.letterbox import letterbox
from vision.detectors.onnx import OnnxDetector, OnnxOptions
from vision.errors import ModelRejected
from vision.types import Detections

BOXES = st.lists(
    st.tuples(
        st.integers(0, 300), st.integers(0, 300), st.integers(2, 120), st.integers(2, 120), st.integers(1, 99)
    ),
    min_size=1,
    max_size=15,
    unique_by=lambda row: row[4],
)
SIZES = st.tuples(st.integers(64, 4000), st.integers(64, 4000))


def arrays(rows: list[tuple[int, int, int, int, int]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h, _ in rows], np.float32)
    return boxes, np.array([score / 100 for *_, score in rows], np.float32)


@given(BOXES)
def test_suppression_is_idempotent_and_blind_to_the_order(
    rows: list[tuple[int, int, int, int, int]],
) -> None:
    boxes, scores = arrays(rows)
    classes = np.zeros(len(rows), np.int64)
    kept = nms(boxes, scores, classes)
    again = nms(boxes[kept], scores[kept], classes[kept])
    assert list(again) == list(range(len(kept)))
    turned = nms(boxes[::-1], scores[::-1], classes)
    assert {float(scores[row]) for row in kept} == {float(scores[::-1][row]) for row in turned}


@given(BOXES)
def test_overlap_is_symmetric_and_one_with_itself(rows: list[tuple[int, int, int, int, int]]) -> None:
    boxes, _ = arrays(rows)
    overlap = iou_matrix(boxes, boxes)
    assert np.allclose(overlap, overlap.T) and np.allclose(np.diag(overlap), 1)


@given(SIZES, st.sampled_from([320, 416, 640]), BOXES)
def test_boxes_come_back_from_the_letterbox_as_they_went_in(
    size: tuple[int, int], side: int, rows: list[tuple[int, int, int, int, int]]
) -> None:
    width, height = size
    fitted, box = letterbox(np.zeros((height, width, 3), np.uint8), side)
    boxes = np.clip(arrays(rows)[0], 0, [width, height, width, height]).astype(np.float32)
    there = box.to_input(boxes)
    assert fitted.shape == (side, side, 3)
    assert there.min() >= 0 and there.max() <= side + 0.51, "a box of the picture lies in the input"
    assert np.abs(box.to_picture(there) - boxes).max() < 0.001 * max(size)


@given(SIZES, st.integers(0, 100), st.integers(0, 100), st.integers(1, 60), st.integers(1, 60))
def test_a_crop_lies_in_the_picture_and_holds_its_box(
    size: tuple[int, int], x: int, y: int, w: int, h: int
) -> None:
    width, height = size
    left, top = width * x / 101, height * y / 101
    box = (left, top, min(width, left + w), min(height, top + h))
    crop = crop_around(box, size, 416, 0.6)
    assert 0 <= crop[0] < crop[2] <= width and 0 <= crop[1] < crop[3] <= height
    assert share_inside(box, crop) > 0.999
    assert crop[0] % 2 == 0 and crop[1] % 2 == 0


@given(SIZES)
def test_tiles_cover_every_pixel(size: tuple[int, int]) -> None:
    seen = np.zeros((size[1] // 8 + 1, size[0] // 8 + 1), bool)
    for x1, y1, x2, y2 in tiles(size, 832, 208):
        seen[int(y1 // 8) : int(np.ceil(y2 / 8)) + 1, int(x1 // 8) : int(np.ceil(x2 / 8)) + 1] = True
    assert seen.all()


def test_half_a_thing_at_a_tiles_edge_gives_way_to_the_whole() -> None:
    names = ("heap",)
    half = Detections(
        np.array([[780, 100, 832, 160]], np.float32), np.array([0.9], np.float32), np.array([0]), names
    )
    whole = Detections(
        np.array([[156, 100, 256, 160]], np.float32), np.array([0.6], np.float32), np.array([0]), names
    )
    merged = merge_tiles([half, whole], [(0, 0, 832, 832), (624, 0, 1456, 832)], (1456, 832))
    assert merged.xyxy.tolist() == [[780, 100, 880, 160]]


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ModelRejected, match="cannot run this model"):
        OnnxDetector(b"nonsense", ["a"], OnnxOptions(416))


def test_boxes_that_several_tiles_see_are_one_and_other_classes_stay() -> None:
    names = ("heap", "bin")
    left = Detections(
        np.array([[650, 100, 720, 160], [650, 100, 720, 160]], np.float32),
        np.array([0.5, 0.4], np.float32),
        np.array([0, 1]),
        names,
    )
    right = Detections(
        np.array([[27, 100, 97, 160]], np.float32), np.array([0.8], np.float32), np.array([0]), names
    )
    merged = merge_tiles([left, right], [(0, 0, 832, 832), (624, 0, 1456, 832)], (1456, 832))
    assert [(merged.name(row), round(float(merged.scores[row]), 2)) for row in range(len(merged))] == [
        ("heap", 0.8),
        ("bin", 0.4),
    ]


def test_half_a_thing_stays_where_no_tile_shows_the_whole() -> None:
    names = ("heap",)
    half = Detections(
        np.array([[780, 100, 832, 160]], np.float32), np.array([0.9], np.float32), np.array([0]), names
    )
    merged = merge_tiles(
        [half, Detections.empty(names)], [(0, 0, 832, 832), (624, 0, 1456, 832)], (1456, 832)
    )
    assert merged.xyxy.tolist() == [[780, 100, 832, 160]]


def test_a_thing_cut_by_the_pictures_own_edge_is_no_half() -> None:
    names = ("heap",)
    rows = Detections(
        np.array([[780, 100, 832, 160], [760, 90, 829, 170]], np.float32),
        np.array([0.9, 0.5], np.float32),
        np.array([0, 0]),
        names,
    )
    assert len(merge_tiles([rows], [(0, 0, 832, 832)], (832, 832))) == 2
