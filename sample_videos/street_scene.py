"""The drawn street of the demo films: a known camera over a plane, and things standing on it."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.drawn import Kind, draw_object
from vision.georeference.frame import LocalFrame

__all__ = ["CAMERA", "FRAME", "SIZE_WH", "Camera", "Mover", "Thing", "draw_street", "paste"]

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
SIZE_WH = (1280, 720)
FRAME = LocalFrame(116.3912, 39.9068)
WALL_NORTH_M = 46.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera above the origin of the local frame, looking north and down.

    Args:
        height_m: Above the ground.
        tilt_deg: Below the horizontal.
        focal_px: Focal length.
    """

    height_m: float = 7.5
    tilt_deg: float = 19.0
    focal_px: float = 1050.0

    def project(self, east_north_up_m: F64) -> F64:
        """(N, 3) metres as (N, 2) pixels."""
        tilt = np.deg2rad(self.tilt_deg)
        east, north, up = east_north_up_m.T
        below = self.height_m - up
        forward = north * np.cos(tilt) + below * np.sin(tilt)
        down = below * np.cos(tilt) - north * np.sin(tilt)
        x = SIZE_WH[0] / 2 + self.focal_px * east / forward
        y = SIZE_WH[1] / 2 + self.focal_px * down / forward
        return np.stack([x, y], axis=1)

    def ground(self) -> tuple[F32, F32]:
        """East and north in metres of the ground under each pixel: (h, w) each, NaN above the horizon."""
        tilt = np.deg2rad(self.tilt_deg)
        x, y = np.meshgrid(np.arange(SIZE_WH[0]) - SIZE_WH[0] / 2, np.arange(SIZE_WH[1]) - SIZE_WH[1] / 2)
        sideways, down = x / self.focal_px, y / self.focal_px
        drop = down * np.cos(tilt) + np.sin(tilt)
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(drop > 1e-6, self.height_m / drop, np.nan)
        north = reach * (np.cos(tilt) - down * np.sin(tilt))
        return (sideways * reach).astype(np.float32), north.astype(np.float32)

    def pixels_per_metre(self, east: float, north: float) -> float:
        """Scale at a place on the ground."""
        ends = self.project(np.array([[east - 0.5, north, 0.0], [east + 0.5, north, 0.0]]))
        return float(ends[1, 0] - ends[0, 0])


