"""The benches' arithmetic, what they refuse to report on, and what they give the pipeline to do."""

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.analyze import analyze_figures
from benchmarks.density import (
    LOOKS,
    CountingDetector,
    Hour,
    Loop,
    Tally,
    Workload,
    cpu_figures,
    default_site,
    measure_frames,
)
from benchmarks.density_rtsp import rtsp_figures, timeliness
from benchmarks.figures import NotAsPromised, config_sha256, cpu_s, line
from benchmarks.film import Film, long_film, measure_film
from tests.support.films import make_film
from vision.types import Detections

DEFAULT = Film(Path("film.mp4"), 300.0, 4.01, 200.0, 2.0, 25.0, (1920, 1080), "h264", "High")
DONE = Workload(9.0, 15.0, heartbeats=12, firings=46, incidents=2, pictures=6)
SECONDS = st.floats(0.01, 1e4)


class Finder:
    """Finds nothing, in as many pictures as it is given."""

    names = ("car",)
    info = None

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        return [Detections.empty(self.names) for _ in images]


def test_a_line_is_one_json_object_that_names_the_bench_and_the_day() -> None:
    text = line("density", {"ratio_full": 33.0})
    assert "\n" not in text
    facts = json.loads(text)
    assert facts["bench"] == "density"
    assert {"date", "cpu", "ratio_full"} <= set(facts)


def test_the_configuration_hash_tells_every_change_of_the_site_apart() -> None:
    site = default_site()
    changed = site.model_copy(update={"name": "another"})
    assert config_sha256(site.model_dump_json()) == config_sha256(default_site().model_dump_json())
    assert config_sha256(site.model_dump_json()) != config_sha256(changed.model_dump_json())


def test_what_is_measured_is_the_shipped_default() -> None:
    camera = default_site().cameras[0]
    assert set(camera.model_fields_set) == {"id", "views"}
    assert all(rule.model_fields_set <= {"id", "category", "min_confidence"} for rule in default_site().rules)
    assert camera.look_every_s == 3600 / LOOKS


@given(SECONDS, st.integers(1, 100_000), st.floats(1, 60))
def test_an_hour_is_so_many_frames_a_second(spent: float, frames: int, fps: float) -> None:
    assert Tally(spent, frames).per_hour(fps) == pytest.approx(spent * fps * 3600 / frames)
    assert Tally().per_hour(fps) == 0


@given(SECONDS, SECONDS, SECONDS, SECONDS)
def test_every_ratio_is_against_the_loop_that_it_names(
    plain: float, naive: float, gate: float, full: float
) -> None:
    figures = cpu_figures(plain, naive, Workload(gate, full))
    assert figures["ratio_gate"] == pytest.approx(plain / gate, abs=0.06)
    assert figures["ratio_full"] == pytest.approx(plain / full, abs=0.06)
    assert figures["ratio_naive"] == pytest.approx(naive / full, abs=0.06)


@given(SECONDS, SECONDS, SECONDS, SECONDS)
def test_over_rtsp_the_hours_workload_is_added_to_watching(
    plain: float, watching: float, gate: float, extra: float
) -> None:
    figures = rtsp_figures(plain, watching, Workload(gate, gate + extra))
    assert figures["full_cpu_s_per_camera_hour"] == pytest.approx(watching + extra, abs=0.02)
    assert figures["ratio_full"] == pytest.approx(plain / (watching + extra), abs=0.06)


