"""Construction debris."""

import math
from collections.abc import Callable

import numpy as np

from sample_videos.district.render.heap_pieces import brick, ground_heap, plank, rubble_over, scraps, spread
from sample_videos.district.render.pieces import STEEL, WOOD
from sample_videos.district.render.shape import Build, Colour, ball, box, crumple, ring_stack

__all__ = ["MAKERS"]


def rubble(build: Build, paints: tuple[Colour, ...]) -> None:
    """Broken concrete with bent bars."""
    size = (2.4, 1.8, 0.75)
    ground_heap(build, (2.3, 1.7, 0.6), "grit", tuple(0.8 * c for c in paints[0]), 0.08)  # type: ignore[arg-type]
    rubble_over(build, 240, size, paints[0], (0.03, 0.24))
    for _ in range(9):
        x, y, z = spread(build, size)
        angle = build.within(0, 6.28)
        build.rod(
            (x, y, z),
            (x + 0.5 * math.cos(angle), y + 0.4 * math.sin(angle), z + build.within(0.05, 0.4)),
            0.008,
            (0.13, 0.05, 0.025),
        )
    for _ in range(5):
        x, y, z = spread(build, size)
        build.box(
            (build.within(0.3, 0.6), build.within(0.25, 0.45), 0.08),
            (x, y, z + 0.05),
            "concrete",
            build.shade(paints[0], 0.1),
            (build.rng.normal(0, 25), build.rng.normal(0, 25), build.within(0, 360)),
        )


def brick_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Old bricks, whole and broken, with mortar dust."""
    size = (2.0, 1.5, 0.7)
    ground_heap(build, (1.9, 1.4, 0.55), "grit", tuple(0.55 * c + 0.1 for c in paints[0]), 0.06)  # type: ignore[arg-type]
    for _ in range(330):
        x, y, z = spread(build, size)
        brick(
            build,
            (x, y, max(0.03, z)),
            build.pick(paints[0], paints[0], (0.38, 0.16, 0.09), (0.36, 0.33, 0.30)),
            build.rng.random() < 0.55,
        )


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
        plank(
            build,
            (x, y, z * 0.9 + 0.04),
            size,
            build.pick(paints[0], (0.25, 0.15, 0.07), (0.42, 0.33, 0.2)),
            (build.rng.normal(0, 6), build.rng.normal(0, 5), along),
        )
    for _ in range(3):
        x, y, z = spread(build, (1.2, 0.8, 0.5))
        build.box(
            (1.2, 0.8, 0.015),
            (x, y, 0.25 + z * 0.5),
            "wood",
            build.shade((0.35, 0.10, 0.05), 0.2),
            (build.rng.normal(0, 9), build.rng.normal(0, 9), build.within(0, 180)),
        )
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
        build.add(
            (points, faces),
            "woven",
            build.shade(build.pick(paints[0], paints[0], (0.55, 0.5, 0.38)), 0.1),
            (x, y, 0.14 + 0.24 * level),
            turn,
            (0.33, 0.21, 0.15),
            smooth=True,
        )
    rubble_over(build, 90, (2.0, 1.4, 0.3), paints[1], (0.02, 0.09))
    scraps(build, 5, size, ((0.6, 0.58, 0.52),), 0.3, 0.8)


def tile_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Broken wall tiles and mortar."""
    size = (1.6, 1.2, 0.45)
    ground_heap(build, (1.5, 1.1, 0.34), "grit", (0.38, 0.36, 0.33), 0.05)
    for _ in range(260):
        x, y, z = spread(build, size)
        shape = (build.within(0.05, 0.3), build.within(0.05, 0.2), 0.01)
        build.add(
            box(shape, 0.002),
            "tile",
            build.shade(build.pick(paints[0], paints[0], paints[1], (0.6, 0.62, 0.6)), 0.08),
            (x, y, max(0.02, z)),
            (build.rng.normal(0, 28), build.rng.normal(0, 28), build.within(0, 360)),
        )


def plaster_boards(build: Build, paints: tuple[Colour, ...]) -> None:
    """Broken plasterboard, metal studs and insulation."""
    size = (2.2, 1.3, 0.6)
    for index in range(20):
        x, y, z = spread(build, (1.2, 0.7, 0.6))
        shape = (build.within(0.35, 1.3), build.within(0.25, 0.8), 0.012)
        tilt = 8 if index < 12 else 30
        build.box(
            shape,
            (x, y, 0.06 + z * 0.8),
            "concrete",
            build.shade(build.pick(paints[0], (0.60, 0.58, 0.52), (0.5, 0.42, 0.33)), 0.1),
            (build.rng.normal(0, tilt), build.rng.normal(0, tilt), build.within(0, 360)),
        )
    for _ in range(9):
        x, y, z = spread(build, size)
        build.box(
            (build.within(0.8, 1.8), 0.05, 0.04),
            (x * 0.4, y, 0.1 + z),
            "metal",
            STEEL,
            (build.rng.normal(0, 8), build.rng.normal(0, 10), build.rng.normal(0, 25)),
        )
    rubble_over(build, 110, (2.2, 1.3, 0.3), paints[0], (0.015, 0.09))
    for _ in range(5):
        x, y, z = spread(build, size)
        build.add(
            crumple(ball(3), 0.25, 0.5, int(build.rng.integers(999))),
            "cloth",
            (0.62, 0.45, 0.12),
            (x, y, z + 0.1),
            scale=(0.2, 0.15, 0.09),
            smooth=True,
        )


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
        plank(
            build,
            (x * 0.5, y * 0.6, 0.25 + z * 0.7),
            (build.within(0.7, 1.6), 0.1, 0.025),
            WOOD,
            (build.rng.normal(0, 12), build.rng.normal(0, 20), build.within(0, 180)),
        )
    for _ in range(7):
        x, y, _ = spread(build, (2.2, 1.4, 0))
        points, faces = ball(4)
        points = crumple(
            (np.sign(points) * np.abs(points) ** 0.72, faces), 0.12, 0.45, int(build.rng.integers(999))
        )[0]
        build.add(
            (points, faces),
            "woven",
            build.shade(build.pick(paints[2], (0.62, 0.6, 0.55)), 0.1),
            (x, y, 0.16),
            (build.rng.normal(0, 14), build.rng.normal(0, 14), build.within(0, 360)),
            (0.3, 0.2, 0.15),
            smooth=True,
        )
    basin = ring_stack(np.array([[0.1, 0], [0.25, 0.12], [0.28, 0.16], [0.26, 0.17], [0.1, 0.04]]), 20)
    build.add(basin, "tile", (0.75, 0.76, 0.76), (0.6, 0.3, 0.45), (40, 20, 0), smooth=True)


MAKERS: dict[str, Callable[[Build, tuple[Colour, ...]], None]] = {
    "rubble": rubble,
    "brick_heap": brick_heap,
    "soil_mound": soil_mound,
    "timber_heap": timber_heap,
    "bagged_waste": bagged_waste,
    "tile_heap": tile_heap,
    "plaster_boards": plaster_boards,
    "renovation_mix": renovation_mix,
}
