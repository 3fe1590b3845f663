"""A small map of incident places, as numbers for an SVG: no tiles, no other service."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.incident import Incident

__all__ = ["Mark", "PlaceMap", "draw_map"]

WIDTH, HEIGHT = 1080.0, 360.0
MARGIN = 36.0
LEAST_SPAN_M = 16.0
"""So near that the ellipse of a place good to a metre is larger than its mark."""
EARTH_RADIUS_M = 6_371_008.8
SCALE_SHARE = 0.18


@dataclass(frozen=True, slots=True)
class Mark:
    """One place: centre, ellipse half axes and turn, all in map units, y downwards."""

    number: int
    incident_id: str
    category: str
    status: str
    x: float
    y: float
    major: float
    minor: float
    turn_deg: float


@dataclass(frozen=True, slots=True)
class PlaceMap:
    """Marks, the grid lines and a scale bar."""

    width: float
    height: float
    marks: list[Mark]
    grid_x: list[float]
    grid_y: list[float]
    bar_units: float
    bar_words: str
    centre: str


def _round_length(metres: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not over `metres`."""
    power = 10.0 ** math.floor(math.log10(metres))
    return max(step * power for step in (1, 2, 5) if step * power <= metres)


def _words(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def _centre(places: list[tuple[float, float]]) -> tuple[float, float]:
    """Middle of the places; longitudes are taken as seen from the first, so 180 degrees is no seam."""
    first = places[0][0]
    around = [first + math.remainder(lon - first, 360.0) for lon, _ in places]
    lats = [lat for _, lat in places]
    return (min(around) + max(around)) / 2, (min(lats) + max(lats)) / 2


def draw_map(incidents: Sequence[tuple[int, str, Incident]]) -> PlaceMap | None:
    """The map of the incidents that have a place; None where none has.

    Args:
        incidents: Number on the page, status and incident.

    Source: equirectangular projection about the middle (x = R cos(lat0) dlon, y = R dlat): over the few
        kilometres of a district its error is far below the line width.
    """
    placed = [
        (number, status, one, one.lonlat) for number, status, one in incidents if one.lonlat is not None
    ]
    if not placed:
        return None
    lon0, lat0 = _centre([lonlat for _, _, _, lonlat in placed])
    shrink = math.cos(math.radians(lat0))
    metres = [
        (
            math.radians(math.remainder(lon - lon0, 360.0)) * EARTH_RADIUS_M * shrink,
            math.radians(lat - lat0) * EARTH_RADIUS_M,
        )
        for _, _, _, (lon, lat) in placed
    ]
    reach_x, reach_y = LEAST_SPAN_M / 2, LEAST_SPAN_M / 2
    for (east, north), (_, _, one, _) in zip(metres, placed, strict=True):
        error = one.ellipse.semi_major_m if one.ellipse else 0.0
        reach_x, reach_y = max(reach_x, abs(east) + error), max(reach_y, abs(north) + error)
    units_per_m = min((WIDTH / 2 - MARGIN) / reach_x, (HEIGHT / 2 - MARGIN) / reach_y)
    marks = [
        Mark(
            number=number,
            incident_id=one.incident_id,
            category=one.category.value,
            status=status,
            x=round(WIDTH / 2 + east * units_per_m, 1),
            y=round(HEIGHT / 2 - north * units_per_m, 1),
            major=round(one.ellipse.semi_major_m * units_per_m, 1) if one.ellipse else 0.0,
            minor=round(one.ellipse.semi_minor_m * units_per_m, 1) if one.ellipse else 0.0,
            # The long axis lies along x before the turn; azimuth counts clockwise from north, as SVG turns.
            turn_deg=round(one.ellipse.azimuth_deg - 90.0, 1) if one.ellipse else 0.0,
        )
        for (east, north), (number, status, one, _) in zip(metres, placed, strict=True)
    ]
    bar_m = _round_length(WIDTH * SCALE_SHARE / units_per_m)
    step = bar_m * units_per_m
    return PlaceMap(
        width=WIDTH,
        height=HEIGHT,
        marks=marks,
        grid_x=_lines(WIDTH, step),
        grid_y=_lines(HEIGHT, step),
        bar_units=round(step, 1),
        bar_words=_words(bar_m),
        centre=f"{math.remainder(lon0, 360.0):.5f}, {lat0:.5f}",
    )


def _lines(length: float, step: float) -> list[float]:
    """Grid positions around the middle."""
    count = int(length / 2 / step)
    return [round(length / 2 + index * step, 1) for index in range(-count, count + 1)]
