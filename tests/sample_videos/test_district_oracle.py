"""The oracle errs exactly as it says it does: counted, not believed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sample_videos.district.oracle import BOXES_PER_CROP, Oracle, Visible
from vision.types import Box, Detections, FramePacket

pytestmark = pytest.mark.slow

NAMES = ("street_vendor", "garbage_pile", "garbage_bin", "person", "car")
WHOLE: Box = (0.0, 0.0, 1280.0, 720.0)
START = datetime(2026, 4, 6, tzinfo=UTC)


class Blank:
    """A picture of nothing: the oracle never looks at pixels."""

    size_wh = (1280, 720)

    def luma_small(self, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
        raise AssertionError("the oracle looked at a picture")

    def bgr(self, box: Box | None = None) -> NDArray[np.uint8]:
        raise AssertionError("the oracle looked at a picture")


def packet(number: int, view: str = "cam") -> FramePacket:
    return FramePacket(view, number, 10.0 * number, START + timedelta(seconds=10 * number), Blank())


def oracle(*things: Visible, seed: int = 1, input_px: int = 4096) -> Oracle:
    return Oracle(lambda _: things, NAMES, input_px, seed)


def stall(key: str = "a", share: float = 1.0, box: Box = (300.0, 300.0, 420.0, 400.0)) -> Visible:
    return Visible(key, "street_vendor", box, share)


def shares(found: Sequence[Detections]) -> float:
    return sum(len(each) for each in found) / len(found)


def near(share: float, wanted: float, draws: int) -> bool:
    """Whether a counted share is within four standard deviations of what it should be."""
    return bool(abs(share - wanted) < 4 * (wanted * (1 - wanted) / draws) ** 0.5)


@pytest.mark.parametrize(("share", "missed"), [(1.0, 0.10), (0.51, 0.10), (0.49, 0.30), (0.12, 0.30)])
def test_a_thing_is_missed_as_often_as_said(share: float, missed: float) -> None:
    it, looks = oracle(stall(share=share)), 20_000
    crop: Box = (200.0, 200.0, 700.0, 700.0)
    seen = shares([it.examine(packet(number), [crop])[0].of("street_vendor") for number in range(looks)])
    # Right class only; a phantom of this class comes once in a thousand crops.
    assert near(seen, (1 - missed) * 0.98 + 0.001, looks)


def test_what_is_all_but_hidden_is_never_seen() -> None:
    it = oracle(stall(share=0.05))
    found = [it.examine(packet(number), [WHOLE])[0] for number in range(2000)]
    assert all(it.tally.right[place] == 0 for place in range(10)) and shares(found) < 0.02


def test_two_of_a_hundred_boxes_have_a_wrong_class() -> None:
    it = oracle(
        *(stall(str(place), box=(100.0 * place, 300.0, 100.0 * place + 90, 400.0)) for place in range(10))
    )
    found = [it.examine(packet(number), [WHOLE])[0] for number in range(2000)]
    wrong = sum(int((each.classes != 0).sum()) for each in found)
    told = sum(len(each) for each in found)
    phantoms = 2000 / 200 * 0.8
    assert near((wrong - phantoms) / told, 0.02, told)


def test_each_edge_errs_by_three_pixels_or_four_percent() -> None:
    small, large = stall("a", box=(300.0, 300.0, 340.0, 340.0)), stall("b", box=(600.0, 100.0, 900.0, 500.0))
    it = oracle(small, large)
    errors: dict[str, list[NDArray[np.float64]]] = {"a": [], "b": []}
    for number in range(5000):
        for row in it.examine(packet(number), [WHOLE])[0].xyxy:
            for thing in (small, large):
                error = np.asarray(row, np.float64) - np.array(thing.box)
                if np.abs(error).max() < 80:
                    errors[thing.key].append(error)
    spread = {key: np.std(rows, axis=0) for key, rows in errors.items()}
    assert spread["a"] == pytest.approx([3.0] * 4, rel=0.06), "below 75 px three pixels are the larger"
    assert spread["b"] == pytest.approx([12.0, 16.0, 12.0, 16.0], rel=0.06), "4 % of the size across the edge"
    assert np.abs(np.mean(errors["a"], axis=0)).max() < 0.3


def test_one_phantom_comes_in_two_hundred_crops() -> None:
    it = oracle()
    crops: list[Box] = [(0.0, 0.0, 416.0, 416.0), (416.0, 0.0, 832.0, 416.0), (0.0, 200.0, 600.0, 720.0)]
    found = [each for number in range(8000) for each in it.examine(packet(number), crops)]
    assert near(shares(found), 1 / 200, len(found))
    for each, crop in zip(found, crops * 8000, strict=True):
        for row in each.xyxy:
            assert 0 <= row[0] < row[2] <= crop[2] - crop[0] and 0 <= row[1] < row[3] <= crop[3] - crop[1]


def test_a_score_is_right_as_often_as_it_says() -> None:
    """20,000 reported boxes in crops that show as many things as the scores are made for."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(BOXES_PER_CROP / 0.9, 40_000)
    now: list[Visible] = []
    it = Oracle(lambda _: now, NAMES, 4096, 3)
    right, scores = [], []
    for number, count in enumerate(counts):
        now[:] = [
            stall(str(place), box=(60.0 * place, 300.0, 60.0 * place + 50, 350.0)) for place in range(count)
        ]
        for found in it.examine(packet(number), [WHOLE]):
            scores += [float(score) for score in found.scores]
            right += [_is_stall(box, found.name(row), count) for row, box in enumerate(found.xyxy)]
        if len(scores) >= 20_000:
            break
    said, true = np.array(scores), np.array(right, float)
    assert len(said) >= 20_000
    for low, high in (
        (0.0, 0.3),
        (0.3, 0.5),
        (0.5, 0.7),
        (0.7, 0.85),
        (0.85, 0.95),
        (0.95, 0.99),
        (0.99, 1.01),
    ):
        inside = (said >= low) & (said < high)
        expected, spread = (
            said[inside].mean(),
            np.sqrt((said[inside] * (1 - said[inside])).sum()) / inside.sum(),
        )
        assert abs(true[inside].mean() - expected) < 4 * spread + 0.002, f"scores from {low} to {high}"
    assert said[true == 0].mean() < said[true == 1].mean() - 0.2, "scores tell right from wrong"


