"""The benchmarks' own film: a drawn 1080p street at 4 Mb/s, made on demand and never committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.figures import NotAsPromised

__all__ = ["Film", "long_film", "measure_film", "recording_film", "street_film"]

SIZE_WH = (1920, 1080)
FPS = 25
GOP = 50
BITRATE = 4_000_000
NOISE = 7.0
THING_XYXY = (230, 930, 360, 1040)
LEAST_KEYFRAME_KB = 150.0
LEAST_S = 60.0
FOLDER = Path(".work/bench")
U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Film:
    """What a film costs to carry: the figures that a density depends on."""

    path: Path
    seconds: float
    mbit_per_s: float
    keyframe_mean_kb: float
    keyframe_interval_s: float
    fps: float
    size_wh: tuple[int, int]
    codec: str
    profile: str

    def check_default(self) -> "Film":
        """The film itself, if it is what the default film is promised to be.

        Raises:
            NotAsPromised: It is not; the message names what differs and the remedy.
        """
        wrong = {
            "size": self.size_wh != SIZE_WH,
            "codec": (self.codec, self.profile.lower()) != ("h264", "high"),
            "frame rate": abs(self.fps - FPS) > 0.01 * FPS,
            "bit rate": abs(self.mbit_per_s - BITRATE / 1e6) > 0.1 * BITRATE / 1e6,
            "keyframe interval": abs(self.keyframe_interval_s - GOP / FPS) > 0.01,
            "keyframe size": self.keyframe_mean_kb < LEAST_KEYFRAME_KB,
            "length": self.seconds < LEAST_S,
        }
        if any(wrong.values()):
            names = ", ".join(name for name, is_wrong in wrong.items() if is_wrong)
            raise NotAsPromised(
                f"the film {self.path.name} is not the default film ({names}): {self.facts()}; "
                "delete it, and it is made anew"
            )
        return self

    def facts(self) -> dict[str, object]:
        """Figures for a benchmark's line."""
        return {
            "film_seconds": round(self.seconds, 2),
            "film_mbit_per_s": round(self.mbit_per_s, 3),
            "film_keyframe_mean_kb": round(self.keyframe_mean_kb, 1),
            "film_keyframe_interval_s": round(self.keyframe_interval_s, 2),
            "film_fps": round(self.fps, 2),
            "film_size_wh": list(self.size_wh),
            "film_codec": self.codec,
            "film_profile": self.profile,
        }


