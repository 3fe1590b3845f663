"""Vehicles: cars lofted from their side profile, cargo tricycles and e-bikes with and without riders."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sample_videos.district.render.people import figure, pose_joints
from sample_videos.district.render.pieces import DARK, STEEL, tricycle, wheel
from sample_videos.district.render.shape import Build, Colour, ball, box, patch, ring_stack

__all__ = ["MAKERS"]

Profile = tuple[tuple[float, float], ...]
LOWER = 34
"""Points of a cross-section below the windows."""
GLASS: Colour = (0.018, 0.022, 0.026)


@dataclass(frozen=True, slots=True)
class Car:
    """A car's measures; profiles are (y, z) from rear to front, metres."""

    length: float
    width: float
    belt: Profile
    roof: Profile
    tumble: float
    windows: Profile
    """Side windows as (from y, to y)."""
    screen: tuple[float, float]
    """The windscreen's y from its top to its foot."""
    rear: tuple[float, float]
    axles: tuple[float, float]
    tyre: float
    seams: tuple[float, ...]


SEDAN = Car(
    4.65,
    1.82,
    ((-2.33, 0.80), (-2.2, 0.98), (-1.5, 1.02), (0.9, 0.93), (1.2, 0.92), (2.1, 0.78), (2.33, 0.62)),
    (
        (-2.33, 0.5),
        (-1.75, 1.02),
        (-1.0, 1.40),
        (-0.4, 1.47),
        (0.2, 1.45),
        (0.45, 1.40),
        (1.25, 0.92),
        (2.33, 0.5),
    ),
    0.70,
    ((-1.25, -0.35), (-0.27, 0.72)),
    (0.42, 1.2),
    (-1.65, -0.98),
    (-1.38, 1.38),
    0.32,
    (-0.9, -0.31, 0.85),
)
VAN = Car(
    4.2,
    1.68,
    ((-2.1, 0.95), (-2.0, 1.08), (1.3, 1.05), (1.75, 0.98), (2.0, 0.85), (2.1, 0.7)),
    ((-2.1, 1.4), (-2.02, 1.82), (-1.6, 1.90), (0.6, 1.90), (0.95, 1.84), (1.72, 1.05), (2.1, 0.6)),
    0.84,
    ((-1.9, -0.85), (-0.75, 0.22), (0.3, 1.05)),
    (0.95, 1.7),
    (-2.12, -2.0),
    (-1.25, 1.25),
    0.29,
    (-0.8, 0.26, 1.15),
)
CAB = Car(
    1.75,
    1.9,
    ((-0.87, 1.2), (0.6, 1.2), (0.8, 1.1), (0.87, 0.8)),
    ((-0.87, 1.9), (-0.8, 2.12), (-0.5, 2.2), (0.2, 2.2), (0.4, 2.12), (0.78, 1.2), (0.87, 0.8)),
    0.86,
    ((-0.55, 0.42),),
    (0.38, 0.78),
    (-2, -2),
    (9, 9),
    0.36,
    (-0.62, 0.6),
)


def _section(car: Car, y: float) -> np.ndarray:
    """Half of the cross-section at y: (K, 2) of x and z, from the sill up to the roof's middle."""
    half, end = car.width / 2, car.length / 2
    nose = max(0.0, (abs(y) - end * 0.72) / (end * 0.28))
    half *= 1 - 0.16 * nose**2.2
    belt = float(np.interp(y, *zip(*car.belt, strict=True)))
    roof = max(float(np.interp(y, *zip(*car.roof, strict=True))), belt + 0.012)
    sill = 0.20 + 0.10 * nose**2
    t = np.linspace(0, 1, LOWER)
    lower = np.stack([half * (0.92 + 0.08 * np.sin(np.pi * (0.12 + 0.62 * t))), sill + (belt - sill) * t], -1)
    rise = np.linspace(0, 1, 12) ** 0.9
    foot, top = half * 0.93, half * (car.tumble if roof > belt + 0.1 else 0.90)
    upper = np.stack([foot + (top - foot) * rise**1.4, belt + (roof - belt) * rise * 0.97], -1)
    over = np.linspace(1, 0, 9)[1:]
    lid = np.stack(
        [top * over, belt + (roof - belt) * (0.97 + 0.03 * (1 - over**2)) + 0.02 * (1 - over**2)], -1
    )
    return np.vstack([lower, upper, lid])


