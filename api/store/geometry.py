"""Places inside shapes, as functions that the database calls for the few rows that an index leaves."""

import json
import math
import sqlite3
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["add_functions", "box_around", "is_inside", "metres_between"]

EARTH_M = 6_371_008.8
"""Mean radius of the Earth. Source: IUGG, R1 of GRS 80."""


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle metres between two places in degrees; at most 0.6 % off the ellipsoid's.

    Source: haversine formula, R. W. Sinnott, Sky and Telescope 68 (1984).
    """
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    half = math.sin((other_phi - phi) / 2) ** 2
    half += math.cos(phi) * math.cos(other_phi) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def box_around(lon: float, lat: float, radius_m: float) -> tuple[float, float, float, float]:
    """West, south, east, north of a box that holds the circle; west > east crosses the antimeridian."""
    reach_deg = math.degrees(radius_m / EARTH_M) * 1.0001
    south, north = max(-90.0, lat - reach_deg), min(90.0, lat + reach_deg)
    widest = math.cos(math.radians(max(abs(south), abs(north))))
    if widest <= 1e-6 or reach_deg / widest >= 180:
        return -180.0, south, 180.0, north
    west, east = lon - reach_deg / widest, lon + reach_deg / widest
    return (west + 360 if west < -180 else west), south, (east - 360 if east > 180 else east), north


def is_inside(lon: float, lat: float, ring: Sequence[tuple[float, float]]) -> bool:
    """Whether a place lies in a ring of degrees, taken as straight lines on the map (RFC 7946, 3.1.1).

    Source: even-odd rule; a place exactly on an edge is in or out, but in one of two neighbours only.
    """
    inside = False
    for (lon_a, lat_a), (lon_b, lat_b) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (lat_a > lat) != (lat_b > lat) and lon < lon_a + (lat - lat_a) / (lat_b - lat_a) * (lon_b - lon_a):
            inside = not inside
    return inside


@lru_cache(maxsize=64)
def _ring(text: str) -> tuple[tuple[float, float], ...]:
    return tuple((lon, lat) for lon, lat in json.loads(text))


def add_functions(connection: sqlite3.Connection) -> None:
    """Make the shapes known to a connection: `in_ring(lon, lat, json)`, `metres(lon, lat, lon, lat)`."""
    connection.create_function("metres", 4, metres_between, deterministic=True)
    connection.create_function(
        "in_ring", 3, lambda lon, lat, ring: is_inside(lon, lat, _ring(ring)), deterministic=True
    )
