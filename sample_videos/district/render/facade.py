"""Buildings: walls with recessed windows, open shop fronts with goods, signs, air conditioners, roofs."""

import math
from dataclasses import dataclass

import numpy as np

from sample_videos.district.plan import Building
from sample_videos.district.render.pieces import BRIGHT, DARK, STEEL, board, glyphs
from sample_videos.district.render.shape import Build, Colour, box, ring_stack
from sample_videos.district.render.shell import raise_shell

__all__ = ["Town", "raise_building"]

WALLS: tuple[Colour, ...] = (
    (0.52, 0.49, 0.43),
    (0.44, 0.38, 0.31),
    (0.50, 0.50, 0.49),
    (0.40, 0.24, 0.17),
    (0.55, 0.50, 0.38),
    (0.36, 0.37, 0.37),
)
SIGNS: tuple[tuple[Colour, Colour], ...] = (
    ((0.45, 0.02, 0.02), (0.85, 0.70, 0.10)),
    ((0.02, 0.10, 0.35), (0.85, 0.85, 0.82)),
    ((0.70, 0.42, 0.02), (0.40, 0.01, 0.01)),
    ((0.03, 0.25, 0.10), (0.85, 0.85, 0.80)),
    ((0.06, 0.06, 0.065), (0.80, 0.60, 0.20)),
    ((0.72, 0.71, 0.68), (0.50, 0.02, 0.02)),
    ((0.35, 0.06, 0.20), (0.85, 0.82, 0.78)),
    ((0.02, 0.30, 0.32), (0.85, 0.80, 0.30)),
    ((0.30, 0.16, 0.07), (0.80, 0.72, 0.50)),
)
GAP_M = 0.012
ROOM_M = 2.4
"""Depth of a shop's room behind its front."""
GLASS: Colour = (0.028, 0.036, 0.042)


@dataclass
class Town:
    """The builds into which everything goes: by day, and what gives light of its own."""

    solid: Build
    glow: Build


@dataclass(frozen=True)
class Wall:
    """One side of a building: u along it from its first corner, `out` away from it, z up."""

    build: Build
    x: float
    y: float
    angle_deg: float
    length: float

    def at(self, u: float, out: float, z: float) -> tuple[float, float, float]:
        """A place on it in the world."""
        a = math.radians(self.angle_deg)
        return self.x + u * math.cos(a) + out * math.sin(a), self.y + u * math.sin(a) - out * math.cos(a), z

    def put(
        self,
        place: tuple[float, float, float],
        size: tuple[float, float, float],
        material: str,
        paint: Colour,
        tilt: float = 0.0,
    ) -> None:
        """A block with its middle at (u, out, z); size along, across and up; tilt drops its outer edge."""
        self.build.add(box(size, 0.008), material, paint, self.at(*place), (tilt, 0, self.angle_deg))


def raise_building(town: Town, building: Building) -> None:
    """The whole building."""
    corners = np.array(building.footprint_en)
    paint = WALLS[building.colour % 6]
    for edge, (start, end) in enumerate(zip(corners, np.roll(corners, -1, axis=0), strict=True)):
        along = end - start
        length = float(np.hypot(*along))
        # Every other side is a little smaller all round: two faces in one plane come out black.
        gap = GAP_M if edge % 2 else 0.0
        start = start + (np.array([-along[1], along[0]]) + along) / length * gap
        angle = math.degrees(math.atan2(along[1], along[0]))
        wall = Wall(town.solid, float(start[0]), float(start[1]), angle, length - 2 * gap)
        is_front = edge in building.fronts
        if building.style == "shell":
            continue
        if building.style == "shop" and is_front:
            _shop_row(town, wall, paint)
            _floors(wall, building, paint, 3.9, 3.1, True)
        elif building.style == "hall":
            _hall_side(town, wall, building, is_front)
        elif building.style == "hut":
            _hut_side(wall, building, is_front)
        else:
            ground, floor = (3.9, 3.1) if building.style == "shop" else (3.0, 2.9)
            _plain_floor(wall, paint, ground, is_front)
            _floors(wall, building, paint, ground, floor, is_front)
    if building.style == "shell":
        raise_shell(town.solid, building)
    else:
        _roof(town.solid, building, paint)


