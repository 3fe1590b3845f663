"""What heaps are made of: bags, boxes, bottles, scraps, mounds, broken blocks, boards, bricks."""

import math

import numpy as np

from sample_videos.district.render.shape import (
    Build,
    Colour,
    ball,
    box,
    crumple,
    noise,
    patch,
    ring_stack,
    turned,
)

__all__ = [
    "LITTER",
    "PET",
    "bag",
    "bags",
    "bottle",
    "brick",
    "carton",
    "ground_heap",
    "lump",
    "plank",
    "rubble_over",
    "scraps",
    "spread",
    "stain",
]

LITTER: tuple[Colour, ...] = (
    (0.75, 0.74, 0.70),
    (0.6, 0.05, 0.04),
    (0.08, 0.25, 0.5),
    (0.7, 0.5, 0.1),
    (0.2, 0.35, 0.12),
    (0.5, 0.42, 0.3),
)


PET: Colour = (0.62, 0.74, 0.76)


def spread(build: Build, size: tuple[float, float, float], high: float = 1.0) -> tuple[float, float, float]:
    """A place in a heap: inside the oval, higher towards the middle."""
    angle, reach = build.within(0, 2 * math.pi), math.sqrt(build.rng.random()) * 0.92
    x, y = size[0] / 2 * reach * math.cos(angle), size[1] / 2 * reach * math.sin(angle)
    return x, y, size[2] * (1 - reach**1.6) * high * build.within(0.3, 1.0)


def bag(
    build: Build, at: tuple[float, float, float], radius: float, paint: Colour, material: str = "film"
) -> None:
    """A tied bag: a sagging lump with folds that run into the knot."""
    points, faces = ball(4 if radius > 0.16 else 3)
    points = points.copy()
    angle, seed = np.arctan2(points[:, 1], points[:, 0]), int(build.rng.integers(9999))
    up = np.clip((points[:, 2] - 0.35) / 0.65, 0, 1)
    points[:, :2] *= (1 - 0.80 * up**1.3)[:, None]
    points[:, 2] += 0.30 * up**2
    folds = np.sin(angle * int(build.rng.integers(7, 12)) + noise(points, 0.5, seed) * 2) * up * 0.10
    lumps = noise(points, 0.75, seed, 2) * 0.16 + np.abs(noise(points, 0.30, seed + 3, 3)) * 0.13
    away = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-6)
    points += away * (folds + lumps)[:, None]
    points[:, 2] = np.maximum(points[:, 2], -0.62) + 0.62
    stretch = (
        radius * build.within(0.9, 1.15),
        radius * build.within(0.9, 1.15),
        radius * build.within(0.7, 0.95),
    )
    lean = (build.rng.normal(0, 16), build.rng.normal(0, 16), build.within(0, 360))
    build.add((points, faces), material, build.shade(paint, 0.18), at, lean, stretch, smooth=True)


def carton(
    build: Build,
    at: tuple[float, float, float],
    size: tuple[float, float, float],
    paint: Colour,
    turn: tuple[float, float, float],
    is_open: bool = False,
) -> None:
    """A cardboard box with tape, a print, and flaps when open; `at` is the middle of its underside."""
    w, d, h = size

    def put(
        block: tuple[float, float, float],
        middle: tuple[float, float, float],
        colour: Colour,
        tilt: tuple[float, float, float] = (0, 0, 0),
    ) -> None:
        points, faces = box(block, 0.004)
        points = turned(points, tilt) + np.array(middle)
        build.add((points, faces), "card", colour, at, turn)

    shade = build.shade(paint, 0.12)
    if is_open:
        put((w, d, 0.01), (0, 0, 0.01), shade)
        for side in (-1, 1):
            put((w, 0.008, h), (0, side * d / 2, h / 2), shade)
            put((0.008, d, h), (side * w / 2, 0, h / 2), shade)
            put(
                (w, d * 0.45, 0.006),
                (0, side * d * 0.66, h + 0.02),
                shade,
                (side * build.within(-50, 30), 0, 0),
            )
            put(
                (w * 0.45, d, 0.006),
                (side * w * 0.66, 0, h + 0.02),
                shade,
                (0, -side * build.within(-50, 30), 0),
            )
        return
    put(size, (0, 0, h / 2), shade)
    put((w * 1.004, d * 0.14, h * 1.004), (0, 0, h / 2), build.shade((0.55, 0.42, 0.26), 0.1))
    print_ = build.pick((0.03, 0.06, 0.2), (0.4, 0.03, 0.03), (0.05, 0.05, 0.05), (0.03, 0.2, 0.08))
    for side in (-1, 1):
        put(
            (w * build.within(0.2, 0.5), 0.003, h * build.within(0.15, 0.4)),
            (w * build.within(-0.15, 0.15), side * (d / 2 + 0.001), h * 0.55),
            print_,
        )


