"""Small furniture of the street: benches, bollards, stops, cabinets, planters, signs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sample_videos.district.plan import Fixture
from sample_videos.district.render.pieces import BRIGHT, DARK, STEEL, WOOD, board
from sample_videos.district.render.shape import Build, patch, ring_stack

__all__ = ["set_fixture"]

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Spot:
    """Where a fixture stands and how it is turned."""

    fixture: Fixture

    @property
    def turn(self) -> Vector:
        """Degrees about the axes."""
        return 0.0, 0.0, -self.fixture.yaw_deg

    def at(self, x: float, y: float, z: float) -> Vector:
        """A place of its own frame in the world."""
        c, s = math.cos(math.radians(self.turn[2])), math.sin(math.radians(self.turn[2]))
        return self.fixture.east_m + c * x - s * y, self.fixture.north_m + s * x + c * y, z


def set_fixture(build: Build, fixture: Fixture) -> None:
    """Put one fixture into the build."""
    _MAKERS[fixture.kind](build, Spot(fixture), fixture.size_m)


def _bench(build: Build, spot: Spot, size: Vector) -> None:
    w = size[0]
    for y in (-0.16, 0.0, 0.16):
        build.box((w, 0.12, 0.04), spot.at(0, y, 0.45), "wood", build.shade(WOOD, 0.1), spot.turn)
    for z in (0.6, 0.74):
        build.box((w, 0.04, 0.1), spot.at(0, -0.23, z), "wood", build.shade(WOOD, 0.1), spot.turn)
    for x in (-w * 0.4, w * 0.4):
        build.box((0.06, 0.45, 0.44), spot.at(x, 0, 0.22), "metal", DARK, spot.turn)


def _bollard(build: Build, spot: Spot, size: Vector) -> None:
    w, _, h = size
    post = ring_stack(np.array([[w / 2, 0], [w / 2, h - 0.1], [w * 0.4, h]]), 14)
    build.add(post, "concrete", (0.45, 0.44, 0.42), spot.at(0, 0, 0), smooth=True)
    band = ring_stack(np.array([[w * 0.51, h * 0.6], [w * 0.51, h * 0.75]]), 14, cap=False)
    build.add(band, "sign", (0.65, 0.45, 0.03), spot.at(0, 0, 0))


def _bus_stop(build: Build, spot: Spot, size: Vector) -> None:
    w, d, h = size
    turn = spot.turn
    for x in (-w * 0.46, 0, w * 0.46):
        build.box((0.08, 0.08, h), spot.at(x, -d * 0.4, h / 2), "metal", (0.3, 0.31, 0.32), turn)
    build.box((w, d, 0.1), spot.at(0, 0, h), "metal", (0.12, 0.22, 0.32), turn)
    poster = build.shade(BRIGHT[1], 0.2)
    build.box((w * 0.45, 0.06, 1.5), spot.at(-w * 0.24, -d * 0.4, 1.3), "sign", poster, turn)
    place = spot.at(w * 0.24, -d * 0.38, 1.3)
    board(build, place, (w * 0.4, 1.4), (0.7, 0.69, 0.65), (0.3, 0.03, 0.03), turn[2])
    build.box((w * 0.8, 0.35, 0.05), spot.at(0, -d * 0.2, 0.45), "metal", STEEL, turn)
    for x in (-w * 0.35, w * 0.35):
        build.box((0.05, 0.3, 0.45), spot.at(x, -d * 0.2, 0.22), "metal", DARK, turn)


def _cabinet(build: Build, spot: Spot, size: Vector) -> None:
    w, d, h = size
    build.box((w, d, h), spot.at(0, 0, h / 2), "enamel", (0.22, 0.30, 0.27), spot.turn)
    build.box((w * 0.96, 0.02, h * 0.85), spot.at(0, d / 2, h / 2), "enamel", (0.26, 0.34, 0.31), spot.turn)
    notice = spot.at(0.1, d / 2 + 0.012, h * 0.6)
    build.box((w * 0.5, 0.012, h * 0.25), notice, "card", (0.6, 0.58, 0.5), spot.turn)


def _planter(build: Build, spot: Spot, size: Vector) -> None:
    w, d, h = size
    build.box((w, d, h * 0.75), spot.at(0, 0, h * 0.37), "concrete", (0.38, 0.34, 0.30), spot.turn)
    leaf = patch(2, 2, np.array([[0, -0.05, 0], [0, 0.05, 0], [0.2, -0.02, 0.06], [0.2, 0.02, 0.06]]))
    for _ in range(60):
        x, y = build.within(-w * 0.45, w * 0.45), build.within(-d * 0.4, d * 0.4)
        tone = build.shade(build.pick((0.05, 0.13, 0.03), (0.08, 0.18, 0.04), (0.45, 0.08, 0.15)), 0.2)
        turn = (0, build.within(-75, -20), build.within(0, 360))
        build.add(leaf, "leaf", tone, spot.at(x, y, h * 0.75), turn)


def _sign(build: Build, spot: Spot, size: Vector) -> None:
    w, _, h = size
    build.rod(spot.at(0, 0, 0), spot.at(0, 0, h), 0.035, STEEL)
    place = spot.at(0, 0.04, h - 0.4)
    board(build, place, (w, 0.7), (0.02, 0.14, 0.36), (0.8, 0.8, 0.78), spot.turn[2])


_MAKERS: dict[str, Callable[[Build, Spot, Vector], None]] = {
    "bench": _bench,
    "bollard": _bollard,
    "bus_stop": _bus_stop,
    "cabinet": _cabinet,
    "planter": _planter,
    "sign": _sign,
}