def _grid(length: float, step: float) -> list[tuple[float, float]]:
    """Bays of about that width: (middle, width)."""
    count = max(1, round(length / step))
    return [((n + 0.5) * length / count, length / count) for n in range(count)]


def _floors(
    wall: Wall, building: Building, paint: Colour, ground: float, floor: float, is_front: bool
) -> None:
    build = wall.build
    material = build.pick_material("wall", "wall", "mosaic")
    bays = _grid(wall.length, 3.4)
    balcony = building.style == "house" and is_front
    for storey in range(1, building.storeys):
        base = ground + floor * (storey - 1)
        for number, (u, width) in enumerate(bays):
            is_window = is_front or (number % 2 == 1 and build.rng.random() < 0.6)
            if not is_window:
                wall.put((u, -0.12, base + floor / 2), (width, 0.24, floor), material, paint)
                continue
            _window_bay(wall, (u, width), (base, floor), (material, paint), building.style != "backdrop")
            if balcony and number % 2 == 0:
                _balcony(wall, u, min(width * 0.92, 3.0), base, paint)
        wall.put(
            (wall.length / 2, 0.03, base + 0.05), (wall.length, 0.10, 0.12), "wall", build.shade(paint, 0.08)
        )
    top = ground + floor * (building.storeys - 1)
    wall.put(
        (wall.length / 2, -0.05, top + 0.3), (wall.length + 0.1, 0.3, 0.62), "wall", build.shade(paint, 0.06)
    )
    for u in (0.25, wall.length - 0.3):
        build.rod(wall.at(u, 0.07, 0.1), wall.at(u, 0.07, top), 0.05, (0.45, 0.45, 0.43), "plastic")


def _window_bay(
    wall: Wall, bay: tuple[float, float], level: tuple[float, float], look: tuple[str, Colour], detailed: bool
) -> None:
    (u, width), (base, floor), (material, paint) = bay, level, look
    build = wall.build
    wide, high, sill = min(width * 0.62, 2.1), floor * 0.52, floor * 0.30
    pier = (width - wide) / 2
    for side in (-1, 1):
        wall.put(
            (u + side * (wide + pier) / 2, -0.12, base + floor / 2), (pier, 0.24, floor), material, paint
        )
    wall.put((u, -0.12, base + sill / 2), (wide, 0.24, sill), material, paint)
    above = floor - sill - high
    wall.put((u, -0.12, base + floor - above / 2), (wide, 0.24, above), material, paint)
    wall.put((u, -0.20, base + sill + high / 2), (wide, 0.03, high), "window", build.shade(GLASS, 0.3))
    if not detailed:
        wall.put((u, -0.17, base + sill + high / 2), (0.06, 0.04, high), "plastic", (0.55, 0.56, 0.56))
        return
    frame = build.pick((0.62, 0.63, 0.63), (0.30, 0.31, 0.32), (0.16, 0.12, 0.10))
    for offset in (-wide / 2 + 0.03, -wide * 0.02, wide / 2 - 0.03):
        wall.put((u + offset, -0.16, base + sill + high / 2), (0.055, 0.06, high), "plastic", frame)
    for z in (sill + 0.03, sill + high * 0.72, sill + high - 0.03):
        wall.put((u, -0.16, base + z), (wide, 0.06, 0.05), "plastic", frame)
    wall.put((u, 0.04, base + sill - 0.04), (wide + 0.16, 0.16, 0.06), "concrete", (0.46, 0.45, 0.42))
    if build.rng.random() < 0.35:
        curtain = build.pick((0.6, 0.55, 0.45), (0.45, 0.2, 0.15), (0.3, 0.4, 0.5), (0.65, 0.63, 0.6))
        side = build.pick_material("l", "r")
        wall.put(
            (u + (wide * 0.25 if side == "l" else -wide * 0.25), -0.178, base + sill + high / 2),
            (wide * 0.45, 0.012, high * 0.96),
            "cloth",
            curtain,
        )
    if build.rng.random() < 0.55:
        _conditioner(wall, u + build.pick((-0.2, 0, 0), (0.5, 0, 0), (-0.6, 0, 0))[0], base + sill - 0.62)
    if build.rng.random() < 0.28:
        _cage(wall, u, wide, base + sill, high)


