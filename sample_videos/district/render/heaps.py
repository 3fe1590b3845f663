"""Garbage piles, construction debris and bins."""

import math
from collections.abc import Callable

import numpy as np

from sample_videos.district.render.shape import Build, Colour, ball, box, crumple, noise, patch, ring_stack
from sample_videos.district.render.vendors import BRIGHT, STEEL, WOOD

__all__ = ["MAKERS", "bag", "carton", "ground_heap", "spread"]

LITTER: tuple[Colour, ...] = ((0.75, 0.74, 0.70), (0.6, 0.05, 0.04), (0.08, 0.25, 0.5), (0.7, 0.5, 0.1), (0.2, 0.35, 0.12), (0.5, 0.42, 0.3))
FOOD: tuple[Colour, ...] = ((0.25, 0.13, 0.04), (0.12, 0.2, 0.03), (0.5, 0.3, 0.06), (0.45, 0.08, 0.04), (0.5, 0.46, 0.3))
PET: Colour = (0.62, 0.74, 0.76)


def spread(build: Build, size: tuple[float, float, float], high: float = 1.0) -> tuple[float, float, float]:
    """A place in a heap: inside the oval, higher towards the middle."""
    angle, reach = build.within(0, 2 * math.pi), math.sqrt(build.rng.random()) * 0.92
    x, y = size[0] / 2 * reach * math.cos(angle), size[1] / 2 * reach * math.sin(angle)
    return x, y, size[2] * (1 - reach**1.6) * high * build.within(0.3, 1.0)


def bag(build: Build, at: tuple[float, float, float], radius: float, paint: Colour, material: str = "film") -> None:
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
    stretch = (radius * build.within(0.9, 1.15), radius * build.within(0.9, 1.15), radius * build.within(0.7, 0.95))
    lean = (build.rng.normal(0, 16), build.rng.normal(0, 16), build.within(0, 360))
    build.add((points, faces), material, build.shade(paint, 0.18), at, lean, stretch, smooth=True)


def carton(build: Build, at: tuple[float, float, float], size: tuple[float, float, float], paint: Colour, turn: tuple[float, float, float], is_open: bool = False) -> None:
    """A cardboard box with tape, a print, and flaps when open; `at` is the middle of its underside."""
    from sample_videos.district.render.shape import turned

    w, d, h = size

    def put(block: tuple[float, float, float], middle: tuple[float, float, float], colour: Colour, tilt: tuple[float, float, float] = (0, 0, 0)) -> None:
        points, faces = box(block, 0.004)
        points = turned(points, tilt) + np.array(middle)
        build.add((points, faces), "card", colour, at, turn)

    shade = build.shade(paint, 0.12)
    if is_open:
        put((w, d, 0.01), (0, 0, 0.01), shade)
        for side in (-1, 1):
            put((w, 0.008, h), (0, side * d / 2, h / 2), shade)
            put((0.008, d, h), (side * w / 2, 0, h / 2), shade)
            put((w, d * 0.45, 0.006), (0, side * d * 0.66, h + 0.02), shade, (side * build.within(-50, 30), 0, 0))
            put((w * 0.45, d, 0.006), (side * w * 0.66, 0, h + 0.02), shade, (0, -side * build.within(-50, 30), 0))
        return
    put(size, (0, 0, h / 2), shade)
    put((w * 1.004, d * 0.14, h * 1.004), (0, 0, h / 2), build.shade((0.55, 0.42, 0.26), 0.1))
    print_ = build.pick((0.03, 0.06, 0.2), (0.4, 0.03, 0.03), (0.05, 0.05, 0.05), (0.03, 0.2, 0.08))
    for side in (-1, 1):
        put((w * build.within(0.2, 0.5), 0.003, h * build.within(0.15, 0.4)), (w * build.within(-0.15, 0.15), side * (d / 2 + 0.001), h * 0.55), print_)


