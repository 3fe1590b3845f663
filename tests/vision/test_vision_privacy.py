"""The mask pass: everybody is covered, nothing can be brought back, and it fails closed."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.colour_people import BrokenDetector, ColourDetector, draw, ground
from vision.errors import MaskFailed
from vision.privacy.cover import PrivacyZones, black_out, cover, dilated
from vision.privacy.mask import MaskSettings, PrivacyMask
from vision.privacy.tiles import plan_tiles
from vision.types import Detections, Planes

SMALL = MaskSettings(tile_px=160, work_px=480 * 270)


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(120, 500), st.integers(120, 400)),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(4, 60),
    st.integers(8, 110),
)
def test_a_person_is_covered_wherever_she_stands(
    size_wh: tuple[int, int], across: float, down: float, width: int, height: int
) -> None:
    left, top = int(across * (size_wh[0] - width)), int(down * (size_wh[1] - height))
    image = draw(ground(size_wh), "person", (left, top, left + width, top + height))
    masked, report = PrivacyMask(ColourDetector(), SMALL).mask(image)
    covered = np.zeros(image.shape[:2], bool)
    for x1, y1, x2, y2 in report.boxes:
        covered[y1:y2, x1:x2] = True
    assert covered[top : top + height, left : left + width].all()
    assert report.covered == pytest.approx(covered.mean())
    assert (masked[~covered] == image[~covered]).all()


@given(st.integers(50, 4000), st.integers(50, 3000), st.floats(0, 0.6), st.floats(0.4, 3))
def test_tiles_cover_the_picture_and_overlap(width: int, height: int, overlap: float, scale: float) -> None:
    tiles = plan_tiles((width, height), 320, overlap, (scale,))
    assert (tiles[0].width, tiles[0].height) == (width, height)
    for tile in tiles:
        assert tile.left >= 0
        assert tile.top >= 0
        assert tile.left + tile.width <= width
        assert tile.top + tile.height <= height
        assert max(tile.width, tile.height) * tile.scale <= 320 + tile.scale
    columns = sorted({(tile.left, tile.left + tile.width) for tile in tiles[1:]})
    for (_, end), (start, _) in pairwise(columns):
        assert end - start >= overlap * 320 / scale - 2
    if columns:
        assert (columns[0][0], columns[-1][1]) == (0, width)


def test_a_person_too_small_for_the_model_is_found_in_an_enlarged_tile() -> None:
    image = draw(ground((480, 270)), "person", (200, 100, 206, 118))
    detector = ColourDetector(least_px=30)
    once = MaskSettings(tile_px=160, work_px=1, most_enlarged=1.0)
    assert PrivacyMask(detector, once).mask(image)[1].persons == 0
    enlarged = MaskSettings(tile_px=160, work_px=10**7, most_enlarged=2.0)
    masked, report = PrivacyMask(detector, enlarged).mask(image)
    assert report.persons == 1
    assert (masked != image).any()


def test_a_person_on_a_tile_edge_counts_once() -> None:
    image = draw(ground((480, 270)), "person", (120, 60, 170, 190))
    assert PrivacyMask(ColourDetector(), SMALL).mask(image)[1].persons == 1


def test_the_vehicle_of_the_incident_stays_and_the_person_on_it_does_not() -> None:
    stall = (60, 60, 220, 160)
    image = draw(draw(ground((480, 270)), "car", stall), "person", (300, 40, 330, 120))
    image = draw(draw(image, "car", (350, 180, 450, 240)), "person", (100, 70, 120, 110))
    masked, report = PrivacyMask(ColourDetector(), SMALL).mask(image, keep=stall)
    assert (masked[130:160, 60:220] == image[130:160, 60:220]).all()
    assert not any(box[0] < 90 and box[2] > 200 for box in report.boxes)
    assert any(box[0] <= 100 and box[2] >= 120 and box[3] >= 110 for box in report.boxes)
    assert any(box[0] <= 350 and box[2] >= 450 for box in report.boxes)
    assert report.persons == 2
    assert report.vehicles == 1


def test_without_a_kept_box_every_vehicle_is_covered() -> None:
    image = draw(ground((480, 270)), "car", (60, 60, 220, 160))
    assert PrivacyMask(ColourDetector(), SMALL).mask(image)[1].vehicles == 1


class UpClose:
    """Finds one person of `side` pixels in every square tile, and nothing in a whole picture."""

    names = ("person",)

    def __init__(self, side: int) -> None:
        self.side = side

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        box = np.asarray([[20, 20, 20 + self.side, 20 + self.side]], np.float32)
        found = Detections(box, np.ones(1, np.float32), np.zeros(1, np.int64), self.names)
        return [
            found if image.shape[0] == image.shape[1] else Detections.empty(self.names) for image in images
        ]


@pytest.mark.parametrize(("side", "believed"), [(50, True), (56, False)])
def test_what_fills_a_tile_is_believed_only_where_the_whole_picture_shows_it(
    side: int, believed: bool
) -> None:
    report = PrivacyMask(UpClose(side), SMALL).mask(ground((480, 270)))[1]
    assert bool(report.boxes) is believed


def test_a_vehicle_grows_less_than_a_person() -> None:
    image = draw(draw(ground((480, 270)), "car", (100, 100, 140, 120)), "person", (300, 100, 340, 120))
    once = MaskSettings(tile_px=480, work_px=1, dilate=0.15, dilate_vehicle=0.05)
    boxes = PrivacyMask(ColourDetector(), once).mask(image)[1].boxes
    assert (96, 97, 144, 123) in boxes
    assert (292, 95, 348, 125) in boxes


@pytest.mark.parametrize("fault", ["raises", "answers too few", "answers nan"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_failing_model_gives_no_picture(fault: str, after: int) -> None:
    with pytest.raises(MaskFailed):
        PrivacyMask(BrokenDetector(fault, after), SMALL).mask(ground((480, 270)))


def test_a_model_that_knows_no_persons_is_refused() -> None:
    with pytest.raises(MaskFailed, match="does not know persons"):
        PrivacyMask(ColourDetector(names=("car",)))


@pytest.mark.parametrize("shape", [(0, 4, 3), (10, 10), (10, 10, 4)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(MaskFailed):
        PrivacyMask(ColourDetector()).mask(np.zeros(shape, np.uint8))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(0, 70), st.integers(1, 100), st.integers(1, 80)),
        max_size=4,
    ),
)
def test_a_covered_box_keeps_at_most_twelve_colours(
    seed: int, corners: list[tuple[int, int, int, int]]
) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (80, 100, 3), dtype=np.uint8)
    boxes = [(x, y, min(100, x + w), min(80, y + h)) for x, y, w, h in corners]
    covered = cover(image, boxes)
    touched = np.zeros((80, 100), bool)
    for x1, y1, x2, y2 in boxes:
        touched[y1:y2, x1:x2] = True
    assert len(np.unique(covered[touched], axis=0)) <= 12 * len(boxes)
    assert (covered[~touched] == image[~touched]).all()
    assert (cover(image, boxes[::-1]) == covered).all()


def test_the_fifteen_percent_grow_on_every_side_and_stop_at_the_edge() -> None:
    assert dilated((100, 100, 200, 300), 0.15, (1000, 1000)) == (85, 70, 215, 330)
    assert dilated((0, 0, 200, 300), 0.15, (210, 310)) == (0, 0, 210, 310)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(3, 61),
    st.integers(3, 61),
    st.lists(st.tuples(st.floats(-20, 80), st.floats(-20, 80)), min_size=3, max_size=6),
)
def test_a_privacy_zone_is_black_with_its_colour_and_nothing_else_is(
    width: int, height: int, corners: list[tuple[float, float]]
) -> None:
    chroma = ((height + 1) // 2, (width + 1) // 2)
    planes = Planes(
        np.full((height, width), 200, np.uint8), np.full(chroma, 90, np.uint8), np.full(chroma, 30, np.uint8)
    )
    black = black_out(planes, PrivacyZones([corners]))
    hidden = black.y == 16
    assert set(np.unique(black.y)) <= {16, 200}
    for row, column in zip(*np.nonzero(hidden), strict=True):
        assert black.u[row // 2, column // 2] == black.v[row // 2, column // 2] == 128
    assert ((black.u == 128) == (black.v == 128)).all()
    assert planes.y.min() == 200


def test_a_rectangle_zone_hides_exactly_its_rectangle() -> None:
    planes = Planes.from_bgr(ground((40, 20), 200))
    black = black_out(planes, PrivacyZones([[(10, 5), (20, 5), (20, 12), (10, 12)]]))
    assert (black.y[5:13, 10:21] == 16).all()
    assert (black.y[:5] != 16).all()
    assert (black.y[:, 22:] != 16).all()


def test_a_zone_keeps_its_place_in_a_stream_of_another_size() -> None:
    zones = PrivacyZones([[(20, 10), (40, 10), (40, 24), (20, 24)]], drawn_wh=(80, 40))
    half = black_out(Planes.from_bgr(ground((40, 20), 200)), zones)
    assert (half.y[5:13, 10:21] == 16).all()
    assert (half.y[:5] != 16).all() and (half.y[:, 22:] != 16).all()


def test_without_zones_the_picture_is_the_same_one() -> None:
    planes = Planes.from_bgr(ground((40, 20)))
    assert black_out(planes, PrivacyZones()) is planes
