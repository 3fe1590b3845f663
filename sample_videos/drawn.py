"""Drawn street things: stalls, heaps, walkers and cars, each from a seed, with an alpha mask.

They stand in for real things in the demo films and, with other seeds, in a part of the detector's
training pictures. They are drawings, and are called so wherever they are shown.
"""

from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Kind", "draw_background", "draw_object"]

Kind = Literal["stall", "heap", "walker", "car"]
U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Colour = tuple[int, int, int]
SUPER = 3
"""Drawn so many times larger and averaged down, for soft edges."""
ASPECT = {"stall": 1.05, "heap": 0.62, "walker": 2.6, "car": 0.42}
"""Height over width of each kind's drawing."""


@dataclass(slots=True)
class Sheet:
    """A drawing surface with coordinates 0..1 from left to right and 0..aspect from top to bottom."""

    width: int
    aspect: float
    rng: np.random.Generator
    bgr: F32 = field(init=False)
    alpha: F32 = field(init=False)

    def __post_init__(self) -> None:
        height = max(4, round(self.width * self.aspect))
        self.bgr = np.zeros((height, self.width, 3), np.float32)
        self.alpha = np.zeros((height, self.width), np.float32)

    def polygon(
        self, points: list[tuple[float, float]], colour: Colour, grain: float = 7.0, fade: float = 0.0
    ) -> None:
        """A filled polygon with grain, darker towards its lower end by `fade`."""
        mask = np.zeros(self.alpha.shape, np.uint8)
        cv2.fillPoly(mask, [np.array([self._px(point) for point in points], np.int32)], 255, cv2.LINE_AA)
        self._paint(mask, colour, grain, fade)

    def ellipse(
        self, centre: tuple[float, float], radii: tuple[float, float], colour: Colour, grain: float = 7.0
    ) -> None:
        """A filled ellipse, lit from above left."""
        mask = np.zeros(self.alpha.shape, np.uint8)
        axes = (max(1, round(radii[0] * self.width)), max(1, round(radii[1] * self.width)))
        cv2.ellipse(mask, self._px(centre), axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
        self._paint(mask, colour, grain, 0.35)
        light = np.zeros(self.alpha.shape, np.uint8)
        spot = self._px((centre[0] - radii[0] * 0.35, centre[1] - radii[1] * 0.4))
        cv2.ellipse(
            light, spot, (max(1, axes[0] // 3), max(1, axes[1] // 3)), 0, 0, 360, 255, -1, cv2.LINE_AA
        )
        glow = cv2.GaussianBlur(light, (0, 0), max(1.0, axes[0] / 4)).astype(np.float32)[..., None] / 255
        self.bgr = np.asarray(self.bgr + glow * (mask > 128)[..., None] * 38, np.float32)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: Colour, thickness: float
    ) -> None:
        """A straight bar; thickness as a share of the width."""
        mask = np.zeros(self.alpha.shape, np.uint8)
        cv2.line(
            mask, self._px(start), self._px(end), 255, max(1, round(thickness * self.width)), cv2.LINE_AA
        )
        self._paint(mask, colour, 4.0, 0.0)

    def finish(self, size_px: int) -> tuple[U8, F32]:
        """The drawing at its size: (h, w, 3) uint8 and (h, w) float32 alpha."""
        height = max(2, round(size_px * self.aspect))
        bgr = cv2.resize(self.bgr * self.alpha[..., None], (size_px, height), interpolation=cv2.INTER_AREA)
        alpha = cv2.resize(self.alpha, (size_px, height), interpolation=cv2.INTER_AREA)
        plain = bgr / np.maximum(alpha, 1e-3)[..., None]
        return np.clip(plain, 0, 255).astype(np.uint8), np.clip(alpha, 0, 1).astype(np.float32)

    def _px(self, point: tuple[float, float]) -> tuple[int, int]:
        return round(point[0] * self.width), round(point[1] * self.width)

    def _paint(self, mask: U8, colour: Colour, grain: float, fade: float) -> None:
        share = mask.astype(np.float32)[..., None] / 255
        rows = np.flatnonzero(mask.max(axis=1))
        slope = np.zeros((self.alpha.shape[0], 1, 1), np.float32)
        if len(rows) > 1:
            slope[rows[0] : rows[-1] + 1, 0, 0] = np.linspace(fade / 2, -fade, rows[-1] - rows[0] + 1)
        noise = self.rng.normal(0, grain, self.alpha.shape).astype(np.float32)
        grains = np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.5), np.float32)[..., None] * 2
        paint = np.array(colour, np.float32) * (1 + slope) + grains
        self.bgr = np.asarray(self.bgr * (1 - share) + paint * share, np.float32)
        self.alpha = np.maximum(self.alpha, share[..., 0])


