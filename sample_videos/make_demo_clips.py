"""Draws the demo's two films, their truth and their site: `python -m sample_videos.make_demo_clips`.

The films are drawn, not real streets. Their site is calibrated from control points read with noise,
as a person would read them, and not from the known camera; a test compares the places with the truth.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
import yaml
from av.video.stream import VideoStream
from numpy.typing import NDArray
from rich.progress import track

from sample_videos.street_scene import CAMERA, FRAME, SIZE_WH, Mover, Thing, draw_street, paste

__all__ = ["FILMS", "make_films"]

FOLDER = Path(__file__).parent / "demo"
FPS = 25
SECONDS = 90
GOP = 50
BITRATE = 1_100_000
NOISE = 2.6
SHAKE_PX = 0.25
CONTROL_POINTS_M = (
    (-7.0, 11.0), (-2.0, 10.0), (3.5, 10.5), (7.5, 12.0), (-8.5, 17.0),
    (0.5, 16.0), (9.0, 19.0), (-11.0, 26.0), (4.1, 27.0), (12.0, 31.0),
)  # fmt: skip
SIGMA_M = 0.1
SIGMA_PX = 1.0
PRIORITIES = {
    "street_vendor": 2,
    "garbage_pile": 2,
    "overflowing_bin": 3,
    "construction_debris": 3,
    "unattended_object": 3,
}
U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Film:
    """One film: its name, codec, things and movers."""

    name: str
    codec: str
    seed: int
    things: tuple[Thing, ...]
    movers: tuple[Mover, ...]


def _walk(seed: int, start: float, east: float, south: float, north: float, speed: float = 1.3) -> Mover:
    """A walker along the pavement."""
    return Mover(
        "walker", seed, 0.62, ((start, east, south), (start + abs(north - south) / speed, east, north))
    )


def _drive(seed: int, start: float, north: float, left_to_right: bool = True) -> Mover:
    """A car that crosses the picture."""
    ends = (-22.0, 22.0) if left_to_right else (22.0, -22.0)
    return Mover("car", seed, 4.3, ((start, ends[0], north), (start + 5.0, ends[1], north)))


FILMS = (
    Film(
        "street-1",
        "libx264",
        11,
        (
            Thing("street_vendor", "stall", 8, 6.6, 14.2, 2.1, 1.5, from_s=15.0),
            Thing("street_vendor", "stall", 13, -7.4, 17.0, 2.2, 1.6, from_s=20.0),
        ),
        (
            _walk(21, 2.0, 5.4, 9.0, 30.0),
            _walk(22, 10.0, -5.6, 28.0, 9.5),
            Mover(
                "walker",
                23,
                0.62,
                ((36.0, 9.5, 13.2), (39.0, 6.3, 13.4), (44.0, 6.3, 13.4), (48.0, 9.5, 12.0)),
            ),
            _walk(24, 52.0, 5.2, 9.0, 33.0),
            _walk(25, 60.0, -5.2, 30.0, 9.0),
            _walk(26, 71.0, 9.2, 11.0, 30.0),
            _drive(31, 6.0, 20.0),
            _drive(32, 28.0, 21.5, left_to_right=False),
            Mover(
                "car",
                33,
                4.3,
                ((46.0, -22.0, 24.5), (50.0, 1.5, 24.5), (70.0, 1.5, 24.5), (74.0, 24.0, 24.5)),
            ),
            _drive(34, 80.0, 20.0),
        ),
    ),
    Film(
        "street-2",
        "libx265",
        12,
        (Thing("garbage_pile", "heap", 5, -6.4, 13.4, 2.0, 1.6, from_s=15.0),),
        (
            _walk(41, 1.0, -5.2, 9.5, 31.0),
            _walk(42, 12.0, 5.6, 30.0, 9.0),
            Mover(
                "walker",
                43,
                0.62,
                ((40.0, -10.0, 12.4), (43.0, -6.5, 12.6), (48.0, -6.5, 12.6), (52.0, -10.0, 13.0)),
            ),
            _walk(44, 63.0, -9.0, 10.5, 30.0),
            _walk(45, 74.0, 6.2, 9.5, 28.0),
            _drive(51, 9.0, 20.5),
            Mover(
                "car",
                52,
                4.3,
                ((22.0, -22.0, 24.5), (26.0, 2.0, 24.5), (46.0, 2.0, 24.5), (50.0, 24.0, 24.5)),
            ),
            _drive(53, 58.0, 19.5, left_to_right=False),
            _drive(54, 82.0, 21.0),
        ),
    ),
)


def make_films(folder: Path, names: Sequence[str] = ()) -> None:
    """Draw the films that are missing, and write truth and site.

    Args:
        folder: Where they go; a film that is there already is kept.
        names: Only these films; empty means all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for film in FILMS:
        path = folder / f"{film.name}.mp4"
        if not path.is_file() and (not names or film.name in names):
            _encode(film, path)
    truth = json.dumps(
        {"note": "drawn films, not real streets", "films": [truth_of(film) for film in FILMS]}, indent=1
    )
    (folder / "truth.json").write_text(truth + "\n", encoding="utf-8")
    # Through JSON, so that a polygon used twice is written twice: site files hold no aliases.
    text = yaml.safe_dump(json.loads(json.dumps(site_of())), allow_unicode=True, sort_keys=False)
    (folder / "site.yaml").write_text(SITE_HEAD + text, encoding="utf-8")


