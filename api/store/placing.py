"""Which area of responsibility and unit a place lies in, by the site in force."""

import sqlite3
from dataclasses import dataclass
from functools import lru_cache

import yaml

from api.store.geometry import is_inside
from contracts.incident import Category
from contracts.site import Area, Site

__all__ = ["Placing", "place_of"]


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a place lies; None where nothing answers."""

    area: str | None = None
    unit: str | None = None
    grid_cell: str | None = None


NOWHERE = Placing()


def place_of(
    connection: sqlite3.Connection, category: Category, lonlat: tuple[float, float] | None
) -> Placing:
    """Area and unit of a place; of nested areas the smallest decides, as for workers."""
    if lonlat is None:
        return NOWHERE
    fitting = [
        (size, area)
        for size, area in _areas_in_force(connection)
        if (not area.categories or category in area.categories) and is_inside(*lonlat, area.polygon_lonlat)
    ]
    if not fitting:
        return NOWHERE
    _, area = min(fitting, key=lambda sized: sized[0])
    return Placing(area.id, area.unit)


def _areas_in_force(connection: sqlite3.Connection) -> tuple[tuple[float, Area], ...]:
    try:
        row = connection.execute(
            "SELECT version, text FROM config_versions WHERE kind = 'site' ORDER BY version DESC LIMIT 1"
        ).fetchone()
    except sqlite3.OperationalError:
        return ()  # an API without a site of its own
    return () if row is None else _areas(row[1])


@lru_cache(maxsize=4)
def _areas(text: str) -> tuple[tuple[float, Area], ...]:
    """The areas of a site with their sizes in square degrees, which is enough to compare them."""
    return tuple((_size(area), area) for area in Site.model_validate(yaml.safe_load(text)).areas)


def _size(area: Area) -> float:
    ring = area.polygon_lonlat
    pairs = zip(ring, (*ring[1:], ring[0]), strict=True)
    return abs(sum(lon_a * lat_b - lon_b * lat_a for (lon_a, lat_a), (lon_b, lat_b) in pairs)) / 2
