"""Stalls, carts and ground sheets of street vendors."""

from collections.abc import Callable

import numpy as np

from sample_videos.district.render.pieces import (
    BRIGHT,
    DARK,
    GREENS,
    STEEL,
    WOOD,
    board,
    bucket,
    cart,
    crate,
    glass_box,
    greens,
    heap_of,
    sheet,
    stool,
    tricycle,
    umbrella,
)
from sample_videos.district.render.shape import Build, Colour, ball, crumple, noise, patch, ring_stack

__all__ = ["MAKERS"]

FRUITS: tuple[Colour, ...] = (
    (0.72, 0.20, 0.02),
    (0.55, 0.03, 0.02),
    (0.30, 0.42, 0.04),
    (0.75, 0.52, 0.03),
    (0.60, 0.10, 0.08),
    (0.20, 0.02, 0.07),
    (0.55, 0.48, 0.10),
)


def fruit_tricycle(build: Build, paints: tuple[Colour, ...]) -> None:
    """A cargo tricycle with crates of fruit, a price card and a scale."""
    floor = tricycle(build, paints[0])
    for row in range(3):
        for column in range(2):
            at = (-0.25 + 0.5 * column, -1.05 + 0.5 * row, floor + 0.16)
            crate(
                build,
                at,
                (0.47, 0.46, 0.2),
                build.pick(paints[1], (0.03, 0.25, 0.3), (0.6, 0.1, 0.02)),
                (6, 0, 0),
            )
            heap_of(
                build,
                (at[0], at[1], at[2] + 0.16),
                (0.44, 0.43),
                build.within(0.034, 0.05),
                FRUITS[(row * 2 + column + int(build.rng.integers(7))) % 7],
                (6, 0, 0),
            )
    for x, paint in ((-0.3, (0.85, 0.82, 0.7)), (0.2, (0.8, 0.6, 0.05))):
        board(build, (x, 0.28, floor + 0.52), (0.34, 0.22), paint, (0.6, 0.02, 0.02))
    build.box((0.3, 0.26, 0.09), (0.25, -1.35, floor + 0.42), "metal", STEEL)


