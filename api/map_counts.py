"""Counts of incidents on a map: clusters of a zoom, and a heat grid by the hour of the day."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from api.store.columns import Matched

__all__ = ["Cluster", "HeatCell", "HeatGrid", "cluster", "heat"]

CELLS_PER_TILE = 4
"""A cluster's cell is a quarter of a map tile wide: 64 of its 256 pixels, room for a number."""
MAX_LAT = 85.051129
"""Where the square of Web Mercator ends. Source: EPSG:3857."""
METRES_PER_DEGREE = 111_195.0
QUARTER_MS = 900_000
DENSE = 2_000_000
"""Counters that are laid out as a table; sparser maps are sorted instead."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Incidents of one cell.

    Args:
        lonlat: Their middle, degrees.
        count: How many.
        by_category, by_status: The same, apart; each sums to `count`.
        keys_sum: Sum of their keys: of a single one, its key.
    """

    lonlat: tuple[float, float]
    count: int
    by_category: dict[str, int]
    by_status: dict[str, int]
    keys_sum: int


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell by column (eastwards) and row (northwards), and its counts by the hour of the day."""

    column: int
    row: int
    count: int
    hours: list[int]


@dataclass(frozen=True, slots=True)
class HeatGrid:
    """Cells that have incidents; the first cell begins at `origin`, each is `step_deg` wide and high."""

    origin: tuple[float, float]
    step_deg: tuple[float, float]
    cells: list[HeatCell]
    total: int


def _grouped(places: NDArray[np.int64], kinds: NDArray[np.int64], size: int) -> tuple[Any, Any, Any]:
    """Which places there are, the group of each row, and the counts of kinds by group."""
    if len(places) == 0:
        return places, places, np.zeros((0, size), np.int64)
    low = places.min()
    width = int(places.max() - low) + 1
    if width * size <= DENSE:
        groups = places - low
        counts = np.bincount(groups * size + kinds, minlength=width * size).reshape(width, size)
        used = np.flatnonzero(counts.sum(axis=1))
        return used + low, groups, counts[used]
    found, groups = np.unique(places, return_inverse=True)
    counts = np.bincount(groups * size + kinds, minlength=len(found) * size)
    return found, groups, counts.reshape(len(found), size)


def _sums(groups: NDArray[np.int64], values: NDArray[Any]) -> NDArray[np.float64]:
    """Sums by group, of the groups that have any row."""
    sums: NDArray[np.float64] = np.bincount(groups, weights=values).astype(np.float64)
    return sums[np.flatnonzero(np.bincount(groups))]


def cluster(matched: Matched, zoom: int) -> list[Cluster]:
    """Incidents by the cells of a zoom level (a quarter of a Web Mercator tile wide); counts are exact."""
    lon, lat = matched.column("lon"), np.clip(matched.column("lat"), -MAX_LAT, MAX_LAT)
    across = 2**zoom * CELLS_PER_TILE
    x = np.clip(((lon + 180) / 360 * across).astype(np.int64), 0, across - 1)
    y = np.clip(
        ((1 - np.arcsinh(np.tan(np.radians(lat))) / math.pi) / 2 * across).astype(np.int64), 0, across - 1
    )
    categories, states = matched.words("category"), matched.words("status")
    kinds = matched.column("category").astype(np.int64) * len(states) + matched.column("status")
    rows_from = y.min() if len(y) else 0
    columns_from, columns = (x.min(), int(x.max() - x.min()) + 1) if len(x) else (0, 1)
    places = (y - rows_from) * columns + (x - columns_from)
    found, groups, counts = _grouped(places, kinds, len(categories) * len(states))
    totals = counts.sum(axis=1)
    lons, lats = _sums(groups, lon) / totals, _sums(groups, matched.column("lat")) / totals
    keys = _sums(groups, matched.column("place_key"))
    table = counts.reshape(len(found), len(categories), len(states))
    return [
        Cluster(
            lonlat=(float(lons[at]), float(lats[at])),
            count=int(totals[at]),
            by_category=_named(categories, table[at].sum(axis=1)),
            by_status=_named(states, table[at].sum(axis=0)),
            keys_sum=int(keys[at]) if totals[at] == 1 else 0,
        )
        for at in range(len(found))
    ]


def _named(words: list[str], counts: NDArray[np.int64]) -> dict[str, int]:
    return {word: int(count) for word, count in zip(words, counts, strict=True) if count}


def _hours(sort_ms: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Hour of the day of each time; by quarters of an hour, since every zone differs by whole ones."""
    quarters = sort_ms // QUARTER_MS
    if len(quarters) == 0:
        return quarters
    low = quarters.min()
    used = np.flatnonzero(np.bincount(quarters - low))
    local = [datetime.fromtimestamp(int(at + low) * 900, UTC).astimezone(zone).hour for at in used]
    table = np.zeros(int(used[-1]) + 1, np.int64)
    table[used] = local
    hours: NDArray[np.int64] = table[quarters - low]
    return hours


def heat(matched: Matched, cell_m: float, zone: ZoneInfo) -> HeatGrid:
    """Incidents by square cells and by the hour of the day at which they opened.

    Args:
        matched: The incidents.
        cell_m: Side of a cell, metres; exact in the middle row.
        zone: Where the hours are told.
    """
    lon, lat = matched.column("lon"), matched.column("lat")
    if len(lon) == 0:
        return HeatGrid((0.0, 0.0), (0.0, 0.0), [], 0)
    south, north, west = float(lat.min()), float(lat.max()), float(lon.min())
    rows_deg = cell_m / METRES_PER_DEGREE
    columns_deg = rows_deg / max(0.01, math.cos(math.radians((south + north) / 2)))
    # Cells begin at whole steps of the world, so that a moved map keeps its cells.
    first_row, first_column = math.floor(south / rows_deg), math.floor(west / columns_deg)
    rows = np.floor(lat / rows_deg).astype(np.int64) - first_row
    columns = np.floor(lon / columns_deg).astype(np.int64) - first_column
    width = int(columns.max()) + 1
    found, _, counts = _grouped(rows * width + columns, _hours(matched.column("sort_ms"), zone), 24)
    cells = [
        HeatCell(int(place % width), int(place // width), int(hours.sum()), hours.tolist())
        for place, hours in zip(found, counts, strict=True)
    ]
    return HeatGrid(
        (first_column * columns_deg, first_row * rows_deg), (columns_deg, rows_deg), cells, len(lon)
    )