def _conditioner(wall: Wall, u: float, z: float) -> None:
    build = wall.build
    tone = build.shade((0.60, 0.59, 0.55), 0.08)
    wall.put((u, 0.24, z + 0.3), (0.82, 0.32, 0.56), "plastic", tone)
    fan = ring_stack(np.array([[0.22, 0.0], [0.22, 0.02]]), 18)
    build.add(fan, "plastic", (0.10, 0.10, 0.10), wall.at(u - 0.12, 0.405, z + 0.3), (90, 0, wall.angle_deg))
    wall.put((u, 0.2, z - 0.02), (0.9, 0.4, 0.04), "metal", (0.25, 0.24, 0.22))
    build.rod(
        wall.at(u + 0.38, 0.1, z + 0.3), wall.at(u + 0.45, 0.05, z - 0.9), 0.02, (0.6, 0.6, 0.57), "plastic"
    )


def _cage(wall: Wall, u: float, wide: float, z: float, high: float) -> None:
    for step in np.linspace(-wide / 2, wide / 2, 11):
        wall.build.add(
            box((0.022, 0.022, high), 0.002),
            "metal",
            STEEL,
            wall.at(u + step, 0.32, z + high / 2),
            (0, 0, wall.angle_deg),
        )
    for level in (0.02, 0.5, 0.98):
        wall.put((u, 0.32, z + high * level), (wide, 0.024, 0.024), "metal", STEEL)
        for side in (-1, 1):
            wall.put((u + side * wide / 2, 0.16, z + high * level), (0.024, 0.32, 0.024), "metal", STEEL)


def _balcony(wall: Wall, u: float, wide: float, base: float, paint: Colour) -> None:
    build = wall.build
    wall.put((u, 0.6, base + 0.06), (wide, 1.2, 0.14), "concrete", (0.42, 0.41, 0.39))
    tone = build.shade(paint, 0.12)
    wall.put((u, 1.16, base + 0.6), (wide, 0.08, 0.95), "wall", tone)
    for side in (-1, 1):
        wall.put((u + side * wide / 2, 0.6, base + 0.6), (0.08, 1.2, 0.95), "wall", tone)
    if build.rng.random() < 0.35:
        wall.put((u, 1.15, base + 1.85), (wide, 0.03, 1.5), "window", build.shade((0.05, 0.065, 0.07), 0.2))
        for offset in np.linspace(-wide / 2, wide / 2, 5):
            wall.put((u + offset, 1.17, base + 1.85), (0.05, 0.05, 1.5), "metal", (0.6, 0.61, 0.61))
        return
    for offset in np.arange(-wide / 2 + 0.2, wide / 2 - 0.1, 0.32):
        if build.rng.random() < 0.55:
            long = build.within(0.5, 0.95)
            wall.put(
                (u + offset, 1.0, base + 2.3 - long / 2),
                (0.28, 0.02, long),
                "cloth",
                build.shade(build.pick(*BRIGHT), 0.2),
            )
    build.rod(wall.at(u - wide / 2, 1.0, base + 2.32), wall.at(u + wide / 2, 1.0, base + 2.32), 0.015, STEEL)


