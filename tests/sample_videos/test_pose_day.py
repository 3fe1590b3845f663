"""A pose watch over a camera-day: only the gate's picture is composed, and only around pushes."""

from pathlib import Path

import pytest

from benchmarks.truth import TruthRun
from benchmarks.truth_nudges import bench_nudges
from sample_videos.district.camera_day import CameraDay, Nudge
from sample_videos.district.day_stage import DayKey, StageTruth
from sample_videos.district.pose_day import run_pose_day
from tests.support.toy_stage import NUDGE, ToyStage, open_toy_stage

pytestmark = pytest.mark.slow
KEY = DayKey(3, 1, "cam", 0, "train", "nudges")


def test_a_push_is_noticed_within_five_looks_from_the_gates_picture_alone() -> None:
    stage = ToyStage(KEY)
    day = run_pose_day(KEY, stage)
    ((since, until),) = day.moved
    assert 0 < since - (stage.begins + NUDGE.at) <= 50 and until == stage.ends
    assert not any(picture.asked for picture in stage.pictures)
    assert (day.detector, day.incidents, day.things) == ("none", [], [])
    assert {picture.t >= NUDGE.at - 300 for picture in stage.pictures} == {True}
    assert day.looks == len(stage.pictures) and day.steady_s == 10 * sum(
        picture.t < NUDGE.at for picture in stage.pictures
    )


def test_a_view_that_is_pushed_when_the_watch_begins_is_watched_from_its_return_on() -> None:
    class Pushed(ToyStage):
        def faults(self) -> StageTruth:
            return StageTruth(nudges=[Nudge(at=self.begins, until=self.begins + 400, shift_px=9.0)])

    stage = Pushed(KEY)
    day = run_pose_day(KEY, stage)
    assert day.nudges == [] and min(picture.t for picture in stage.pictures) >= 400


def test_the_bench_counts_pushes_and_the_time_in_which_a_move_would_be_false(tmp_path: Path) -> None:
    ticked: list[CameraDay] = []
    run = TruthRun([KEY], "oracle", tmp_path)
    line, table = bench_nudges(run, open_toy_stage, ticked.append)
    assert '"noticed_within_5_looks": 1' in line and '"steady_camera_days": 0.0' in line
    assert '"false": 0' in line and len(ticked) == 1
    assert any("1 of 1 noticed" in row for row in table)
    assert bench_nudges(run, open_toy_stage)[0] == line, "a second run goes on in the folder"
