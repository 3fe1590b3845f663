"""The demo's films show what their truth says, where it says, and their site places it there."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from contracts.site import Site
from sample_videos.demo_films import FILMS, Film
from sample_videos.make_demo_clips import FOLDER, frames_of, make_films
from sample_videos.street_scene import CAMERA, FRAME, SIZE_WH
from vision.georeference.homography import PlaneGeoreferencer, fit
from vision.georeference.place import place_footprint

pytestmark = pytest.mark.slow

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]
NAMES = [film.name for film in FILMS]
THINGS = [(film.name, row) for film in FILMS for row in range(len(film.things))]


def film_of(name: str) -> Film:
    return next(film for film in FILMS if film.name == name)


@cache
def truth() -> dict[str, Any]:
    films = json.loads((FOLDER / "truth.json").read_text())["films"]
    return {Path(film["film"]).stem: film for film in films}


@cache
def keyframes(name: str) -> list[tuple[float, U8]]:
    with av.open(str(FOLDER / f"{name}.mp4")) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        return [
            (float(frame.time), np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
            for frame in container.decode(stream)
        ]


def median(name: str, start_s: float, end_s: float) -> F64:
    return np.asarray(
        np.median([picture for seconds, picture in keyframes(name) if start_s <= seconds < end_s], axis=0)
    )


def view_of(name: str) -> PlaneGeoreferencer:
    site = Site.model_validate(yaml.safe_load((FOLDER / "site.yaml").read_text()))
    view = next(camera for camera in site.cameras if camera.id == name).views[0]
    assert view.calibration is not None
    points = view.calibration.control_points
    return fit(
        np.array([point.px for point in points], np.float64),
        np.array([point.lonlat for point in points], np.float64),
        np.array([(point.sigma_px, point.sigma_m) for point in points], np.float64),
        view.calibration.picture_wh,
        view.calibration.max_range_m,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_film_is_the_one_that_the_code_draws(name: str) -> None:
    drawn = dict(frames_of(film_of(name), step=1000))
    shown = dict(keyframes(name))
    for seconds, picture in drawn.items():
        assert np.abs(shown[seconds].astype(float) - picture).mean() < 4.0


@pytest.mark.parametrize(("name", "codec"), [("drawn-street-1", "h264"), ("drawn-street-2", "hevc")])
def test_a_film_lasts_90_s_without_b_frames_and_with_a_keyframe_every_2_s(name: str, codec: str) -> None:
    with av.open(str(FOLDER / f"{name}.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert stream.codec_context.name == codec
        assert (stream.width, stream.height) == SIZE_WH
    assert len(packets) == 90 * 25
    assert all(packet.pts == packet.dts for packet in packets)
    assert np.flatnonzero([packet.is_keyframe for packet in packets]).tolist() == list(range(0, 2250, 50))


def test_the_films_together_are_smaller_than_30_mb() -> None:
    assert sum((FOLDER / f"{name}.mp4").stat().st_size for name in NAMES) < 30e6


@pytest.mark.parametrize(("name", "row"), THINGS)
def test_a_thing_is_seen_in_its_box_from_its_time_on_and_nowhere_else(name: str, row: int) -> None:
    thing = truth()[name]["things"][row]
    before, after = median(name, 0, 15), median(name, 76, 90)
    # The light of the film changes slowly; what a thing changes is far more.
    light = np.median(after) / np.median(before)
    changed = np.abs(after - before * light).max(axis=2) > 30
    for other in truth()[name]["things"]:
        x1, y1, x2, y2 = other["box_xyxy_px"]
        if other is thing:
            assert changed[y1:y2, x1:x2].mean() > 0.3
        changed[max(0, y1 - 4) : y2 + 14, max(0, x1 - 40) : x2 + 50] = False  # it, and its shadow
    assert changed.mean() < 0.002


@pytest.mark.parametrize(("name", "row"), THINGS)
def test_a_thing_comes_at_its_time(name: str, row: int) -> None:
    thing = truth()[name]["things"][row]
    x1, y1, x2, y2 = thing["box_xyxy_px"]
    empty = median(name, 0, 15)[y1:y2, x1:x2]
    for seconds, picture in keyframes(name):
        if abs(seconds - thing["from_s"]) <= 4:
            changed = (np.abs(picture[y1:y2, x1:x2] - empty).max(axis=2) > 30).mean()
            assert (changed > 0.3) == (seconds >= thing["from_s"]), seconds


@pytest.mark.parametrize(("name", "row"), THINGS)
def test_the_footprint_lies_under_the_drawing(name: str, row: int) -> None:
    thing = truth()[name]["things"][row]
    x1, y1, x2, y2 = thing["box_xyxy_px"]
    corners = FRAME.to_metres(np.array(thing["footprint"]))
    pixels = CAMERA.project(np.column_stack([corners, np.zeros(4)]))
    assert x1 - 8 <= pixels[:, 0].min() and pixels[:, 0].max() <= x2 + 8
    assert pixels[:, 1].max() == pytest.approx(y2, abs=6)
    assert y1 < pixels[:, 1].min()
    assert corners.mean(axis=0) == pytest.approx(FRAME.to_metres(np.array([thing["lonlat"]]))[0], abs=0.01)


@pytest.mark.parametrize(("name", "row"), THINGS)
def test_the_noisy_calibration_places_each_thing_within_its_ellipse(name: str, row: int) -> None:
    thing = truth()[name]["things"][row]
    x1, y1, x2, y2 = thing["box_xyxy_px"]
    place = place_footprint((x1, y1, x2, y2), view_of(name), SIZE_WH, thing["category"])
    assert place is not None
    east, north = (FRAME.to_metres(np.array([place.lonlat])) - FRAME.to_metres(np.array([thing["lonlat"]])))[
        0
    ]
    angle = np.deg2rad(place.ellipse.azimuth_deg)
    along = (east * np.sin(angle) + north * np.cos(angle)) / place.ellipse.semi_major_m
    across = (east * np.cos(angle) - north * np.sin(angle)) / place.ellipse.semi_minor_m
    # One true place of twenty lies outside its 95 % ellipse; that of 99 % is 1.24 times as long.
    assert along**2 + across**2 <= 9.21 / 5.99
    assert abs(place.area_m2 - thing["area_m2"]) <= place.area_error_m2


def test_a_detector_of_416_px_can_see_each_thing() -> None:
    widths = [
        thing["box_xyxy_px"][2] - thing["box_xyxy_px"][0]
        for film in truth().values()
        for thing in film["things"]
    ]
    assert min(widths) >= 70


def covered_s(film: Mapping[str, Any], box: list[int]) -> int:
    """Seconds for which one walker hides more than a fifth of a box."""
    x1, y1, x2, y2 = box
    seconds = 0
    for mover in film["movers"]:
        hidden = [
            max(0, min(x2, right) - max(x1, left)) * max(0, min(y2, low) - max(y1, high))
            for _, left, high, right, low in mover["boxes_t_xyxy_px"]
        ]
        if mover["kind"] == "walker":
            seconds = max(seconds, sum(area > 0.2 * (x2 - x1) * (y2 - y1) for area in hidden))
    return seconds


@pytest.mark.parametrize("name", NAMES)
def test_once_a_walker_stands_in_front_of_the_first_thing(name: str) -> None:
    film = truth()[name]
    assert covered_s(film, film["things"][0]["box_xyxy_px"]) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_one_car_parks_for_20_s(name: str) -> None:
    cars = [mover["boxes_t_xyxy_px"] for mover in truth()[name]["movers"] if mover["kind"] == "car"]
    still = [max(sum(row[1:] == other[1:] for other in rows) for row in rows) for rows in cars if rows]
    assert max(still) >= 20


def test_films_that_are_there_are_kept_and_truth_and_site_are_written_to_the_byte_as_committed(
    tmp_path: Path,
) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.mp4").write_bytes(b"a film")
    make_films(tmp_path)
    assert [(tmp_path / f"{name}.mp4").read_bytes() for name in NAMES] == [b"a film"] * len(NAMES)
    for name in ("truth.json", "site.yaml"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()