def _plain_floor(wall: Wall, paint: Colour, ground: float, is_front: bool) -> None:
    build = wall.build
    tone = build.shade((0.36, 0.33, 0.30), 0.12)
    wall.put((wall.length / 2, 0.015, 0.45), (wall.length + 0.04, 0.29, 0.9), "wall", tone)
    for number, (u, width) in enumerate(_grid(wall.length, 3.8)):
        if not is_front or number % 3 == 2:
            wall.put((u, -0.12, ground / 2), (width, 0.24, ground), "wall", paint)
            if build.rng.random() < 0.3:
                wall.put(
                    (u, 0.012, 1.6),
                    (build.within(0.4, 0.9), 0.012, build.within(0.4, 0.8)),
                    "card",
                    build.pick((0.6, 0.58, 0.5), (0.5, 0.1, 0.08), (0.2, 0.35, 0.5)),
                )
        elif number % 3 == 0:
            _window_bay(wall, (u, width), (0.0, ground), ("wall", paint), detailed=True)
        else:
            for side in (-1, 1):
                wall.put(
                    (u + side * (width / 2 + 0.55) / 2, -0.12, ground / 2),
                    (width / 2 - 0.55, 0.24, ground),
                    "wall",
                    paint,
                )
            wall.put((u, -0.12, (ground + 2.15) / 2), (1.1, 0.24, ground - 2.15), "wall", paint)
            wall.put(
                (u, -0.18, 1.08),
                (1.1, 0.05, 2.15),
                "metal",
                build.pick((0.18, 0.06, 0.05), (0.10, 0.16, 0.13), (0.3, 0.3, 0.31)),
            )
            wall.put((u, 0.35, 2.35), (1.7, 0.8, 0.10), "concrete", (0.42, 0.41, 0.38))
            wall.put((u, 0.25, 0.06), (1.5, 0.5, 0.12), "concrete", (0.36, 0.35, 0.33))


def _shop_row(town: Town, wall: Wall, paint: Colour) -> None:
    build = wall.build
    for u, width in _grid(wall.length, 4.0):
        sign, ink = SIGNS[int(build.rng.integers(len(SIGNS)))]
        for side in (-1, 1):
            wall.put(
                (u + side * (width / 2 - 0.12), -0.05, 1.95),
                (0.26, 0.34, 3.9),
                "mosaic",
                build.shade(paint, 0.15),
            )
        turn = wall.angle_deg + 180
        board(build, wall.at(u, 0.22, 3.28), (width * 0.97, 1.0), sign, ink, turn)
        wall.put((u, 0.10, 3.28), (width * 0.97, 0.2, 1.02), "metal", build.shade(sign, 0.2))
        if build.rng.random() < 0.55:
            glyphs(town.glow, wall.at(u, 0.245, 3.30), (width * 0.6, 0.5), 4, ink, turn)
        _front(town, wall, (u, width - 0.3), sign)


def _front(town: Town, wall: Wall, bay: tuple[float, float], sign: Colour) -> None:
    """One shop front: shut, open to the street, or glazed."""
    build, (u, wide) = wall.build, bay
    kind = build.pick_material("open", "open", "glass", "shut", "glass")
    if kind == "shut":
        _shutter(wall, bay)
        return
    _shop_room(wall, bay)
    for side in (-0.25, 0.25):
        town.glow.add(
            box((wide * 0.35, 0.06, 0.05), 0.004),
            "tube",
            (0.9, 0.92, 0.95),
            wall.at(u + side * wide, -1.0, 2.74),
            (0, 0, wall.angle_deg),
        )
    if kind == "glass":
        _glazing(wall, bay)
    elif build.rng.random() < 0.5:
        _awning(wall, u, wide, sign)


def _shutter(wall: Wall, bay: tuple[float, float]) -> None:
    build, (u, wide) = wall.build, bay
    for z in np.arange(0.05, 2.75, 0.09):
        tone = build.shade((0.36, 0.38, 0.39), 0.03)
        wall.put((u, -0.02, z + 0.045), (wide, 0.05, 0.08), "enamel", tone)
    for _ in range(4):
        spot = (u + build.within(-wide / 2.3, wide / 2.3), 0.012, build.within(0.7, 1.9))
        wall.put(spot, (0.16, 0.01, 0.11), "card", build.pick((0.6, 0.6, 0.55), (0.6, 0.5, 0.1)))


