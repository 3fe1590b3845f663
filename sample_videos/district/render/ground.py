"""The ground of the district: surfaces with wear, markings, kerbs, manholes, water and canal walls."""

from collections.abc import Callable

import bpy
import numpy as np

from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import Ground
from sample_videos.district.render.materials import Sockets
from sample_videos.district.render.shape import Build, Colour, patch, ring_stack

__all__ = ["lay_ground"]

RGB = tuple[float, float, float]
STONE: Colour = (0.42, 0.41, 0.39)
LAYER_M = 0.002
"""Surfaces that lie on each other are kept so far apart, so that neither flickers through."""


def _slabs(
    make: Sockets, size: tuple[float, float], tones: tuple[RGB, RGB], joint: RGB, offset: float = 0.5
) -> bpy.types.NodeSocket:
    node = make.node(
        "ShaderNodeTexBrick",
        {"Scale": 1.0, "Mortar Size": 0.006, "Brick Width": size[0], "Row Height": size[1]},
    )
    node.offset = offset
    node.inputs["Color1"].default_value = (*tones[0], 1)
    node.inputs["Color2"].default_value = (*tones[1], 1)
    node.inputs["Mortar"].default_value = (*joint, 1)
    make.link(make.where, node.inputs["Vector"])
    return node.outputs["Color"]


def _worn(make: Sockets, colour: bpy.types.NodeSocket, amount: float) -> bpy.types.NodeSocket:
    """Large pale and dark patches, small stains, oil spots."""
    large = make.range(make.noise(3.5, 4), (0.3, 0.7, 1 - amount, 1 + amount * 0.5))
    colour = make.mix("MULTIPLY", 1.0, colour, large)
    stains = make.range(make.noise(0.75, 6), (0.55, 0.70, 0.0, amount))
    colour = make.mix("MIX", stains, colour, (0.05, 0.045, 0.04, 1))
    spots = make.range(make.cells(0.8), (0.04, 0.12, 0.6 * amount + 0.3, 0.0))
    masked = make.times(spots, make.range(make.noise(5.0, 2), (0.48, 0.58, 0.0, 1.0)))
    return make.mix("MIX", masked, colour, (0.03, 0.028, 0.026, 1))


def _asphalt(make: Sockets, along_x: bool) -> bpy.types.NodeSocket:
    grain = make.range(make.noise(0.025, 2), (0.25, 0.75, 0.032, 0.078))
    colour = make.mix("MIX", 0.0, grain, grain)
    stretch = (0.02, 0.55, 1) if along_x else (0.55, 0.02, 1)
    tracks = make.range(make.noise(1.0, 3, stretch), (0.35, 0.65, 0.78, 1.25))
    colour = make.mix("MULTIPLY", 1.0, colour, tracks)
    colour = _worn(make, colour, 0.30)
    crack = make.range(make.edges(2.6, 0.5), (0.0, 0.011, 0.85, 0.0))
    crack = make.times(crack, make.range(make.noise(6.0, 2), (0.46, 0.56, 0.0, 1.0)))
    colour = make.mix("MIX", crack, colour, (0.012, 0.012, 0.012, 1))
    dust = make.range(make.noise(9.0, 5), (0.5, 0.75, 0.0, 0.35))
    return make.mix("MIX", dust, colour, (0.15, 0.14, 0.12, 1))


def _concrete(make: Sockets, panel: tuple[float, float], base: float) -> bpy.types.NodeSocket:
    tones = ((base, base * 0.97, base * 0.92), (base * 0.86, base * 0.84, base * 0.8))
    colour = _slabs(make, panel, tones, (0.07, 0.065, 0.06), 0.0)
    colour = make.mix("MULTIPLY", 1.0, colour, make.range(make.noise(0.12, 5), (0.3, 0.7, 0.82, 1.1)))
    crack = make.range(make.edges(1.9, 0.5), (0.0, 0.008, 0.7, 0.0))
    crack = make.times(crack, make.range(make.noise(4.0, 2), (0.5, 0.6, 0.0, 1.0)))
    return make.mix("MIX", crack, _worn(make, colour, 0.42), (0.04, 0.037, 0.035, 1))