def frames_of(film: Film, step: int = 1) -> Iterator[tuple[float, U8]]:
    """Seconds and (h, w, 3) uint8 BGR of every `step`-th frame."""
    street = draw_street(film.seed)
    noise = (
        np.random.default_rng(film.seed)
        .normal(0, NOISE, (SIZE_WH[1] + 64, SIZE_WH[0] + 64, 1))
        .astype(np.float32)
    )
    for number in range(0, SECONDS * FPS, step):
        seconds = number / FPS
        yield seconds, _frame(film, street, noise, number)


def _frame(film: Film, street: NDArray[np.float32], noise: NDArray[np.float32], number: int) -> U8:
    seconds = number / FPS
    rng = np.random.default_rng([film.seed, number])
    picture = street.copy()
    for item in sorted(_present(film, seconds), key=lambda item: -item[1][1]):
        mover, place = item
        paste(picture, mover.kind, mover.seed, place, mover.width_m)
    light = 1.0 + 0.09 * np.sin(2 * np.pi * seconds / SECONDS) + 0.02 * np.sin(2 * np.pi * seconds / 7.0)
    picture *= light
    dy, dx = (int(value) for value in rng.integers(0, 64, 2))
    picture += noise[dy : dy + SIZE_WH[1], dx : dx + SIZE_WH[0]]
    matrix = np.array([[1, 0, rng.normal(0, SHAKE_PX)], [0, 1, rng.normal(0, SHAKE_PX)]], np.float32)
    shaken = cv2.warpAffine(
        np.clip(picture, 0, 255).astype(np.uint8),
        matrix,
        SIZE_WH,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(shaken, np.uint8)


def _present(film: Film, seconds: float) -> Iterator[tuple[Thing | Mover, tuple[float, float]]]:
    items: list[Thing | Mover] = [*film.things, *film.movers]
    for item in items:
        place = item.at(seconds)
        if place is not None:
            yield item, place


def _encode(film: Film, path: Path) -> None:
    unfinished = path.with_suffix(".part.mp4")
    with av.open(str(unfinished), "w", options={"movflags": "faststart"}) as container:
        stream = cast("VideoStream", container.add_stream(film.codec, rate=FPS))
        stream.width, stream.height = SIZE_WH
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = BITRATE
        stream.time_base = Fraction(1, FPS)
        if film.codec == "libx264":
            stream.options = {
                "preset": "fast",
                "g": str(GOP),
                "keyint_min": str(GOP),
                "sc_threshold": "0",
                "bf": "0",
            }
        else:
            stream.options = {
                "preset": "superfast",
                "x265-params": (
                    f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0:open-gop=0:log-level=error"
                ),
            }
        for seconds, picture in track(frames_of(film), f"drawing {film.name}", total=SECONDS * FPS):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = round(seconds * FPS)
            frame.time_base = Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    unfinished.rename(path)


def truth_of(film: Film) -> dict[str, Any]:
    """What a film shows: camera, and per thing its category, time, place, footprint and box."""
    return {
        "film": f"{film.name}.mp4",
        "camera": {
            "lonlat": [FRAME.lon0, FRAME.lat0],
            "height_m": CAMERA.height_m,
            "tilt_deg": CAMERA.tilt_deg,
            "focal_px": CAMERA.focal_px,
            "looks": "north",
            "picture_wh": list(SIZE_WH),
        },
        "things": [_thing_truth(thing) for thing in film.things],
    }


def _thing_truth(thing: Thing) -> dict[str, Any]:
    ring = FRAME.to_lonlat(thing.footprint_m())
    scratch = np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.float32)
    paste(scratch, thing.kind, thing.seed, (thing.east_m, thing.north_m), thing.width_m)
    rows, columns = np.nonzero(scratch.max(axis=2) > 1)
    box = [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]
    return {
        "category": thing.category,
        "from_s": thing.from_s,
        "lonlat": [round(float(value), 8) for value in ring.mean(axis=0)],
        "footprint": [[round(float(lon), 8), round(float(lat), 8)] for lon, lat in ring],
        "area_m2": round(thing.width_m * thing.depth_m, 3),
        "box_xyxy_px": box,
    }


