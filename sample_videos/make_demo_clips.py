"""Draws the demo's two films, their truth and their site: `python -m sample_videos.make_demo_clips`.

The films are drawn, not real streets. Drawing and encoding both takes about four minutes on two cores.
"""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
import yaml
from av.video.stream import VideoStream
from numpy.typing import NDArray
from rich.progress import track

from sample_videos.demo_films import FILMS, SECONDS, Film
from sample_videos.demo_site import SITE_HEAD, site_of, truth_of
from sample_videos.street_scene import SIZE_WH, Mover, Thing, draw_street, paste

__all__ = ["FILMS", "make_films"]

FOLDER = Path(__file__).parent / "demo"
FPS = 25
GOP = 50
BITRATE = 1_100_000
NOISE = 2.6
SHAKE_PX = 0.25
U8 = NDArray[np.uint8]


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
    # A list of numbers on one line.
    truth = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", truth)
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


def main() -> None:
    """Command line of the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of the films")
    parser.add_argument("films", nargs="*", help="only these films; default: all that are missing")
    arguments = parser.parse_args()
    make_films(arguments.out, arguments.films)


if __name__ == "__main__":
    main()
