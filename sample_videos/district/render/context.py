"""Things of a street that are in order: they must raise nothing."""

import math
from collections.abc import Callable

import numpy as np

from sample_videos.district.render.heap_pieces import bag, carton, ground_heap
from sample_videos.district.render.pieces import BRIGHT, DARK, STEEL, umbrella
from sample_videos.district.render.shape import Build, Colour, ball, box, ring_stack

__all__ = ["MAKERS"]


def cafe_umbrella(build: Build, paints: tuple[Colour, ...]) -> None:
    """A parasol over a round table with four chairs."""
    build.add(ring_stack(np.array([[0.42, 0], [0.42, 0.03]]), 28), "wood", paints[1], (0, 0, 0.72))
    build.add(
        ring_stack(np.array([[0.28, 0], [0.24, 0.05], [0.05, 0.08], [0.04, 0.72]]), 20),
        "metal",
        DARK,
        smooth=True,
    )
    for step in range(4):
        angle = math.pi / 4 + math.pi / 2 * step + build.rng.normal(0, 0.15)
        x, y = 0.78 * math.cos(angle), 0.78 * math.sin(angle)
        turn = math.degrees(angle) - 90
        build.add(box((0.42, 0.42, 0.03)), "wood", paints[1], (x, y, 0.45), (0, 0, turn))
        build.add(box((0.42, 0.03, 0.4)), "wood", paints[1], (x * 1.24, y * 1.24, 0.68), (8, 0, turn))
        for sx in (-0.17, 0.17):
            for sy in (-0.17, 0.17):
                c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
                leg = (x + c * sx - s * sy, y + s * sx + c * sy)
                build.rod((*leg, 0), (*leg, 0.45), 0.014, DARK)
    build.add(
        ring_stack(np.array([[0.035, 0], [0.04, 0.1]]), 12), "tile", (0.75, 0.75, 0.73), (0.15, 0.1, 0.75)
    )
    umbrella(build, (0, 0), 1.28, 2.5, (paints[0],))


def shop_display(build: Build, paints: tuple[Colour, ...]) -> None:
    """A shop's own rack of goods at its front."""
    for level, deep in ((0.15, 0.75), (0.55, 0.6), (0.95, 0.45)):
        build.box((1.75, deep, 0.03), (0, -0.38 + deep / 2, level), "metal", STEEL)
        build.box((1.75, 0.012, 0.07), (0, -0.38 + deep, level), "plastic", paints[0])
        for x in np.arange(-0.8, 0.82, 0.145):
            paint = build.pick(*BRIGHT, *paints)
            for y in np.arange(-0.25, deep - 0.45, 0.17):
                tall = build.within(0.12, 0.28)
                build.box((0.13, 0.15, tall), (x, y, level + tall / 2), "plastic", build.shade(paint, 0.1))
    for side in (-1, 1):
        build.box((0.04, 0.7, 1.25), (side * 0.88, -0.05, 0.65), "metal", STEEL)
    build.box((1.8, 0.04, 1.35), (0, -0.39, 0.68), "enamel", paints[1])
    build.box((1.8, 0.06, 0.2), (0, -0.36, 1.32), "sign", paints[0])


def delivery_boxes(build: Build, paints: tuple[Colour, ...]) -> None:
    """A neat stack of parcels, on a hand truck."""
    for level in range(3):
        for x in (-0.28, 0.28):
            size = (build.within(0.42, 0.54), build.within(0.4, 0.6), build.within(0.26, 0.36))
            carton(
                build,
                (x, build.within(-0.06, 0.06), 0.08 + 0.34 * level),
                size,
                build.pick(*paints),
                (0, 0, build.rng.normal(0, 4)),
            )
    build.box((1.1, 0.7, 0.04), (0, 0, 0.06), "metal", STEEL)
    for x in (-0.45, 0.45):
        build.rod((x, -0.38, 0.05), (x, -0.42, 1.1), 0.016, (0.1, 0.15, 0.4))
    build.rod((-0.45, -0.42, 1.1), (0.45, -0.42, 1.1), 0.016, (0.1, 0.15, 0.4))


