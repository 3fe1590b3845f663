"""Where the detector looks: heartbeats in tiles, and what only the detector knows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_workers.attention import OPEN_EVERY, Attention, Cadence, CropExaminer
from tests.support.pipelines import NAMES, Rig, Row, ToldDetector, px
from vision.tracks.finds import new_finds
from vision.tracks.presence import Track
from vision.types import Detections, FramePacket, Planes

THING = (150, 110, 175, 130, 30)
BOX = px(THING[:4])
PILE: Row = ("garbage_pile", 0.8, BOX)


@dataclass
class Watching:
    """Finds nothing, and remembers which pixels it was shown, by the level that marks each of them."""

    shown: list[NDArray[np.uint8]] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        return NAMES

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        self.shown += images
        return [Detections.empty(NAMES) for _ in images]


def chequered(width: int, height: int, cell: int = 100) -> tuple[Planes, int]:
    """A picture whose cells have a level of their own, and how many cells there are."""
    columns, rows = -(-width // cell), -(-height // cell)
    levels = 20 + (np.arange(columns * rows) % 200).reshape(rows, columns)
    luma = np.kron(levels, np.ones((cell, cell)))[:height, :width].astype(np.uint8)
    grey = np.full((-(-height // 2), -(-width // 2)), 128, np.uint8)
    return Planes(luma, grey, grey), columns * rows


def look_of(planes: Planes, number: int) -> FramePacket:
    return FramePacket("view", number, 10.0 * number, datetime(2026, 3, 2, tzinfo=UTC), planes)


def cells_in_full(shown: Sequence[NDArray[np.uint8]], width: int) -> set[int]:
    """Levels of the cells that were shown at full resolution."""
    return {
        int(level)
        for image in shown
        if image.shape[1] < width
        for level in np.unique(image[50::100, 50::100, 0])
    }


def test_the_first_heartbeat_shows_all_of_a_large_picture_at_full_resolution() -> None:
    detector = Watching()
    planes, cells = chequered(1920, 1000)
    Attention(CropExaminer(detector), Cadence(4, 30)).attend(look_of(planes, 0), [], last_heartbeat=None)
    assert detector.shown[0].shape == (1000, 1920, 3), "the whole frame comes first"
    seen = cells_in_full(detector.shown, 1920)
    assert len(seen) >= 0.9 * cells


@pytest.mark.parametrize("size_wh", [(1920, 1080), (2560, 1440), (3840, 2160)])
def test_three_heartbeats_show_all_tiles_of_a_large_picture(size_wh: tuple[int, int]) -> None:
    planes, _ = chequered(*size_wh)
    everything, by_turns = Watching(), Watching()
    Attention(CropExaminer(everything), Cadence(4, 30)).attend(look_of(planes, 0), [], last_heartbeat=None)
    attention = Attention(CropExaminer(by_turns), Cadence(4, 30))
    one_beat = []
    for beat in range(3):
        before = len(by_turns.shown)
        attention.attend(look_of(planes, 30 * beat + 1), [], last_heartbeat=30 * beat - 29)
        one_beat.append(len(by_turns.shown) - before)
    assert cells_in_full(by_turns.shown, size_wh[0]) == cells_in_full(everything.shown, size_wh[0])
    assert max(one_beat) - 1 <= -(-(len(everything.shown) - 1) // 3), "each beat costs a third"


def test_a_small_picture_is_not_tiled() -> None:
    detector = Watching()
    Attention(CropExaminer(detector), Cadence(4, 30)).attend(
        look_of(chequered(1200, 700)[0], 0), [], last_heartbeat=None
    )
    assert len(detector.shown) == 1


def test_what_only_the_detector_knows_is_looked_for_again_soon_once_it_was_missed() -> None:
    attention = Attention(CropExaminer(Watching()), Cadence(4, 30))
    fields = {"log_odds": 4.0, "incident": {"sequence": 0}, "last_check_look": 100}
    track = Track(1, "detection", 0, 0.0, 0.0, (1, 1, 9, 9), (1, 1, 9, 9), **fields)  # type: ignore[arg-type]
    assert not attention.is_due(track, 104)
    assert attention.is_due(track, 100 + 4 * OPEN_EVERY)
    track.shift_odds(-0.3)
    assert attention.is_due(track, 104)


def test_what_stood_there_from_the_start_closes_when_it_is_found_no_more() -> None:
    rig = Rig()
    opened = rig.watch(40, (PILE,), things=(THING,))
    closed = rig.watch(30, (), things=(THING,))
    kinds = [event.type.rsplit(".", 1)[1] for event in opened + closed]
    assert kinds == ["opened", "closed"]


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000))
def test_one_look_in_ten_missed_and_a_wrong_class_now_and_then_end_and_rename_nothing(seed: int) -> None:
    """The errors of the district's oracle, over 400 checks of a pile that stood there from the start."""
    rng = np.random.default_rng(seed)
    detector = ToldDetector()
    attention = Attention(CropExaminer(detector), Cadence(1, 10**6), recall=dict.fromkeys(NAMES, 0.9))
    box = (10.0, 10.0, 50.0, 50.0)
    track = Track(1, "detection", 0, 0.0, 0.0, (1, 1, 9, 9), (1, 1, 9, 9))
    planes = Planes(np.zeros((64, 64), np.uint8), *[np.full((32, 32), 128, np.uint8)] * 2)
    for number in range(400):
        name = "street_vendor" if rng.random() < 0.02 else "garbage_pile"
        row: Row = (name, float(rng.beta(8, 1.5)), box)
        detector.rows = () if rng.random() < 0.1 else (row,)
        attention.attend(look_of(planes, number), [(track, box)], last_heartbeat=0)
        if number >= 8:
            assert (track.is_present, track.named) == (True, "garbage_pile"), number


def test_a_person_in_front_for_ten_minutes_does_not_end_what_only_the_detector_knows() -> None:
    rig = Rig()
    rig.watch(40, (PILE,), things=(THING,))
    rig.watch(60, (("person", 0.9, px((148, 80, 172, 134))),), things=(THING,))
    rig.watch(10, (PILE,), things=(THING,))
    assert [event.type.rsplit(".", 1)[1] for event in rig.journal.events] == ["opened"]


def test_a_phantom_of_one_heartbeat_opens_nothing_and_is_forgotten() -> None:
    rig = Rig()
    rig.watch(1, (PILE,))
    rig.watch(60)
    assert rig.journal.events == []
    assert rig.pipeline.state.tracker.tracks == []


def test_a_parked_lorry_taken_for_a_pile_once_is_not_kept_as_one() -> None:
    rig = Rig()
    rig.watch(1, (PILE,), things=(THING,))
    rig.watch(60, (("truck", 0.8, BOX),), things=(THING,))
    assert rig.journal.events == []
    assert rig.pipeline.state.tracker.tracks == []


def test_one_thing_is_taken_up_once_however_many_boxes_it_has() -> None:
    x1, y1, x2, y2 = BOX
    found = Detections(
        np.array([BOX, (x1 + 5, y1, x2 + 5, y2), (10, 10, 60, 60)], np.float32),
        np.array([0.7, 0.9, 0.3], np.float32),
        np.array([NAMES.index("garbage_pile")] * 3),
        NAMES,
    )
    known = Track(1, "detection", 0, 0.0, 0.0, (1, 1, 9, 9), (1, 1, 9, 9), is_found=True)
    assert new_finds(found, []) == [(x1 + 5, y1, x2 + 5, y2)]
    assert new_finds(found, [(known, BOX)]) == []
