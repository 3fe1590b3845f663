"""What stands in the streets and never moves: trees, lamps, hoarding, benches, stops, cables, far hills."""

import math
from itertools import pairwise

import bpy
import numpy as np

from sample_videos.district.cameras import CAMERAS
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import Hoarding, Lamp, Tree
from sample_videos.district.render.facade import SIGNS
from sample_videos.district.render.fixtures import set_fixture
from sample_videos.district.render.pieces import board
from sample_videos.district.render.shape import Build, Colour, box, noise, patch, ring_stack

__all__ = ["fallen_leaves", "furnish", "plant_trees", "put_far_things", "put_lamps"]

LEAVES = 9500
TREE_KINDS = 4
NEAR_CAMERA_M = 7.0
"""Poles nearer than that to a camera are left out: the camera hangs on them."""


def _crown(rng: np.random.Generator, name: str) -> bpy.types.Mesh:
    """A crown in the unit ball: leaves in clumps near its skin, each leaf a bent quad."""
    build = Build(rng)
    clumps = rng.normal(size=(62, 3))
    clumps /= np.linalg.norm(clumps, axis=1, keepdims=True)
    clumps *= rng.uniform(0.12, 0.88, (62, 1)) ** 0.5
    clumps[:, 2] = np.maximum(clumps[:, 2], -0.62)
    girth = rng.uniform(0.10, 0.34, (62, 1))
    base = np.array(
        ((0.045, 0.105, 0.018), (0.065, 0.135, 0.025), (0.035, 0.085, 0.022), (0.085, 0.14, 0.03))
    )[rng.integers(4)]
    which = rng.integers(62, size=LEAVES)
    home = clumps[which]
    spread = rng.normal(size=(LEAVES, 3))
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    middle = home + spread * (rng.random((LEAVES, 1)) ** 0.4) * girth[which]
    middle *= np.minimum(1, 1.0 / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-6))
    size = rng.uniform(0.020, 0.046, (LEAVES, 1))
    along = rng.normal(size=(LEAVES, 3)) + middle * 0.8
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, rng.normal(size=(LEAVES, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    corners = np.stack(
        [
            middle - along * size,
            middle + across * size * 0.6,
            middle + along * size,
            middle - across * size * 0.6,
        ],
        1,
    )
    faces = np.arange(LEAVES * 4).reshape(-1, 4)
    level = (
        rng.normal(1, 0.2, (LEAVES, 1))
        * rng.uniform(0.7, 1.3, (62, 1))[which]
        * (0.75 + 0.35 * (middle[:, 2:] + 1) / 2)
    )
    hue = np.column_stack([rng.normal(1.05, 0.15, LEAVES), np.ones(LEAVES), rng.normal(1, 0.1, LEAVES)])
    build.add(
        (corners.reshape(-1, 3), faces),
        "foliage",
        np.repeat(np.clip(base * level * hue, 0.004, 0.6), 4, axis=0),
    )
    for clump in clumps[::3]:
        build.rod((0, 0, -0.9), tuple(clump * 0.9), 0.014, (0.10, 0.075, 0.05), "bark")
    thing = build.to_object(name, grounded=False)
    mesh = thing.data
    bpy.data.objects.remove(thing)
    return mesh


def _trunk(build: Build, tree: Tree, thick: float) -> None:
    points = []
    for z in np.linspace(0, tree.clear_m + 0.6, 7):
        points.append((thick * (1.35 - 0.55 * z / (tree.clear_m + 0.6)) * (1.25 if z == 0 else 1), z))
    stem, faces = ring_stack(np.array(points), 12)
    bend = (
        noise(
            np.column_stack([np.zeros(len(stem)), np.zeros(len(stem)), stem[:, 2]]),
            1.5,
            int(build.rng.integers(99)),
        )
        * 0.08
    )
    build.add(
        (stem + np.column_stack([bend, -bend, 0 * bend]), faces),
        "bark",
        (0.14, 0.115, 0.09),
        (tree.east_m, tree.north_m, 0),
        smooth=True,
    )
    painted = ring_stack(np.array([[thick * 1.50, 0.02], [thick * 1.30, 1.1]]), 12, cap=False)
    build.add(painted, "roadpaint", (0.55, 0.54, 0.51), (tree.east_m, tree.north_m, 0), smooth=True)
    build.box((1.3, 1.3, 0.04), (tree.east_m, tree.north_m, 0.02), "soil", (0.12, 0.09, 0.06))
    for side in (-1, 1):
        build.box(
            (1.4, 0.1, 0.07), (tree.east_m, tree.north_m + side * 0.66, 0.03), "concrete", (0.4, 0.39, 0.37)
        )
        build.box(
            (0.1, 1.4, 0.07), (tree.east_m + side * 0.66, tree.north_m, 0.03), "concrete", (0.4, 0.39, 0.37)
        )


def plant_trees(build: Build, rng: np.random.Generator) -> None:
    """Every tree of the plan, from a few crown meshes, turned and scaled."""
    crowns = [_crown(rng, f"crown-{number}") for number in range(TREE_KINDS)]
    for number, tree in enumerate(DISTRICT.trees):
        thing = bpy.data.objects.new(tree.id, crowns[number % TREE_KINDS])
        thing.location = (tree.east_m, tree.north_m, (tree.height_m + tree.clear_m) / 2)
        thing.rotation_euler = (0, 0, float(rng.uniform(0, 6.28)))
        half = (tree.height_m - tree.clear_m) / 2
        thing.scale = (tree.crown_radius_m, tree.crown_radius_m, half)
        bpy.context.scene.collection.objects.link(thing)
        _trunk(build, tree, 0.11 + 0.012 * tree.height_m)
    bushes = [(x, north) for north in (-37.0, -45.9) for x in np.arange(-11.5, 1.5, 0.9)] + [
        (x, -64.6) for x in np.arange(-110, 2, 1.4)
    ]
    for x, y in bushes:
        thing = bpy.data.objects.new("bush", crowns[int(rng.integers(TREE_KINDS))])
        size = rng.uniform(0.4, 0.7)
        thing.location, thing.scale = (float(x), y, size * 0.55), (size, size, size * 0.8)
        thing.rotation_euler = (0, 0, float(rng.uniform(0, 6.28)))
        bpy.context.scene.collection.objects.link(thing)


def put_lamps(build: Build) -> None:
    """Poles with arms, and a warm downward light at each head in the light group `lamps`."""
    for number, lamp in enumerate(DISTRICT.lamps):
        a = math.radians(lamp.azimuth_deg)
        head = (
            lamp.east_m + lamp.arm_m * math.sin(a),
            lamp.north_m + lamp.arm_m * math.cos(a),
            lamp.height_m,
        )
        foot = (lamp.east_m, lamp.north_m, 0.0)
        if any(math.dist(foot[:2], (camera.east_m, camera.north_m)) < NEAR_CAMERA_M for camera in CAMERAS):
            _light(lamp, head)
            continue
        shaft = ring_stack(np.array([[0.11, 0], [0.11, 0.8], [0.075, 0.9], [0.05, lamp.height_m - 0.25]]), 12)
        build.add(shaft, "metal", (0.34, 0.36, 0.37), foot, smooth=True)
        build.rod((lamp.east_m, lamp.north_m, lamp.height_m - 0.3), head, 0.035, (0.34, 0.36, 0.37))
        build.add(box((0.26, 0.6, 0.1), 0.03), "metal", (0.5, 0.51, 0.52), head, (0, 0, -lamp.azimuth_deg))
        if number % 3 == 0 and lamp.height_m > 6:
            board(
                build,
                (lamp.east_m, lamp.north_m - 0.12, 4.2),
                (0.6, 1.4),
                *SIGNS[number % len(SIGNS)],
                180 if lamp.azimuth_deg == 0.0 else 0,
            )
        _light(lamp, head)


def _light(lamp: Lamp, head: tuple[float, float, float]) -> None:
    light = bpy.data.lights.new(lamp.id, "SPOT")
    light.energy, light.color = 260.0 * lamp.height_m / 7, (1.0, 0.74, 0.46)
    light.spot_size, light.spot_blend, light.shadow_soft_size = 2.75, 0.6, 0.12
    thing = bpy.data.objects.new(lamp.id, light)
    thing.location = (head[0], head[1], head[2] - 0.12)
    thing.lightgroup = "lamps"
    bpy.context.scene.collection.objects.link(thing)


def furnish(build: Build) -> None:
    """Hoardings, fixtures, cables."""
    for hoarding in DISTRICT.hoardings:
        _hoarding(build, hoarding)
    for fixture in DISTRICT.fixtures:
        set_fixture(build, fixture)
    _cables(build)
    _clutter(build)


def _pieces(hoarding: Hoarding) -> list[tuple[np.ndarray, np.ndarray, bool]]:
    """Straight pieces between corners and gates, with whether each is a gate."""
    pieces = []
    for start, end in zip(hoarding.line_en, hoarding.line_en[1:], strict=False):
        a, b = np.array(start), np.array(end)
        length = float(np.hypot(*(b - a)))
        along = (b - a) / length
        cuts = []
        for gate in hoarding.gates_en:
            spots = [np.array(place) - a for place in gate]
            if all(abs(along[0] * s[1] - along[1] * s[0]) < 0.1 for s in spots):
                cuts.append(sorted(float(s @ along) for s in spots))
        at = 0.0
        for first, last in sorted(cuts):
            pieces += [
                (a + along * at, a + along * first, False),
                (a + along * first, a + along * last, True),
            ]
            at = last
        pieces.append((a + along * at, b, False))
    return pieces


def _hoarding(build: Build, hoarding: Hoarding) -> None:
    paint: Colour = (0.05, 0.22, 0.33) if hoarding.id.startswith("site") else (0.12, 0.26, 0.14)
    for start, end, is_gate in _pieces(hoarding):
        length = float(np.hypot(*(end - start)))
        if length < 0.1:
            continue
        angle = math.degrees(math.atan2(*(end - start)[::-1]))
        middle = (start + end) / 2
        if is_gate:
            build.box(
                (length, 0.05, 0.08), (middle[0], middle[1], 0.9), "enamel", (0.6, 0.1, 0.05), (0, 0, angle)
            )
            for share in (0.0, 1.0):
                spot = start + (end - start) * share
                build.box(
                    (0.22, 0.22, hoarding.height_m + 0.4),
                    (spot[0], spot[1], hoarding.height_m / 2 + 0.2),
                    "enamel",
                    (0.5, 0.4, 0.05),
                    (0, 0, angle),
                )
            continue
        panel = 0.9
        for step in range(int(length / panel)):
            spot = start + (end - start) * ((step + 0.5) * panel / length)
            tone = build.shade(paint, 0.06)
            build.add(
                box((panel * 0.99, 0.04, hoarding.height_m - 0.28), 0.004),
                "enamel",
                tone,
                (spot[0], spot[1], hoarding.height_m / 2 + 0.1),
                (0, 0, angle),
            )
            for rib in (-0.3, 0.0, 0.3):
                at = spot + (end - start) / length * rib
                build.add(
                    box((0.07, 0.075, hoarding.height_m - 0.3), 0.004),
                    "enamel",
                    tone,
                    (at[0], at[1], hoarding.height_m / 2 + 0.1),
                    (0, 0, angle),
                )
            if step % 6 == 3:
                for side in (0, 180):
                    c, s = math.cos(math.radians(angle + side)), math.sin(math.radians(angle + side))
                    at3 = (spot[0] - s * 0.05, spot[1] + c * 0.05, hoarding.height_m * 0.58)
                    board(
                        build,
                        at3,
                        (1.7, 0.75),
                        build.pick((0.72, 0.71, 0.68), (0.5, 0.03, 0.02), (0.03, 0.25, 0.12)),
                        (0.02, 0.08, 0.3),
                        angle + side,
                    )
        for z in (0.12, hoarding.height_m):
            build.box(
                (length, 0.09, 0.1),
                (middle[0], middle[1], z),
                "concrete" if z < 1 else "enamel",
                (0.4, 0.39, 0.37) if z < 1 else (0.5, 0.42, 0.06),
                (0, 0, angle),
            )


def _cable(
    build: Build, start: tuple[float, float, float], end: tuple[float, float, float], sag: float
) -> None:
    shares = np.linspace(0, 1, 9)
    line = np.array(start) + (np.array(end) - np.array(start)) * shares[:, None]
    line[:, 2] -= sag * 4 * shares * (1 - shares)
    for a, b in pairwise(line):
        build.rod(tuple(a), tuple(b), 0.013, (0.015, 0.015, 0.016), "rubber")


def _cables(build: Build) -> None:
    for east in np.arange(-100, 100, 25.0):
        for z in (6.3, 6.55):
            _cable(build, (east, 9.3, z), (east + 25.0, 9.3, z), 0.45)
    for east in (-52.0, -14.0, 47.0):
        _cable(build, (east, 9.4, 7.2), (east + 3, -9.4, 7.6), 0.7)
    for north in (14.0, 20.0):
        _cable(build, (2.0, north, 6.5), (18.0, north + 2, 6.2), 0.5)
    for east in np.arange(-90, -4, 14.0):
        _cable(build, (east, 25.0, 5.6), (east + 4, 33.0, 6.0), 0.5)
        _cable(build, (east, 25.2, 4.6), (east + 14.0, 25.2, 4.6), 0.3)


def _clutter(build: Build) -> None:
    """Pots at doors, steps, drainpipes' splashes, posters: so that walls do not stand on bare ground."""
    for _ in range(150):
        side = build.pick((9.25, 0, 0), (-9.25, 0, 0), (32.75, 0, 0), (25.25, 0, 0))[0]
        east = build.within(-90, 1) if side > 20 or build.rng.random() < 0.6 else build.within(64, 100)
        radius, high = build.within(0.1, 0.2), build.within(0.15, 0.35)
        pot = ring_stack(np.array([[radius * 0.75, 0], [radius, high]]), 12)
        build.add(
            pot,
            "concrete",
            build.shade(build.pick((0.32, 0.14, 0.08), (0.3, 0.3, 0.3), (0.08, 0.14, 0.22)), 0.2),
            (east, side, 0),
            smooth=True,
        )
        tone = build.shade((0.05, 0.13, 0.03), 0.25)
        for _ in range(16):
            leaf = patch(
                2, 2, np.array([[0, -0.03, 0], [0, 0.03, 0], [0.22, -0.02, 0.05], [0.22, 0.02, 0.05]])
            )
            build.add(
                leaf,
                "leaf",
                tone,
                (east, side, high),
                (0, build.within(-85, -15), build.within(0, 360)),
                build.within(0.7, 1.6),
            )


def fallen_leaves(build: Build) -> None:
    """Dry leaves, scraps and gum on the ground, most under trees and along kerbs and walls."""
    spots = []
    for tree in DISTRICT.trees:
        if tree.north_m > -60:
            spots += [
                build.rng.normal((tree.east_m, tree.north_m), tree.crown_radius_m * 0.8) for _ in range(60)
            ]
    for north in (4.7, -4.7, 9.3, -9.3, 4.3, -4.3, 25.7, 32.3, -46.7):
        spots += [
            np.array([build.within(-90, 95 if abs(north) < 10 else 1.5), north + build.rng.normal(0, 0.12)])
            for _ in range(170)
        ]
    leaf = patch(2, 2, np.array([[-0.5, -0.3, 0], [-0.5, 0.3, 0.1], [0.5, -0.3, 0.15], [0.5, 0.3, 0]]))
    for x, y in spots:
        paint = build.pick((0.20, 0.12, 0.04), (0.28, 0.2, 0.06), (0.10, 0.09, 0.03), (0.6, 0.58, 0.54))
        build.add(
            leaf,
            "leaf",
            build.shade(paint, 0.3),
            (float(x), float(y), 0.045),
            (build.rng.normal(0, 12), build.rng.normal(0, 12), build.within(0, 360)),
            build.within(0.05, 0.11),
        )


def put_far_things(build: Build) -> None:
    """Towers, a skyline and hills beyond the plan: no camera looks into a void."""
    rng = build.rng
    for _ in range(120):
        angle, reach = rng.uniform(0, 2 * math.pi), rng.uniform(190, 480)
        x, y = reach * math.cos(angle), reach * math.sin(angle)
        w, d, h = (
            rng.uniform(14, 30),
            rng.uniform(12, 18),
            rng.uniform(16, 34) * (1 + 1.6 * (rng.random() < 0.25)),
        )
        build.add(
            box((w, d, h), 0.1),
            "tower",
            build.shade(build.pick((0.5, 0.48, 0.44), (0.42, 0.36, 0.31), (0.46, 0.48, 0.5)), 0.12),
            (x, y, h / 2),
        )
    n = 120
    angles = np.linspace(0, 2 * math.pi, n, endpoint=False)
    ring = np.stack([np.cos(angles), np.sin(angles), np.zeros(n)], -1)
    crest = 22 + 26 * (noise(ring, 0.35, 5, 4) + 0.6)
    points = np.concatenate(
        [
            ring * 560 + (0, 0, -1),
            ring * 600 + np.column_stack([0 * crest, 0 * crest, np.maximum(crest, 4)]),
            ring * 640 + (0, 0, -1),
        ]
    )
    build.add(patch(3, n, points, closed=True), "foliage", (0.07, 0.11, 0.05), smooth=True)