def bottle(build: Build, at: tuple[float, float, float], paint: Colour, lying: bool = True) -> None:
    """A drinks bottle."""
    rings = np.array([[0.030, 0], [0.033, 0.02], [0.033, 0.15], [0.012, 0.20], [0.012, 0.225]])
    turn = (build.within(70, 110), build.rng.normal(0, 10), build.within(0, 360)) if lying else (0.0, 0.0, 0.0)
    build.add(ring_stack(rings, 10), "bottle", paint, (at[0], at[1], at[2] + (0.034 if lying else 0)), turn, smooth=True)


def scraps(build: Build, count: int, size: tuple[float, float, float], paints: tuple[Colour, ...], large: float = 0.12, high: float = 1.0) -> None:
    """Crumpled paper, wrappers and rags strewn over a heap."""
    for _ in range(count):
        n = 5
        u, v = np.meshgrid(np.linspace(-0.5, 0.5, n), np.linspace(-0.5, 0.5, n), indexing="ij")
        points = np.stack([u.ravel(), v.ravel() * build.within(0.5, 1), np.zeros(n * n)], -1)
        points[:, 2] = noise(points, 0.45, int(build.rng.integers(9999))) * 0.28
        x, y, z = spread(build, size, high)
        turn = (build.rng.normal(0, 25), build.rng.normal(0, 25), build.within(0, 360))
        build.add(patch(n, n, points), build.pick_material("film", "card", "cloth"), build.shade(build.pick(*paints), 0.2), (x, y, z + 0.03), turn, large * build.within(0.4, 1.3), smooth=True)


def stain(build: Build, size: tuple[float, float, float], paint: Colour = (0.035, 0.030, 0.025)) -> None:
    """Wet dirt around the heap: a flat uneven patch."""
    angles = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(40)], -1)
    reach = 0.46 + 0.09 * noise(ring, 0.7, int(build.rng.integers(999)), 3)
    outer = ring * reach[:, None] * (size[0], size[1], 0) + (0, 0, 0.004)
    points = np.vstack([outer * (0.02, 0.02, 1), outer])
    build.add(patch(2, 40, points, closed=True), "soil", paint)


def ground_heap(build: Build, size: tuple[float, float, float], material: str, paint: Colour, rough: float = 0.10, peaks: int = 2) -> None:
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
        high = np.maximum(high, (0.95 if index == 0 else build.within(0.5, 0.85)) * np.clip(1.12 - np.sqrt(away**2 + 0.03), 0, 1) ** 1.1)
    fade = np.repeat(np.clip((1 - share) * 4, 0, 1), m)
    points = np.stack([x, y, high * size[2]], -1)
    points[:, 2] += fade * (noise(points, 0.35, seed, 4) * rough + np.abs(noise(points, 0.09, seed + 4, 3)) * rough * 0.4)
    points[:, 2] = np.maximum(points[:, 2], 0.0) * np.minimum(1, fade + 0.15)
    colours = np.array(paint) * (1 + 0.22 * noise(points, 0.4, seed + 8, 3))[:, None]
    build.add(patch(n, m, points, closed=True), material, np.clip(colours, 0.005, 0.9), smooth=True)
    for _ in range(90):
        sx, sy, _ = spread(build, (size[0] * 1.05, size[1] * 1.05, 0))
        near = int(np.argmin(np.hypot(points[:, 0] - sx, points[:, 1] - sy)))
        clod = build.within(0.012, 0.055)
        build.add(crumple(ball(1), 0.3, 0.6, int(build.rng.integers(999))), material, build.shade(paint, 0.2), (sx, sy, points[near, 2]), scale=clod)


def lump(build: Build, at: tuple[float, float, float], radius: float, paint: Colour, material: str = "concrete") -> None:
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


def rubble_over(build: Build, count: int, size: tuple[float, float, float], paint: Colour, large: tuple[float, float], material: str = "concrete") -> None:
    """Broken blocks all over a heap, the large ones low."""
    for _ in range(count):
        radius = large[0] + (large[1] - large[0]) * build.rng.random() ** 2.5
        x, y, z = spread(build, size)
        build_z = max(radius * 0.35, z)
        lump(build, (x, y, build_z), radius, paint, material)