def _is_stall(box: NDArray[np.float32], name: str, count: int) -> bool:
    places = [(60.0 * place, 300.0) for place in range(count)]
    return name == "street_vendor" and any(abs(box[0] - x) < 20 and abs(box[1] - y) < 20 for x, y in places)


def test_the_tally_counts_what_was_said() -> None:
    it = oracle(stall())
    found = [it.examine(packet(number), [WHOLE])[0] for number in range(500)]
    assert it.tally.crops == 500 and it.tally.boxes == sum(it.tally.told) == sum(len(each) for each in found)
    assert 0 < sum(it.tally.right) <= it.tally.boxes


@given(st.integers(0, 2**31), st.integers(0, 9000), st.floats(0, 700), st.floats(0, 300))
def test_asking_twice_gives_the_same(seed: int, number: int, left: float, top: float) -> None:
    crop: Box = (left // 2 * 2, top // 2 * 2, left // 2 * 2 + 416, top // 2 * 2 + 416)
    things = [stall(str(place), box=(90.0 * place, 200.0, 90.0 * place + 80, 290.0)) for place in range(8)]
    one, other = oracle(*things, seed=seed), oracle(*things, seed=seed)
    first = one.examine(packet(number), [crop])[0]
    other.examine(packet(number + 1), [WHOLE])
    again = other.examine(packet(number), [WHOLE, crop])[1]
    assert np.array_equal(first.xyxy, again.xyxy) and np.array_equal(first.scores, again.scores)
    assert np.array_equal(first.classes, again.classes)


def test_another_seed_camera_or_look_errs_otherwise() -> None:
    box = stall()
    first = oracle(box).examine(packet(3), [WHOLE])[0].xyxy
    assert not np.array_equal(first, oracle(box, seed=2).examine(packet(3), [WHOLE])[0].xyxy)
    assert not np.array_equal(first, oracle(box).examine(packet(4), [WHOLE])[0].xyxy)
    assert not np.array_equal(first, oracle(box).examine(packet(3, "other"), [WHOLE])[0].xyxy)


def test_a_crop_shows_what_lies_inside_it_and_nothing_else() -> None:
    it = oracle(stall(box=(300.0, 300.0, 420.0, 400.0)), seed=4)
    beside: Box = (500.0, 200.0, 916.0, 616.0)
    cutting: Box = (380.0, 200.0, 796.0, 616.0)
    over: Box = (330.0, 200.0, 746.0, 616.0)
    seen = dict.fromkeys(("beside", "cutting", "over"), 0)
    for number in range(1000):
        found = it.examine(packet(number), [beside, cutting, over])
        for name, each in zip(seen, found, strict=True):
            seen[name] += len(each.of("street_vendor"))
            if len(each):
                assert each.xyxy.min() >= 0 and each.xyxy[:, 2:].max() <= 416
    assert seen["beside"] < 10 and seen["cutting"] < 10 and seen["over"] > 800


def test_what_is_too_small_on_the_detectors_input_is_not_seen() -> None:
    far = stall(box=(600.0, 200.0, 624.0, 216.0))
    it = oracle(far, input_px=416)
    closely: Box = (500.0, 100.0, 916.0, 516.0)
    whole = sum(len(it.examine(packet(number), [WHOLE])[0].of("street_vendor")) for number in range(500))
    close = sum(len(it.examine(packet(number), [closely])[0].of("street_vendor")) for number in range(500))
    assert whole < 10, "20 px shrink to 6 px"
    assert close > 400


def test_classes_that_the_detector_does_not_know_are_not_told() -> None:
    it = oracle(Visible("u", "umbrella", (300.0, 300.0, 420.0, 400.0), 1.0))
    assert sum(len(it.examine(packet(number), [WHOLE])[0]) for number in range(1000)) < 20
