"""What many things are put together from: signs, umbrellas, wheels, crates, carts, tricycles."""

import math

import numpy as np

from sample_videos.district.render.shape import Build, Colour, ball, box, noise, patch, ring_stack, turned

__all__ = [
    "BRIGHT",
    "DARK",
    "GREENS",
    "STEEL",
    "WOOD",
    "board",
    "bucket",
    "cart",
    "crate",
    "glass_box",
    "glyphs",
    "greens",
    "heap_of",
    "sheet",
    "stool",
    "tricycle",
    "umbrella",
    "wheel",
]

STEEL: Colour = (0.50, 0.51, 0.52)


DARK: Colour = (0.04, 0.04, 0.045)


WOOD: Colour = (0.36, 0.22, 0.11)


GREENS: tuple[Colour, ...] = ((0.06, 0.22, 0.03), (0.10, 0.30, 0.05), (0.30, 0.42, 0.14), (0.04, 0.13, 0.03))


BRIGHT: tuple[Colour, ...] = (
    (0.60, 0.03, 0.05),
    (0.02, 0.14, 0.48),
    (0.75, 0.50, 0.03),
    (0.03, 0.30, 0.12),
    (0.60, 0.15, 0.35),
    (0.75, 0.75, 0.72),
    (0.05, 0.05, 0.06),
    (0.20, 0.45, 0.65),
    (0.65, 0.25, 0.04),
    (0.25, 0.08, 0.35),
)


def glyphs(
    build: Build,
    at: tuple[float, float, float],
    size: tuple[float, float],
    count: int,
    colour: Colour,
    turn_z: float = 0.0,
) -> None:
    """A line of made-up characters of strokes on an upright face that looks to +y (turned about z)."""
    width, height = size
    step = width / count
    c, s = math.cos(math.radians(turn_z)), math.sin(math.radians(turn_z))
    for index in range(count):
        for stroke in range(7):
            across = build.rng.random() < 0.55
            long, thin = build.within(0.35, 0.85) * height, 0.09 * height
            x = -(width / 2) + step * (index + 0.5) + build.within(-0.3, 0.3) * height
            z = build.within(-0.38, 0.38) * height
            wide, tall = (min(long, step * 0.85), thin) if across else (thin, min(long, height * 0.8))
            x = float(
                np.clip(
                    x, -(width / 2) + step * index + wide / 2, -(width / 2) + step * (index + 1) - wide / 2
                )
            )
            z = float(np.clip(z, -height / 2 + tall / 2, height / 2 - tall / 2))
            # Each stroke a little thicker than the last: two faces in one plane come out black.
            size_of = (wide, 0.006 + 0.0016 * stroke, tall)
            place = (at[0] - c * x, at[1] - s * x, at[2] + z)
            build.box(size_of, place, "sign", colour, (0, 0, turn_z))


def board(
    build: Build,
    at: tuple[float, float, float],
    size: tuple[float, float],
    paint: Colour,
    ink: Colour,
    turn_z: float = 0.0,
) -> None:
    """A sign board with characters on its front face."""
    c, s = math.cos(math.radians(turn_z)), math.sin(math.radians(turn_z))
    build.box((size[0], 0.02, size[1]), at, "sign", paint, (0, 0, turn_z))
    count = max(2, int(size[0] / size[1] * 0.9))
    glyphs(
        build,
        (at[0] - s * 0.014, at[1] + c * 0.014, at[2]),
        (size[0] * 0.88, size[1] * 0.72),
        count,
        ink,
        turn_z,
    )