def plank(build: Build, at: tuple[float, float, float], size: tuple[float, float, float], paint: Colour, turn: tuple[float, float, float]) -> None:
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


def bags(build: Build, size: tuple[float, float, float], paints: tuple[Colour, ...], count: int, radius: tuple[float, float], material: str = "film") -> None:
    """Bags thrown on a heap, the first ones on the ground."""
    for index in range(count):
        r = build.within(*radius)
        x, y, _ = spread(build, (size[0] - r, size[1] - r, 0))
        level = 0.0 if index < count * 0.62 else size[2] * build.within(0.25, 0.45)
        shrink = 1.0 if index < count * 0.62 else 0.5
        bag(build, (x * shrink, y * shrink, level), r, paints[index % len(paints)], material)


def bags_black(build: Build, paints: tuple[Colour, ...]) -> None:
    """Black refuse bags."""
    size = (1.6, 1.2, 0.7)
    stain(build, size)
    bags(build, size, (paints[0], paints[0], (0.03, 0.03, 0.035)), 11, (0.2, 0.31))
    scraps(build, 14, size, LITTER, 0.14, 0.3)


def bags_mixed(build: Build, paints: tuple[Colour, ...]) -> None:
    """Shop bags in many colours, bottles between them."""
    size = (1.8, 1.3, 0.75)
    stain(build, size)
    bags(build, size, (*paints, paints[0], (0.62, 0.6, 0.58)), 22, (0.12, 0.26))
    scraps(build, 26, size, LITTER, 0.16, 0.5)
    for _ in range(8):
        bottle(build, spread(build, size, 0.4), PET)


def cartons(build: Build, paints: tuple[Colour, ...]) -> None:
    """Cardboard boxes, whole, open and flattened."""
    size = (1.7, 1.3, 0.8)
    for index in range(13):
        x, y, z = spread(build, (1.15, 0.8, 0.0 if index < 8 else 0.5))
        block = (build.within(0.25, 0.6), build.within(0.2, 0.42), build.within(0.15, 0.4))
        tilt = 4 if index < 8 else 16
        turn = (build.rng.normal(0, tilt), build.rng.normal(0, tilt), build.within(0, 360))
        carton(build, (x, y, max(z, 0.0)), block, paints[0], turn, index % 3 == 1)
    for _ in range(9):
        x, y, _ = spread(build, size)
        build.box((build.within(0.4, 0.8), build.within(0.3, 0.5), 0.008), (x, y, build.within(0.01, 0.3)), "card", build.shade(paints[0], 0.14), (build.rng.normal(0, 14), build.rng.normal(0, 14), build.within(0, 360)))
    scraps(build, 16, size, LITTER, 0.16, 0.5)


def kitchen_spill(build: Build, paints: tuple[Colour, ...]) -> None:
    """A burst bag: leftovers, peel and boxes over the ground."""
    size = (1.7, 1.4, 0.22)
    stain(build, (1.8, 1.5, 0), (0.05, 0.035, 0.02))
    for _ in range(240):
        x, y, z = spread(build, size, 0.6)
        build.add(crumple(ball(1), 0.35, 0.5, int(build.rng.integers(999))), "food", build.shade(build.pick(*FOOD), 0.3), (x, y, z * 0.6 + 0.01), scale=tuple(build.rng.uniform(0.012, 0.05, 3)))
    scraps(build, 36, size, (*LITTER, (0.1, 0.25, 0.05)), 0.16)
    for index in range(5):
        x, y, _ = spread(build, (1.2, 0.9, 0))
        bag(build, (x, y, 0), build.within(0.13, 0.22), paints[index % 2])
    for _ in range(7):
        x, y, z = spread(build, size)
        build.box((0.17, 0.12, 0.045), (x, y, z + 0.04), "foam", (0.75, 0.74, 0.7), (build.rng.normal(0, 30), build.rng.normal(0, 30), build.within(0, 360)))


