"""Makes the eight films of the sample district: composed, encoded, and a sheet of their pictures."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from sample_videos.district.base_map import base_map_text
from sample_videos.district.cameras import camera_of
from sample_videos.district.film_truth import site_text, truth_text
from sample_videos.district.films import FILMS, FPS, Film, FilmStage, film_of
from sample_videos.district.parts import PARTS, Parts
from sample_videos.district.stage import make_composer
from sample_videos.district.timeline import World
from sample_videos.district.traffic import movers

__all__ = [
    "FOLDER",
    "encode_film",
    "frames_of",
    "make_contact_sheet",
    "make_films",
    "stage_of",
    "write_documents",
]

U8 = NDArray[np.uint8]
FOLDER = Path(__file__).parents[1] / "films"
SHEET_COLUMNS = 2
SHEET_WH = (640, 360)
SHEET_AT_S = 45.0


def stage_of(film: Film) -> FilmStage:
    """A film with the traffic of its seed."""
    day = int(film.starts_at // 86400)
    return FilmStage(film, partial(movers, World(film.seed, day, 1, "quiet")))


def frames_of(film: Film, parts: Parts, step: int = 1) -> Iterator[tuple[float, U8]]:
    """Seconds and (h, w, 3) uint8 BGR of every `step`-th frame."""
    composer = make_composer(camera_of(film.camera_id), stage_of(film), parts)
    for number in range(0, round(film.seconds * FPS), step):
        seconds = number / FPS
        yield seconds, composer.frame(film.starts_at + seconds)


def encode_film(film: Film, path: Path, parts: Parts) -> None:
    """Compose and encode one film; what is there is replaced when the new one is whole."""
    unfinished = path.with_suffix(".part.mp4")
    unfinished.unlink(missing_ok=True)
    with av.open(str(unfinished), "w", options={"movflags": "faststart"}) as container:
        stream = cast("VideoStream", container.add_stream(film.codec, rate=FPS))
        stream.width, stream.height = camera_of(film.camera_id).size_wh
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = film.bitrate
        stream.time_base = Fraction(1, FPS)
        stream.options = _options(film)
        for seconds, picture in frames_of(film, parts):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = round(seconds * FPS)
            frame.time_base = Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    unfinished.rename(path)


def make_films(folder: Path, names: Sequence[str], jobs: int, tell: Callable[[str], None]) -> list[Path]:
    """Make the named films, or all that are missing; several at once.

    Args:
        folder: Where they go.
        names: Cameras' names; empty: those whose film is missing.
        jobs: Processes.
        tell: Told of each finished film.

    Returns: The films that were made.

    Raises:
        KeyError: No film of that name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [film_of(name) for name in names] or [
        film for film in FILMS if not (folder / f"{film.camera_id}.mp4").is_file()
    ]
    paths = [folder / f"{film.camera_id}.mp4" for film in wanted]
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        futures = {
            pool.submit(_encode, film.camera_id, path): path for film, path in zip(wanted, paths, strict=True)
        }
        for future in as_completed(futures):
            future.result()
            tell(f"{futures[future].name}: {futures[future].stat().st_size / 1e6:.1f} MB")
    return paths


def write_documents(folder: Path) -> None:
    """Truth, site and base map of the films: the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "truth.json").write_text(truth_text(), encoding="utf-8")
    (folder / "site.yaml").write_text(site_text(), encoding="utf-8")
    (folder / "base_map.geojson").write_text(base_map_text(), encoding="utf-8")


def make_contact_sheet(path: Path, parts: Parts) -> None:
    """One picture of every film, with its name, as one JPEG."""
    tiles = []
    for film in FILMS:
        composer = make_composer(camera_of(film.camera_id), stage_of(film), parts)
        picture = composer.frame(film.starts_at + SHEET_AT_S)
        tile = np.asarray(cv2.resize(picture, SHEET_WH, interpolation=cv2.INTER_AREA), np.uint8)
        cv2.rectangle(tile, (0, SHEET_WH[1] - 26), SHEET_WH, (20, 20, 20), -1)
        cv2.putText(
            tile,
            f"{film.camera_id}: {film.told} (simulated)",
            (8, SHEET_WH[1] - 8),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.42,
            (235, 235, 235),
            1,
            cv2.LINE_AA,
        )
        tiles.append(tile)
    rows = [np.hstack(tiles[first : first + SHEET_COLUMNS]) for first in range(0, len(tiles), SHEET_COLUMNS)]
    if not cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88]):
        raise OSError(f"{path} could not be written")


def _encode(camera_id: str, path: Path) -> None:
    cv2.setNumThreads(1)
    encode_film(film_of(camera_id), path, Parts(PARTS))


def _options(film: Film) -> dict[str, object]:
    """Settings of the encoder: keyframes only where the film wants them, no B-frames, as cameras send."""
    gop = str(film.gop)
    if film.codec == "libx265":
        return {
            "preset": "medium",
            "x265-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0:log-level=error",
        }
    return {"preset": "medium", "g": gop, "keyint_min": gop, "sc_threshold": "0", "bf": "0"}