def belongings(build: Build, paints: tuple[Colour, ...]) -> None:
    """A sleeper's things: checked bag, rolled quilt, a bottle, a small cart's worth of bags."""
    points, faces = box((0.6, 0.34, 0.36), 0.05)
    build.add((points, faces), "woven", build.shade(paints[0], 0.1), (-0.28, 0.05, 0.19), (0, 0, 8))
    for x in (-0.45, -0.28, -0.11):
        build.box((0.03, 0.36, 0.37), (x, 0.05, 0.19), "woven", build.shade(paints[1], 0.1), (0, 0, 8))
    for z in (0.1, 0.2, 0.3):
        build.box((0.61, 0.35, 0.02), (-0.28, 0.05, z), "woven", build.shade(paints[1], 0.1), (0, 0, 8))
    roll = ring_stack(np.array([[0.03, -0.3], [0.15, -0.29], [0.16, 0], [0.15, 0.29], [0.03, 0.3]]), 20)
    build.add(roll, "cloth", build.shade((0.4, 0.12, 0.12), 0.3), (0.3, -0.1, 0.16), (0, 90, 20), smooth=True)
    bag(build, (0.4, 0.24, 0), 0.16, paints[1])
    build.add(ball(2), "plastic", (0.1, 0.3, 0.5), (0.02, 0.32, 0.12), scale=(0.05, 0.05, 0.12), smooth=True)
    build.box((0.25, 0.3, 0.06), (0.15, -0.3, 0.03), "cloth", (0.05, 0.05, 0.06))


def sand_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """Building sand, tipped in one cone."""
    ground_heap(build, (2.8, 2.2, 0.95), "grit", paints[0], 0.045, 1)


def suitcase(build: Build, paints: tuple[Colour, ...]) -> None:
    """A wheeled suitcase with its handle out."""
    build.add(box((0.46, 0.28, 0.62), 0.05), "plastic", paints[0], (0, 0, 0.37))
    for z in np.linspace(0.15, 0.6, 7):
        build.add(box((0.465, 0.285, 0.016), 0.004), "plastic", build.shade(paints[0], 0.05), (0, 0, z))
    for x in (-0.1, 0.1):
        build.rod((x, -0.1, 0.68), (x, -0.1, 1.0), 0.009, STEEL)
    build.box((0.24, 0.03, 0.03), (0, -0.1, 1.0), "plastic", DARK)
    for x in (-0.18, 0.18):
        for y in (-0.1, 0.1):
            build.add(
                ring_stack(np.array([[0.03, -0.015], [0.03, 0.015]]), 12),
                "rubber",
                DARK,
                (x, y, 0.03),
                (0, 90, 0),
            )


def cones(build: Build, paints: tuple[Colour, ...]) -> None:
    """Three traffic cones in a row."""
    for x in (-0.65, 0.0, 0.62):
        at = (x, build.rng.normal(0, 0.05), 0)
        build.box((0.36, 0.36, 0.03), (at[0], at[1], 0.015), "rubber", DARK, (0, 0, build.within(0, 45)))
        heights = np.array([0.03, 0.25, 0.25, 0.42, 0.42, 0.55, 0.55, 0.72])
        radii = 0.14 - 0.155 * heights
        for index in (0, 2, 4, 6):
            band = np.column_stack([radii[index : index + 2], heights[index : index + 2]])
            build.add(
                ring_stack(band, 18, cap=False),
                "plastic",
                paints[0] if index % 4 == 0 else paints[1],
                at,
                smooth=True,
            )


MAKERS: dict[str, Callable[[Build, tuple[Colour, ...]], None]] = {
    "cafe_umbrella": cafe_umbrella,
    "shop_display": shop_display,
    "delivery_boxes": delivery_boxes,
    "belongings": belongings,
    "sand_heap": sand_heap,
    "suitcase": suitcase,
    "cones": cones,
}