def draw_object(kind: Kind, seed: int, size_px: int) -> tuple[U8, F32]:
    """A street thing.

    Args:
        kind: What to draw.
        seed: The same seed gives the same thing.
        size_px: Width of the drawing, pixels.

    Returns: (h, w, 3) uint8 BGR and (h, w) float32 alpha, 0..1; the lowest row touches the ground.
    """
    rng = np.random.default_rng([seed, *kind.encode()])
    sheet = Sheet(max(48, size_px * SUPER), ASPECT[kind], rng)
    {"stall": _stall, "heap": _heap, "walker": _walker, "car": _car}[kind](sheet, rng)
    return sheet.finish(size_px)


def draw_background(seed: int, size_wh: tuple[int, int]) -> U8:
    """A street without things, seen from a mast: facade, pavement slabs, kerb, asphalt."""
    rng = np.random.default_rng([seed, 77])
    width, height = size_wh
    picture = np.zeros((height, width, 3), np.float32)
    wall, kerb = int(height * rng.uniform(0.12, 0.3)), int(height * rng.uniform(0.55, 0.75))
    picture[:wall] = rng.uniform(110, 190, 3)
    picture[wall:kerb] = rng.uniform(140, 185) + rng.normal(0, 4, 3)
    picture[kerb:] = rng.uniform(70, 105) + rng.normal(0, 2, 3)
    for x in range(0, width, max(20, width // 9)):
        picture[: int(wall * 0.8), x : x + max(8, width // 16)] *= rng.uniform(0.35, 0.6)
    rows = np.linspace(0, 1, 9) ** 1.7 * (kerb - wall) + wall
    for y in rows.astype(int):
        picture[y : y + 1] *= 0.82
    middle = width * rng.uniform(0.3, 0.7)
    for share in np.linspace(-2, 2, 26):
        top, bottom = (int(middle + share * width * 0.35), wall), (int(middle + share * width), kerb)
        cv2.line(picture, top, bottom, tuple(float(v) * 0.84 for v in picture[kerb - 2, 2]), 1, cv2.LINE_AA)
    picture[kerb : kerb + max(2, height // 90)] = 205
    for scale, strength in ((1, 4.0), (3, 3.0), (40, 3.0)):
        coarse = rng.normal(0, strength, (height // scale + 1, width // scale + 1)).astype(np.float32)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _bright(rng: np.random.Generator) -> Colour:
    """A saturated colour."""
    hsv = np.uint8([[[rng.integers(0, 180), rng.integers(120, 230), rng.integers(130, 235)]]])  # type: ignore[arg-type]
    blue, green, red = cv2.cvtColor(np.asarray(hsv, np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
    return int(blue), int(green), int(red)


def _dull(rng: np.random.Generator, low: int = 40, high: int = 150) -> Colour:
    """A greyish colour."""
    base = rng.integers(low, high)
    blue, green, red = (int(np.clip(base + rng.integers(-14, 15), 0, 255)) for _ in range(3))
    return blue, green, red


def _goods(sheet: Sheet, rng: np.random.Generator, box: tuple[float, float, float, float], rows: int) -> None:
    """Fruit and vegetables in crates: rows of round things, a colour a crate."""
    x1, y1, x2, y2 = box
    crates = int(rng.integers(3, 6))
    for crate in range(crates):
        left = x1 + (x2 - x1) * crate / crates
        right = x1 + (x2 - x1) * (crate + 1) / crates
        sheet.polygon([(left, y1), (right, y1), (right, y2), (left, y2)], _dull(rng, 60, 130))
        colour = _bright(rng)
        radius = (right - left) / 9
        for row in range(rows):
            y = y1 + (y2 - y1) * (row + 0.5) / rows
            for number in range(4):
                x = left + (right - left) * (number + 0.5) / 4
                shade = rng.uniform(0.75, 1.1)
                tinted = (int(colour[0] * shade), int(colour[1] * shade), int(colour[2] * shade))
                sheet.ellipse((x, y + rng.uniform(-0.006, 0.006)), (radius, radius), tinted)


def _stall(sheet: Sheet, rng: np.random.Generator) -> None:
    [_cart, _table, _tricycle, _ground_sheet][int(rng.integers(0, 4))](sheet, rng)


def _umbrella(sheet: Sheet, rng: np.random.Generator, top: float, low: float) -> None:
    """A market umbrella with striped segments."""
    colours = [_bright(rng), (225, 225, 225) if rng.random() < 0.5 else _bright(rng)]
    sheet.line((0.5, top), (0.5, 0.8), (120, 120, 120), 0.02)
    count = 8
    for number in range(count):
        left, right = 0.03 + 0.94 * number / count, 0.03 + 0.94 * (number + 1) / count
        sag = 0.03 * (1 if number % 2 else 0.6)
        sheet.polygon(
            [(0.5, top), (left, low), ((left + right) / 2, low + sag), (right, low)],
            colours[number % 2],
            fade=0.4,
        )


def _cart(sheet: Sheet, rng: np.random.Generator) -> None:
    """A push-cart with goods under an umbrella."""
    _umbrella(sheet, rng, 0.02, 0.34)
    body = _bright(rng) if rng.random() < 0.6 else _dull(rng, 90, 190)
    for x in (0.2, 0.8):
        sheet.ellipse((x, 0.94), (0.1, 0.1), (35, 35, 35))
        sheet.ellipse((x, 0.94), (0.045, 0.045), (150, 150, 150))
    sheet.polygon([(0.08, 0.66), (0.92, 0.66), (0.88, 0.9), (0.12, 0.9)], body, fade=0.45)
    _goods(sheet, rng, (0.08, 0.55, 0.92, 0.68), 2)


def _table(sheet: Sheet, rng: np.random.Generator) -> None:
    """A table with a cloth under an awning."""
    for x in (0.1, 0.9):
        sheet.line((x, 0.14), (x, 1.03), (110, 110, 115), 0.02)
    roof = _bright(rng)
    sheet.polygon([(0.02, 0.2), (0.12, 0.05), (0.88, 0.05), (0.98, 0.2)], roof, fade=0.3)
    sheet.polygon([(0.02, 0.2), (0.98, 0.2), (0.98, 0.27), (0.02, 0.27)], (230, 230, 230))
    cloth = _bright(rng)
    sheet.polygon([(0.08, 0.68), (0.92, 0.68), (0.95, 1.0), (0.05, 1.0)], cloth, fade=0.5)
    _goods(sheet, rng, (0.06, 0.56, 0.94, 0.7), 2)
    for x in rng.uniform(0.15, 0.85, 4):
        sheet.ellipse((float(x), 0.4), (0.045, 0.07), _bright(rng))


def _tricycle(sheet: Sheet, rng: np.random.Generator) -> None:
    """A tricycle whose bed is a shop."""
    for x, radius in ((0.13, 0.1), (0.52, 0.11), (0.86, 0.11)):
        sheet.ellipse((x, 0.93), (radius, radius), (30, 30, 30))
        sheet.ellipse((x, 0.93), (radius * 0.5, radius * 0.5), (140, 140, 140))
    sheet.line((0.13, 0.9), (0.3, 0.62), _bright(rng), 0.035)
    sheet.line((0.2, 0.6), (0.33, 0.6), (40, 40, 40), 0.035)
    sheet.polygon([(0.36, 0.64), (0.98, 0.64), (0.98, 0.88), (0.36, 0.88)], _dull(rng, 60, 180), fade=0.4)
    _goods(sheet, rng, (0.36, 0.5, 0.98, 0.66), 2)
    if rng.random() < 0.7:
        _umbrella(sheet, rng, 0.03, 0.3)


def _ground_sheet(sheet: Sheet, rng: np.random.Generator) -> None:
    """A cloth on the ground with wares, and the vendor's boxes behind."""
    cloth = _bright(rng)
    for x in (0.2, 0.42, 0.66):
        size = rng.uniform(0.13, 0.2)
        sheet.polygon([(x, 0.5), (x + size, 0.5), (x + size, 0.72), (x, 0.72)], (92, 128, 165), fade=0.3)
    sheet.polygon([(0.12, 0.68), (0.88, 0.68), (0.99, 1.04), (0.01, 1.04)], cloth, fade=0.15)
    for row in range(3):
        for number in range(8):
            x = 0.14 + number * 0.1 + rng.uniform(-0.02, 0.02)
            y = 0.74 + row * 0.1
            sheet.ellipse((x, y), (rng.uniform(0.025, 0.042), rng.uniform(0.02, 0.034)), _bright(rng))


def _heap(sheet: Sheet, rng: np.random.Generator) -> None:
    """A garbage heap: bags, cartons and litter, piled."""
    for _ in range(14):
        x = rng.uniform(0.08, 0.92)
        sheet.ellipse((x, 0.58), (rng.uniform(0.03, 0.07), 0.02), _dull(rng, 60, 200))
    for layer, count in ((0.47, 8), (0.37, 6), (0.27, 4), (0.18, 2)):
        reach = 0.42 * (layer / 0.47)
        for _ in range(count):
            x = 0.5 + rng.uniform(-reach, reach)
            size = rng.uniform(0.09, 0.15)
            if rng.random() < 0.68:
                colour = [(38, 36, 34), (215, 215, 215), (70, 70, 68), _bright(rng)][int(rng.integers(0, 4))]
                sheet.ellipse((x, layer), (size, size * 0.8), colour, grain=12)
                sheet.line((x, layer - size * 0.8), (x + 0.02, layer - size), colour, 0.02)
            else:
                tilt = rng.uniform(-0.05, 0.05)
                corners = [(x - size, layer - size + tilt), (x + size, layer - size - tilt)]
                sheet.polygon(
                    [*corners, (x + size, layer + size * 0.7), (x - size, layer + size * 0.7)],
                    (88, 122, 158),
                    fade=0.35,
                )
    for _ in range(22):
        x, y = rng.uniform(0.04, 0.96), rng.uniform(0.5, 0.6)
        size = rng.uniform(0.01, 0.03)
        sheet.polygon([(x, y), (x + size, y - size), (x + 2 * size, y)], _dull(rng, 120, 240))


def _walker(sheet: Sheet, rng: np.random.Generator) -> None:
    """A person from the side or front."""
    trousers, coat, skin = _dull(rng, 30, 110), _bright(rng), (int(rng.integers(95, 150)), 150, 195)
    stride = rng.uniform(0.04, 0.22)
    sheet.line((0.46, 1.35), (0.5 - stride, 2.5), trousers, 0.2)
    sheet.line((0.54, 1.35), (0.5 + stride, 2.5), trousers, 0.2)
    for side in (-1, 1):
        sheet.ellipse((0.5 + side * stride + 0.03, 2.54), (0.11, 0.05), (30, 30, 30))
    sheet.polygon([(0.24, 0.55), (0.76, 0.55), (0.72, 1.45), (0.28, 1.45)], coat, fade=0.35)
    sheet.line((0.27, 0.62), (0.18, 1.35), coat, 0.14)
    sheet.line((0.73, 0.62), (0.82, 1.35), coat, 0.14)
    sheet.ellipse((0.5, 0.33), (0.15, 0.2), skin)
    sheet.ellipse((0.5, 0.24), (0.16, 0.13), (25, 25, 28))


def _car(sheet: Sheet, rng: np.random.Generator) -> None:
    """A car from the side."""
    paint = _bright(rng) if rng.random() < 0.5 else _dull(rng, 50, 220)
    sheet.polygon(
        [
            (0.02, 0.22),
            (0.2, 0.19),
            (0.3, 0.04),
            (0.7, 0.04),
            (0.84, 0.19),
            (0.98, 0.23),
            (0.98, 0.36),
            (0.02, 0.36),
        ],
        paint,
        fade=0.4,
    )
    sheet.polygon([(0.24, 0.19), (0.32, 0.07), (0.48, 0.07), (0.48, 0.19)], (62, 56, 50), fade=0.3)
    sheet.polygon([(0.51, 0.19), (0.51, 0.07), (0.68, 0.07), (0.78, 0.19)], (62, 56, 50), fade=0.3)
    for x in (0.2, 0.79):
        sheet.ellipse((x, 0.345), (0.075, 0.075), (28, 28, 28))
        sheet.ellipse((x, 0.345), (0.04, 0.04), (165, 165, 165))