def _soil(make: Sockets, light: RGB, dark: RGB, fine_m: float) -> bpy.types.NodeSocket:
    colour = make.mix("MIX", make.range(make.noise(2.2, 6), (0.35, 0.65, 0.0, 1.0)), (*light, 1), (*dark, 1))
    return make.mix("MULTIPLY", 1.0, colour, make.range(make.noise(fine_m, 6), (0.25, 0.75, 0.55, 1.25)))


Finish = tuple[bpy.types.NodeSocket, float, tuple[float, float]]
"""Colour, roughness, and relief as size in metres and strength."""


def _paved(
    make: Sockets, size: tuple[float, float], tones: tuple[RGB, RGB], joint: RGB, offset: float
) -> Finish:
    wear = 0.35 if size[0] < 0.3 else 0.55
    return _worn(make, _slabs(make, size, tones, joint, offset), wear), 0.95, (0.02, 0.25)


def _water(make: Sockets) -> Finish:
    murk = make.range(make.noise(7.0, 3), (0.4, 0.6, 0.0, 1.0))
    colour = make.mix("MIX", murk, (0.035, 0.055, 0.04, 1), (0.05, 0.065, 0.035, 1))
    return colour, 0.06, (0.5, 0.10)


_KINDS: dict[str, Callable[[Sockets], Finish]] = {
    "carriageway": lambda make: (_asphalt(make, along_x=True), 0.85, (0.02, 0.5)),
    "cross-street": lambda make: (_asphalt(make, along_x=False), 0.85, (0.02, 0.5)),
    "footway": lambda make: _paved(
        make, (0.40, 0.20), ((0.27, 0.255, 0.24), (0.215, 0.20, 0.185)), (0.10, 0.09, 0.08), 0.5
    ),
    "plaza": lambda make: _paved(
        make, (0.6, 0.6), ((0.33, 0.305, 0.275), (0.27, 0.24, 0.215)), (0.12, 0.11, 0.10), 0.0
    ),
    "canal_path": lambda make: _paved(
        make, (0.22, 0.11), ((0.27, 0.13, 0.09), (0.21, 0.11, 0.085)), (0.10, 0.08, 0.07), 0.5
    ),
    "lane": lambda make: (_concrete(make, (4.2, 3.5), 0.27), 0.95, (0.02, 0.25)),
    "waste_slab": lambda make: (_concrete(make, (3.0, 3.0), 0.22), 0.95, (0.02, 0.25)),
    "site_ground": lambda make: (
        _soil(make, (0.30, 0.22, 0.14), (0.17, 0.12, 0.075), 0.12),
        0.95,
        (0.35, 0.8),
    ),
    "park": lambda make: (_soil(make, (0.10, 0.15, 0.035), (0.16, 0.13, 0.06), 0.05), 0.95, (0.05, 0.9)),
    "water": _water,
    "yard": lambda make: (_soil(make, (0.26, 0.25, 0.21), (0.15, 0.145, 0.10), 0.15), 0.95, (0.1, 0.4)),
}


def _material(ground: Ground) -> bpy.types.Material:
    kind = ground.id if ground.id in _KINDS else ground.kind
    name = f"ground-{kind}"
    if name in bpy.data.materials:
        return bpy.data.materials[name]
    make = Sockets(name)
    return make.finish(*_KINDS[kind](make))


def _surface(ground: Ground, level: int) -> None:
    corners = np.array(ground.outline_en)
    mesh = bpy.data.meshes.new(ground.id)
    top = ground.top_m + (LAYER_M * level if ground.kind != "water" else 0)
    mesh.from_pydata([(*corner, top) for corner in corners.tolist()], [], [tuple(range(len(corners)))])
    mesh.materials.append(_material(ground))
    thing = bpy.data.objects.new(ground.id, mesh)
    bpy.context.scene.collection.objects.link(thing)


