"""A house under construction: a concrete frame, scaffolding on two sides, green nets."""

import numpy as np

from sample_videos.district.plan import Building
from sample_videos.district.render.shape import Build, Colour, patch

__all__ = ["raise_shell"]

TUBE: Colour = (0.45, 0.33, 0.08)
GREY: Colour = (0.38, 0.37, 0.35)
Bounds = tuple[float, float, float, float]


def raise_shell(build: Build, building: Building) -> None:
    """Frame, scaffolding and nets of the building."""
    corners = np.array(building.footprint_en)
    (w, s), (e, n) = corners.min(axis=0), corners.max(axis=0)
    bounds = (float(w), float(s), float(e), float(n))
    for storey in range(building.storeys + 1):
        _storey(build, bounds, storey * building.height_m / building.storeys, building.storeys - storey)
    _scaffold(build, bounds, building.height_m + 1.0)


def _storey(build: Build, bounds: Bounds, z: float, left: int) -> None:
    """A slab, and the columns on it; on the last slab only their bars."""
    w, s, e, n = bounds
    middle = ((w + e) / 2, (s + n) / 2, max(0.1, z - 0.1))
    build.box((e - w, n - s, 0.22), middle, "concrete", build.shade(GREY, 0.05))
    for x in np.linspace(w + 0.4, e - 0.4, 5):
        for y in np.linspace(s + 0.4, n - 0.4, 5):
            if left:
                build.box((0.5, 0.5, 3.5), (x, y, z + 1.7), "concrete", build.shade(GREY, 0.06))
                continue
            for dx in (-0.15, 0.15):
                top = (x + dx, y + build.within(-0.1, 0.1), z + 0.9)
                build.rod((x + dx, y, z), top, 0.02, (0.18, 0.08, 0.04))
    if left:
        for x in np.linspace(w + 2.8, e - 2.8, 4)[:: 2 if z else 1]:
            build.box((4.4, 0.2, 1.6), (x, n - 0.3, z + 1.0), "brick", (0.36, 0.16, 0.10))


def _scaffold(build: Build, bounds: Bounds, top: float) -> None:
    w, s, e, n = bounds
    for x in np.arange(w, e + 0.1, 1.8):
        for y in (n + 0.5, n + 1.5):
            build.rod((x, y, 0), (x, y, top), 0.03, TUBE)
        last = min(x + 1.8, e)
        net = np.array([[x, n + 1.55, 3.6], [last, n + 1.55, 3.6], [x, n + 1.55, top], [last, n + 1.55, top]])
        build.add(patch(2, 2, net), "net", build.shade((0.03, 0.20, 0.09), 0.12))
    for y in np.arange(s, n + 0.1, 1.8):
        for x in (w - 0.5, w - 1.5):
            build.rod((x, y, 0), (x, y, top), 0.03, TUBE)
    for z in np.arange(1.8, top, 1.8):
        for y in (n + 0.5, n + 1.5):
            build.rod((w, y, z), (e, y, z), 0.028, TUBE)
        for x in (w - 0.5, w - 1.5):
            build.rod((x, s, z), (x, n, z), 0.028, TUBE)
        build.box((e - w, 1.0, 0.05), ((w + e) / 2, n + 1.0, z), "wood", (0.32, 0.22, 0.12))
        build.box((1.0, n - s, 0.05), (w - 1.0, (s + n) / 2, z), "wood", (0.32, 0.22, 0.12))