CAMERA = Camera()


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that stands on the ground from a time on.

    Args:
        category: What it is to the rules; empty for what only passes.
        kind: How it is drawn.
        seed: Of its drawing.
        east_m: Middle of its front edge.
        north_m: Likewise.
        width_m: Of its front edge.
        depth_m: Of its footprint, along the line of sight.
        from_s: When it comes.
        to_s: When it goes.
    """

    category: str
    kind: Kind
    seed: int
    east_m: float
    north_m: float
    width_m: float
    depth_m: float
    from_s: float = 0.0
    to_s: float = 1e9

    def footprint_m(self) -> F64:
        """(4, 2) corners of its footprint, counter-clockwise from the front left.

        The drawing shows no sides, as of a thing seen face on: they run along the line of sight.
        """
        front = np.array(
            [(self.east_m - self.width_m / 2, self.north_m), (self.east_m + self.width_m / 2, self.north_m)]
        )
        away = np.array([self.east_m, self.north_m]) / np.hypot(self.east_m, self.north_m)
        return np.vstack([front, front[::-1] + away * self.depth_m])

    def at(self, seconds: float) -> tuple[float, float] | None:
        """Where its front middle is, or None while it is away."""
        return (self.east_m, self.north_m) if self.from_s <= seconds < self.to_s else None


@dataclass(frozen=True, slots=True)
class Mover:
    """A walker or car that moves along a line of places and may wait at them.

    Args:
        kind: How it is drawn.
        seed: Of its drawing.
        width_m: Of its drawing.
        path: Places as (seconds, east, north), in order of time; it is away before and after.
    """

    kind: Kind
    seed: int
    width_m: float
    path: tuple[tuple[float, float, float], ...] = field(default_factory=tuple)

    def at(self, seconds: float) -> tuple[float, float] | None:
        """Where it is, or None while it is away."""
        times = [point[0] for point in self.path]
        if not times[0] <= seconds <= times[-1]:
            return None
        east = float(np.interp(seconds, times, [point[1] for point in self.path]))
        return east, float(np.interp(seconds, times, [point[2] for point in self.path]))


def draw_street(seed: int) -> F32:
    """The street without things: (h, w, 3) float32 BGR; asphalt, kerbs, slabs, a house front at the end."""
    rng = np.random.default_rng(seed)
    east, north = CAMERA.ground()
    picture = np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.float32)
    road = np.abs(east) < 4.0
    picture[:] = (150, 156, 160)
    picture[road] = (88, 86, 84)
    kerb = (np.abs(np.abs(east) - 4.1) < 0.12) & np.isfinite(north)
    picture[kerb] = (190, 192, 194)
    with np.errstate(invalid="ignore"):
        slab = (np.mod(east, 1.2) < 0.045) | (np.mod(north, 1.2) < 0.07)
        dash = (np.abs(east) < 0.08) & (np.mod(north, 6.0) < 3.0)
        tone = np.mod(np.floor(east / 1.2) * 7 + np.floor(north / 1.2) * 13, 5)
    picture[~road & ~kerb] += ((tone - 2) * 2.6)[~road & ~kerb, None]
    picture[slab & ~road & ~kerb] *= 0.82
    picture[dash] = (205, 210, 212)
    picture += _grain(rng, east, north)
    _house_front(picture, rng, north)
    return np.clip(picture, 0, 255).astype(np.float32)


def paste(
    picture: F32, kind: Kind, seed: int, place: tuple[float, float], width_m: float
) -> tuple[float, float, float, float]:
    """Draw a thing upright at a place, with its contact shadow; returns its box in pixels."""
    east, north = place
    size = max(6, round(width_m * CAMERA.pixels_per_metre(east, north)))
    sprite, alpha = _sprite(kind, seed, size)
    foot = CAMERA.project(np.array([[east, north, 0.0]]))[0]
    height, width = alpha.shape
    left, top = round(float(foot[0]) - width / 2), round(float(foot[1])) - height
    _shadow(picture, float(foot[0]), float(foot[1]), width)
    x1, y1, x2, y2 = max(0, left), max(0, top), min(SIZE_WH[0], left + width), min(SIZE_WH[1], top + height)
    if x2 > x1 and y2 > y1:
        share = alpha[y1 - top : y2 - top, x1 - left : x2 - left, None]
        window = picture[y1:y2, x1:x2]
        window *= 1 - share
        window += sprite[y1 - top : y2 - top, x1 - left : x2 - left] * share
    return float(x1), float(y1), float(x2), float(y2)


_SPRITES: dict[tuple[str, int, int], tuple[U8, F32]] = {}
STEP = 1.03


def _sprite(kind: Kind, seed: int, size: int) -> tuple[U8, F32]:
    """A drawing, drawn once at a size near by and fitted: walkers change size at every step."""
    drawn = max(24, round(STEP ** round(np.log(max(size, 24)) / np.log(STEP)) * 1.0))
    key = (kind, seed, drawn)
    if key not in _SPRITES:
        _SPRITES[key] = draw_object(kind, seed, drawn)
    bgr, alpha = _SPRITES[key]
    if drawn == size:
        return bgr, alpha
    height = max(2, round(alpha.shape[0] * size / drawn))
    method = cv2.INTER_AREA if size < drawn else cv2.INTER_LINEAR
    return (
        np.asarray(cv2.resize(bgr, (size, height), interpolation=method), np.uint8),
        np.asarray(cv2.resize(alpha, (size, height), interpolation=method), np.float32),
    )


def _shadow(picture: F32, x: float, y: float, width: int) -> None:
    """A soft contact shadow to the right of the foot."""
    reach = max(3, int(width * 0.75))
    x1, x2 = int(max(0, x - reach)), int(min(SIZE_WH[0], x + reach * 1.3))
    y1, y2 = int(max(0, y - reach * 0.3)), int(min(SIZE_WH[1], y + reach * 0.3))
    if x2 <= x1 or y2 <= y1:
        return
    columns, rows = np.meshgrid(np.arange(x1, x2), np.arange(y1, y2))
    distance = ((columns - x - width * 0.1) / (width * 0.6)) ** 2 + ((rows - y) / (width * 0.12)) ** 2
    picture[y1:y2, x1:x2] *= (1 - 0.4 * np.exp(-distance * 1.6))[..., None]


def _grain(rng: np.random.Generator, east: F32, north: F32) -> F32:
    """Texture that lies on the ground: it is looked up by place, so that it is coarse near and fine far."""
    table = cv2.GaussianBlur(rng.normal(0, 26, (1024, 1024)).astype(np.float32), (0, 0), 1.1)
    patches = cv2.resize(
        rng.normal(0, 5, (96, 96)).astype(np.float32), (1024, 1024), interpolation=cv2.INTER_CUBIC
    )
    columns = np.nan_to_num(np.mod(east * 26, 1023)).astype(np.float32)
    lines = np.nan_to_num(np.mod(north * 26, 1023)).astype(np.float32)
    looked_up = cv2.remap(np.asarray(table + patches, np.float32), columns, lines, cv2.INTER_LINEAR)
    return np.asarray(looked_up, np.float32)[..., None]


def _house_front(picture: F32, rng: np.random.Generator, north: F32) -> None:
    """A house across the end of the street."""
    with np.errstate(invalid="ignore"):
        beyond = ~(north < WALL_NORTH_M)
    bottom = int(np.flatnonzero(beyond.all(axis=1)).max(initial=0))
    picture[: bottom + 1] = (132, 150, 176)
    picture[: bottom + 1] += rng.normal(0, 3, (bottom + 1, SIZE_WH[0], 1))
    for number, x in enumerate(range(20, SIZE_WH[0] - 80, 118)):
        picture[max(0, bottom - 62) : bottom - 12, x : x + 74] = (
            (70, 62, 54) if number % 3 else (92, 108, 120)
        )
        picture[max(0, bottom - 62) : bottom - 12, x + 35 : x + 38] = (160, 165, 168)
    picture[bottom - 4 : bottom + 1] = (90, 92, 94)
