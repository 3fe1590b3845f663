"""Building changes: sheds on roofs, added storeys, walls, closed balconies; and scaffolds and banners."""

from collections.abc import Callable

import numpy as np

from sample_videos.district.render.pieces import DARK, STEEL, board
from sample_videos.district.render.shape import Build, Colour, patch

__all__ = ["MAKERS"]

Paints = tuple[Colour, ...]
GLASS: Colour = (0.03, 0.04, 0.05)


def _sheeting(
    build: Build, at: tuple[float, float, float], size: tuple[float, float, float], paint: Colour
) -> None:
    """A wall of ribbed sheet metal; size along x or y, and up."""
    build.box(size, at, "enamel", paint)
    along_x = size[0] > size[1]
    for step in np.arange(-max(size[:2]) / 2 + 0.1, max(size[:2]) / 2, 0.2):
        place = (at[0] + step, at[1], at[2]) if along_x else (at[0], at[1] + step, at[2])
        rib = (0.06, size[1] + 0.04, size[2]) if along_x else (size[0] + 0.04, 0.06, size[2])
        build.box(rib, place, "enamel", build.shade(paint, 0.05))


def roof_shed(build: Build, paints: Paints) -> None:
    """A shed of coloured sheet metal with a sloping roof."""
    for side in (-1, 1):
        _sheeting(build, (0, side * 1.45, 1.1), (3.9, 0.05, 2.2), paints[0])
        _sheeting(build, (side * 1.95, 0, 1.1), (0.05, 2.9, 2.2), paints[0])
    build.box((4.4, 3.5, 0.06), (0, 0, 2.34), "enamel", paints[1], (5, 0, 0))
    for x in np.arange(-2.1, 2.2, 0.3):
        build.box((0.05, 3.5, 0.1), (x, 0, 2.36), "enamel", build.shade(paints[1], 0.06), (5, 0, 0))
    build.box((0.85, 0.06, 1.9), (-1.1, 1.50, 0.95), "metal", (0.3, 0.3, 0.31))
    build.box((1.2, 0.06, 0.8), (0.7, 1.50, 1.3), "window", GLASS)
    build.box((1.3, 0.05, 0.9), (0.7, 1.49, 1.3), "plastic", (0.6, 0.6, 0.6))


def added_storey(build: Build, paints: Paints) -> None:
    """A new storey of brick or sandwich panel with windows and a thin roof."""
    build.box((8.0, 6.0, 2.8), (0, 0, 1.4), "brick" if paints[0][0] > paints[0][1] * 2 else "wall", paints[0])
    build.box((8.5, 6.5, 0.16), (0, 0, 2.9), "enamel", paints[1])
    for x in (-2.8, -0.9, 0.9, 2.8):
        for y, side in ((3.0, 1), (-3.0, -1)):
            build.box((1.25, 0.06, 1.3), (x, y + side * 0.02, 1.5), "plastic", (0.62, 0.63, 0.63))
            build.box((1.12, 0.06, 1.17), (x, y + side * 0.035, 1.5), "window", GLASS)
            build.box((0.05, 0.06, 1.17), (x, y + side * 0.05, 1.5), "plastic", (0.62, 0.63, 0.63))
    for x in (-4.0, 4.0):
        build.box((0.06, 1.2, 1.2), (x, 0, 1.5), "window", GLASS)
    build.box((0.82, 0.34, 0.56), (1.9, 3.2, 0.5), "plastic", (0.6, 0.59, 0.55))


def wall(build: Build, paints: Paints) -> None:
    """A free-standing wall with pillars and coping."""
    material = "brick" if paints[0][0] > paints[0][1] * 2 else "wall"
    for row in np.arange(0.0, 2.04, 0.17):
        build.box((5.0, 0.2, 0.165), (0, 0, row + 0.085), material, build.shade(paints[0], 0.06))
    for x in (-2.4, 0.0, 2.4):
        build.box((0.36, 0.30, 2.14), (x, 0, 1.07), material, build.shade(paints[0], 0.08))
    build.box((5.1, 0.34, 0.08), (0, 0, 2.14), "concrete", (0.42, 0.41, 0.39))


def balcony_enclosure(build: Build, paints: Paints) -> None:
    """A balcony closed with a metal frame and panes."""
    build.box((3.2, 1.3, 0.14), (0, 0, 0.07), "concrete", (0.42, 0.41, 0.39))
    build.box((3.3, 1.4, 0.1), (0, 0, 2.6), "metal", paints[0])
    for height, look, colour in ((0.55, "enamel", paints[1]), (1.75, "window", GLASS)):
        tall = 0.85 if look == "enamel" else 1.5
        build.box((3.1, 0.05, tall), (0, 0.6, height), look, colour)
        for side in (-1, 1):
            build.box((0.05, 1.2, tall), (side * 1.55, 0, height), look, colour)
    for x in np.linspace(-1.55, 1.55, 6):
        build.box((0.06, 0.08, 2.45), (x, 0.62, 1.35), "metal", paints[0])
    for z in (0.16, 1.0, 1.9, 2.5):
        build.box((3.15, 0.08, 0.06), (0, 0.62, z), "metal", paints[0])
        for side in (-1, 1):
            build.box((0.08, 1.25, 0.06), (side * 1.56, 0, z), "metal", paints[0])


def scaffold(build: Build, paints: Paints) -> None:
    """Tubes, planks and nets before a facade."""
    for x in np.arange(-4.0, 4.01, 1.6):
        for y in (-0.5, 0.5):
            build.rod((x, y, 0), (x, y, 6.5), 0.03, paints[0])
    for z in (1.8, 3.6, 5.4):
        for y in (-0.5, 0.5):
            build.rod((-4.2, y, z), (4.2, y, z), 0.028, paints[0])
            build.rod((-4.2, y, z + 0.9), (4.2, y, z + 0.9), 0.024, paints[0])
        build.box((8.2, 0.95, 0.05), (0, 0, z), "wood", (0.34, 0.24, 0.13))
        for x in np.arange(-4.0, 4.01, 1.6):
            build.rod((x, -0.5, z), (x, 0.5, z), 0.026, paints[0])
    for index, x in enumerate(np.arange(-4.0, 3.9, 1.6)):
        low = 1.9 if index % 3 else 0.2
        net = np.array([[x, 0.55, low], [x + 1.58, 0.55, low], [x, 0.56, 6.4], [x + 1.58, 0.56, 6.4]])
        build.add(patch(2, 2, net), "net", build.shade(paints[1], 0.1))
    build.rod((-4.0, 0.5, 0), (-1.0, 0.5, 6.0), 0.026, paints[0])


def banner(build: Build, paints: Paints) -> None:
    """A cloth banner with writing, held by ropes."""
    board(build, (0, 0, 0.55), (5.0, 1.0), paints[0], paints[1])
    for x in (-2.5, 2.5):
        for z in (0.1, 1.0):
            build.rod((x, 0, z), (x * 1.12, -0.05, z + 0.1), 0.012, DARK, "rubber")
    build.rod((-2.5, 0, 1.06), (2.5, 0, 1.06), 0.02, STEEL)


MAKERS: dict[str, Callable[[Build, Paints], None]] = {
    "roof_shed": roof_shed,
    "added_storey": added_storey,
    "wall": wall,
    "balcony_enclosure": balcony_enclosure,
    "scaffold": scaffold,
    "banner": banner,
}
