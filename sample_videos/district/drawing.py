"""The plan as a picture: one SVG, drawn from the same data as everything else."""

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import EXTENT, Plan, Point, Strip

__all__ = ["draw_plan"]

F64 = NDArray[np.float64]
NAMESPACE = "http://www.w3.org/2000/svg"
SCALE = 9.0
"""Pixels per metre."""
RANGE_M = 45.0
"""So far a camera's view is drawn."""
SURFACES = {
    "carriageway": "#8c8f93",
    "footway": "#d9d3c7",
    "plaza": "#e4d8c0",
    "lane": "#b9b3a8",
    "canal_path": "#d3c9b4",
    "water": "#9cc3d5",
    "site_ground": "#cdb793",
    "waste_slab": "#b5b5ad",
    "park": "#b7cfa0",
    "yard": "#eceae4",
}
STRIPS = {
    "wall": "#b3541e",
    "kerb": "#6d8c1f",
    "open": "#a2247c",
    "road": "#334f8d",
    "site": "#7a5c14",
    "pitch": "#0a7d4f",
    "slab": "#555555",
}


def draw_plan(plan: Plan = DISTRICT, cameras: Iterable[DistrictCamera] = CAMERAS) -> str:
    """The plan with its cameras as SVG text: north is up, one metre is 9 px."""
    west, south, east, north = EXTENT
    width, height = (east - west) * SCALE, (north - south) * SCALE
    lines = [
        f'<svg xmlns="{NAMESPACE}" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif">',
        *(_area(ground.outline_en, SURFACES[ground.kind]) for ground in plan.grounds),
        *(_area(outline, "#f5f5f5") for outline in plan.markings),
        *(_strip(strip) for strip in plan.strips),
        *(
            _area(
                zone.outline_en,
                "none",
                f'stroke="#0a7d4f" stroke-width="2" stroke-dasharray="6 4" id="zone-{zone.id}"',
            )
            for zone in plan.zones
            if zone.kind != "restricted"
        ),
        *(
            _area(building.footprint_en, "#a79c90", f'stroke="#5d554c" id="{building.id}"')
            for building in plan.buildings
        ),
        *(
            _label(_middle(building.footprint_en), f"{building.id} ({building.storeys})", 11)
            for building in plan.buildings
        ),
        *(_line(hoarding.line_en, "#2d6fb5", 3) for hoarding in plan.hoardings),
        *(_circle(tree.east_m, tree.north_m, tree.crown_radius_m, "#5d9150", 0.6) for tree in plan.trees),
        *(_circle(lamp.east_m, lamp.north_m, 0.25, "#f2c230", 1.0) for lamp in plan.lamps),
        *(_circle(east_m, north_m, 0.4, "#245b2a", 1.0) for _, east_m, north_m, _ in plan.bins),
        *(part for camera in cameras for part in _camera(camera)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _px(place: Point) -> str:
    return f"{(place[0] - EXTENT[0]) * SCALE:.1f},{(EXTENT[3] - place[1]) * SCALE:.1f}"


def _area(outline: Iterable[Point], fill: str, more: str = "") -> str:
    return f'<polygon points="{" ".join(map(_px, outline))}" fill="{fill}" {more}/>'


def _line(places: Iterable[Point], stroke: str, width: float) -> str:
    points = " ".join(map(_px, places))
    return f'<polyline points="{points}" fill="none" stroke="{stroke}" stroke-width="{width:g}"/>'


def _strip(strip: Strip) -> str:
    corners = [
        (strip.west_m, strip.south_m),
        (strip.east_m, strip.south_m),
        (strip.east_m, strip.north_m),
        (strip.west_m, strip.north_m),
    ]
    colour = STRIPS[strip.kind]
    return _area(
        corners, colour, f'fill-opacity="0.18" stroke="{colour}" stroke-opacity="0.6" id="strip-{strip.id}"'
    )


def _circle(east_m: float, north_m: float, radius_m: float, fill: str, opacity: float) -> str:
    x, y = _px((east_m, north_m)).split(",")
    return f'<circle cx="{x}" cy="{y}" r="{radius_m * SCALE:.1f}" fill="{fill}" fill-opacity="{opacity:g}"/>'


def _label(place: Point, text: str, size: int) -> str:
    x, y = _px(place).split(",")
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="middle" fill="#222">{escape(text)}</text>'


def _middle(outline: Iterable[Point]) -> Point:
    places = np.array(list(outline))
    return float(places[:, 0].mean()), float(places[:, 1].mean())


def _camera(camera: DistrictCamera) -> Iterator[str]:
    """Its sector as far as `RANGE_M`, its place and its name."""
    half = float(np.rad2deg(np.arctan(camera.size_wh[0] / 2 / camera.focal_px)))
    turns = np.deg2rad(np.linspace(camera.azimuth_deg - half, camera.azimuth_deg + half, 9))
    eye = (camera.east_m, camera.north_m)
    edge = [
        (eye[0] + RANGE_M * float(np.sin(turn)), eye[1] + RANGE_M * float(np.cos(turn))) for turn in turns
    ]
    yield _area([eye, *edge], "#d22d2d", 'fill-opacity="0.07" stroke="#d22d2d" stroke-opacity="0.5"')
    yield _circle(*eye, 0.5, "#d22d2d", 1.0)
    aside = (eye[0] + 4.0 * float(np.sin(turns[4])), eye[1] + 4.0 * float(np.cos(turns[4])))
    yield _label(aside, f"{camera.id} ({camera.split})", 13)
