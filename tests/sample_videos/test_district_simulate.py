"""The simulator: the worker's own pipeline over composed looks, whole, repeatable, and resumable."""

from pathlib import Path

import pytest

from sample_videos.district.camera_day import CameraDay
from sample_videos.district.day_stage import DayKey
from sample_videos.district.run_day import run_day
from sample_videos.district.simulate import simulate
from stream_workers.errors import SourceRefused
from tests.support.toy_stage import CUT, HOURS, NUDGE, ToyStage, open_toy_stage

pytestmark = pytest.mark.slow
KEY = DayKey(7, 2, "cam", 0)
OTHER = DayKey(7, 2, "cam", 1)
OPENED: list[DayKey] = []


def note_stage(key: DayKey) -> ToyStage:
    OPENED.append(key)
    return open_toy_stage(key)


def told(day: CameraDay) -> list[tuple[str, float, float | None]]:
    return [(each.category, each.opened, each.closed) for each in day.incidents]


@pytest.fixture(scope="module")
def toy_day() -> tuple[CameraDay, ToyStage]:
    stage = open_toy_stage(KEY)
    return run_day(KEY, stage, "oracle"), stage


def test_things_become_incidents_and_traps_do_not(toy_day: tuple[CameraDay, ToyStage]) -> None:
    day, _ = toy_day
    stall, heap = told(day)[:2]
    assert stall[:2] == ("street_vendor", 910.0) and stall[2] is not None and 4800 < stall[2] < 4860
    assert heap == ("garbage_pile", 1510.0, None)
    assert all(each.lonlat is not None and each.ellipse is not None for each in day.incidents[:2])
    reasons = [each.reason for each in day.explained]
    assert any("permitted zone market" in reason for reason in reasons)
    assert any("claimed by motorcycle" in reason for reason in reasons)


def test_a_power_cut_gives_no_looks_and_a_nudge_suspends_the_view(
    toy_day: tuple[CameraDay, ToyStage],
) -> None:
    day, stage = toy_day
    assert day.looks == HOURS * 360 - (CUT.until - CUT.at) / 10
    assert not any(CUT.at <= picture.t < CUT.until for picture in stage.pictures)
    ((since, until),) = day.moved
    assert NUDGE.at < since <= NUDGE.at + 50 and until == HOURS * 3600


def test_pictures_are_composed_only_as_far_as_asked(toy_day: tuple[CameraDay, ToyStage]) -> None:
    _, stage = toy_day
    assert not any(picture.asked for picture in stage.pictures), "the oracle asks for no pixels"


def test_the_model_gets_crops_at_full_resolution() -> None:
    stage = open_toy_stage(KEY)
    stage.ends = stage.begins + 1200
    day = run_day(KEY, stage, "model")
    crops = [box for picture in stage.pictures for box in picture.asked]
    assert day.detector == "model" and day.oracle == {}
    assert crops and all(box is not None and box[2] - box[0] >= 400 for box in crops)
    assert sum(bool(picture.asked) for picture in stage.pictures) < 80


def test_a_day_run_again_is_the_same_day(toy_day: tuple[CameraDay, ToyStage]) -> None:
    again = run_day(KEY, open_toy_stage(KEY), "oracle")
    timeless = {"cpu_s": 0.0, "composed_cpu_s": 0.0}
    assert again.model_copy(update=timeless) == toy_day[0].model_copy(update=timeless)


def test_another_day_is_calibrated_anew(toy_day: tuple[CameraDay, ToyStage]) -> None:
    one, other = (stage.site().cameras[0].views[0].calibration for stage in map(open_toy_stage, (KEY, OTHER)))
    assert one is not None and other is not None and one.control_points != other.control_points


def test_days_that_are_there_are_not_run_again(tmp_path: Path) -> None:
    OPENED.clear()
    first = list(simulate([KEY], note_stage, "oracle", tmp_path))
    both = list(simulate([KEY, OTHER], note_stage, "oracle", tmp_path))
    assert OPENED == [KEY, OTHER] and both[0] == first[0]
    assert both[1].incidents[0].opened == pytest.approx(86400 + 910), "world time, not time of day"
    assert not list(tmp_path.glob("*.part"))


def test_two_processes_make_the_same_days(tmp_path: Path, toy_day: tuple[CameraDay, ToyStage]) -> None:
    days = {day.day: day for day in simulate([KEY, OTHER], open_toy_stage, "oracle", tmp_path, jobs=2)}
    assert told(days[0]) == told(toy_day[0]) and set(days) == {0, 1}


def test_results_of_another_detector_or_of_other_code_are_refused(tmp_path: Path) -> None:
    list(simulate([], open_toy_stage, "oracle", tmp_path))
    with pytest.raises(SourceRefused, match="another detector"):
        list(simulate([], open_toy_stage, "model", tmp_path))
