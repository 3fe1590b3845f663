"""What befalls a camera and the sky: nudges, dirt on the lens, power cuts; clouds and rain."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.episodes.board import Board
from sample_videos.district.episodes.hours import DAWN_H
from sample_videos.district.things import DAY_S, hour

__all__ = ["CameraFaults", "Dirt", "Nudge", "Sky", "camera_faults", "sky_of"]

F64 = NDArray[np.float64]
NUDGE_PX: Final = (2.0, 40.0)
LONGEST_ROLL_DEG = 1.6
CLOUD_STEP_S = 60.0


@dataclass(frozen=True, slots=True)
class Nudge:
    """A camera that was pushed: its picture is turned and shifted until it is set right.

    Args:
        from_t: First moment.
        to_t: First moment at which it hangs as before.
        dx_px: Shift of the picture's middle, of the pinhole picture, to the right.
        dy_px: Likewise down.
        roll_deg: Turn about the picture's middle, clockwise as seen.
        comes_back: It swings back by itself within minutes; else somebody sets it right.
    """

    from_t: float
    to_t: float
    dx_px: float
    dy_px: float
    roll_deg: float
    comes_back: bool

    def moved(self, straight_px: F64, size_wh: tuple[int, int]) -> F64:
        """Where (N, 2) pixels of the pinhole picture fall now; the lens bends them afterwards."""
        roll = np.deg2rad(self.roll_deg)
        middle = np.array(size_wh, np.float64) / 2
        x, y = (straight_px - middle).T
        turned = np.stack([x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)], axis=1)
        return np.asarray(middle + turned + (self.dx_px, self.dy_px))


@dataclass(frozen=True, slots=True)
class Dirt:
    """Spots and smear on a lens that come within `grows_s` and stay until it is wiped."""

    from_t: float
    to_t: float
    seed: int
    strength: float
    grows_s: float

    def strength_at(self, t: float) -> float:
        """0 (clean) to 1."""
        if not self.from_t <= t < self.to_t:
            return 0.0
        return self.strength * min(1.0, (t - self.from_t) / self.grows_s)


@dataclass(frozen=True, slots=True)
class CameraFaults:
    """A camera's faults, each in order of time.

    Args:
        nudges: Pushes.
        dirt: Dirty lenses.
        cuts: (from, to) power cuts: no picture comes.
    """

    nudges: tuple[Nudge, ...] = ()
    dirt: tuple[Dirt, ...] = ()
    cuts: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """A day's weather, from 04:00 to 04:00.

    Args:
        from_t: First moment.
        cover: Cloud cover before the sun, 0..1, each `CLOUD_STEP_S`.
        rain: (from, to, mm per hour) showers.
    """

    from_t: float
    cover: F64
    rain: tuple[tuple[float, float, float], ...]

    def cover_at(self, t: float) -> float:
        """How much of the sun is taken by clouds, 0..1."""
        return float(np.interp((t - self.from_t) / CLOUD_STEP_S, np.arange(len(self.cover)), self.cover))

    def rain_at(self, t: float) -> float:
        """Rain, mm per hour."""
        return next((rate for start, end, rate in self.rain if start <= t < end), 0.0)

    def passages(self) -> list[float]:
        """Moments between 06:30 and 18:00 at which the sun goes in or comes out."""
        hidden = self.cover > 0.5
        times = self.from_t + np.flatnonzero(hidden[1:] != hidden[:-1]) * CLOUD_STEP_S
        return [float(t) for t in times if 6.5 * 3600 <= t % DAY_S <= 18 * 3600]


def camera_faults(board: Board, camera: DistrictCamera, rates: dict[str, float]) -> CameraFaults:
    """A day's faults of a camera; nudges never overlap each other, nor a power cut."""
    rng = board.rng(camera, "faults")
    start = hour(board.day, DAWN_H)
    cuts = tuple(
        (moment, moment + float(rng.uniform(90, 1500)))
        for moment in _apart(rng, start, rates.get("power_cut", 0.0), 3600.0)
    )
    dirt = tuple(
        Dirt(
            moment,
            moment + float(rng.uniform(1800, 3 * 3600)),
            int(rng.integers(2**31)),
            float(rng.uniform(0.35, 1.0)),
            float(rng.uniform(20, 1800)),
        )
        for moment in _apart(rng, start, rates.get("dirty_lens", 0.0), 4 * 3600.0)
    )
    return CameraFaults(tuple(_nudges(board, camera, rates, cuts)), dirt, cuts)


