"""The privacy bench: what counts as recognisable, the bound, and that the boxes are what they say."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.clip_frames import find_clips, read_frames
from benchmarks.privacy import (
    BOXES,
    ClipScore,
    bench_privacy,
    covered_share_of_head,
    figures,
    read_truth,
    score_clips,
    upper95,
)
from models.registry import open_detector
from tests.support.colour_people import ColourDetector
from vision.privacy.mask import PrivacyMask

pytestmark = pytest.mark.slow


def test_the_head_counts_and_the_feet_do_not() -> None:
    covered = np.zeros((100, 60), bool)
    covered[10:40, 20:40] = True
    assert covered_share_of_head(covered, (20, 10, 40, 100)) == 1.0
    covered[10:40, 20:22] = False
    assert covered_share_of_head(covered, (20, 10, 40, 100)) == pytest.approx(0.9)
    assert covered_share_of_head(covered, (50, 10, 60, 100)) == 0.0


@given(st.integers(1, 2000), st.data())
def test_the_bound_is_the_share_at_which_so_few_misses_have_a_chance_of_a_twentieth(
    total: int, data: st.DataObject
) -> None:
    missed = data.draw(st.integers(0, min(total - 1, 30)))
    bound = upper95(missed, total)
    assert missed / total < bound <= 1
    assert bound <= upper95(missed + 1, total)
    assert bound >= upper95(missed, total + 1)


def test_the_bound_of_no_miss_in_four_hundred_is_below_one_percent() -> None:
    assert upper95(0, 400) == pytest.approx(1 - 0.05 ** (1 / 400))
    assert upper95(3, 3) == 1.0


def test_the_figures_add_the_clips_up() -> None:
    one = ClipScore(
        "a", 2, 300, 1, free_px=900, free_masked_px=90, personless_px=1000, personless_masked_px=100
    )
    two = ClipScore(
        "b", 1, 100, 0, free_px=100, free_masked_px=0, personless_px=500, personless_masked_px=200
    )
    three = ClipScore("c", 1, 0, 0)
    figured = figures([one, two, three], "a test")
    assert figured["persons"] == 400
    assert figured["missed"] == 1
    assert figured["missed_upper95"] == pytest.approx(upper95(1, 400), abs=1e-5)
    assert figured["overmasked"] == 0.09
    assert figured["overmasked_counting_vehicles"] == 0.2
    assert (figured["clips"], figured["frames"]) == (2, 4)
    assert figured["source"] == "a test"


def test_the_committed_boxes_hold_enough_persons_and_frames_a_second_apart() -> None:
    truth = read_truth()
    tall = {
        sha256: sum(box[3] - box[1] >= 40 for frame in frames for box in frame.persons)
        for sha256, frames in truth.items()
    }
    assert sum(tall.values()) >= 400
    assert sum(1 for count in tall.values() if count) >= 8
    for frames in truth.values():
        times = [frame.time_s for frame in frames]
        assert all(late - early >= 0.999 for early, late in pairwise(times))
        for frame in frames:
            assert all(box[0] < box[2] and box[1] < box[3] for box in frame.persons + frame.vehicles)


def test_every_clip_of_the_boxes_is_there_and_its_boxes_lie_in_its_frames(shared_data: Path) -> None:
    truth = read_truth()
    clips = find_clips(shared_data / "footage", set(truth))
    assert set(clips) == set(truth)
    for sha256 in list(truth)[:3]:
        first = truth[sha256][:1]
        (image,) = read_frames(clips[sha256], [first[0].time_s])
        for box in first[0].persons + first[0].vehicles:
            assert box[2] <= image.shape[1] + 1
            assert box[3] <= image.shape[0] + 1


def test_a_mask_that_finds_nobody_misses_everybody(shared_data: Path, tmp_path: Path) -> None:
    truth = read_truth()
    name = "littering_walk_1.mp4"
    sha256 = next(
        key for key, path in find_clips(shared_data / "footage", set(truth)).items() if path.name == name
    )
    boxes = json.loads(BOXES.read_text(encoding="utf-8"))
    one_clip = tmp_path / "boxes.json"
    one_clip.write_text(json.dumps({"clips": {sha256: boxes["clips"][sha256]}}), encoding="utf-8")
    (score,) = score_clips(PrivacyMask(ColourDetector()), shared_data / "footage", one_clip)
    assert score.persons == score.missed == 11
    assert score.frames == 7


def test_without_the_clips_it_says_so_and_measures_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="STREETKEEPER_DATA"):
        bench_privacy(tmp_path)


def test_a_time_beyond_the_clip_is_an_error(shared_data: Path) -> None:
    with pytest.raises(ValueError, match="has no frame at 99"):
        list(read_frames(shared_data / "footage" / "littering_walk_1.mp4", [99.0]))


def test_the_shipped_mask_model_covers_everybody_of_a_clip(shared_data: Path, tmp_path: Path) -> None:
    """Two men on a forecourt, one of them half behind the picture's edge."""
    boxes = json.loads(BOXES.read_text(encoding="utf-8"))["clips"]
    sha256 = next(key for key, clip in boxes.items() if clip["name"] == "littering_walk_1.mp4")
    few = {"clips": {sha256: {"frames": boxes[sha256]["frames"][2:4]}}}
    (tmp_path / "boxes.json").write_text(json.dumps(few), encoding="utf-8")
    mask = PrivacyMask(open_detector("mask"))
    (score,) = score_clips(mask, shared_data / "footage", tmp_path / "boxes.json")
    assert (score.persons, score.missed) == (4, 0)
    assert score.overmasked < 0.15
