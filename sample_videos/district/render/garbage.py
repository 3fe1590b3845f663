"""Garbage piles and bins."""

import math
from collections.abc import Callable

import numpy as np

from sample_videos.district.render.heap_pieces import (
    LITTER,
    PET,
    bag,
    bags,
    bottle,
    carton,
    ground_heap,
    plank,
    scraps,
    spread,
    stain,
)
from sample_videos.district.render.pieces import BRIGHT, WOOD
from sample_videos.district.render.shape import Build, Colour, ball, box, crumple, patch, ring_stack

__all__ = ["MAKERS"]

FOOD: tuple[Colour, ...] = (
    (0.25, 0.13, 0.04),
    (0.12, 0.2, 0.03),
    (0.5, 0.3, 0.06),
    (0.45, 0.08, 0.04),
    (0.5, 0.46, 0.3),
)


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
        build.box(
            (build.within(0.4, 0.8), build.within(0.3, 0.5), 0.008),
            (x, y, build.within(0.01, 0.3)),
            "card",
            build.shade(paints[0], 0.14),
            (build.rng.normal(0, 14), build.rng.normal(0, 14), build.within(0, 360)),
        )
    scraps(build, 16, size, LITTER, 0.16, 0.5)


def kitchen_spill(build: Build, paints: tuple[Colour, ...]) -> None:
    """A burst bag: leftovers, peel and boxes over the ground."""
    size = (1.7, 1.4, 0.22)
    stain(build, (1.8, 1.5, 0), (0.05, 0.035, 0.02))
    for _ in range(240):
        x, y, z = spread(build, size, 0.6)
        build.add(
            crumple(ball(1), 0.35, 0.5, int(build.rng.integers(999))),
            "food",
            build.shade(build.pick(*FOOD), 0.3),
            (x, y, z * 0.6 + 0.01),
            scale=tuple(build.rng.uniform(0.012, 0.05, 3)),
        )
    scraps(build, 36, size, (*LITTER, (0.1, 0.25, 0.05)), 0.16)
    for index in range(5):
        x, y, _ = spread(build, (1.2, 0.9, 0))
        bag(build, (x, y, 0), build.within(0.13, 0.22), paints[index % 2])
    for _ in range(7):
        x, y, z = spread(build, size)
        build.box(
            (0.17, 0.12, 0.045),
            (x, y, z + 0.04),
            "foam",
            (0.75, 0.74, 0.7),
            (build.rng.normal(0, 30), build.rng.normal(0, 30), build.within(0, 360)),
        )


def household_mix(build: Build, paints: tuple[Colour, ...]) -> None:
    """Bags, boxes, a broken chair and boards."""
    size = (2.2, 1.6, 0.85)
    stain(build, size)
    bags(build, size, paints, 18, (0.14, 0.29))
    for index in range(7):
        x, y, z = spread(build, size, 0.5)
        block = (build.within(0.2, 0.5), build.within(0.2, 0.4), build.within(0.12, 0.35))
        carton(
            build,
            (x, y, z * 0.6),
            block,
            (0.42, 0.28, 0.15),
            (build.rng.normal(0, 18), build.rng.normal(0, 18), build.within(0, 360)),
            index % 2 == 0,
        )
    for _ in range(5):
        x, y, z = spread(build, size, 0.8)
        plank(
            build,
            (x, y, 0.2 + z * 0.5),
            (build.within(0.5, 1.1), 0.09, 0.02),
            WOOD,
            (build.rng.normal(0, 12), build.rng.normal(0, 25), build.within(0, 360)),
        )
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
        build.add(
            ring_stack(np.array([[0.032, 0], [0.045, 0.13]]), 10),
            "plastic",
            build.pick(*LITTER),
            (x, y, z + 0.04),
            (90, 0, build.within(0, 360)),
        )
    scraps(build, 20, size, LITTER, 0.14, 0.6)