def test_a_look_counts_as_timely_within_one_interval_and_never_more_than_were_due() -> None:
    figures = timeliness([0.2, 9.9, 10.1, 30.0], due=4)
    assert figures == {"looks_due": 4, "looks_done": 4, "looks_on_time": 0.5}
    assert timeliness([0.1] * 5, due=4)["looks_on_time"] == 1.0
    assert timeliness([], due=4)["looks_on_time"] == 0.0
    assert timeliness([], due=0)["looks_on_time"] is None


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"heartbeats": 11}, "heartbeats"),
        ({"firings": 29}, "gate firings"),
        ({"incidents": 1}, "incidents"),
        ({"pictures": 3}, "pictures of evidence"),
    ],
)
def test_an_hour_with_less_to_do_than_promised_gives_no_figure(change: dict[str, int], named: str) -> None:
    DONE.check()
    with pytest.raises(NotAsPromised, match=named):
        replace(DONE, **change).check()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"size_wh": (1280, 720)}, "size"),
        ({"codec": "hevc"}, "codec"),
        ({"profile": "Main"}, "codec"),
        ({"fps": 12.5}, "frame rate"),
        ({"mbit_per_s": 3.5}, "bit rate"),
        ({"mbit_per_s": 4.5}, "bit rate"),
        ({"keyframe_interval_s": 4.0}, "keyframe interval"),
        ({"keyframe_mean_kb": 149.0}, "keyframe size"),
        ({"seconds": 59.0}, "length"),
    ],
)
def test_another_film_is_not_taken_for_the_default_one(change: dict[str, object], named: str) -> None:
    assert DEFAULT.check_default() is DEFAULT
    with pytest.raises(NotAsPromised, match=named):
        replace(DEFAULT, **change).check_default()  # type: ignore[arg-type]


def test_every_figure_of_a_film_stands_in_the_line() -> None:
    assert len(DEFAULT.facts()) == len(fields(Film)) - 1
    assert all(name.startswith("film_") for name in DEFAULT.facts())


def test_a_film_is_measured_from_its_packets(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4", seconds=6, gop=10)
    film = measure_film(path)
    assert (film.size_wh, film.codec) == ((320, 180), "h264")
    assert film.seconds == pytest.approx(6.0)
    assert film.fps == pytest.approx(10.0)
    assert film.keyframe_interval_s == pytest.approx(1.0)
    assert film.mbit_per_s == pytest.approx(path.stat().st_size * 8 / 6e6, rel=0.1)
    longer = measure_film(long_film(path, 3))
    assert longer.seconds == pytest.approx(18.0)
    assert longer.keyframe_interval_s == pytest.approx(1.0)
    assert longer.mbit_per_s == pytest.approx(film.mbit_per_s, rel=0.01)


@pytest.mark.slow
def test_an_hour_of_looks_comes_from_a_looped_film_in_order(tmp_path: Path) -> None:
    path = make_film(tmp_path / "film.mp4", seconds=20, gop=10)
    looks = list(Hour(path))
    assert len(looks) == LOOKS
    assert [look.media_time_s for look in looks] == [10.0 * number for number in range(LOOKS)]
    assert len({look.captured_at for look in looks}) == LOOKS


def test_the_plain_loop_begins_again_at_the_films_end_and_is_counted(tmp_path: Path) -> None:
    film, tally = Loop(make_film(tmp_path / "film.mp4", seconds=2, gop=10)), Tally()
    before = cpu_s()
    measure_frames(film, tally, 45, None)
    assert tally.frames == 45
    assert 0 < tally.cpu_s <= cpu_s() - before


def test_a_file_that_opencv_cannot_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film")
    with pytest.raises(FileNotFoundError, match="cannot read"):
        Loop(tmp_path / "film.mp4").read()


def test_whole_frames_are_heartbeats_and_single_crops_are_firings() -> None:
    detector = CountingDetector(Finder())  # type: ignore[arg-type]
    picture = np.zeros((8, 8, 3), np.uint8)
    for count in (7, 1, 3, 1, 1):
        detector.detect([picture] * count)
    assert (detector.heartbeats, detector.firings) == (2, 3)


def test_recordings_are_rated_by_the_whole_commands_cpu_and_only_with_evidence() -> None:
    run = {"inputs": [{}, {}], "incidents": 2, "media_s": 1200.0}
    figures = analyze_figures(run, cpu_s=6.0, pictures=5)
    assert figures["realtime_factor_per_core"] == 200.0
    with pytest.raises(NotAsPromised, match="1 incidents"):
        analyze_figures({**run, "incidents": 1}, 6.0, 5)
    with pytest.raises(NotAsPromised, match="0 pictures"):
        analyze_figures(run, 6.0, 0)