def _shop_room(wall: Wall, bay: tuple[float, float]) -> None:
    """The room behind a front: walls, shelves of goods on three sides, a counter."""
    build, (u, wide) = wall.build, bay
    deep = ROOM_M
    tone = build.pick((0.55, 0.54, 0.5), (0.5, 0.44, 0.36), (0.45, 0.5, 0.5))
    wall.put((u, -deep, 1.4), (wide, 0.1, 2.8), "wall", tone)
    wall.put((u, -deep / 2, 2.82), (wide, deep, 0.08), "wall", (0.6, 0.6, 0.58))
    wall.put((u, -deep / 2, 0.02), (wide, deep, 0.05), "tile", (0.40, 0.38, 0.34))
    for side in (-1, 1):
        wall.put((u + side * wide / 2, -deep / 2, 1.4), (0.06, deep, 2.8), "wall", tone)
        middle = u + side * (wide / 2 - 0.22)
        for z in (0.35, 0.8, 1.25, 1.7):
            wall.put((middle, -deep / 2, z), (0.36, deep * 0.85, 0.03), "wood", (0.45, 0.40, 0.33))
            for step in np.arange(-deep * 0.4, deep * 0.4, 0.22):
                _good(wall, (middle, -deep / 2 + step, z), (0.28, 0.17), (0.12, 0.32))
    for z in (0.5, 1.0, 1.5, 2.0):
        for step in np.arange(-wide / 2 + 0.5, wide / 2 - 0.4, 0.24):
            _good(wall, (u + step, -deep + 0.2, z), (0.2, 0.2), (0.15, 0.38))
    wall.put((u + wide * 0.12, -1.3, 0.5), (1.3, 0.55, 0.95), "wood", (0.42, 0.30, 0.18))


def _good(
    wall: Wall, foot: tuple[float, float, float], size: tuple[float, float], tall: tuple[float, float]
) -> None:
    build = wall.build
    high = build.within(*tall)
    paint = build.shade(build.pick(*BRIGHT), 0.2)
    wall.put((foot[0], foot[1], foot[2] + high / 2), (*size, high), "plastic", paint)


def _glazing(wall: Wall, bay: tuple[float, float]) -> None:
    build, (u, wide) = wall.build, bay
    frame = (0.35, 0.36, 0.37)
    for offset in (-wide / 2 + 0.04, -0.55, 0.55, wide / 2 - 0.04):
        wall.put((u + offset, -0.05, 1.38), (0.07, 0.08, 2.76), "metal", frame)
    for z in (0.06, 2.2, 2.74):
        wall.put((u, -0.05, z), (wide, 0.08, 0.07), "metal", frame)
    for side in (-1, 1):
        if build.rng.random() < 0.6:
            paint = build.shade(build.pick(*BRIGHT), 0.2)
            wall.put((u + side * wide * 0.33, -0.04, 1.0), (wide * 0.24, 0.012, 1.3), "sign", paint)


def _awning(wall: Wall, u: float, wide: float, paint: Colour) -> None:
    build = wall.build
    stripes = max(4, round(wide / 0.35))
    for index in range(stripes):
        tone = paint if index % 2 == 0 else (0.66, 0.65, 0.61)
        spot = u - wide / 2 + (index + 0.5) * wide / stripes
        wall.put(
            (spot, 0.38, 2.68), (wide / stripes * 0.995, 0.70, 0.02), "canopy", build.shade(tone, 0.05), 24
        )
        wall.put((spot, 0.70, 2.42), (wide / stripes * 0.995, 0.015, 0.2), "canopy", build.shade(tone, 0.05))