def leaf_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Swept leaves and twigs."""
    size = (2.0, 1.5, 0.45)
    ground_heap(build, (1.8, 1.3, 0.22), "soil", tuple(0.5 * c for c in paints[0]), 0.05, 1)  # type: ignore[arg-type]
    for _ in range(1900):
        x, y, z = spread(build, size)
        reach = math.hypot(x / 1.0, y / 0.75)
        z = 0.44 * max(0, 1 - reach) ** 0.95 + build.within(0.0, 0.05)
        leaf = np.array(
            [[0, -0.3, 0], [0, 0.3, 0], [0.6, -0.4, 0.1], [0.6, 0.4, 0.12], [1, -0.02, 0], [1, 0.02, 0]]
        )
        paint = build.pick(*paints, (0.45, 0.27, 0.06), (0.30, 0.16, 0.05), (0.4, 0.36, 0.08))
        build.add(
            patch(3, 2, leaf),
            "leaf",
            build.shade(paint, 0.25),
            (x, y, z),
            (build.rng.normal(0, 25), build.rng.normal(0, 25), build.within(0, 360)),
            build.within(0.05, 0.1),
        )
    for _ in range(22):
        x, y, z = spread(build, size, 0.8)
        angle = build.within(0, 6.28)
        build.rod(
            (x, y, z + 0.03),
            (x + 0.3 * math.cos(angle), y + 0.3 * math.sin(angle), z + build.within(0, 0.12)),
            0.006,
            (0.12, 0.07, 0.04),
            "wood",
        )


def foam_boxes(build: Build, paints: tuple[Colour, ...]) -> None:
    """White foam fish boxes and lids, some broken."""
    for index in range(12):
        x, y, _ = spread(build, (1.15, 0.75, 0))
        z = 0.14 if index < 6 else 0.14 + 0.27 * (index - 5) / 3.0
        shrink = 1.0 if index < 6 else 0.55
        turn = (
            build.rng.normal(0, 5 if index < 6 else 14),
            build.rng.normal(0, 5 if index < 6 else 14),
            build.within(0, 180),
        )
        shade = build.shade((0.76, 0.77, 0.76), 0.06)
        build.box((0.5, 0.34, 0.26), (x * shrink, y * shrink, z), "foam", shade, turn)
        build.box(
            (0.52, 0.36, 0.04), (x * shrink, y * shrink, z + 0.15), "foam", build.shade(shade, 0.06), turn
        )
    for _ in range(40):
        x, y, z = spread(build, (1.6, 1.1, 0.1))
        build.box(
            tuple(build.rng.uniform(0.03, 0.13, 3)),
            (x, y, z + 0.02),
            "foam",
            (0.74, 0.74, 0.72),
            tuple(build.rng.uniform(0, 360, 3)),
        )  # type: ignore[arg-type]
    bags(build, (1.5, 1.1, 0.5), paints, 5, (0.14, 0.22))


def mattress_and_bags(build: Build, paints: tuple[Colour, ...]) -> None:
    """A stained mattress leaning on bags and broken furniture."""
    points, faces = patch(
        24,
        40,
        np.stack(
            [
                c.ravel()
                for c in np.meshgrid(np.linspace(-0.5, 0.5, 24), np.linspace(-0.95, 0.95, 40), indexing="ij")
            ]
            + [np.zeros(960)],
            -1,
        ),
    )
    quilt = 0.018 * np.abs(np.sin(points[:, 0] * 14) * np.sin(points[:, 1] * 14))
    for side in (-1, 1):
        upper = points.copy()
        upper[:, 2] = side * (0.09 + quilt)
        build.add(
            (upper, faces),
            "cloth",
            build.shade(paints[0], 0.05),
            (-0.05, -0.12, 0.50),
            (0, -62, 90),
            smooth=True,
        )
    build.add(
        box((1.02, 1.92, 0.17), 0.03),
        "cloth",
        build.shade(paints[0], 0.2),
        (-0.05, -0.12, 0.50),
        (0, -62, 90),
    )
    for index in range(9):
        bag(
            build,
            (build.within(-0.85, 0.85), build.within(0.1, 0.5), 0.0 if index < 7 else 0.25),
            build.within(0.16, 0.27),
            paints[1] if index % 2 else (0.6, 0.6, 0.58),
        )
    for _ in range(4):
        plank(
            build,
            (build.within(-0.6, 0.6), 0.35, build.within(0.1, 0.5)),
            (build.within(0.6, 1.2), 0.3, 0.018),
            (0.4, 0.27, 0.14),
            (build.within(-60, 60), build.rng.normal(0, 20), build.within(0, 180)),
        )
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
        build.box(
            (0.03, 0.02, 0.008), (x, y, 0.01), "card", build.pick(*LITTER), (0, 0, build.within(0, 180))
        )


def wheeled_bin(build: Build, paints: tuple[Colour, ...], full: bool = False) -> None:
    """A 240-litre bin with wheels and lid; full: lid open, heaped, with bags beside it in front."""
    paint = paints[0]
    rows = []
    for z, w, d in (
        (0.05, 0.40, 0.46),
        (0.5, 0.47, 0.56),
        (0.92, 0.55, 0.66),
        (0.93, 0.58, 0.70),
        (0.97, 0.58, 0.70),
    ):
        corner = 0.06
        for cx, cy, start in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270)):
            for step in (0, 45, 90):
                angle = math.radians(start + step)
                rows.append(
                    (
                        (w / 2 - corner) * cx + corner * math.cos(angle),
                        (d / 2 - corner) * cy + corner * math.sin(angle),
                        z,
                    )
                )
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
        build.add(
            (lid, ball(3)[1]), "plastic", build.shade(paint, 0.08), (0, 0, 0.98), (-3, 0, 0), smooth=True
        )
        return
    build.box((0.58, 0.68, 0.03), (0, -0.42, 0.74), "plastic", build.shade(paint, 0.08), (98, 0, 0))
    for index in range(9):
        x, y = build.within(-0.2, 0.2), build.within(-0.2, 0.22)
        paint_of = build.pick(
            (0.016, 0.016, 0.018),
            (0.7, 0.7, 0.68),
            (0.55, 0.05, 0.05),
            (0.05, 0.25, 0.45),
            (0.05, 0.05, 0.06),
        )
        bag(build, (x, y, 0.84 + (0.18 if index > 5 else 0)), build.within(0.13, 0.2), paint_of)
    carton(build, (0.12, 0.1, 1.0), (0.3, 0.22, 0.25), (0.42, 0.28, 0.15), (20, 14, 35), is_open=True)
    for _ in range(10):
        x, y = build.within(-0.24, 0.24), build.within(-0.25, 0.28)
        bottle(build, (x, y, build.within(1.0, 1.15)), PET)
    for index in range(3):
        bag(
            build,
            (build.within(-0.28, 0.28), 0.42 + 0.05 * index, 0),
            build.within(0.12, 0.2),
            build.pick((0.016, 0.016, 0.018), (0.7, 0.7, 0.68), *BRIGHT[:2]),
        )


def overflowing_bin(build: Build, paints: tuple[Colour, ...]) -> None:
    """The same bin, heaped, its lid open."""
    wheeled_bin(build, paints, full=True)


MAKERS: dict[str, Callable[[Build, tuple[Colour, ...]], None]] = {
    "bags_black": bags_black,
    "bags_mixed": bags_mixed,
    "cartons": cartons,
    "kitchen_spill": kitchen_spill,
    "household_mix": household_mix,
    "bottles_and_bags": bottles_and_bags,
    "leaf_heap": leaf_heap,
    "foam_boxes": foam_boxes,
    "mattress_and_bags": mattress_and_bags,
    "litter": litter,
    "bin": wheeled_bin,
    "bin_overflowing": overflowing_bin,
}
