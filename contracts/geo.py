"""Coordinates in China: WGS 84, GCJ-02 and BD-09, for import and export only.

Inside, everything is WGS 84. Public maps of China show GCJ-02 (Amap, Tencent) or BD-09 (Baidu); taking
one for the other moves a place by 300 m to 700 m. Places are longitude, latitude in degrees. Outside
the box of China all functions return what they were given.

Source: the published reverse engineering of GCJ-02 on the Krasovsky 1940 ellipsoid; no official formula
exists. CGCS2000 differs from WGS 84 by centimetres and is taken for it.
"""

from collections.abc import Callable
from math import atan2, cos, hypot, pi, radians, sin, sqrt

__all__ = ["bd09_to_gcj02", "gcj02_to_bd09", "gcj02_to_wgs84", "in_china", "wgs84_to_gcj02"]

Place = tuple[float, float]

WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""The usual crude box; it holds parts of the neighbours too."""
SEMI_MAJOR_M = 6378245.0
ECCENTRICITY_2 = 0.00669342162296594323
BD_SHIFT: Place = (0.0065, 0.006)
BD_WAVES = 3000.0 / 180.0
ITERATIONS = 10
"""Five already leave less than 1e-8 m; each divides the error by some hundreds."""
CLOSE_DEG = 1e-12


def in_china(lon: float, lat: float) -> bool:
    """Whether a place lies in the box inside which GCJ-02 is used."""
    return WEST <= lon <= EAST and SOUTH <= lat <= NORTH


def wgs84_to_gcj02(lon: float, lat: float) -> Place:
    """GCJ-02 of a WGS 84 place; degrees."""
    return _shifted(lon, lat) if in_china(lon, lat) else (lon, lat)


def gcj02_to_wgs84(lon: float, lat: float) -> Place:
    """WGS 84 of a GCJ-02 place; degrees, better than a millimetre."""
    return _inverse(_shifted, lon, lat) if in_china(lon, lat) else (lon, lat)


def gcj02_to_bd09(lon: float, lat: float) -> Place:
    """BD-09 of a GCJ-02 place; degrees."""
    return _bd09(lon, lat) if in_china(lon, lat) else (lon, lat)


def bd09_to_gcj02(lon: float, lat: float) -> Place:
    """GCJ-02 of a BD-09 place; degrees, better than a millimetre."""
    return _inverse(_bd09, lon, lat) if in_china(lon, lat) else (lon, lat)


def _inverse(forward: Callable[[float, float], Place], lon: float, lat: float) -> Place:
    """The place that `forward` takes to the given one, by fixed-point iteration from the given one."""
    guess_lon, guess_lat = lon, lat
    for _ in range(ITERATIONS):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        step_lon, step_lat = lon - there_lon, lat - there_lat
        guess_lon, guess_lat = guess_lon + step_lon, guess_lat + step_lat
        if abs(step_lon) + abs(step_lat) < CLOSE_DEG:
            break
    return guess_lon, guess_lat


def _shifted(lon: float, lat: float) -> Place:
    x, y = lon - 105.0, lat - 35.0
    both = 20.0 * sin(6.0 * pi * x) + 20.0 * sin(2.0 * pi * x)
    root = sqrt(abs(x))
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north_m += (both + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))) * 2.0 / 3.0
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east_m += (both + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))) * 2.0 / 3.0
    slope = radians(lat)
    flat = 1.0 - ECCENTRICITY_2 * sin(slope) ** 2
    meridian_m = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_2) / (flat * sqrt(flat))
    parallel_m = SEMI_MAJOR_M / sqrt(flat) * cos(slope)
    return lon + east_m / parallel_m * 180.0 / pi, lat + north_m / meridian_m * 180.0 / pi


def _waves(value: float, *parts: tuple[float, float]) -> float:
    """Sum of amplitude * sin(pi * value / period)."""
    return sum(amplitude * sin(pi * value / period) for amplitude, period in parts)


def _bd09(lon: float, lat: float) -> Place:
    radius = hypot(lon, lat) + 2e-5 * sin(lat * pi * BD_WAVES)
    angle = atan2(lat, lon) + 3e-6 * cos(lon * pi * BD_WAVES)
    return radius * cos(angle) + BD_SHIFT[0], radius * sin(angle) + BD_SHIFT[1]