def _with_hole(
    rect: tuple[float, float, float, float], holes: list[tuple[float, float, float, float]]
) -> list[tuple[float, float, float, float]]:
    """What is left of a rectangle without the holes, as rectangles."""
    pieces = [rect]
    for hw, hs, he, hn in holes:
        left = []
        for w, s, e, n in pieces:
            if hw >= e or he <= w or hs >= n or hn <= s:
                left.append((w, s, e, n))
                continue
            cuts = [
                (w, s, e, hs),
                (w, hn, e, n),
                (w, max(s, hs), hw, min(n, hn)),
                (he, max(s, hs), e, min(n, hn)),
            ]
            left += [(a, b, c, d) for a, b, c, d in cuts if c - a > 0.01 and d - b > 0.01]
        pieces = left
    return pieces


def _bounds(ground: Ground) -> tuple[float, float, float, float]:
    corners = np.array(ground.outline_en)
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    return float(west), float(south), float(east), float(north)


def lay_ground(build: Build) -> None:
    """All surfaces, and into the build what lies on them or frames them."""
    waters = [_bounds(ground) for ground in DISTRICT.grounds if ground.kind == "water"]
    level = 0
    for ground in DISTRICT.grounds:
        holes = waters if ground.kind == "yard" else []
        for number, (w, s, e, n) in enumerate(_with_hole(_bounds(ground), holes)):
            _surface(
                Ground(f"{ground.id}-{number}", ground.kind, ((w, s), (e, s), (e, n), (w, n)), ground.top_m)
                if holes
                else ground,
                level,
            )
        level += 1
    far = [(-900, -900, -130, 900), (130, -900, 900, 900), (-130, 100, 130, 900), (-130, -900, 130, -100)]
    for number, (w, s, e, n) in enumerate(far):
        _surface(Ground(f"far-{number}", "yard", ((w, s), (e, s), (e, n), (w, n))), 0)
    top = LAYER_M * (level + 1)
    _paint(build, top)
    _kerbs(build, top)
    _repairs(build, top)
    _canal(build)


def _flat(
    build: Build, bounds: tuple[float, float, float, float], z: float, material: str, paint: Colour
) -> None:
    w, s, e, n = bounds
    build.add(patch(2, 2, np.array([[w, s, z], [e, s, z], [w, n, z], [e, n, z]])), material, paint)


def _paint(build: Build, z: float) -> None:
    for outline in DISTRICT.markings:
        corners = np.array(outline)
        (w, s), (e, n) = corners.min(axis=0), corners.max(axis=0)
        _flat(build, (w, s, e, n), z + LAYER_M, "roadpaint", build.shade((0.55, 0.54, 0.50), 0.05))
    for north in (-4.2, 4.2):
        for first, last in ((-113, 6.0), (14.0, 113)):
            _flat(
                build, (first, north - 0.05, last, north + 0.05), z + LAYER_M, "roadpaint", (0.5, 0.36, 0.05)
            )
    for north in (-8.6, 7.0):
        for first, last in ((-113, 2.0), (18.0, 113)):
            y = north if north < 0 else north + 0.9
            _flat(build, (first, y, last, y + 0.4), z + LAYER_M, "concrete", (0.46, 0.33, 0.07))


def _kerbs(build: Build, z: float) -> None:
    """Kerb stones, one metre each, along both streets."""
    for north in (-4.5, 4.5):
        for east in np.arange(-113, 113, 1.0):
            if not 6.0 < east + 0.5 < 14.0:
                build.box(
                    (0.985, 0.15, 0.03),
                    (east + 0.5, north, z + build.within(-0.004, 0.004)),
                    "concrete",
                    build.shade(STONE, 0.10),
                )
    for east in (6.5, 13.5):
        for north in np.arange(-87, 87, 1.0):
            if abs(north + 0.5) > 4.8:
                build.box(
                    (0.15, 0.985, 0.03),
                    (east, north + 0.5, z + build.within(-0.004, 0.004)),
                    "concrete",
                    build.shade(STONE, 0.10),
                )