def bottle(build: Build, at: tuple[float, float, float], paint: Colour, lying: bool = True) -> None:
    """A drinks bottle."""
    rings = np.array([[0.030, 0], [0.033, 0.02], [0.033, 0.15], [0.012, 0.20], [0.012, 0.225]])
    turn = (
        (build.within(70, 110), build.rng.normal(0, 10), build.within(0, 360)) if lying else (0.0, 0.0, 0.0)
    )
    build.add(
        ring_stack(rings, 10),
        "bottle",
        paint,
        (at[0], at[1], at[2] + (0.034 if lying else 0)),
        turn,
        smooth=True,
    )


def scraps(
    build: Build,
    count: int,
    size: tuple[float, float, float],
    paints: tuple[Colour, ...],
    large: float = 0.12,
    high: float = 1.0,
) -> None:
    """Crumpled paper, wrappers and rags strewn over a heap."""
    for _ in range(count):
        n = 5
        u, v = np.meshgrid(np.linspace(-0.5, 0.5, n), np.linspace(-0.5, 0.5, n), indexing="ij")
        points = np.stack([u.ravel(), v.ravel() * build.within(0.5, 1), np.zeros(n * n)], -1)
        points[:, 2] = noise(points, 0.45, int(build.rng.integers(9999))) * 0.28
        x, y, z = spread(build, size, high)
        turn = (build.rng.normal(0, 25), build.rng.normal(0, 25), build.within(0, 360))
        build.add(
            patch(n, n, points),
            build.pick_material("film", "card", "cloth"),
            build.shade(build.pick(*paints), 0.2),
            (x, y, z + 0.03),
            turn,
            large * build.within(0.4, 1.3),
            smooth=True,
        )


def stain(build: Build, size: tuple[float, float, float], paint: Colour = (0.035, 0.030, 0.025)) -> None:
    """Wet dirt around the heap: a flat uneven patch."""
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(40)], -1)
    reach = 0.46 + 0.09 * noise(ring, 0.7, int(build.rng.integers(999)), 3)
    outer = ring * reach[:, None] * (size[0], size[1], 0) + (0, 0, 0.004)
    points = np.vstack([outer * (0.02, 0.02, 1), outer])
    build.add(patch(2, 40, points, closed=True), "soil", paint)


def ground_heap(
    build: Build,
    size: tuple[float, float, float],
    material: str,
    paint: Colour,
    rough: float = 0.10,
    peaks: int = 2,
) -> None:
    """A mound of loose stuff: a height field with slumped slopes and clods along its foot."""
    n, m = 44, 80
    seed = int(build.rng.integers(9999))
    share = np.linspace(0, 1, n) ** 0.8
    angles = np.linspace(0, 2 * math.pi, m, endpoint=False)
    edge = np.stack([np.cos(angles), np.sin(angles), np.zeros(m)], -1)
    reach = 0.94 + 0.07 * noise(edge, 0.6, seed)
    x = (share[:, None] * np.cos(angles) * reach * size[0] / 2).ravel()
    y = (share[:, None] * np.sin(angles) * reach * size[1] / 2).ravel()
    high = np.zeros(n * m)
    for index in range(peaks):
        cx, cy = build.within(-0.2, 0.2) * size[0], build.within(-0.2, 0.2) * size[1]
        away = np.hypot((x - cx) / (size[0] * 0.46), (y - cy) / (size[1] * 0.46))
        high = np.maximum(
            high,
            (0.95 if index == 0 else build.within(0.5, 0.85))
            * np.clip(1.12 - np.sqrt(away**2 + 0.03), 0, 1) ** 1.1,
        )
    fade = np.repeat(np.clip((1 - share) * 4, 0, 1), m)
    points = np.stack([x, y, high * size[2]], -1)
    points[:, 2] += fade * (
        noise(points, 0.35, seed, 4) * rough + np.abs(noise(points, 0.09, seed + 4, 3)) * rough * 0.4
    )
    points[:, 2] = np.maximum(points[:, 2], 0.0) * np.minimum(1, fade + 0.15)
    colours = np.array(paint) * (1 + 0.22 * noise(points, 0.4, seed + 8, 3))[:, None]
    build.add(patch(n, m, points, closed=True), material, np.clip(colours, 0.005, 0.9), smooth=True)
    for _ in range(90):
        sx, sy, _ = spread(build, (size[0] * 1.05, size[1] * 1.05, 0))
        near = int(np.argmin(np.hypot(points[:, 0] - sx, points[:, 1] - sy)))
        clod = build.within(0.012, 0.055)
        build.add(
            crumple(ball(1), 0.3, 0.6, int(build.rng.integers(999))),
            material,
            build.shade(paint, 0.2),
            (sx, sy, points[near, 2]),
            scale=clod,
        )


