"""The district's committed films show what their truth says; their documents are the same to the byte."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import yaml

from contracts.site import Site
from contracts.site_check import load_site
from sample_videos.district.base_map import base_map_text
from sample_videos.district.cameras import camera_of
from sample_videos.district.clips import FOLDER, stage_of
from sample_videos.district.film_truth import site_text, truth_text
from sample_videos.district.films import FILMS, FPS, Film, film_of
from sample_videos.district.parts import Parts
from sample_videos.district.plan import FRAME
from sample_videos.district.stage import make_composer
from stream_workers.build import placer_of

pytestmark = pytest.mark.slow

NAMES = [film.camera_id for film in FILMS]
MOST_BYTES = 60_000_000


@cache
def truth() -> dict[str, Any]:
    films = json.loads((FOLDER / "truth.json").read_text(encoding="utf-8"))["films"]
    return {Path(film["film"]).stem: film for film in films}


def frame_of(film: Film, seconds: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with av.open(str(FOLDER / f"{film.camera_id}.mp4")) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= seconds - 1e-6:
                return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    raise AssertionError("the film is too short")


@pytest.mark.parametrize(
    ("name", "text"),
    [("truth.json", truth_text), ("site.yaml", site_text), ("base_map.geojson", base_map_text)],
)
def test_truth_site_and_map_are_written_to_the_byte_as_committed(name: str, text: Any) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("film", FILMS, ids=NAMES)
def test_a_film_is_as_its_script_says(film: Film) -> None:
    keys, frames = [], 0
    with av.open(str(FOLDER / f"{film.camera_id}.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == {"libx264": "h264", "libx265": "hevc"}[film.codec]
        assert (stream.width, stream.height) == camera_of(film.camera_id).size_wh
        assert stream.average_rate == FPS
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base is not None:
                frames += 1
                if packet.is_keyframe:
                    keys.append(float(packet.pts * packet.time_base))
    assert frames == round(film.seconds * FPS)
    assert np.diff(keys) == pytest.approx(film.gop / FPS)


def test_there_are_eight_films_of_which_two_are_large_one_is_h265_and_one_has_rare_keyframes() -> None:
    assert len(FILMS) == 8
    assert sorted(camera_of(name).size_wh for name in NAMES) == [(1280, 720)] * 6 + [(1920, 1080)] * 2
    assert [film.codec for film in FILMS].count("libx265") == 1
    assert [film.gop for film in FILMS].count(10 * FPS) == 1
    assert sum((FOLDER / f"{name}.mp4").stat().st_size for name in NAMES) <= MOST_BYTES


@pytest.mark.parametrize("film", FILMS, ids=NAMES)
def test_a_film_ends_as_it_begins(film: Film) -> None:
    def standing(seconds: float) -> set[tuple[str, str, float, float]]:
        t = film.starts_at + seconds
        parts = [part for episode in film.episodes for part in episode.parts if part.is_there(t)]
        return {(part.asset, part.variant, part.east_m, part.north_m) for part in parts}

    assert standing(0.0) == standing(film.seconds - 1 / FPS)
    assert standing(40.0) != standing(0.0)


@pytest.mark.slow
@pytest.mark.parametrize("film", FILMS, ids=NAMES)
def test_the_committed_film_is_the_one_that_the_code_composes(film: Film) -> None:
    composed = make_composer(camera_of(film.camera_id), stage_of(film), Parts()).frame(film.starts_at + 40.0)
    shown = frame_of(film, 40.0)
    small = [cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA) for picture in (composed, shown)]
    assert np.abs(small[0].astype(float) - small[1]).mean() < 4.0


@pytest.mark.parametrize("film", FILMS, ids=NAMES)
def test_what_comes_is_seen_where_its_truth_says(film: Film) -> None:
    """Between before and after, most of what has changed lies in the boxes of what came."""
    before, after = (frame_of(film, seconds).astype(int) for seconds in (12.0, 40.0))
    changed = cv2.blur((np.abs(after - before).max(axis=2) > 40).astype(np.float32), (5, 5)) > 0.6
    for thing in truth()[film.camera_id]["things"]:
        if thing["from_s"] == 0.0:
            continue
        x1, y1, x2, y2 = (round(value) for value in thing["box_xyxy_px"])
        inside = changed[y1:y2, x1:x2].mean()
        assert inside > 4 * max(changed.mean(), 0.01), thing["id"]


def test_the_site_passes_its_check_and_places_what_comes_within_metres() -> None:
    site: Site = load_site(FOLDER / "site.yaml")
    for film in FILMS:
        placer = placer_of(site.camera(film.camera_id).views[0])
        assert placer is not None
        for thing in truth()[film.camera_id]["things"]:
            if not thing["is_incident"]:
                continue
            x1, y1, x2, y2 = thing["box_xyxy_px"]
            place = placer.place((x1, y1, x2, y2), thing["category"], 1.0)
            assert place is not None
            here = FRAME.to_metres(np.array([place.lonlat, thing["lonlat"]]))
            metres = float(np.hypot(*(here[0] - here[1])))
            assert metres < 2.0, thing["id"]


def test_scripts_name_no_film_twice_and_unknown_ones_are_told() -> None:
    assert len(set(NAMES)) == len(NAMES)
    with pytest.raises(KeyError, match="no film 'nowhere'"):
        film_of("nowhere")


def test_the_map_holds_every_zone_and_camera() -> None:
    features = json.loads((FOLDER / "base_map.geojson").read_text(encoding="utf-8"))["features"]
    site = yaml.safe_load((FOLDER / "site.yaml").read_text(encoding="utf-8"))
    kinds = [feature["properties"]["kind"] for feature in features]
    assert kinds.count("camera") == len(site["cameras"])
    zones = {feature["properties"]["id"] for feature in features if feature["properties"]["kind"] == "zone"}
    assert zones == {zone["id"] for zone in site["zones"]}