def _repairs(build: Build, z: float) -> None:
    """Asphalt patches, trenches, manholes, gullies, spilt dust."""
    for _ in range(52):
        east, north = (
            (build.within(-110, 110), build.within(-3.4, 3.4))
            if build.rng.random() < 0.62
            else (build.within(8, 12), build.within(-80, 80))
        )
        w, d = build.within(0.5, 2.6), build.within(0.5, 1.8)
        tone, lift = build.within(0.02, 0.075), build.within(0, LAYER_M * 0.8)
        _flat(
            build,
            (east - w / 2, north - d / 2, east + w / 2, north + d / 2),
            z + lift,
            "asphalt",
            (tone, tone, tone * 1.03),
        )
    for east, width in ((-71.0, 0.7), (-17.0, 0.9), (31.0, 0.7), (58.0, 0.8)):
        _flat(build, (east, -4.4, east + width, 4.4), z, "asphalt", (0.028, 0.028, 0.03))
    for _ in range(40):
        east, north = (
            (build.within(-100, 100), build.pick((-2.2, 0, 0), (1.4, 0, 0), (-7.2, 0, 0), (6.2, 0, 0))[0])
            if build.rng.random() < 0.7
            else (build.within(7.4, 12.8), build.within(-60, 60))
        )
        build.add(
            ring_stack(np.array([[0.35, 0.0], [0.35, 0.006], [0.30, 0.010]]), 24),
            "metal",
            (0.10, 0.095, 0.09),
            (east, north, z),
        )
    for east in np.arange(-104, 110, 17.0):
        for north in (-4.2, 4.2):
            _flat(
                build, (east, north - 0.18, east + 0.55, north + 0.18), z + 0.003, "metal", (0.05, 0.05, 0.05)
            )
    for east in np.arange(-100, 0, 12.0):
        _flat(build, (east, 28.8, east + 0.6, 29.3), z + 0.003, "metal", (0.07, 0.07, 0.07))
    _flat(build, (-110, 25.6, 1.8, 25.9), z, "concrete", (0.2, 0.19, 0.17))


def _canal(build: Build) -> None:
    """Walls, coping and railing of the canal, the bridge's parapets."""
    for west, east in ((-113.0, 2.0), (18.0, 113.0)):
        for north, facing in ((-53.0, -1), (-63.0, 1)):
            build.box(
                (east - west, 0.4, 2.0),
                ((west + east) / 2, north - facing * -0.2 * -1, -1.0),
                "wall",
                (0.30, 0.29, 0.26),
            )
            build.box(
                (east - west, 0.5, 0.12), ((west + east) / 2, north - facing * 0.15, 0.03), "concrete", STONE
            )
            for x in np.arange(west + 0.5, east, 2.0):
                build.box(
                    (0.14, 0.14, 1.05),
                    (x, north - facing * 0.15, 0.55),
                    "concrete",
                    build.shade((0.5, 0.49, 0.46), 0.06),
                )
            for z in (0.35, 0.70, 1.0):
                build.rod(
                    (west, north - facing * 0.15, z),
                    (east, north - facing * 0.15, z),
                    0.035,
                    (0.35, 0.36, 0.36),
                )
    for x in (2.0, 18.0):
        build.box((0.3, 10.2, 1.1), (x, -58.0, 0.5), "concrete", (0.45, 0.44, 0.41))
        build.box((0.4, 10.0, 2.2), (x, -58.0, -1.1), "wall", (0.32, 0.31, 0.28))