def lump(
    build: Build, at: tuple[float, float, float], radius: float, paint: Colour, material: str = "concrete"
) -> None:
    """A broken block: a box cut and warped by noise, faces flat."""
    points, faces = ball(2)
    seed = int(build.rng.integers(9999))
    points = points.copy()
    for _ in range(6):
        cut = build.rng.normal(size=3)
        cut /= np.linalg.norm(cut)
        beyond = np.maximum(0, points @ cut - build.within(0.35, 0.7))
        points -= beyond[:, None] * cut
    points += noise(points, 0.4, seed)[:, None] * points * 0.08
    size = radius * build.rng.uniform(0.7, 1.35, 3)
    turn = tuple(build.rng.uniform(0, 360, 3))
    build.add((points, faces), material, build.shade(paint, 0.16), at, turn, tuple(size))


def rubble_over(
    build: Build,
    count: int,
    size: tuple[float, float, float],
    paint: Colour,
    large: tuple[float, float],
    material: str = "concrete",
) -> None:
    """Broken blocks all over a heap, the large ones low."""
    for _ in range(count):
        radius = large[0] + (large[1] - large[0]) * build.rng.random() ** 2.5
        x, y, z = spread(build, size)
        build_z = max(radius * 0.35, z)
        lump(build, (x, y, build_z), radius, paint, material)


def plank(
    build: Build,
    at: tuple[float, float, float],
    size: tuple[float, float, float],
    paint: Colour,
    turn: tuple[float, float, float],
) -> None:
    """A board with splintered ends."""
    points, faces = box(size, 0.004)
    ends = np.abs(points[:, 0]) > size[0] * 0.48
    points = points.copy()
    points[ends, 0] += build.rng.normal(0, 0.02, int(ends.sum()))
    points[:, 2] += 0.02 * np.sin(points[:, 0] * build.within(0.5, 2))
    build.add((points, faces), "wood", build.shade(paint, 0.22), at, turn)


def brick(build: Build, at: tuple[float, float, float], paint: Colour, whole: bool = True) -> None:
    """A brick, or a broken half."""
    points, faces = box((0.24 if whole else build.within(0.08, 0.17), 0.115, 0.053), 0.006)
    turn = (build.rng.normal(0, 28), build.rng.normal(0, 28), build.within(0, 360))
    build.add((points, faces), "brick", build.shade(paint, 0.2), at, turn)


def bags(
    build: Build,
    size: tuple[float, float, float],
    paints: tuple[Colour, ...],
    count: int,
    radius: tuple[float, float],
    material: str = "film",
) -> None:
    """Bags thrown on a heap, the first ones on the ground."""
    for index in range(count):
        r = build.within(*radius)
        x, y, _ = spread(build, (size[0] - r, size[1] - r, 0))
        level = 0.0 if index < count * 0.62 else size[2] * build.within(0.25, 0.45)
        shrink = 1.0 if index < count * 0.62 else 0.5
        bag(build, (x * shrink, y * shrink, level), r, paints[index % len(paints)], material)