def _nudges(
    board: Board, camera: DistrictCamera, rates: dict[str, float], cuts: tuple[tuple[float, float], ...]
) -> Iterator[Nudge]:
    rng = board.rng(camera, "nudge")
    rate = rates.get("nudge", 0.0)
    # Where there are many a day, each must be over well before the next.
    room = min(DAY_S / max(rate, 1e-9) * 0.6, 3 * 3600.0)
    for moment in _apart(rng, hour(board.day, DAWN_H), rate, room):
        comes_back = bool(rng.random() < 0.5)
        lasts = rng.uniform(0.1, 0.3) * room if comes_back else rng.uniform(0.35, 0.75) * room
        size = float(np.exp(rng.uniform(*np.log(NUDGE_PX)))) * camera.size_wh[0] / 1280
        turn = float(rng.uniform(0, 2 * np.pi))
        roll = float(np.clip(rng.normal(0, 0.25) * size / 12, -LONGEST_ROLL_DEG, LONGEST_ROLL_DEG))
        # Set right by midnight: a camera-day begins with an empty memory, which knows of no older push.
        midnight = hour(board.day, 24.0)
        end = min(moment + float(lasts), midnight) if moment < midnight else moment + float(lasts)
        if all(end + 300 < cut[0] or cut[1] + 300 < moment for cut in cuts):
            yield Nudge(moment, end, size * np.cos(turn), size * np.sin(turn), roll, comes_back)


def _apart(rng: np.random.Generator, start: float, rate: float, room_s: float) -> list[float]:
    """Moments of a day, each with `room_s` before the next and before the day's end."""
    if rate * room_s > DAY_S / 2:
        # Too many to fall by chance: one in each of as many spans.
        step = DAY_S / max(1, round(rate))
        moments = start + (np.arange(round(rate)) + rng.uniform(0, 1 - room_s / step, round(rate))) * step
        return [float(moment) for moment in moments]
    chosen: list[float] = []
    for moment in np.sort(rng.uniform(start + 600, start + DAY_S - room_s, int(rng.poisson(rate)))):
        if not chosen or moment - chosen[-1] >= room_s:
            chosen.append(float(moment))
    return chosen


def sky_of(board: Board) -> Sky:
    """A day's weather: clear, broken, overcast or wet."""
    rng = board.rng(CAMERAS[0], "sky")
    minutes = int(DAY_S / CLOUD_STEP_S) + 1
    sort = rng.choice(["clear", "broken", "overcast", "wet"], p=[0.25, 0.4, 0.2, 0.15])
    level = {"clear": -1.6, "broken": 0.0, "overcast": 1.8, "wet": 1.6}[str(sort)]
    noise = np.convolve(rng.normal(0, 1, minutes + 40), np.hanning(13) / 2.6, "same")[20 : 20 + minutes]
    knots = np.arange(0, minutes + 90, 90)
    slow = np.interp(np.arange(minutes), knots, rng.normal(0, 0.7, len(knots)))
    cover = 1 / (1 + np.exp(-3.0 * (level + slow + noise)))
    start = hour(board.day, DAWN_H)
    rain: list[tuple[float, float, float]] = []
    if sort == "wet" or (sort == "overcast" and rng.random() < 0.4):
        for moment in _apart(rng, start, 3.0, 7200.0):
            end = moment + float(rng.uniform(900, 6600))
            rain.append((moment, end, float(rng.uniform(0.5, 9.0))))
            first, last = int((moment - start) / CLOUD_STEP_S), int((end - start) / CLOUD_STEP_S) + 1
            cover[max(0, first - 10) : last + 10] = np.maximum(cover[max(0, first - 10) : last + 10], 0.97)
    return Sky(start, cover, tuple(rain))