def body(build: Build, car: Car, paint: Colour, at: tuple[float, float, float] = (0, 0, 0)) -> None:
    """The lofted shell with glass, door seams and dark wheel houses."""
    stations = np.linspace(-car.length / 2, car.length / 2, int(car.length / 0.018))
    halves = [_section(car, y) for y in stations]
    kernel = np.hanning(9) / np.hanning(9).sum()
    stack = np.array(halves)
    padded = np.pad(stack, ((4, 4), (0, 0), (0, 0)), mode="edge")
    stack = np.apply_along_axis(lambda line: np.convolve(line, kernel, "valid"), 0, padded)
    rows = []
    for y, half in zip(stations, stack, strict=True):
        full = np.vstack([half, half[-2::-1] * (-1, 1)])
        rows.append(np.column_stack([full[:, 0], np.full(len(full), y), full[:, 1]]))
    shut = [rows[0] * (0, 1, 0.6) + (0, 0, 0.2), *rows, rows[-1] * (0, 1, 0.6) + (0, 0, 0.2)]
    count = len(rows[0])
    points, faces = patch(len(shut), count, np.concatenate(shut))
    points = points + np.array(at)
    middle = points[faces].mean(axis=1) - np.array(at)
    column = faces[:, 0] % count
    column = np.minimum(column, count - 2 - column)
    _paint_body(build, car, paint, (points, faces, middle, column), at)


def _paint_body(
    build: Build, car: Car, paint: Colour, shell: tuple[np.ndarray, ...], at: tuple[float, float, float]
) -> None:
    points, faces, middle, column = shell
    y, z = middle[:, 1], middle[:, 2]
    glass = np.zeros(len(faces), bool)
    side = (column >= LOWER + 1) & (column < LOWER + 10)
    for low, high in car.windows:
        glass |= side & (y > low) & (y < high)
    top = column >= LOWER + 10
    glass |= ((column >= LOWER + 2) | top) & (y > car.screen[0]) & (y < car.screen[1]) & (z > 0.95)
    glass |= ((column >= LOWER + 3) | top) & (y > car.rear[0]) & (y < car.rear[1]) & (z > 1.0)
    if car is VAN:
        glass |= (y < -2.09) & (z > 1.15) & (z < 1.7)
    house = np.zeros(len(faces), bool)
    for axle in car.axles:
        house |= (np.hypot(y - axle, z - car.tyre) < car.tyre * 1.13) & (column < LOWER)
    under = (z < 0.27) & ~house
    shade = np.broadcast_to(np.array(paint), (len(points), 3)).copy()
    spot = points - np.array(at)
    for seam in car.seams:
        shade[(np.abs(spot[:, 1] - seam) < 0.013) & (spot[:, 2] < 1.3) & (spot[:, 2] > 0.3)] *= 0.25
    build.add((points, faces[~glass & ~house & ~under]), "paint", shade, smooth=True)
    build.add((points, faces[glass]), "window", GLASS, smooth=True)
    build.add((points, faces[house | under]), "rubber", (0.012, 0.012, 0.013), smooth=True)
    for axle in car.axles:
        if abs(axle) < 5:
            for edge in (-1, 1):
                wheel(build, (edge * (car.width / 2 - 0.12), axle, car.tyre), car.tyre, 0.21)