def household_mix(build: Build, paints: tuple[Colour, ...]) -> None:
    """Bags, boxes, a broken chair and boards."""
    size = (2.2, 1.6, 0.85)
    stain(build, size)
    bags(build, size, paints, 18, (0.14, 0.29))
    for index in range(7):
        x, y, z = spread(build, size, 0.5)
        block = (build.within(0.2, 0.5), build.within(0.2, 0.4), build.within(0.12, 0.35))
        carton(build, (x, y, z * 0.6), block, (0.42, 0.28, 0.15), (build.rng.normal(0, 18), build.rng.normal(0, 18), build.within(0, 360)), index % 2 == 0)
    for _ in range(5):
        x, y, z = spread(build, size, 0.8)
        plank(build, (x, y, 0.2 + z * 0.5), (build.within(0.5, 1.1), 0.09, 0.02), WOOD, (build.rng.normal(0, 12), build.rng.normal(0, 25), build.within(0, 360)))
    chair = build.pick((0.5, 0.04, 0.04), (0.03, 0.2, 0.4), (0.05, 0.3, 0.15))
    build.box((0.42, 0.42, 0.03), (0.35, 0.2, 0.55), "plastic", chair, (35, 20, 30))
    for dx, dy in ((-0.15, -0.15), (0.15, -0.15), (-0.15, 0.15), (0.15, 0.15)):
        build.rod((0.35 + dx, 0.2 + dy, 0.55), (0.5 + dx, 0.35 + dy * 1.2, 0.9), 0.018, chair, "plastic")
    scraps(build, 34, size, LITTER, 0.18, 0.6)


def bottles_and_bags(build: Build, paints: tuple[Colour, ...]) -> None:
    """Drinks bottles, cups and small bags."""
    size = (1.5, 1.2, 0.5)
    stain(build, size)
    bags(build, size, paints, 9, (0.15, 0.25))
    for _ in range(46):
        bottle(build, spread(build, size, 0.7), build.pick(PET, PET, (0.1, 0.35, 0.12), (0.5, 0.2, 0.05)))
    for _ in range(14):
        x, y, z = spread(build, size, 0.7)
        build.add(ring_stack(np.array([[0.032, 0], [0.045, 0.13]]), 10), "plastic", build.pick(*LITTER), (x, y, z + 0.04), (90, 0, build.within(0, 360)))
    scraps(build, 20, size, LITTER, 0.14, 0.6)