def street_film(seconds: int = 60, folder: Path = FOLDER, *, with_thing: bool = False) -> Path:
    """A drawn 1080p street film: H.264 High, 25 fps, GOP 50, 4 Mb/s constant, sensor noise; made once.

    Args:
        seconds: Its length.
        folder: Where it lies.
        with_thing: Whether something stands at the kerb all the time.
    """
    path = folder / f"street-1080p-{seconds}s{'-thing' if with_thing else ''}.mp4"
    if path.is_file():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.mp4")
    with av.open(str(unfinished), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = SIZE_WH
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = BITRATE
        stream.time_base = Fraction(1, FPS)
        stream.options = {
            "preset": "veryfast",
            "profile": "high",
            "g": str(GOP),
            "keyint_min": str(GOP),
            "sc_threshold": "0",
            "bf": "0",
            "refs": "1",
            "maxrate": str(BITRATE),
            "bufsize": str(BITRATE),
            "nal-hrd": "cbr",
        }
        street = _street()
        if with_thing:
            left, top, right, bottom = THING_XYXY
            rng = np.random.default_rng(17)
            street[top:bottom, left:right] = rng.integers(15, 66, (bottom - top, right - left))
        shape = (SIZE_WH[1] + 64, SIZE_WH[0] + 64)
        noise = np.random.default_rng(11).normal(0, NOISE, shape).astype(np.int16)
        for number in track(range(seconds * FPS), description=f"drawing {path.name}"):
            frame = av.VideoFrame.from_ndarray(_frame(street, noise, number), format="yuv420p")
            frame.pts = number
            frame.time_base = Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    unfinished.rename(path)
    return path


def long_film(film: Path, times: int) -> Path:
    """The film so many times over as one file, packets copied.

    Opening a file is no part of watching a camera, so a measured hour should open few.
    """
    return _joined([film] * times, film.with_name(f"{film.stem}-x{times}.mp4"))


def recording_film(folder: Path = FOLDER) -> Path:
    """A recording of ten minutes: a street, and from the third minute on something that was left there."""
    before, after = street_film(folder=folder), street_film(folder=folder, with_thing=True)
    return _joined([before] * 2 + [after] * 8, folder / "street-1080p-recording.mp4")


def _joined(films: Sequence[Path], path: Path) -> Path:
    """Films of one encoder and length after each other as one file, packets copied; made once."""
    if path.is_file():
        return path
    unfinished = path.with_suffix(".part.mp4")
    with av.open(str(unfinished), "w") as output:
        target, passed = None, 0
        for film in films:
            with av.open(str(film)) as source:
                stream = source.streams.video[0]
                target = target or output.add_stream_from_template(stream)
                length = stream.duration or 0
                for packet in source.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts, packet.dts, packet.stream = packet.pts + passed, packet.dts + passed, target
                    output.mux(packet)
                passed += length
    unfinished.rename(path)
    return path


def measure_film(path: Path) -> Film:
    """Bit rate, keyframe size and interval of a film, read from its packets."""
    keys: list[tuple[float, int]] = []
    total, last, pictures = 0, 0.0, 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec, size = stream.codec_context.name, (stream.width, stream.height)
        profile, rate = stream.codec_context.profile or "", float(stream.average_rate or FPS)
        for packet in container.demux(stream):
            if packet.pts is None or packet.time_base is None:
                continue
            at = float(packet.pts * packet.time_base)
            last, total, pictures = max(last, at), total + packet.size, pictures + 1
            if packet.is_keyframe:
                keys.append((at, packet.size))
    seconds = last + 1 / rate
    gaps = [after[0] - before[0] for before, after in pairwise(keys)]
    return Film(
        path,
        seconds,
        total * 8 / seconds / 1e6,
        float(np.mean([size for _, size in keys])) / 1024 if keys else 0.0,
        float(np.mean(gaps)) if gaps else seconds,
        pictures / seconds,
        size,
        codec,
        profile,
    )


def _street() -> U8:
    """A street as luma: textured ground, facades with windows, a kerb."""
    rng = np.random.default_rng(3)
    width, height = SIZE_WH
    picture = np.full((height, width), 118, np.float32)
    for scale, strength in ((4, 10.0), (16, 8.0), (80, 14.0)):
        coarse = rng.normal(0, strength, (height // scale + 1, width // scale + 1)).astype(np.float32)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture[: height // 3] += 45
    for x in range(60, width - 120, 180):
        for y in range(40, height // 3 - 90, 110):
            picture[y : y + 80, x : x + 90] = 60 + rng.normal(0, 12)
    picture[height // 3 : height // 3 + 10] = 190
    return np.asarray(np.clip(picture, 16, 235), dtype=np.uint8)


def _frame(street: U8, noise: NDArray[np.int16], number: int) -> U8:
    """One I420 frame: the street, three passing cars, noise that differs from frame to frame."""
    width, height = SIZE_WH
    luma = street.copy()
    for lane, speed in enumerate((9, -6, 13)):
        x = (number * speed + lane * 700) % (width + 400) - 200
        y = 480 + lane * 170
        left, right = max(0, x), min(width, x + 200)
        if right > left:
            luma[y : y + 90, left:right] = 70 + 50 * lane
    rng = np.random.default_rng(number)
    dy, dx = (int(value) for value in rng.integers(0, 64, 2))
    noisy = luma.astype(np.int16) + noise[dy : dy + height, dx : dx + width]
    frame = np.full((height * 3 // 2, width), 128, np.uint8)
    frame[:height] = np.clip(noisy, 16, 235)
    return frame