def pancake_cart(build: Build, paints: tuple[Colour, ...]) -> None:
    """A pancake cart: griddle, glass case and a big umbrella."""
    top = cart(build, (1.5, 0.8, 0.92), paints[0], paints[1])
    glass_box(build, (-0.32, 0.05, top), (0.8, 0.55, 0.5), STEEL)
    for index in range(6):
        bucket(
            build,
            (-0.6 + 0.22 * (index % 3), -0.05 + 0.22 * (index // 3), top),
            0.09,
            0.14,
            build.pick(STEEL, (0.7, 0.7, 0.66)),
        )
        build.add(
            ball(2),
            "food",
            build.pick((0.5, 0.3, 0.08), (0.2, 0.3, 0.05), (0.6, 0.12, 0.03)),
            (-0.6 + 0.22 * (index % 3), -0.05 + 0.22 * (index // 3), top + 0.11),
            scale=(0.08, 0.08, 0.05),
            smooth=True,
        )
    plate = ring_stack(np.array([[0.24, 0.0], [0.25, 0.05], [0.24, 0.055]]), 28)
    build.add(plate, "metal", DARK, (0.42, 0.02, top))
    build.add(
        ring_stack(np.array([[0.2, 0.0], [0.2, 0.008]]), 24),
        "food",
        (0.62, 0.42, 0.16),
        (0.42, 0.02, top + 0.055),
    )
    build.add(
        ring_stack(np.array([[0.16, 0], [0.16, 0.55], [0.08, 0.6]]), 18),
        "enamel",
        (0.35, 0.36, 0.38),
        (0.95, -0.25, 0),
        smooth=True,
    )
    umbrella(build, (0.1, -0.25), 1.05, 2.3, (paints[0], (0.75, 0.73, 0.68)))


def skewer_grill(build: Build, paints: tuple[Colour, ...]) -> None:
    """A grill on legs with skewers, a hood and an awning board."""
    w = 1.5
    build.box((w, 0.38, 0.16), (0, 0, 0.84), "metal", build.shade(paints[0], 0.2))
    build.box((w * 0.95, 0.3, 0.02), (0, 0, 0.925), "grit", (0.10, 0.03, 0.015))
    for side in (-1, 1):
        for end in (-1, 1):
            build.rod((side * w * 0.47, end * 0.17, 0), (side * w * 0.47, end * 0.17, 0.78), 0.02, DARK)
        build.rod((side * 0.8, -0.36, 0), (side * 0.8, -0.36, 2.05), 0.022, STEEL)
        build.rod((side * 0.8, 0.36, 0), (side * 0.8, 0.36, 1.95), 0.022, STEEL)
    for x in np.arange(-0.68, 0.7, 0.055):
        build.rod((x, -0.26, 0.945), (x + 0.01, 0.3, 0.945), 0.004, WOOD, "wood")
        for y in np.arange(-0.13, 0.14, 0.055):
            build.add(
                ball(1),
                "food",
                build.shade((0.26, 0.09, 0.035), 0.3),
                (x, y, 0.955),
                scale=(0.022, 0.03, 0.018),
            )
    build.box((1.68, 0.5, 0.03), (0, -0.45, 0.8), "metal", STEEL)
    for index in range(5):
        build.box((0.26, 0.34, 0.07), (-0.62 + 0.31 * index, -0.45, 0.85), "metal", STEEL)
        heap_of(
            build,
            (-0.62 + 0.31 * index, -0.45, 0.88),
            (0.24, 0.3),
            0.026,
            build.pick((0.4, 0.1, 0.08), (0.5, 0.35, 0.2), (0.15, 0.3, 0.05)),
            material="food",
        )
    u, v = np.meshgrid(np.linspace(-0.95, 0.95, 20), np.linspace(-0.55, 0.6, 6), indexing="ij")
    z = 2.08 - 0.16 * (v + 0.5) ** 2 - 0.03 * np.abs(np.sin(u * 6))
    stripes = np.where(
        (np.arange(20) // 2 % 2)[:, None, None] == 0, np.array(paints[1]), np.array((0.75, 0.74, 0.7))
    )
    colours = np.broadcast_to(stripes, (20, 6, 3)).reshape(-1, 3)
    build.add(patch(20, 6, np.stack([u, v, z], -1).reshape(-1, 3)), "canopy", colours)
    board(build, (0, 0.6, 1.83), (1.75, 0.26), paints[1], (0.85, 0.75, 0.1))
    board(build, (0, 0.2, 0.55), (1.3, 0.3), (0.55, 0.03, 0.02), (0.85, 0.8, 0.7))
    build.box((1.4, 0.02, 0.38), (0, 0.185, 0.55), "enamel", (0.3, 0.03, 0.02))


def steamer_cart(build: Build, paints: tuple[Colour, ...]) -> None:
    """Bamboo steamers and pots on a counter under an umbrella."""
    top = cart(build, (1.5, 0.8, 0.88), paints[0], STEEL)
    for x, y, levels, radius in ((-0.45, 0.05, 5, 0.26), (0.12, 0.08, 4, 0.25), (-0.16, -0.22, 3, 0.2)):
        for level in range(levels):
            rings = np.array([[radius, 0], [radius, 0.1], [radius * 1.03, 0.1], [radius * 1.03, 0.115]])
            build.add(
                ring_stack(rings, 24),
                "wood",
                build.shade((0.50, 0.33, 0.15), 0.1),
                (x, y, top + level * 0.118),
            )
        lid = np.array([[radius, 0], [radius * 0.95, 0.05], [radius * 0.3, 0.1], [0.02, 0.11]])
        build.add(ring_stack(lid, 24), "wood", (0.46, 0.30, 0.13), (x, y, top + levels * 0.118), smooth=True)
    pot = np.array([[0.19, 0], [0.2, 0.28], [0.22, 0.29], [0.2, 0.31], [0.06, 0.36], [0.02, 0.4]])
    build.add(ring_stack(pot, 24), "metal", STEEL, (0.55, 0.05, top), smooth=True)
    heap_of(build, (0.5, 0.32, top + 0.02), (0.4, 0.2), 0.045, (0.78, 0.75, 0.66), dome=0.3, material="food")
    umbrella(build, (0.3, -0.3), 1.1, 2.3, (paints[1], (0.72, 0.72, 0.7)))


def vegetable_sheet(build: Build, paints: tuple[Colour, ...]) -> None:
    """Vegetables in heaps and bunches on a sheet, with baskets and a scale."""
    sheet(build, (2.2, 1.5), paints[0])
    spots = [(x, y) for x in (-0.8, -0.27, 0.27, 0.8) for y in (-0.42, 0.08, 0.5)]
    build.rng.shuffle(spots)
    for index, (x, y) in enumerate(spots[:11]):
        sort = index % 4
        if sort == 0:
            heap_of(
                build,
                (x, y, 0.04),
                (0.42, 0.36),
                build.within(0.03, 0.045),
                build.pick((0.62, 0.06, 0.03), (0.55, 0.35, 0.14), (0.66, 0.2, 0.03), (0.16, 0.03, 0.12)),
                dome=2.2,
            )
        elif sort == 1:
            for turn in (70, 95, 120):
                greens(
                    build, (x + build.within(-0.16, 0.16), y - 0.14, 0.02), 0.34, build.pick(*GREENS), turn
                )
        elif sort == 2:
            for step in range(12):
                at = (x - 0.2 + 0.036 * step, y, 0.05 + 0.03 * (step % 3))
                build.add(
                    ball(2),
                    "fruit",
                    build.shade(build.pick((0.05, 0.16, 0.03), (0.75, 0.72, 0.62)), 0.15),
                    at,
                    (0, 0, build.rng.normal(0, 5)),
                    (0.025, 0.17, 0.025),
                    smooth=True,
                )
        else:
            for _ in range(5):
                at = (x + build.within(-0.15, 0.15), y + build.within(-0.12, 0.12), 0.11)
                build.add(
                    crumple(ball(3), 0.06, 0.4, int(build.rng.integers(999))),
                    "leaf",
                    build.shade((0.35, 0.46, 0.22), 0.12),
                    at,
                    scale=0.1,
                    smooth=True,
                )
    for x in (-1.0, 0.98):
        bucket(build, (x, -0.62, 0), 0.2, 0.26, build.pick((0.6, 0.1, 0.03), (0.03, 0.16, 0.45)))
        greens(build, (x, -0.6, 0.22), 0.3, build.pick(*GREENS), build.within(0, 360))
    build.box((0.3, 0.28, 0.1), (0.1, -0.68, 0.06), "metal", STEEL)


def trinket_sheet(build: Build, paints: tuple[Colour, ...]) -> None:
    """Small bright goods in rows on a sheet, with two upright boards of cards."""
    sheet(build, (1.8, 1.3), paints[0])
    for x in np.arange(-0.78, 0.8, 0.125):
        for y in np.arange(-0.3, 0.55, 0.13):
            if build.rng.random() < 0.88:
                tall = build.within(0.015, 0.09)
                size = (build.within(0.05, 0.1), build.within(0.05, 0.1), tall)
                build.box(
                    size,
                    (x + build.within(-0.02, 0.02), y, 0.03 + tall / 2),
                    "plastic",
                    build.shade(build.pick(*BRIGHT), 0.2),
                    (0, 0, build.within(-30, 30)),
                )
    for side in (-0.45, 0.45):
        build.box((0.8, 0.02, 0.34), (side, -0.5, 0.18), "card", (0.7, 0.68, 0.62), (18, 0, 0))
        for x in np.arange(-0.34, 0.36, 0.1):
            for z in (0.08, 0.18, 0.28):
                build.box(
                    (0.07, 0.02, 0.07),
                    (side + x, -0.485 - (z - 0.18) * 0.3, z),
                    "plastic",
                    build.pick(*BRIGHT),
                    (18, 0, 0),
                )


def clothes_rack(build: Build, paints: tuple[Colour, ...]) -> None:
    """Two rails of clothes on hangers and a box of folded goods."""
    for y, high in ((-0.32, 1.68), (0.28, 1.42)):
        for x in (-1.1, 1.1):
            build.rod((x, y, 0.06), (x, y, high), 0.016, STEEL)
            build.rod((x, y - 0.24, 0.05), (x, y + 0.24, 0.05), 0.016, STEEL)
        build.rod((-1.15, y, high), (1.15, y, high), 0.016, STEEL)
        for x in np.arange(-1.02, 1.04, 0.082):
            _shirt(build, (float(x), y, high - 0.06), build.shade(build.pick(*BRIGHT, *paints), 0.25))
    for x in (-0.6, 0.5):
        build.box((0.6, 0.4, 0.3), (x, 0.62, 0.15), "card", (0.42, 0.28, 0.15))
        for _ in range(9):
            build.box(
                (0.26, 0.3, 0.05),
                (
                    x + build.within(-0.15, 0.15),
                    0.62 + build.within(-0.05, 0.05),
                    0.3 + build.within(0, 0.06),
                ),
                "cloth",
                build.pick(*BRIGHT),
                (build.within(-12, 12), build.within(-12, 12), build.within(0, 90)),
            )


def _shirt(build: Build, at: tuple[float, float, float], paint: Colour) -> None:
    long, wide = build.within(0.55, 0.95), build.within(0.2, 0.26)
    u = np.linspace(0, 1, 9)
    v = np.linspace(-1, 1, 9)
    uu, vv = np.meshgrid(u, v, indexing="ij")
    spread = wide * (0.75 + 0.35 * np.minimum(uu * 3, 1))
    y = vv * spread
    z = -uu * long - 0.10 * np.abs(vv) * (1 - uu)
    x = 0.025 * np.sin(vv * 7 + build.within(0, 6)) * (0.3 + uu) + build.rng.normal(0, 0.01)
    points = np.stack([x, y, z], -1).reshape(-1, 3)
    colours = np.broadcast_to(np.array(paint), (81, 3)).copy()
    if build.rng.random() < 0.4:
        colours[(np.arange(81) // 9) % 3 == 0] = build.pick(*BRIGHT)
    build.add(patch(9, 9, points), "cloth", colours, at, (0, 0, build.rng.normal(0, 10)), smooth=True)


def goods_table(build: Build, paints: tuple[Colour, ...]) -> None:
    """A folding table with socks and small goods under a square canopy."""
    build.box((1.9, 0.85, 0.04), (0, 0, 0.74), "wood", (0.5, 0.48, 0.44))
    u, v = np.meshgrid(np.linspace(-0.97, 0.97, 40), np.linspace(0, 1, 6), indexing="ij")
    drape = np.stack([u, 0.44 + 0.02 * np.sin(u * 22) * v, 0.77 - 0.62 * v], -1).reshape(-1, 3)
    build.add(patch(40, 6, drape), "cloth", paints[0], smooth=True)
    for side in (-1, 1):
        build.add(
            patch(40, 6, drape * (0.44, 1, 1)),
            "cloth",
            paints[0],
            (side * 0.52, 0, 0),
            (0, 0, 90 * side),
            smooth=True,
        )
        for end in (-1, 1):
            build.rod((side * 0.9, end * 0.38, 0), (side * 0.9, end * 0.38, 0.74), 0.018, STEEL)
    for x in np.arange(-0.86, 0.88, 0.115):
        for y in np.arange(-0.34, 0.4, 0.14):
            if build.rng.random() < 0.92:
                tall = build.within(0.03, 0.11)
                build.box(
                    (0.1, 0.12, tall),
                    (x, y, 0.77 + tall / 2),
                    build.pick_material("cloth", "plastic", "card"),
                    build.shade(build.pick(*BRIGHT), 0.2),
                    (0, 0, build.within(-12, 12)),
                )
    for x in (-0.55, 0.05, 0.6):
        board(build, (x, 0.30, 0.93), (0.3, 0.18), (0.82, 0.75, 0.2), (0.6, 0.02, 0.02))
    umbrella(build, (0, -0.5), 0.95, 2.35, (paints[0], paints[1]), square=True)


def fruit_stall(build: Build, paints: tuple[Colour, ...]) -> None:
    """Stepped crates of fruit on three sides of a big umbrella."""
    for row in range(3):
        for column in range(5):
            at = (-1.08 + 0.54 * column, 0.75 - 0.5 * row, 0.10 + 0.2 * row)
            build.box(
                (0.5, 0.46, 0.2 * row + 0.1),
                (at[0], at[1], (0.2 * row + 0.1) / 2),
                "wood",
                build.shade(WOOD, 0.2),
            )
            crate(
                build,
                at,
                (0.5, 0.46, 0.17),
                build.pick(paints[0], (0.03, 0.2, 0.35), (0.6, 0.12, 0.02)),
                (14, 0, 0),
            )
            fruit = FRUITS[(row * 5 + column * 3 + int(build.rng.integers(3))) % 7]
            heap_of(
                build,
                (at[0], at[1], at[2] + 0.13),
                (0.46, 0.42),
                build.within(0.034, 0.055),
                fruit,
                (14, 0, 0),
            )
            if build.rng.random() < 0.5:
                board(
                    build,
                    (at[0], at[1] - 0.16, at[2] + 0.36),
                    (0.2, 0.14),
                    (0.85, 0.8, 0.6),
                    (0.55, 0.02, 0.02),
                )
    for x in (-1.1, 1.05):
        for level in range(3):
            build.box(
                (0.5, 0.36, 0.26),
                (x, -0.82, 0.13 + 0.27 * level),
                "card",
                build.shade((0.45, 0.30, 0.16), 0.15),
                (0, 0, build.within(-6, 6)),
            )
    umbrella(build, (0.05, -0.35), 1.35, 2.5, (paints[0], paints[1]))


def drinks_cart(build: Build, paints: tuple[Colour, ...]) -> None:
    """A cold-drinks cart with coloured tanks, cups, a lettered fascia and a flat roof."""
    top = cart(build, (1.4, 0.75, 0.95), paints[0], STEEL)
    for index, paint in enumerate(((0.65, 0.25, 0.02), (0.5, 0.03, 0.04), (0.5, 0.48, 0.08))):
        at = (-0.45 + 0.3 * index, 0.05, top)
        build.add(ring_stack(np.array([[0.11, 0], [0.11, 0.24]]), 18), "fruit", paint, at, smooth=True)
        build.add(
            ring_stack(np.array([[0.118, 0], [0.118, 0.34]]), 18), "glass", (0.8, 0.85, 0.85), at, smooth=True
        )
        build.add(ring_stack(np.array([[0.125, 0.34], [0.125, 0.38]]), 18), "plastic", (0.7, 0.7, 0.7), at)
    for _ in range(12):
        x, y = build.within(0.35, 0.62), build.within(-0.25, 0.25)
        build.add(
            ring_stack(np.array([[0.035, 0], [0.045, 0.13]]), 10),
            "plastic",
            build.pick(paints[1], (0.8, 0.8, 0.78)),
            (x, y, top),
        )
    for side in (-1, 1):
        for end in (-1, 1):
            build.rod((side * 0.66, end * 0.33, 0.9), (side * 0.66, end * 0.33, 2.1), 0.018, STEEL)
    build.box((1.55, 0.95, 0.05), (0, 0, 2.25), "enamel", paints[1])
    for turn, at, wide in (
        (0, (0, 0.48, 2.14), 1.55),
        (180, (0, -0.48, 2.14), 1.55),
        (90, (-0.78, 0, 2.14), 0.95),
        (-90, (0.78, 0, 2.14), 0.95),
    ):
        board(build, at, (wide, 0.24), paints[0], (0.85, 0.82, 0.7), turn)
    stool(build, (0.95, -0.3), paints[0])


def flower_stall(build: Build, paints: tuple[Colour, ...]) -> None:
    """Buckets of cut flowers and potted plants in three rows, the rear ones on crates."""
    for row in range(3):
        for column in range(7):
            x, y, z = -0.84 + 0.28 * column + build.rng.normal(0, 0.02), 0.42 - 0.4 * row, 0.22 * row
            if row:
                build.box((0.28, 0.34, z), (x, y, z / 2), "wood", build.shade(WOOD, 0.2))
            bucket(
                build, (x, y, z), 0.12, 0.24, build.pick(paints[0], (0.04, 0.04, 0.045), (0.3, 0.12, 0.05))
            )
            paint = build.pick(paints[1], *BRIGHT[:6])
            for _ in range(26):
                out = build.rng.normal(0, 0.075, 2)
                high = z + build.within(0.33, 0.55)
                build.rod(
                    (x, y, z + 0.2),
                    (x + out[0] * 1.3, y + out[1] * 1.3, high),
                    0.005,
                    (0.08, 0.2, 0.04),
                    "leaf",
                )
                if build.rng.random() < 0.62:
                    build.add(
                        crumple(ball(2), 0.25, 0.5, int(build.rng.integers(999))),
                        "leaf",
                        build.shade(paint, 0.2),
                        (x + out[0] * 1.3, y + out[1] * 1.3, high),
                        scale=0.042,
                    )
                else:
                    greens_leaf = patch(
                        2, 2, np.array([[0, -0.03, 0], [0, 0.03, 0], [0.12, -0.02, 0.02], [0.12, 0.02, 0.02]])
                    )
                    build.add(
                        greens_leaf,
                        "leaf",
                        build.shade(GREENS[1], 0.3),
                        (x + out[0], y + out[1], high - 0.08),
                        (build.within(-40, 40), build.within(-60, 20), build.within(0, 360)),
                    )


def melon_heap(build: Build, paints: tuple[Colour, ...]) -> None:
    """A heap of striped melons on a mat under a parasol, two cut open."""
    sheet(build, (2.3, 1.8), (0.25, 0.24, 0.2))
    radius = 0.125
    for layer, (w, d) in enumerate(((1.7, 1.25), (1.2, 0.85), (0.65, 0.4))):
        for x in np.arange(-w / 2, w / 2 + 0.01, radius * 2):
            for y in np.arange(-d / 2, d / 2 + 0.01, radius * 2):
                points, faces = ball(3)
                turn = tuple(build.rng.uniform(0, 360, 3))
                band = np.sin(np.arctan2(points[:, 1], points[:, 0]) * 9 + noise(points, 0.5, 3) * 1.6) > 0.25
                colours = np.where(band[:, None], (0.02, 0.06, 0.015), build.shade((0.16, 0.30, 0.08), 0.15))
                at = (
                    x + build.rng.normal(0, 0.012),
                    y + build.rng.normal(0, 0.012),
                    radius + layer * radius * 1.5,
                )
                build.add(
                    (points, faces), "fruit", colours, at, turn, radius * build.within(0.9, 1.08), smooth=True
                )
    for x in (-0.5, 0.45):
        half = np.array([[0.001, -0.12], [0.09, -0.09], [0.12, 0], [0.11, 0.001], [0.001, 0.002]])
        points, faces = ring_stack(half, 20, cap=False)
        red = np.where(points[:, 2:] > -0.001, (0.62, 0.03, 0.03), (0.10, 0.24, 0.06))
        build.add((points, faces), "fruit", red, (x, 0.78, 0.13), (-50, 0, build.within(-20, 20)))
    board(build, (0.9, 0.75, 0.3), (0.42, 0.5), paints[1], (0.8, 0.78, 0.7))
    build.box((0.3, 0.28, 0.1), (-0.95, 0.6, 0.06), "metal", STEEL)
    umbrella(build, (-0.3, -0.75), 1.2, 2.35, (paints[0], paints[1]))


MAKERS: dict[str, Callable[[Build, tuple[Colour, ...]], None]] = {
    "fruit_tricycle": fruit_tricycle,
    "pancake_cart": pancake_cart,
    "skewer_grill": skewer_grill,
    "steamer_cart": steamer_cart,
    "vegetable_sheet": vegetable_sheet,
    "trinket_sheet": trinket_sheet,
    "clothes_rack": clothes_rack,
    "goods_table": goods_table,
    "fruit_stall": fruit_stall,
    "drinks_cart": drinks_cart,
    "flower_stall": flower_stall,
    "melon_heap": melon_heap,
}