def leaf_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Swept leaves and twigs."""
    size = (2.0, 1.5, 0.45)
    ground_heap(build, (1.8, 1.3, 0.22), "soil", tuple(0.5 * c for c in paints[0]), 0.05, 1)  # type: ignore[arg-type]
    for _ in range(1900):
        x, y, z = spread(build, size)
        reach = math.hypot(x / 1.0, y / 0.75)
        z = 0.44 * max(0, 1 - reach) ** 0.95 + build.within(0.0, 0.05)
        leaf = np.array([[0, -0.3, 0], [0, 0.3, 0], [0.6, -0.4, 0.1], [0.6, 0.4, 0.12], [1, -0.02, 0], [1, 0.02, 0]])
        paint = build.pick(*paints, (0.45, 0.27, 0.06), (0.30, 0.16, 0.05), (0.4, 0.36, 0.08))
        build.add(patch(3, 2, leaf), "leaf", build.shade(paint, 0.25), (x, y, z), (build.rng.normal(0, 25), build.rng.normal(0, 25), build.within(0, 360)), build.within(0.05, 0.1))
    for _ in range(22):
        x, y, z = spread(build, size, 0.8)
        angle = build.within(0, 6.28)
        build.rod((x, y, z + 0.03), (x + 0.3 * math.cos(angle), y + 0.3 * math.sin(angle), z + build.within(0, 0.12)), 0.006, (0.12, 0.07, 0.04), "wood")


def foam_boxes(build: Build, paints: tuple[Colour, ...]) -> None:
    """White foam fish boxes and lids, some broken."""
    for index in range(12):
        x, y, _ = spread(build, (1.15, 0.75, 0))
        z = 0.14 if index < 6 else 0.14 + 0.27 * (index - 5) / 3.0
        shrink = 1.0 if index < 6 else 0.55
        turn = (build.rng.normal(0, 5 if index < 6 else 14), build.rng.normal(0, 5 if index < 6 else 14), build.within(0, 180))
        shade = build.shade((0.76, 0.77, 0.76), 0.06)
        build.box((0.5, 0.34, 0.26), (x * shrink, y * shrink, z), "foam", shade, turn)
        build.box((0.52, 0.36, 0.04), (x * shrink, y * shrink, z + 0.15), "foam", build.shade(shade, 0.06), turn)
    for _ in range(40):
        x, y, z = spread(build, (1.6, 1.1, 0.1))
        build.box(tuple(build.rng.uniform(0.03, 0.13, 3)), (x, y, z + 0.02), "foam", (0.74, 0.74, 0.72), tuple(build.rng.uniform(0, 360, 3)))  # type: ignore[arg-type]
    bags(build, (1.5, 1.1, 0.5), paints, 5, (0.14, 0.22))


def mattress_and_bags(build: Build, paints: tuple[Colour, ...]) -> None:
    """A stained mattress leaning on bags and broken furniture."""
    points, faces = patch(24, 40, np.stack([c.ravel() for c in np.meshgrid(np.linspace(-0.5, 0.5, 24), np.linspace(-0.95, 0.95, 40), indexing="ij")] + [np.zeros(960)], -1))
    quilt = 0.018 * np.abs(np.sin(points[:, 0] * 14) * np.sin(points[:, 1] * 14))
    for side in (-1, 1):
        upper = points.copy()
        upper[:, 2] = side * (0.09 + quilt)
        build.add((upper, faces), "cloth", build.shade(paints[0], 0.05), (-0.05, -0.12, 0.50), (0, -62, 90), smooth=True)
    build.add(box((1.02, 1.92, 0.17), 0.03), "cloth", build.shade(paints[0], 0.2), (-0.05, -0.12, 0.50), (0, -62, 90))
    for index in range(9):
        bag(build, (build.within(-0.85, 0.85), build.within(0.1, 0.5), 0.0 if index < 7 else 0.25), build.within(0.16, 0.27), paints[1] if index % 2 else (0.6, 0.6, 0.58))
    for _ in range(4):
        plank(build, (build.within(-0.6, 0.6), 0.35, build.within(0.1, 0.5)), (build.within(0.6, 1.2), 0.3, 0.018), (0.4, 0.27, 0.14), (build.within(-60, 60), build.rng.normal(0, 20), build.within(0, 180)))
    scraps(build, 18, (2.1, 1.3, 0.2), LITTER, 0.16)


def litter(build: Build, paints: tuple[Colour, ...]) -> None:
    """Strewn wrappers, cups, bottles and small bags: no heap, an area."""
    size = (2.2, 1.8, 0.05)
    stain(build, (1.8, 1.5, 0), (0.10, 0.09, 0.075))
    scraps(build, 95, size, (*LITTER, *paints), 0.15)
    for _ in range(14):
        bottle(build, spread(build, size), PET)
    for index in range(7):
        x, y, _ = spread(build, size)
        bag(build, (x, y, 0), build.within(0.07, 0.13), paints[index % 2])
    for _ in range(60):
        x, y, _ = spread(build, size)
        build.box((0.03, 0.02, 0.008), (x, y, 0.01), "card", build.pick(*LITTER), (0, 0, build.within(0, 180)))


def rubble(build: Build, paints: tuple[Colour, ...]) -> None:
    """Broken concrete with bent bars."""
    size = (2.4, 1.8, 0.75)
    ground_heap(build, (2.3, 1.7, 0.6), "grit", tuple(0.8 * c for c in paints[0]), 0.08)  # type: ignore[arg-type]
    rubble_over(build, 240, size, paints[0], (0.03, 0.24))
    for _ in range(9):
        x, y, z = spread(build, size)
        angle = build.within(0, 6.28)
        build.rod((x, y, z), (x + 0.5 * math.cos(angle), y + 0.4 * math.sin(angle), z + build.within(0.05, 0.4)), 0.008, (0.13, 0.05, 0.025))
    for _ in range(5):
        x, y, z = spread(build, size)
        build.box((build.within(0.3, 0.6), build.within(0.25, 0.45), 0.08), (x, y, z + 0.05), "concrete", build.shade(paints[0], 0.1), (build.rng.normal(0, 25), build.rng.normal(0, 25), build.within(0, 360)))


def brick_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Old bricks, whole and broken, with mortar dust."""
    size = (2.0, 1.5, 0.7)
    ground_heap(build, (1.9, 1.4, 0.55), "grit", tuple(0.55 * c + 0.1 for c in paints[0]), 0.06)  # type: ignore[arg-type]
    for _ in range(330):
        x, y, z = spread(build, size)
        brick(build, (x, y, max(0.03, z)), build.pick(paints[0], paints[0], (0.38, 0.16, 0.09), (0.36, 0.33, 0.30)), build.rng.random() < 0.55)


