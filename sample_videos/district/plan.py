"""The sample district as a plan: what stands where, in metres.

A made-up quarter of about 160 x 120 m in real coordinates: two streets with shops that cross, a market
corner, a housing lane, a construction site behind hoarding, a waste point and a canal path. The ground is
flat, with flush kerbs; only the water lies lower. Every part is plain data, so that the renderer, the
shadows, the truth and the base map speak of the same place.

Frame of reference: x east, y north, z up, metres, in `FRAME`. Azimuth and yaw: degrees clockwise from
north; the yaw of a thing is the direction that its front looks to.
"""

from dataclasses import dataclass
from typing import Literal

from vision.georeference.frame import LocalFrame

__all__ = [
    "EXTENT",
    "FRAME",
    "Bay",
    "Building",
    "Fixture",
    "Ground",
    "Hoarding",
    "Lamp",
    "Path",
    "Plan",
    "PlanZone",
    "Point",
    "Strip",
    "Tree",
]

Point = tuple[float, float]
"""East, north, metres."""
FRAME = LocalFrame(118.9170, 31.9380)
EXTENT = (-80.0, -60.0, 80.0, 60.0)
"""West, south, east, north of the described district; streets and backdrop go on beyond it."""

Style = Literal["shop", "house", "hall", "hut", "shell", "backdrop"]
Surface = Literal[
    "carriageway",
    "footway",
    "plaza",
    "lane",
    "canal_path",
    "water",
    "site_ground",
    "waste_slab",
    "park",
    "yard",
]


@dataclass(frozen=True, slots=True)
class Building:
    """A building: an upright prism.

    Args:
        id: Its name.
        style: How it looks: `shop` has shop fronts below, `shell` is half built, `backdrop` is seen far off.
        footprint_en: Corners, counter-clockwise, not closed.
        height_m: Of its roof.
        storeys: Above the ground.
        fronts: Numbers of the edges (from that corner to the next) that look at public ground.
        colour: Number of its colour, 0..5.
    """

    id: str
    style: Style
    footprint_en: tuple[Point, ...]
    height_m: float
    storeys: int
    fronts: tuple[int, ...]
    colour: int


@dataclass(frozen=True, slots=True)
class Ground:
    """A piece of ground of one kind; the later ones lie on the earlier.

    Args:
        id: Its name.
        kind: What it is made of.
        outline_en: Corners, counter-clockwise, not closed.
        top_m: Height of its surface; 0 but for the water.
    """

    id: str
    kind: Surface
    outline_en: tuple[Point, ...]
    top_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Hoarding:
    """A site fence of sheet metal along a line; the gate is an opening with a low barrier.

    Args:
        id: Its name.
        line_en: Its corners in order.
        height_m: Of the sheets.
        gates_en: Openings, each from one place on the line to another.
    """

    id: str
    line_en: tuple[Point, ...]
    height_m: float
    gates_en: tuple[tuple[Point, Point], ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree: a trunk and a crown that is an ellipsoid from `clear_m` up to `height_m`."""

    id: str
    east_m: float
    north_m: float
    crown_radius_m: float
    height_m: float
    clear_m: float


@dataclass(frozen=True, slots=True)
class Lamp:
    """A street lamp: a pole with an arm of `arm_m` towards `azimuth_deg`, its light at `height_m`."""

    id: str
    east_m: float
    north_m: float
    height_m: float
    arm_m: float
    azimuth_deg: float


@dataclass(frozen=True, slots=True)
class Fixture:
    """Small furniture of the street that is part of the picture: benches, bollards, signs, a stop.

    Args:
        id: Its name.
        kind: What it is.
        east_m: Middle of its footprint.
        north_m: Likewise.
        yaw_deg: Where its front looks to.
        size_m: Width, depth, height.
    """

    id: str
    kind: Literal["bench", "bollard", "bus_stop", "cabinet", "sign", "planter"]
    east_m: float
    north_m: float
    yaw_deg: float
    size_m: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Bay:
    """A marked parking bay; a car in it looks to `yaw_deg`."""

    id: str
    east_m: float
    north_m: float
    yaw_deg: float
    length_m: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Path:
    """A way along which people walk or vehicles drive.

    Args:
        id: Its name.
        kind: Who uses it.
        line_en: Its middle, in the direction of driving; people walk it both ways.
        width_m: Of the band that is used.
        speed_mps: Usual speed.
        yields_at_m: Metres gone at which the lights stop one; the last counts for who comes from the end.
    """

    id: str
    kind: Literal["walk", "drive", "cycle"]
    line_en: tuple[Point, ...]
    width_m: float
    speed_mps: float
    yields_at_m: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Strip:
    """Ground on which things are typically put.

    Args:
        id: Its name.
        kind: `wall`: along house fronts; `kerb`: along the kerb; `open`: on open ground; `road`: along the
            kerb on the carriageway; `site`: behind the hoarding; `pitch`: marked for vendors;
            `slab`: where rubbish may be put out.
        west_m: Its rectangle.
        south_m: Likewise.
        east_m: Likewise.
        north_m: Likewise.
        yaw_deg: Where the front of a thing looks to here.
    """

    id: str
    kind: Literal["wall", "kerb", "open", "road", "site", "pitch", "slab"]
    west_m: float
    south_m: float
    east_m: float
    north_m: float
    yaw_deg: float


@dataclass(frozen=True, slots=True)
class PlanZone:
    """An area in which a rule of the site holds or does not; `site.py` adds hours and permits.

    Args:
        id: Its name; pitches and slabs have the name of their strip.
        name: What people call it.
        kind: As in the site document.
        outline_en: Corners, counter-clockwise, not closed.
        categories: What it speaks of; empty: everything.
    """

    id: str
    name: str
    kind: Literal["restricted", "permitted", "ignored"]
    outline_en: tuple[Point, ...]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole district; `layout.DISTRICT` is the one there is."""

    buildings: tuple[Building, ...]
    grounds: tuple[Ground, ...]
    hoardings: tuple[Hoarding, ...]
    trees: tuple[Tree, ...]
    lamps: tuple[Lamp, ...]
    fixtures: tuple[Fixture, ...]
    bays: tuple[Bay, ...]
    paths: tuple[Path, ...]
    strips: tuple[Strip, ...]
    zones: tuple[PlanZone, ...]
    markings: tuple[tuple[Point, ...], ...]
    """White paint: closed outlines, on the carriageway."""
    bins: tuple[tuple[str, float, float, float], ...]
    """Homes of the bins: id, east, north, yaw; they are drawn as things, since they move and overflow."""