SITE_HEAD = """\
# The site of the demo's drawn films. Dwell and look interval are fitted to 90 seconds;
# a city uses a look every 10 s and a dwell of minutes. Made by sample_videos/make_demo_clips.py.
"""


def site_of() -> dict[str, Any]:
    """The films' site document, calibrated from control points that were read with noise."""
    market = _ring(-9.6, 15.6, -5.0, 20.0)
    street = _ring(-14.0, 9.0, 14.0, 34.0)
    rules = [
        {
            "id": f"no-{category}",
            "category": category,
            "zones": ["street"],
            "dwell_s": 12,
            "min_confidence": 0.3,
            "priority": priority,
        }
        for category, priority in PRIORITIES.items()
    ]
    return {
        "format": "streetkeeper-site/1",
        "name": "drawn street (demo)",
        "version": "demo-1",
        "time_zone": "Asia/Shanghai",
        "units": [{"id": "street-office", "name": "Street office of the drawn district"}],
        "areas": [{"id": "drawn-street", "unit": "street-office", "polygon_lonlat": street}],
        "zones": [
            {"id": "street", "name": "the street", "kind": "restricted", "polygon_lonlat": street},
            {
                "id": "market-corner",
                "name": "vendor guiding point",
                "kind": "permitted",
                "polygon_lonlat": market,
                "categories": ["street_vendor"],
                "needs_permit": True,
            },
        ],
        "permits": [
            {
                "id": "P-0001",
                "categories": ["street_vendor"],
                "zones": ["market-corner"],
                "valid_from": "2020-01-01T00:00:00+08:00",
                "valid_to": "2099-12-31T00:00:00+08:00",
                "capacity": 2,
            }
        ],
        "rules": rules,
        "cameras": [_camera(film) for film in FILMS],
    }


def _camera(film: Film) -> dict[str, Any]:
    rng = np.random.default_rng([film.seed, 99])
    places = np.array(CONTROL_POINTS_M)
    pixels = CAMERA.project(np.column_stack([places, np.zeros(len(places))]))
    pixels = pixels + rng.normal(0, SIGMA_PX, pixels.shape)
    measured = FRAME.to_lonlat(places + rng.normal(0, SIGMA_M, places.shape))
    return {
        "id": film.name,
        "name": f"drawn film {film.name}",
        "stream": {
            "file": f"{film.name}.mp4",
            "purpose": "rehearsal with a drawn film",
            "authority": "none needed: nobody is filmed",
            "legal_basis": "none needed: nobody is filmed",
            "sign_confirmed": True,
        },
        "look_every_s": 2,
        "heartbeat_every_s": 20,
        "views": [
            {
                "id": film.name,
                "calibration": {
                    "picture_wh": list(SIZE_WH),
                    "max_range_m": 60,
                    "control_points": [
                        {
                            "px": [round(float(x), 2), round(float(y), 2)],
                            "lonlat": [round(float(lon), 8), round(float(lat), 8)],
                            "sigma_px": SIGMA_PX,
                            "sigma_m": SIGMA_M,
                        }
                        for (x, y), (lon, lat) in zip(pixels, measured, strict=True)
                    ],
                },
            }
        ],
    }


def _ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    corners = np.array([(west, south), (east, south), (east, north), (west, north)])
    return [[round(float(lon), 8), round(float(lat), 8)] for lon, lat in FRAME.to_lonlat(corners)]


def main() -> None:
    """Command line of the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the films")
    parser.add_argument("films", nargs="*", help="only these films; default: all that are missing")
    arguments = parser.parse_args()
    make_films(arguments.out, arguments.films)


if __name__ == "__main__":
    main()