def soil_mound(build: Build, paints: tuple[Colour, ...]) -> None:
    """Dug earth with clods and a few stones."""
    ground_heap(build, (2.75, 2.15, 0.95), "soil", paints[0], 0.13, 3)
    rubble_over(build, 40, (2.6, 2.0, 0.8), (0.30, 0.27, 0.23), (0.03, 0.09))


def timber_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Used formwork: boards, battens and sheets in a rough stack."""
    for index in range(44):
        x, y, z = spread(build, (0.5, 1.05, 0.62))
        along = build.rng.normal(0, 9 if index % 5 else 20)
        size = (build.within(1.0, 2.2), build.within(0.08, 0.22), build.within(0.018, 0.05))
        plank(build, (x, y, z * 0.9 + 0.04), size, build.pick(paints[0], (0.25, 0.15, 0.07), (0.42, 0.33, 0.2)), (build.rng.normal(0, 6), build.rng.normal(0, 5), along))
    for _ in range(3):
        x, y, z = spread(build, (1.2, 0.8, 0.5))
        build.box((1.2, 0.8, 0.015), (x, y, 0.25 + z * 0.5), "wood", build.shade((0.35, 0.10, 0.05), 0.2), (build.rng.normal(0, 9), build.rng.normal(0, 9), build.within(0, 180)))
    rubble_over(build, 30, (2.4, 1.3, 0.1), (0.4, 0.3, 0.2), (0.015, 0.05), "wood")


def bagged_waste(build: Build, paints: tuple[Colour, ...]) -> None:
    """Woven sacks of plaster and rubble, some burst."""
    size = (2.0, 1.4, 0.8)
    for index in range(20):
        level = index // 9
        x, y, _ = spread(build, (1.5 - 0.45 * level, 1.0 - 0.35 * level, 0))
        points, faces = ball(4)
        points = np.sign(points) * np.abs(points) ** 0.72
        points = crumple((points, faces), 0.12, 0.45, int(build.rng.integers(999)))[0]
        turn = (build.rng.normal(0, 14), build.rng.normal(0, 14), build.within(0, 360))
        build.add((points, faces), "woven", build.shade(build.pick(paints[0], paints[0], (0.55, 0.5, 0.38)), 0.1), (x, y, 0.14 + 0.24 * level), turn, (0.33, 0.21, 0.15), smooth=True)
    rubble_over(build, 90, (2.0, 1.4, 0.3), paints[1], (0.02, 0.09))
    scraps(build, 5, size, ((0.6, 0.58, 0.52),), 0.3, 0.8)


def tile_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Broken wall tiles and mortar."""
    size = (1.6, 1.2, 0.45)
    ground_heap(build, (1.5, 1.1, 0.34), "grit", (0.38, 0.36, 0.33), 0.05)
    for _ in range(260):
        x, y, z = spread(build, size)
        shape = (build.within(0.05, 0.3), build.within(0.05, 0.2), 0.01)
        build.add(box(shape, 0.002), "tile", build.shade(build.pick(paints[0], paints[0], paints[1], (0.6, 0.62, 0.6)), 0.08), (x, y, max(0.02, z)), (build.rng.normal(0, 28), build.rng.normal(0, 28), build.within(0, 360)))