def _trim(
    build: Build, width: float, front: float, back: float, heights: tuple[float, float, float], plate: Colour
) -> None:
    """Lights, grille, bumpers and plates."""
    lamp, grille, tail = heights
    for side in (-1, 1):
        build.add(
            ball(3),
            "lamp",
            (0.75, 0.77, 0.78),
            (side * width * 0.37, front - 0.12, lamp),
            scale=(0.17, 0.12, 0.075),
            smooth=True,
        )
        build.add(
            ball(3),
            "lamp",
            (0.42, 0.012, 0.012),
            (side * width * 0.38, back + 0.10, tail),
            scale=(0.16, 0.12, 0.085),
            smooth=True,
        )
        build.add(
            ball(2),
            "paint",
            DARK,
            (side * (width * 0.5 + 0.08), front - 1.45, lamp + 0.36),
            scale=(0.09, 0.05, 0.07),
            smooth=True,
        )
    build.box((width * 0.5, 0.06, 0.13), (0, front - 0.015, grille), "plastic", (0.015, 0.015, 0.016))
    build.box((width * 0.7, 0.06, 0.07), (0, front - 0.015, grille - 0.17), "plastic", (0.02, 0.02, 0.02))
    build.box((0.44, 0.02, 0.14), (0, front + 0.022, grille - 0.10), "sign", plate)
    build.box((0.44, 0.02, 0.14), (0, back - 0.004, tail - 0.16), "sign", plate)


def sedan(build: Build, paints: tuple[Colour, ...]) -> None:
    """A saloon car."""
    body(build, SEDAN, paints[0])
    _trim(build, 1.82, 2.325, -2.325, (0.68, 0.52, 0.84), build.pick((0.02, 0.08, 0.4), (0.05, 0.35, 0.15)))
    for side in (-1, 1):
        for y in (-0.75, 0.18):
            build.box((0.03, 0.16, 0.03), (side * 0.90, y, 0.86), "metal", STEEL)


def van(build: Build, paints: tuple[Colour, ...]) -> None:
    """A small bread-loaf van."""
    body(build, VAN, paints[0])
    _trim(build, 1.68, 2.10, -2.10, (0.78, 0.60, 0.95), (0.02, 0.08, 0.4))


def light_truck(build: Build, paints: tuple[Colour, ...]) -> None:
    """A light truck with a cargo box or a flat bed with drop sides."""
    body(build, CAB, paints[0], (0, 1.9, 0.18))
    _trim(build, 1.9, 2.77, -2.8, (0.85, 0.72, 0.6), (0.6, 0.45, 0.03))
    build.box((0.8, 4.2, 0.16), (0, -0.7, 0.55), "metal", DARK)
    for y in (1.95, -1.55):
        for side in (-1, 1):
            wheel(build, (side * 0.78, y, 0.37), 0.37, 0.24)
    if paints[0] == paints[1]:
        for side in (-1, 1):
            build.box((0.04, 3.7, 0.42), (side * 0.95, -0.95, 0.98), "enamel", paints[1])
            for y in np.linspace(-2.7, 0.8, 8):
                build.box((0.06, 0.05, 0.42), (side * 0.95, y, 0.98), "enamel", build.shade(paints[1], 0.2))
        build.box((1.9, 0.04, 0.42), (0, -2.79, 0.98), "enamel", paints[1])
        build.box((1.9, 0.04, 0.9), (0, 0.9, 1.2), "enamel", paints[1])
        build.box((1.9, 3.7, 0.05), (0, -0.95, 0.76), "wood", (0.2, 0.16, 0.12))
        return
    build.box((1.95, 3.75, 1.55), (0, -0.93, 1.53), "enamel", paints[1])
    for y in np.linspace(-2.6, 0.8, 12):
        for side in (-1, 1):
            build.box((0.02, 0.04, 1.5), (side * 0.98, y, 1.53), "enamel", build.shade(paints[1], 0.1))
    for x in (-0.5, 0.5):
        build.box((0.94, 0.02, 1.45), (x, -2.81, 1.52), "enamel", build.shade(paints[1], 0.08))


def tricycle_driven(build: Build, paints: tuple[Colour, ...]) -> None:
    """A loaded cargo tricycle with its driver."""
    floor = tricycle(build, paints[0])
    for _ in range(9):
        size = (build.within(0.25, 0.45), build.within(0.25, 0.5), build.within(0.2, 0.35))
        build.box(
            size,
            (
                build.within(-0.28, 0.28),
                build.within(-1.05, -0.05),
                floor + size[2] / 2 + build.within(0, 0.2),
            ),
            "card",
            build.shade((0.42, 0.28, 0.15), 0.15),
            (0, 0, build.within(-10, 10)),
        )
    joints = pose_joints("ride", 0)
    figure(build, "a", (paints[1], (0.05, 0.05, 0.06), (0.015, 0.012, 0.01)), joints, (0, 0.36, 0.0))