def _hall_side(town: Town, wall: Wall, building: Building, is_front: bool) -> None:
    build = wall.build
    high = building.height_m
    if not is_front:
        wall.put((wall.length / 2, -0.12, high / 2), (wall.length, 0.24, high), "wall", (0.48, 0.46, 0.42))
        return
    for u, width in _grid(wall.length, 4.8):
        for side in (-1, 1):
            wall.put(
                (u + side * (width / 2 - 0.2), 0.0, high / 2), (0.45, 0.5, high), "mosaic", (0.48, 0.33, 0.24)
            )
        _front(town, wall, (u, width - 0.8), (0.45, 0.03, 0.02))
        wall.put((u, -0.1, 5.9), (width - 0.8, 0.2, 4.2), "wall", (0.52, 0.50, 0.45))
        for offset in (-1.05, 0.0, 1.05):
            wall.put((u + offset, 0.015, 5.9), (0.9, 0.05, 1.7), "window", build.shade(GLASS, 0.2))
            wall.put((u + offset, 0.035, 5.9), (0.05, 0.06, 1.7), "metal", (0.6, 0.6, 0.6))
    wall.put((wall.length / 2, 0.2, 3.25), (wall.length, 0.5, 0.12), "metal", (0.40, 0.42, 0.44))
    board(
        build,
        wall.at(wall.length / 2, 0.42, 4.2),
        (min(11.0, wall.length * 0.6), 1.3),
        (0.50, 0.025, 0.02),
        (0.85, 0.68, 0.10),
        wall.angle_deg + 180,
    )
    wall.put(
        (wall.length / 2, 0.05, high - 0.2), (wall.length + 0.4, 0.9, 0.4), "concrete", (0.46, 0.45, 0.42)
    )


def _hut_side(wall: Wall, building: Building, is_front: bool) -> None:
    high = building.height_m
    tone = (0.30, 0.42, 0.52) if building.id == "site-hut" else (0.55, 0.53, 0.48)
    wall.put((wall.length / 2, -0.06, high / 2), (wall.length, 0.12, high), "enamel", tone)
    if is_front:
        wall.put((wall.length * 0.42, 0.02, 1.55), (wall.length * 0.5, 0.06, 0.95), "window", GLASS)
        wall.put((wall.length * 0.42, 0.16, 1.05), (wall.length * 0.55, 0.35, 0.05), "metal", STEEL)
        wall.put((wall.length * 0.84, 0.02, 1.0), (0.8, 0.05, 2.0), "enamel", (0.35, 0.36, 0.37))
        if building.id == "kiosk":
            board(
                wall.build,
                wall.at(wall.length / 2, 0.1, 2.5),
                (wall.length * 0.9, 0.5),
                *SIGNS[2],
                wall.angle_deg + 180,
            )


def _roof(build: Build, building: Building, paint: Colour) -> None:
    corners = np.array(building.footprint_en)
    (w, s), (e, n) = corners.min(axis=0), corners.max(axis=0)
    high = building.height_m - 0.45
    build.box(
        (e - w - 0.3, n - s - 0.3, 0.2), ((w + e) / 2, (s + n) / 2, high), "concrete", (0.33, 0.32, 0.30)
    )
    if building.style == "hut":
        build.box(
            (e - w + 0.6, n - s + 0.6, 0.12),
            ((w + e) / 2, (s + n) / 2, building.height_m),
            "metal",
            (0.35, 0.36, 0.38),
        )
        return
    build.box(
        (3.0, 2.6, 2.4),
        (build.within(w + 2.5, e - 2.5), build.within(s + 2.5, n - 2.5), high + 1.2),
        "wall",
        build.shade(paint, 0.1),
    )
    for _ in range(int((e - w) // 4)):
        x, y = build.within(w + 1.2, e - 1.2), build.within(s + 1.5, n - 1.5)
        build.rod((x - 0.8, y, high + 1.35), (x + 0.8, y, high + 1.35), 0.24, (0.62, 0.63, 0.64))
        build.box((1.6, 1.5, 0.05), (x, y - 0.7, high + 0.8), "window", (0.03, 0.035, 0.06), (40, 0, 0))
    for _ in range(3):
        x, y = build.within(w + 1, e - 1), build.within(s + 1, n - 1)
        build.rod((x, y, high), (x, y, high + build.within(1.5, 3.0)), 0.03, DARK)