def plaster_boards(build: Build, paints: tuple[Colour, ...]) -> None:
    """Broken plasterboard, metal studs and insulation."""
    size = (2.2, 1.3, 0.6)
    for index in range(20):
        x, y, z = spread(build, (1.2, 0.7, 0.6))
        shape = (build.within(0.35, 1.3), build.within(0.25, 0.8), 0.012)
        tilt = 8 if index < 12 else 30
        build.box(shape, (x, y, 0.06 + z * 0.8), "concrete", build.shade(build.pick(paints[0], (0.60, 0.58, 0.52), (0.5, 0.42, 0.33)), 0.1), (build.rng.normal(0, tilt), build.rng.normal(0, tilt), build.within(0, 360)))
    for _ in range(9):
        x, y, z = spread(build, size)
        build.box((build.within(0.8, 1.8), 0.05, 0.04), (x * 0.4, y, 0.1 + z), "metal", STEEL, (build.rng.normal(0, 8), build.rng.normal(0, 10), build.rng.normal(0, 25)))
    rubble_over(build, 110, (2.2, 1.3, 0.3), paints[0], (0.015, 0.09))
    for _ in range(5):
        x, y, z = spread(build, size)
        build.add(crumple(ball(3), 0.25, 0.5, int(build.rng.integers(999))), "cloth", (0.62, 0.45, 0.12), (x, y, z + 0.1), scale=(0.2, 0.15, 0.09), smooth=True)


def renovation_mix(build: Build, paints: tuple[Colour, ...]) -> None:
    """What a flat's renovation throws out: rubble, a door, sacks, pipes, a broken basin."""
    size = (2.6, 1.8, 0.85)
    ground_heap(build, (2.3, 1.6, 0.5), "grit", (0.36, 0.33, 0.29), 0.09)
    rubble_over(build, 120, size, paints[0], (0.03, 0.15))
    for _ in range(50):
        x, y, z = spread(build, size)
        brick(build, (x, y, max(0.03, z * 0.9)), (0.33, 0.11, 0.06), build.rng.random() < 0.4)
    build.box((0.8, 1.9, 0.04), (-0.35, 0.1, 0.62), "wood", build.shade(paints[1], 0.1), (16, 24, 40))
    for _ in range(8):
        x, y, z = spread(build, size)
        plank(build, (x * 0.5, y * 0.6, 0.25 + z * 0.7), (build.within(0.7, 1.6), 0.1, 0.025), WOOD, (build.rng.normal(0, 12), build.rng.normal(0, 20), build.within(0, 180)))
    for _ in range(7):
        x, y, _ = spread(build, (2.2, 1.4, 0))
        points, faces = ball(4)
        points = crumple((np.sign(points) * np.abs(points) ** 0.72, faces), 0.12, 0.45, int(build.rng.integers(999)))[0]
        build.add((points, faces), "woven", build.shade(build.pick(paints[2], (0.62, 0.6, 0.55)), 0.1), (x, y, 0.16), (build.rng.normal(0, 14), build.rng.normal(0, 14), build.within(0, 360)), (0.3, 0.2, 0.15), smooth=True)
    basin = ring_stack(np.array([[0.1, 0], [0.25, 0.12], [0.28, 0.16], [0.26, 0.17], [0.1, 0.04]]), 20)
    build.add(basin, "tile", (0.75, 0.76, 0.76), (0.6, 0.3, 0.45), (40, 20, 0), smooth=True)