def umbrella(
    build: Build,
    at: tuple[float, float],
    radius: float,
    height: float,
    paints: tuple[Colour, ...],
    square: bool = False,
) -> None:
    """A sun umbrella or canopy with sagging panels, stripes by panel and a hanging rim."""
    panels, per, rings = (8, 6, 7) if not square else (4, 12, 7)
    count = panels * per
    angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
    part = np.abs((np.arange(count) % per) / per - 0.5) * 2
    reach = 1.0 - 0.06 * (1 - part**2)
    if square:
        reach = np.minimum(1 / np.maximum(np.abs(np.cos(angles)), np.abs(np.sin(angles))), 1.42)
    rows = []
    drop = radius * 0.36
    for ring in range(rings):
        share = ring / (rings - 1)
        sag = 0.05 * radius * math.sin(share * math.pi) * (1 - part**2)
        rows.append(
            np.stack(
                [
                    np.cos(angles) * reach * radius * max(share, 0.02),
                    np.sin(angles) * reach * radius * max(share, 0.02),
                    np.full(count, -drop * share**1.25) - sag,
                ],
                -1,
            )
        )
    rim = rows[-1].copy()
    rim[:, 2] -= 0.16 + 0.03 * np.cos(np.arange(count) / per * 4 * math.pi)
    rim[:, :2] *= 1.005
    rows.append(rim)
    points = np.concatenate(rows)
    points[:, 2] += noise(points, 0.5, int(build.rng.integers(99))) * 0.015
    lean = (build.within(-4, 4), build.within(-4, 4), build.within(0, 45) if not square else 45.0)
    wide = per if not square else 3
    grid = points.reshape(len(rows), count, 3)
    for index in range(count // wide):
        columns = np.arange(index * wide, (index + 1) * wide + 1) % count
        panel = patch(len(rows), wide + 1, grid[:, columns].reshape(-1, 3))
        build.add(
            panel, "canopy", paints[index % len(paints)], (at[0], at[1], height), lean, smooth=not square
        )
    build.rod((at[0], at[1], 0), (at[0], at[1], height + 0.04), 0.022, (0.6, 0.6, 0.6))
    for angle in angles[::per]:
        end = (
            at[0] + 0.62 * radius * math.cos(angle),
            at[1] + 0.62 * radius * math.sin(angle),
            height - drop * 0.75,
        )
        build.rod((at[0], at[1], height - drop * 1.25), end, 0.008, (0.5, 0.5, 0.5))


def wheel(
    build: Build, at: tuple[float, float, float], radius: float, width: float, spoked: bool = False
) -> None:
    """A tyre with a rim; its axle along x."""
    ring = np.array([[0.62, -0.5], [0.93, -0.5], [1.0, -0.25], [1.0, 0.25], [0.93, 0.5], [0.62, 0.5]]) * (
        radius,
        width,
    )
    build.add(ring_stack(ring, 24, cap=False), "rubber", (0.025, 0.025, 0.027), at, (0, 90, 0), smooth=True)
    if not spoked:
        dish = np.array([[0.63, -0.4], [0.63, 0.4], [0.30, 0.30], [0.28, 0.42]]) * (radius, width)
        build.add(ring_stack(dish, 20), "metal", (0.45, 0.46, 0.48), at, (0, 90, 0), smooth=False)
        return
    hub = np.array([[0.66, -0.2], [0.60, -0.2], [0.60, 0.2], [0.66, 0.2]]) * (radius, width)
    build.add(ring_stack(hub, 24, cap=False), "metal", (0.5, 0.5, 0.5), at, (0, 90, 0), smooth=True)
    for step in range(8):
        angle = math.pi * step / 4
        build.rod(
            at,
            (at[0], at[1] + radius * 0.64 * math.cos(angle), at[2] + radius * 0.64 * math.sin(angle)),
            0.008,
            (0.5, 0.5, 0.5),
        )


def crate(
    build: Build,
    at: tuple[float, float, float],
    size: tuple[float, float, float],
    paint: Colour,
    turn: tuple[float, float, float] = (0, 0, 0),
) -> None:
    """A slatted plastic crate, open at the top."""
    w, d, h = size

    def put(block: tuple[float, float, float], middle: tuple[float, float, float]) -> None:
        moved = turned(np.array([middle]), turn)[0] + at
        build.add(box(block, 0.003), "plastic", paint, tuple(moved), turn)

    put((w, d, 0.012), (0, 0, 0.01))
    for level in (0.06, 0.5, 0.92):
        tall = 0.16 * h if level > 0.1 else 0.22 * h
        z = h * level if level < 0.9 else h - tall / 2
        for side in (-1, 1):
            put((w, 0.014, tall), (0, side * d / 2, max(z, tall / 2)))
            put((0.014, d, tall), (side * w / 2, 0, max(z, tall / 2)))
    for sx in (-1, 1):
        for sy in (-1, 1):
            put((0.03, 0.03, h), (sx * w / 2, sy * d / 2, h / 2))


def heap_of(  # noqa: PLR0913 - place, size and look of many fruit
    build: Build,
    at: tuple[float, float, float],
    area: tuple[float, float],
    radius: float,
    paint: Colour,
    turn: tuple[float, float, float] = (0, 0, 0),
    dome: float = 1.0,
    material: str = "fruit",
) -> None:
    """Round fruit in a close layer that rises to the middle."""
    w, d = area
    level = 2 if radius > 0.05 else 1
    step = radius * 1.75
    for x in np.arange(-w / 2 + radius, w / 2 - radius * 0.5, step):
        for y in np.arange(-d / 2 + radius, d / 2 - radius * 0.5, step):
            rise = dome * 1.6 * radius * (1 - (2 * x / w) ** 2) * (1 - (2 * y / d) ** 2)
            spot = np.array(
                [
                    [
                        x + build.rng.normal(0, radius * 0.15),
                        y + build.rng.normal(0, radius * 0.15),
                        rise + build.within(-0.3, 0.3) * radius,
                    ]
                ]
            )
            spot = turned(spot, turn)[0] + at
            build.add(
                ball(level),
                material,
                build.shade(paint, 0.16),
                tuple(spot),
                scale=(radius, radius, radius * build.within(0.85, 1.0)),
                smooth=True,
            )


def greens(build: Build, at: tuple[float, float, float], length: float, paint: Colour, turn_z: float) -> None:
    """A bunch of leaf vegetables: a dozen bent leaves from one stem."""
    for _ in range(11):
        long, wide = length * build.within(0.7, 1.1), length * build.within(0.16, 0.28)
        u = np.linspace(0, 1, 5)
        v = np.linspace(-0.5, 0.5, 3)
        x = np.repeat(u * long, 3)
        y = np.tile(v, 5) * np.repeat(wide * np.sin(u * 2.6 + 0.25), 3)
        z = np.repeat(0.06 * np.sin(u * 2.2) + 0.03, 3) + 0.03 * np.abs(np.tile(v, 5))
        colours = np.repeat(np.linspace(0, 1, 5), 3)[:, None] * np.array(build.shade(paint, 0.2))
        colours += (1 - np.repeat(np.linspace(0, 1, 5), 3)[:, None]) * np.array((0.55, 0.60, 0.40))
        spread = (build.within(-25, 25), build.within(-15, 15), turn_z + build.rng.normal(0, 16))
        build.add(patch(5, 3, np.stack([x, y, z], -1)), "leaf", colours, at, spread, smooth=True)


def sheet(build: Build, size: tuple[float, float], paint: Colour, z: float = 0.012) -> None:
    """A cloth on the ground with folds and turned-up corners."""
    n = 28
    u, v = np.meshgrid(np.linspace(-0.5, 0.5, n), np.linspace(-0.5, 0.5, n), indexing="ij")
    points = np.stack([u.ravel() * size[0], v.ravel() * size[1], np.full(n * n, z)], -1)
    seed = int(build.rng.integers(999))
    points[:, :2] += np.stack([noise(points, 0.5, seed), noise(points, 0.5, seed + 5)], -1) * 0.03
    points[:, 2] += np.maximum(0, noise(points, 0.22, seed + 9, 3)) * 0.03
    build.add(patch(n, n, points), "cloth", paint, smooth=True)


def stool(build: Build, at: tuple[float, float], paint: Colour) -> None:
    """A low plastic stool."""
    build.box((0.28, 0.28, 0.025), (at[0], at[1], 0.27), "plastic", paint)
    for sx in (-1, 1):
        for sy in (-1, 1):
            build.rod(
                (at[0] + 0.13 * sx, at[1] + 0.13 * sy, 0),
                (at[0] + 0.10 * sx, at[1] + 0.10 * sy, 0.26),
                0.016,
                paint,
                "plastic",
            )


def bucket(build: Build, at: tuple[float, float, float], radius: float, height: float, paint: Colour) -> None:
    """An open bucket."""
    rings = np.array(
        [
            [0.8 * radius, 0],
            [radius, height],
            [radius * 1.05, height],
            [radius * 0.94, height],
            [radius * 0.8, height * 0.6],
        ]
    )
    build.add(ring_stack(rings, 16), "plastic", paint, at, smooth=True)


def cart(build: Build, size: tuple[float, float, float], body: Colour, trim: Colour) -> float:
    """A wheeled counter; returns the height of its top."""
    w, d, h = size
    build.box((w, d * 0.85, h * 0.62), (0, 0, h * 0.62), "enamel", body)
    build.box((w * 1.04, d * 0.92, 0.035), (0, 0, h * 0.95), "metal", trim)
    board(
        build,
        (0, d * 0.43, h * 0.64),
        (w * 0.92, h * 0.38),
        build.shade(body, 0.3),
        build.pick((0.8, 0.7, 0.1), (0.85, 0.85, 0.8), (0.7, 0.05, 0.04)),
    )
    for side in (-1, 1):
        wheel(build, (side * w * 0.46, -d * 0.12, 0.19), 0.19, 0.06, spoked=True)
        build.rod((side * w * 0.42, d * 0.3, 0), (side * w * 0.42, d * 0.3, h * 0.35), 0.02, DARK)
        build.rod((side * w * 0.4, -d * 0.42, h * 0.85), (side * w * 0.4, -d * 0.75, h * 0.85), 0.018, STEEL)
    return h * 0.967


def glass_box(
    build: Build, at: tuple[float, float, float], size: tuple[float, float, float], frame: Colour
) -> None:
    """A display case with a metal frame."""
    w, d, h = size
    x, y, z = at
    for side in (-1, 1):
        build.add(box((w, 0.006, h), 0.001), "glass", (0.8, 0.85, 0.85), (x, y + side * d / 2, z + h / 2))
        build.add(box((0.006, d, h), 0.001), "glass", (0.8, 0.85, 0.85), (x + side * w / 2, y, z + h / 2))
        for other in (-1, 1):
            build.box((0.025, 0.025, h), (x + side * w / 2, y + other * d / 2, z + h / 2), "metal", frame)
    build.box((w + 0.03, d + 0.03, 0.03), (x, y, z + h), "metal", frame)


def tricycle(build: Build, paint: Colour, bed: tuple[float, float, float] = (1.05, 1.5, 0.3)) -> float:
    """A cargo e-tricycle that looks to +y; returns the height of its bed's floor."""
    floor = 0.52
    w, long, side = bed
    y = -0.5
    build.box((w, long, 0.04), (0, y, floor), "enamel", build.shade(paint, 0.1))
    for edge in (-1, 1):
        build.box((0.03, long, side), (edge * w / 2, y, floor + side / 2), "enamel", paint)
        for step in np.linspace(-0.45, 0.45, 5):
            build.box(
                (0.05, 0.04, side),
                (edge * w / 2, y + step * long, floor + side / 2),
                "enamel",
                build.shade(paint, 0.2),
            )
        build.box((w, 0.03, side), (0, y + edge * long / 2, floor + side / 2), "enamel", paint)
        wheel(build, (edge * (w / 2 - 0.1), y - 0.2, 0.26), 0.26, 0.11)
        build.box(
            (0.16, 0.62, 0.03), (edge * (w / 2 - 0.1), y - 0.2, 0.54), "enamel", build.shade(paint, 0.2)
        )
        build.box(
            (0.07, 0.03, 0.09),
            (edge * w * 0.42, y - long / 2 - 0.02, floor - 0.08),
            "lamp",
            (0.5, 0.02, 0.02),
        )
    build.box((0.5, 1.7, 0.09), (0, -0.15, 0.40), "metal", DARK)
    wheel(build, (0, 1.02, 0.25), 0.25, 0.09)
    build.box((0.13, 0.5, 0.03), (0, 1.0, 0.53), "enamel", paint)
    for edge in (-1, 1):
        build.rod((edge * 0.08, 1.04, 0.25), (edge * 0.08, 0.86, 0.95), 0.022, STEEL)
        build.rod((0, 0.84, 1.0), (edge * 0.36, 0.72, 1.06), 0.016, DARK)
        build.rod((edge * 0.2, 0.8, 1.03), (edge * 0.26, 0.82, 1.2), 0.007, DARK)
        build.box((0.12, 0.01, 0.08), (edge * 0.27, 0.82, 1.22), "window", DARK)
    build.box((0.42, 0.05, 0.55), (0, 0.88, 0.72), "paint", paint, (-14, 0, 0))
    build.add(ball(2), "lamp", (0.8, 0.8, 0.75), (0, 0.98, 0.90), scale=(0.09, 0.06, 0.09), smooth=True)
    build.box((0.46, 0.42, 0.14), (0, 0.38, 0.72), "rubber", DARK)
    build.box((0.5, 0.4, 0.28), (0, 0.38, 0.50), "enamel", build.shade(paint, 0.2))
    build.box((0.5, 0.55, 0.04), (0, 0.75, 0.36), "metal", DARK)
    return floor + 0.03