def e_bike(build: Build, paints: tuple[Colour, ...], has_box: bool = False) -> None:
    """An electric scooter-bike that looks to +y."""
    paint = paints[0]
    wheel(build, (0, 0.62, 0.23), 0.23, 0.09)
    wheel(build, (0, -0.58, 0.23), 0.23, 0.10)
    shell = ball(3)[0]
    build.add(
        (shell, ball(3)[1]), "paint", paint, (0, 0.47, 0.66), (-18, 0, 0), (0.15, 0.09, 0.33), smooth=True
    )
    build.add(
        (shell, ball(3)[1]), "paint", paint, (0, -0.42, 0.50), (0, 0, 0), (0.15, 0.42, 0.19), smooth=True
    )
    build.box((0.28, 0.5, 0.07), (0, 0.14, 0.33), "rubber", DARK)
    build.add(box((0.27, 0.62, 0.11), 0.04), "rubber", (0.02, 0.02, 0.022), (0, -0.36, 0.74))
    for side in (-1, 1):
        build.rod((side * 0.06, 0.62, 0.23), (side * 0.06, 0.48, 0.72), 0.022, STEEL)
        build.rod((0, 0.42, 0.98), (side * 0.31, 0.30, 1.02), 0.016, DARK)
        build.rod((side * 0.22, 0.34, 1.02), (side * 0.27, 0.36, 1.18), 0.007, DARK)
        build.add(ball(2), "window", DARK, (side * 0.28, 0.36, 1.19), scale=(0.06, 0.02, 0.045), smooth=True)
    build.rod((0, 0.5, 0.66), (0, 0.42, 1.0), 0.03, DARK)
    build.add(ball(2), "lamp", (0.8, 0.8, 0.75), (0, 0.56, 0.84), scale=(0.08, 0.05, 0.06), smooth=True)
    build.add(ball(2), "lamp", (0.45, 0.015, 0.015), (0, -0.84, 0.58), scale=(0.09, 0.04, 0.04), smooth=True)
    arc = (
        ring_stack(np.array([[0.27, -0.06], [0.285, 0.0], [0.27, 0.06]]), 24, cap=False)[0]
        .reshape(3, 24, 3)[:, 1:12]
        .reshape(-1, 3)
    )
    build.add(patch(3, 11, arc), "paint", paint, (0, 0.62, 0.24), (0, 90, 0), smooth=True)
    build.rod((0.1, -0.1, 0.3), (0.22, -0.12, 0.02), 0.014, STEEL)
    if has_box:
        build.add(box((0.46, 0.44, 0.42), 0.03), "plastic", paint, (0, -0.68, 1.02))
    else:
        build.box((0.3, 0.2, 0.18), (0, 0.72, 0.86), "metal", (0.12, 0.12, 0.13))


def e_bike_rider(build: Build, paints: tuple[Colour, ...]) -> None:
    """An e-bike under way, some with a courier's box."""
    courier = abs(paints[0][0] - paints[1][0]) < 0.01
    e_bike(build, paints, courier)
    look = "d" if courier else ("b" if build.rng.random() < 0.5 else "a")
    figure(
        build,
        look,
        (paints[1], (0.05, 0.06, 0.09), (0.015, 0.012, 0.01)),
        pose_joints("ride", 0),
        (0, -0.30, 0.0),
    )


def tricycle_parked(build: Build, paints: tuple[Colour, ...]) -> None:
    """An empty cargo tricycle."""
    tricycle(build, paints[0])


MAKERS: dict[str, Callable[[Build, tuple[Colour, ...]], None]] = {
    "sedan": sedan,
    "van": van,
    "light_truck": light_truck,
    "tricycle_driven": tricycle_driven,
    "e_bike": e_bike,
    "e_bike_rider": e_bike_rider,
    "tricycle_parked": tricycle_parked,
}