def wheeled_bin(build: Build, paints: tuple[Colour, ...], full: bool = False) -> None:
    """A 240-litre bin with wheels and lid; full: lid open, heaped, with bags beside it in front."""
    paint = paints[0]
    rows = []
    for z, w, d in ((0.05, 0.40, 0.46), (0.5, 0.47, 0.56), (0.92, 0.55, 0.66), (0.93, 0.58, 0.70), (0.97, 0.58, 0.70)):
        corner = 0.06
        for cx, cy, start in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270)):
            for step in (0, 45, 90):
                angle = math.radians(start + step)
                rows.append(((w / 2 - corner) * cx + corner * math.cos(angle), (d / 2 - corner) * cy + corner * math.sin(angle), z))
    build.add(patch(5, 12, np.array(rows), closed=True), "plastic", paint)
    for side in (-1, 1):
        ring = ring_stack(np.array([[0.1, -0.025], [0.1, 0.025]]), 20)
        build.add(ring, "rubber", (0.03, 0.03, 0.03), (side * 0.24, -0.26, 0.1), (0, 90, 0))
    build.rod((-0.24, -0.38, 0.97), (0.24, -0.38, 0.97), 0.018, paint, "plastic")
    for x in (-0.12, 0.0, 0.12):
        build.box((0.03, 0.02, 0.5), (x, 0.30, 0.55), "plastic", build.shade(paint, 0.1), (4, 0, 0))
    build.box((0.2, 0.012, 0.2), (0, 0.325, 0.62), "sign", (0.75, 0.75, 0.72), (5, 0, 0))
    if not full:
        round_ = ball(3)[0]
        lid = np.sign(round_) * np.abs(round_) ** 0.45 * (0.305, 0.365, 0.07)
        lid[:, 2] = np.maximum(lid[:, 2], -0.02)
        build.add((lid, ball(3)[1]), "plastic", build.shade(paint, 0.08), (0, 0, 0.98), (-3, 0, 0), smooth=True)
        return
    build.box((0.58, 0.68, 0.03), (0, -0.42, 0.74), "plastic", build.shade(paint, 0.08), (98, 0, 0))
    for index in range(9):
        x, y = build.within(-0.2, 0.2), build.within(-0.2, 0.22)
        paint_of = build.pick((0.016, 0.016, 0.018), (0.7, 0.7, 0.68), (0.55, 0.05, 0.05), (0.05, 0.25, 0.45), (0.05, 0.05, 0.06))
        bag(build, (x, y, 0.84 + (0.18 if index > 5 else 0)), build.within(0.13, 0.2), paint_of)
    carton(build, (0.12, 0.1, 1.0), (0.3, 0.22, 0.25), (0.42, 0.28, 0.15), (20, 14, 35), is_open=True)
    for _ in range(10):
        x, y = build.within(-0.24, 0.24), build.within(-0.25, 0.28)
        bottle(build, (x, y, build.within(1.0, 1.15)), PET)
    for index in range(3):
        bag(build, (build.within(-0.28, 0.28), 0.42 + 0.05 * index, 0), build.within(0.12, 0.2), build.pick((0.016, 0.016, 0.018), (0.7, 0.7, 0.68), *BRIGHT[:2]))


MAKERS: dict[str, Callable[[Build, tuple[Colour, ...]], None]] = {
    "bags_black": bags_black, "bags_mixed": bags_mixed, "cartons": cartons, "kitchen_spill": kitchen_spill,
    "household_mix": household_mix, "bottles_and_bags": bottles_and_bags, "leaf_heap": leaf_heap,
    "foam_boxes": foam_boxes, "mattress_and_bags": mattress_and_bags, "litter": litter,
    "rubble": rubble, "brick_heap": brick_heap, "soil_mound": soil_mound, "timber_heap": timber_heap,
    "bagged_waste": bagged_waste, "tile_heap": tile_heap, "plaster_boards": plaster_boards,
    "renovation_mix": renovation_mix, "bin": wheeled_bin,
    "bin_overflowing": lambda build, paints: wheeled_bin(build, paints, full=True),
}
