"""Every kind of thing that can stand, lie, walk or drive in the sample district.

Pure data: the Blender scripts read it to know what to build, the timeline to know what it may place,
the truth to know how large it is. A thing has its own frame: x to its right, y forward (the way its front
looks), z up, metres, origin in the middle of its footprint on the ground. Sizes are those of
usual goods (a 240-litre bin is 0.58 m wide, a cargo tricycle 1.1 m), as drawn in `render/`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["CATALOGUE", "Asset", "Family", "Split", "Variant", "Views", "asset", "assets", "views_of"]

Family = Literal["vendor", "pile", "debris", "bin", "context", "vehicle", "person", "change"]
Split = Literal["train", "test"]
Point = tuple[float, float]
Colour = tuple[float, float, float]
"""Linear red, green, blue, 0..1."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One make of a kind: its own colours, goods and random shapes.

    Attributes:
        name: A letter; with the kind it names the atlas `<kind>-<name>`.
        split: `test` is never used while rules are tuned or a detector is trained.
        colours: What the mesh maker paints the largest parts with, in the kind's own order.
    """

    name: str
    split: Split
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class Views:
    """From where a family is drawn.

    Attributes:
        yaws_deg: Where the front looks, from the direction towards the camera, clockwise seen from above.
        depressions_deg: Degrees of the thing below the camera's horizontal.
        px_per_m: Pixels per metre at the anchor.
        mirrored: The thing is the same seen in a mirror: yaws above 180 are drawn from those below.
    """

    yaws_deg: tuple[int, ...]
    depressions_deg: tuple[int, ...]
    px_per_m: float
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    """A kind of thing.

    Attributes:
        kind: Its id.
        family: What sort of thing; decides the views.
        category: Value of `contracts.incident.Category`, or "" for what must raise nothing.
        size_m: Width (x), depth (y), height (z), metres.
        footprint: Polygon on the ground in its own frame, metres, counter-clockwise.
        variants: At least one.
        places: Where it is usually found, words of the plan.
        trap: Kind of trap for `exposure`, or "".
        poses: Names of its poses and the count of phases of each.
    """

    kind: str
    family: Family
    category: str
    size_m: tuple[float, float, float]
    footprint: tuple[Point, ...]
    variants: tuple[Variant, ...]
    places: tuple[str, ...]
    trap: str = ""
    poses: tuple[tuple[str, int], ...] = (("still", 1),)

    @property
    def area_m2(self) -> float:
        """Area of the footprint, square metres."""
        turned = (*self.footprint[1:], self.footprint[0])
        return 0.5 * sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(self.footprint, turned, strict=True))

    def variants_of(self, split: Split) -> tuple[Variant, ...]:
        """The variants of one side of the split."""
        return tuple(variant for variant in self.variants if variant.split == split)


def _block(width: float, depth: float) -> tuple[Point, ...]:
    x, y = width / 2, depth / 2
    return ((-x, -y), (x, -y), (x, y), (-x, y))


def _round(width: float, depth: float, lumps: float = 0.0) -> tuple[Point, ...]:
    """An oval of 14 corners within the block, a little uneven by `lumps` (a share of the radius)."""
    corners = []
    for step in range(14):
        angle = 2 * math.pi * step / 14
        reach = 1 - lumps * (0.5 + 0.5 * math.sin(3 * angle + width * 5 + depth * 3))
        corners.append(
            (round(width / 2 * math.cos(angle) * reach, 3), round(depth / 2 * math.sin(angle) * reach, 3))
        )
    return tuple(corners)


def _variants(colours: str, test: str = "") -> tuple[Variant, ...]:
    """Variants a, b, c... from words of `PAINT`: one word group per variant, groups split by blanks."""
    groups = [tuple(PAINT[word] for word in group.split("+")) for group in colours.split()]
    return tuple(
        Variant("abcdefgh"[index], "test" if "abcdefgh"[index] in test else "train", group)
        for index, group in enumerate(groups)
    )


PAINT: dict[str, Colour] = {
    "white": (0.78, 0.78, 0.76),
    "cream": (0.70, 0.62, 0.45),
    "grey": (0.30, 0.30, 0.31),
    "silver": (0.46, 0.47, 0.49),
    "dark": (0.045, 0.047, 0.052),
    "black": (0.014, 0.014, 0.016),
    "red": (0.50, 0.030, 0.026),
    "wine": (0.17, 0.018, 0.030),
    "orange": (0.66, 0.17, 0.020),
    "yellow": (0.72, 0.45, 0.030),
    "green": (0.035, 0.20, 0.070),
    "teal": (0.020, 0.21, 0.22),
    "olive": (0.13, 0.14, 0.050),
    "sky": (0.16, 0.36, 0.60),
    "blue": (0.022, 0.085, 0.33),
    "navy": (0.014, 0.026, 0.085),
    "violet": (0.17, 0.060, 0.28),
    "pink": (0.68, 0.26, 0.33),
    "brown": (0.14, 0.070, 0.032),
    "tan": (0.42, 0.28, 0.15),
    "khaki": (0.30, 0.24, 0.14),
    "steel": (0.52, 0.53, 0.54),
    "rust": (0.20, 0.075, 0.030),
    "brick": (0.33, 0.10, 0.055),
    "concrete": (0.36, 0.35, 0.33),
    "soil": (0.17, 0.105, 0.060),
    "clay": (0.29, 0.15, 0.075),
    "sand": (0.52, 0.41, 0.25),
}

STREET = ("pavement", "corner", "kerb")
GROUND = ("pavement", "corner", "canal_path")
DUMP = ("pavement", "lane", "waste_point", "corner")
SITE = ("pavement", "lane", "kerb", "canal_path")

_FOUND: tuple[tuple[Family, str], ...] = (
    ("vendor", "street_vendor"),
    ("pile", "garbage_pile"),
    ("debris", "construction_debris"),
)

_VENDORS = (
    ("fruit_tricycle", (1.15, 2.7, 1.55), "blue+yellow red+orange green+red", "", ("kerb", "corner")),
    ("pancake_cart", (1.5, 1.0, 2.3), "red+steel yellow+steel", "", STREET),
    ("skewer_grill", (1.7, 0.9, 2.2), "dark+red steel+blue", "", STREET),
    ("steamer_cart", (1.5, 1.0, 2.3), "steel+blue steel+red", "ab", STREET),
    ("vegetable_sheet", (2.2, 1.5, 0.4), "sky+green grey+green red+green", "", GROUND),
    ("trinket_sheet", (1.8, 1.3, 0.35), "wine+pink navy+yellow", "ab", GROUND),
    ("clothes_rack", (2.4, 1.1, 1.75), "pink+navy white+olive", "", STREET),
    ("goods_table", (2.0, 1.3, 2.35), "blue+white red+white", "", STREET),
    ("fruit_stall", (2.7, 2.2, 2.5), "red+yellow green+white sky+orange", "", STREET),
    ("drinks_cart", (1.4, 0.9, 2.35), "orange+white teal+cream", "", STREET),
    ("flower_stall", (1.9, 1.2, 1.15), "green+pink teal+yellow", "ab", STREET),
    ("melon_heap", (2.3, 1.8, 2.35), "green+orange olive+sky", "", ("kerb", "corner", "lane")),
)
_PILES = (
    ("bags_black", (1.6, 1.2, 0.7), "black dark", "", DUMP),
    ("bags_mixed", (1.8, 1.3, 0.75), "black+white+red dark+sky+yellow", "b", DUMP),
    ("cartons", (1.7, 1.3, 0.8), "tan khaki", "", DUMP),
    ("kitchen_spill", (1.7, 1.4, 0.35), "white+green black+orange", "", DUMP),
    ("household_mix", (2.2, 1.6, 0.85), "black+tan+white white+sky+red", "", DUMP),
    ("bottles_and_bags", (1.5, 1.2, 0.6), "white+teal sky+green", "", DUMP),
    ("leaf_heap", (2.0, 1.5, 0.55), "brown+olive tan+green", "", GROUND),
    ("foam_boxes", (1.6, 1.1, 0.9), "white white+sky", "ab", DUMP),
    ("mattress_and_bags", (2.1, 1.3, 1.1), "cream+black sky+dark", "ab", DUMP),
    ("litter", (2.2, 1.8, 0.15), "white+red white+sky", "", GROUND),
)
_DEBRIS_KINDS = (
    ("rubble", (2.4, 1.8, 0.8), "concrete grey", "", SITE),
    ("brick_heap", (2.0, 1.5, 0.75), "brick rust", "", SITE),
    ("soil_mound", (2.8, 2.2, 0.95), "soil clay", "", SITE),
    ("timber_heap", (2.6, 1.4, 0.65), "tan brown", "", SITE),
    ("bagged_waste", (2.0, 1.4, 0.8), "white+concrete cream+brick", "", SITE),
    ("tile_heap", (1.6, 1.2, 0.45), "white+brick cream+grey", "ab", SITE),
    ("plaster_boards", (2.2, 1.3, 0.7), "white+concrete cream+tan", "", SITE),
    ("renovation_mix", (2.6, 1.8, 0.85), "concrete+tan+white brick+brown+sky", "ab", SITE),
)
_BIN_COLOURS = "green blue grey red"
_CONTEXT = (
    ("tricycle_parked", (1.15, 2.6, 1.2), "blue red green", "c", ("kerb", "lane"), "parked_tricycle"),
    ("e_bike", (0.7, 1.75, 1.15), "white red teal black", "d", ("pavement", "lane"), "parked_e_bike"),
    ("cafe_umbrella", (2.6, 2.6, 2.5), "cream+brown green+tan", "b", ("shop_front",), "cafe_umbrella"),
    ("shop_display", (1.8, 0.8, 1.4), "red+white sky+yellow", "b", ("shop_front",), "shop_display"),
    ("delivery_boxes", (1.2, 0.9, 1.1), "tan khaki+white", "b", ("shop_front", "kerb"), "delivery"),
    ("belongings", (1.3, 0.8, 0.5), "red+white navy+sky", "b", ("canal_path", "wall"), "sleeper"),
    ("sand_heap", (2.8, 2.2, 0.9), "sand tan", "b", ("hoarding",), "sand_in_site"),
    ("suitcase", (0.48, 0.3, 0.72), "navy wine silver", "c", ("pavement", "stop"), "suitcase"),
    ("cones", (1.6, 0.5, 0.75), "orange+white", "", ("kerb", "hoarding"), ""),
)
_VEHICLES = (
    ("sedan", (1.82, 4.65, 1.47), "white black silver red", "d"),
    ("van", (1.68, 4.2, 1.9), "silver white grey", "c"),
    ("light_truck", (1.95, 5.6, 2.3), "white+steel blue+blue", "b"),
    ("tricycle_driven", (1.15, 2.6, 1.65), "blue+navy red+grey", "b"),
    ("e_bike_rider", (0.7, 1.75, 1.6), "white+navy red+wine yellow+yellow black+grey", "d"),
)
_PEOPLE = (
    "navy+dark+black white+blue+brown grey+black+black yellow+navy+black pink+white+brown olive+khaki+grey"
)
"""Shirt, trousers, hair."""
PERSON_POSES = (("walk", 6), ("stand", 1), ("sit", 1), ("lie", 1))
_CHANGES = (
    ("roof_shed", (4.0, 3.0, 2.4), "building_change", "sky+silver rust+grey white+blue steel+red"),
    ("added_storey", (8.0, 6.0, 3.0), "building_change", "brick+grey concrete+white white+sky cream+rust"),
    ("wall", (5.0, 0.24, 2.2), "building_change", "brick concrete white cream"),
    ("balcony_enclosure", (3.2, 1.3, 2.6), "building_change", "silver+sky white+teal steel+sky dark+sky"),
    ("scaffold", (8.0, 1.2, 6.5), "", "steel+green rust+blue steel+sky rust+green"),
    ("banner", (5.0, 0.1, 1.1), "", "red+white blue+white green+yellow red+yellow"),
)


def _heap_asset(row: tuple[str, tuple[float, float, float], str, str, tuple[str, ...]], sort: str) -> Asset:
    kind, size, colours, test, places = row
    family, category = next(pair for pair in _FOUND if pair[0] == sort)
    outline = _block(size[0], size[1]) if sort == "vendor" else _round(size[0], size[1], 0.12)
    return Asset(kind, family, category, size, outline, _variants(colours, test), places)


def _build() -> Iterator[Asset]:
    for rows, sort in ((_VENDORS, "vendor"), (_PILES, "pile"), (_DEBRIS_KINDS, "debris")):
        for row in rows:
            yield _heap_asset(row, sort)
    for kind, category, height in (("bin", "", 1.07), ("bin_overflowing", "overflowing_bin", 1.45)):
        block = _block(0.58, 0.73)
        colours = _variants(_BIN_COLOURS, "d")
        yield Asset(kind, "bin", category, (0.58, 0.73, height), block, colours, ("waste_point", "lane"))
    for kind, size, colours_of, test, places, trap in _CONTEXT:
        heap = kind in ("sand_heap", "cafe_umbrella")
        outline = _round(size[0], size[1]) if heap else _block(size[0], size[1])
        yield Asset(kind, "context", "", size, outline, _variants(colours_of, test), places, trap)
    for kind, size, colours_of, test in _VEHICLES:
        block = _block(size[0], size[1])
        yield Asset(kind, "vehicle", "", size, block, _variants(colours_of, test), ("lane", "bay"))
    looks = _variants(_PEOPLE, "f")
    yield Asset(
        "person", "person", "", (0.52, 0.42, 1.7), _round(0.5, 0.4), looks, ("pavement",), "", PERSON_POSES
    )
    for kind, size, category, colours_of in _CHANGES:
        block, colours = _block(size[0], size[1]), _variants(colours_of, "d")
        yield Asset(kind, "change", category, size, block, colours, ("building",), "" if category else kind)


CATALOGUE: dict[str, Asset] = {each.kind: each for each in _build()}
"""Kind -> asset, in the order of drawing."""

_STILL = Views((0, 60, 120, 180, 240, 300), (8, 17, 32), 90.0)
_HEAP = Views((0, 90, 180, 270), (8, 17, 32), 100.0)
_LATER = {"vehicle": (14,), "person": (14,)}
"""Depressions of the variants after the first: they are there for variety, the first for exactness."""
_VIEWS: dict[str, Views] = {
    "vendor": _STILL,
    "pile": _HEAP,
    "debris": _HEAP,
    "bin": Views((0, 60, 120, 180, 240, 300), (8, 17, 32), 110.0),
    "context": _STILL,
    "vehicle": Views(tuple(range(0, 360, 15)), (8, 20), 60.0, mirrored=True),
    "person": Views(tuple(range(0, 360, 45)), (8, 20), 110.0, mirrored=True),
}


def asset(kind: str) -> Asset:
    """The kind's asset.

    Raises:
        KeyError: No such kind.
    """
    return CATALOGUE[kind]


def assets(family: Family) -> list[Asset]:
    """Every asset of a family, in the order of drawing."""
    return [each for each in CATALOGUE.values() if each.family == family]


def views_of(kind: str, variant: str = "a") -> Views:
    """From where a variant of the kind is drawn: the first from every height, later ones from fewer.

    Raises:
        KeyError: A building change, which is drawn in its place, camera by camera.
    """
    family = CATALOGUE[kind].family
    views = _VIEWS[family]
    return views if variant == "a" else replace(views, depressions_deg=_LATER.get(family, (11, 26)))
