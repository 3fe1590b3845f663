"""Training pictures of drawn things, composed onto drawn streets and spoilt as cameras spoil them."""

from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import Label

__all__ = ["Composed", "Drawer", "compose"]

Kind = Literal["stall", "heap", "walker", "car"]
Corners = tuple[int, int, int, int]
U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]

SIDE_PX = 480
KINDS: tuple[Kind, ...] = ("stall", "heap", "walker", "car")
SHARES = (0.38, 0.27, 0.22, 0.13)
WIDTHS_PX: dict[Kind, tuple[int, int]] = {
    "stall": (60, 300),
    "heap": (50, 280),
    "walker": (14, 60),
    "car": (70, 300),
}
NAMES: dict[Kind, str] = {
    "stall": "street_vendor",
    "heap": "garbage_pile",
    "walker": "person",
    "car": "car",
}
STREETS = 0.8
"""Share of pictures on a drawn street; the others are on plain ground."""
LEAST_PX = 6
SEEN_ALPHA = 0.3
MOST_HIDDEN = 0.75
"""A thing of which another hides more is not labelled."""


class Drawer(Protocol):
    """Draws things and streets from seeds."""

    def draw_object(self, kind: Kind, seed: int, size_px: int) -> tuple[U8, F32]:
        """BGR (h, w, 3) and alpha (h, w) 0..1 of a thing, `size_px` wide."""
        ...

    def draw_background(self, seed: int, size_wh: tuple[int, int]) -> U8:
        """A street without things, (h, w, 3) BGR."""
        ...


@dataclass(frozen=True, slots=True)
class Composed:
    """A composed picture: its JPEG, and what is to be seen in it."""

    jpeg: bytes
    labels: tuple[Label, ...]


def compose(drawer: Drawer, seed: int) -> Composed:
    """One picture; the same seed gives the same picture. Its things have the seeds 10 * seed and on."""
    rng = np.random.default_rng(seed)
    picture = _ground(drawer, seed, rng)
    kinds = [str(kind) for kind in rng.choice(KINDS, int(rng.integers(1, 6)), p=SHARES)]
    wanted: list[tuple[Kind, int, int]] = []
    for number, name in enumerate(kinds):
        widths = {kind: rng.uniform(*WIDTHS_PX[kind]) for kind in KINDS}
        kind = next(kind for kind in KINDS if kind == name)
        wanted.append((kind, int(widths[kind]), seed * 10 + number))
    placed: list[tuple[Kind, Corners]] = []
    for kind, width, thing_seed in wanted:
        corners = _paste(picture, drawer.draw_object(kind, thing_seed, width), rng)
        if corners is not None:
            placed.append((kind, corners))
    seen = [row for index, row in enumerate(placed) if _hidden(row[1], placed[index + 1 :]) <= MOST_HIDDEN]
    labels = tuple((NAMES[kind], _shares(corners)) for kind, corners in seen)
    return Composed(_spoilt(picture, rng), labels)


def _ground(drawer: Drawer, seed: int, rng: np.random.Generator) -> F32:
    if rng.random() < STREETS:
        return drawer.draw_background(seed, (SIDE_PX, SIDE_PX)).astype(np.float32)
    plain = np.full((SIDE_PX, SIDE_PX, 3), rng.uniform(60, 170), np.float32)
    return np.asarray(plain + rng.normal(0, 6, (SIDE_PX, SIDE_PX, 1)), np.float32)


def _paste(picture: F32, thing: tuple[U8, F32], rng: np.random.Generator) -> Corners | None:
    """Paste a thing somewhere, partly outside at times; None where too little of it would be seen."""
    bgr, alpha = thing
    if rng.random() < 0.5:
        bgr, alpha = bgr[:, ::-1], alpha[:, ::-1]
    height, width = alpha.shape
    x = int(rng.integers(-width // 5, SIDE_PX - width * 4 // 5))
    y = int(rng.integers(0, max(1, SIDE_PX - height)))
    left, right = max(0, x), min(SIDE_PX, x + width)
    top, bottom = max(0, y), min(SIDE_PX, y + height)
    if right - left < LEAST_PX or bottom - top < LEAST_PX:
        return None
    picture *= _shadow(x, y, width, height)
    rows, columns = slice(top - y, bottom - y), slice(left - x, right - x)
    share = alpha[rows, columns, None]
    window = picture[top:bottom, left:right]
    window[:] = window * (1 - share) + bgr[rows, columns] * share
    seen_rows, seen_columns = np.nonzero(alpha > SEEN_ALPHA)
    return (
        max(0, x + int(seen_columns.min())),
        max(0, y + int(seen_rows.min())),
        min(SIDE_PX, x + int(seen_columns.max())),
        min(SIDE_PX, y + int(seen_rows.max())),
    )


def _shadow(x: int, y: int, width: int, height: int) -> F32:
    """What a thing's contact shadow leaves of the light, (h, w, 1)."""
    shadow = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    centre = (int(x + width * 0.55), y + height - 2)
    axes = (max(1, int(width * 0.5)), max(1, int(width * 0.09)))
    cv2.ellipse(shadow, centre, axes, 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(shadow, (0, 0), max(1, width / 25))
    return np.asarray(1 - 0.4 * soft[..., None], np.float32)


def _hidden(corners: Corners, above: list[tuple[Kind, Corners]]) -> float:
    """The largest share of a box that one thing above it covers."""
    size = max(1, (corners[2] - corners[0]) * (corners[3] - corners[1]))
    most = 0.0
    for _, other in above:
        width = min(corners[2], other[2]) - max(corners[0], other[0])
        height = min(corners[3], other[3]) - max(corners[1], other[1])
        most = max(most, max(0, width) * max(0, height) / size)
    return most


def _shares(corners: Corners) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = corners
    return x1 / SIDE_PX, y1 / SIDE_PX, x2 / SIDE_PX, y2 / SIDE_PX


def _spoilt(picture: F32, rng: np.random.Generator) -> bytes:
    """The JPEG after another exposure, noise, at times blur, and compression."""
    gain, offset = rng.uniform(0.65, 1.2), rng.uniform(-15, 15)
    noise = rng.normal(0, rng.uniform(0, 7), picture.shape)
    spoilt = picture * gain + offset + noise
    if rng.random() < 0.5:
        spoilt = np.asarray(cv2.GaussianBlur(spoilt, (0, 0), rng.uniform(0.4, 1.4)))
    pixels = np.clip(spoilt, 0, 255).astype(np.uint8)
    quality = int(rng.integers(45, 95))
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
