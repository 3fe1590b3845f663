"""The board on which a day's things are put: who stands where and when, so that nothing overlaps."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import hypot
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import Point, Strip
from sample_videos.district.spots import Spots, is_framed, spots_of, trains_on
from sample_videos.district.things import LYING_M, Episode, Part, block_en

__all__ = ["Board", "Look", "Wish", "crosses", "looks_of"]

F64 = NDArray[np.float64]
CELL_M = 4.0
GAP_M = 0.12
GAP_S = 20.0
TRIES = 30
LONG = 1.6
"""What is so much deeper than wide stands along its strip and not across it."""
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """How something is drawn: its kind, its variant, its size and colour."""

    asset: str
    variant: str
    scale: float
    tint_bgr: tuple[float, float, float]


Looks = Callable[[np.random.Generator, str], Look]
"""Draws a look for a split: `train`, `test` or `any`."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where something may be put.

    Args:
        strips: Kinds of strip, see `plan.Strip`.
        span: When it will stand there.
        turns_deg: Its front against the strip's, one is drawn.
        sway_deg: Standard deviation of its yaw.
        keeps_out: Category whose permitted and ignored zones it must keep out of, or "".
        aside_m: So far, at least, from those zones.
        strip_ids: Only these strips; empty: all of the kinds.
        strict: Whether things held back for tests are drawn only where no training camera sees them, and
            nothing else there; otherwise a test camera sees all variants.
        faces_walk: On a kerb its front looks at those who walk there, not at the street.
        near: Puts it near this place ...
        near_m: ... within so many metres.
    """

    strips: tuple[str, ...]
    span: Span
    turns_deg: tuple[float, ...] = (0.0,)
    sway_deg: float = 6.0
    keeps_out: str = ""
    aside_m: float = 1.5
    strip_ids: tuple[str, ...] = ()
    strict: bool = False
    faces_walk: bool = False
    near: Point | None = None
    near_m: float = 2.5


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A block that is kept for a span, with the circle around it."""

    block: F64
    span: Span
    east_m: float
    north_m: float
    reach_m: float


class Board:
    """One day of one world while it is made.

    Args:
        seed: Of the world.
        day: Number of the day.

    `permitted` keeps when vendors stay on each pitch, for its capacity.
    """

    def __init__(self, seed: int, day: int) -> None:
        self.day = day
        self._seed = seed
        self.permitted: dict[str, list[Span]] = defaultdict(list)
        self._taken: dict[tuple[int, int], list[Taken]] = defaultdict(list)
        for block in _furniture():
            self.take(block, (-np.inf, np.inf))

    def rng(self, camera: DistrictCamera, kind: str) -> np.random.Generator:
        """The random numbers of a kind of episode in a camera's view on this day."""
        return self._drawn((self.day % 2**32, _number(camera), _word(kind)))

    def lasting_rng(self, camera: DistrictCamera, kind: str) -> np.random.Generator:
        """The same on every day: for what comes back, such as favourite places."""
        return self._drawn((2**32 - 1, _number(camera), _word(kind)))

    def _drawn(self, key: tuple[int, ...]) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self._seed, spawn_key=key))

    def is_free(self, block: F64, span: Span) -> bool:
        """Whether nothing else stands on a (4, 2) block at any time of a span."""
        east, north, reach = _round(block)
        return not any(
            other.span[0] < span[1] + GAP_S
            and span[0] - GAP_S < other.span[1]
            and hypot(other.east_m - east, other.north_m - north) < other.reach_m + reach + GAP_M
            and crosses(block, other.block, GAP_M)
            for cell in _cells(block)
            for other in self._taken.get(cell, ())
        )

    def take(self, block: F64, span: Span) -> None:
        """Keep a block for a span."""
        taken = Taken(block, span, *_round(block))
        for cell in _cells(block):
            self._taken[cell].append(taken)

    def put(
        self,
        rng: np.random.Generator,
        camera: DistrictCamera,
        looks: Looks,
        wish: Wish,
        pose: str = "still",
    ) -> Part | None:
        """Put a thing at a free place in a camera's picture; None where none is found."""
        spots = spots_of(camera, wish.strips)
        if not len(spots):
            return None
        chosen = _nearby(spots, wish)
        for _ in range(TRIES if len(chosen) else 0):
            index = int(rng.choice(chosen))
            strip = spots.strip(index)
            place = (float(spots.places[index, 0]), float(spots.places[index, 1]))
            is_open = camera.split == "train" or bool(spots.trains[index])
            look = looks(rng, "train" if is_open else "test" if wish.strict else "any")
            part = replace(_laid(rng, look, strip, place, wish), pose=pose)
            # Its strip's middle was asked; its own place may be seen where that is not.
            leaks = (
                wish.strict and not is_open and bool(trains_on(np.array([[part.east_m, part.north_m]]))[0])
            )
            if not leaks and self.try_put(camera, part, wish):
                return part
        return None

    def try_put(self, camera: DistrictCamera, part: Part, wish: Wish) -> bool:
        """Take a part's place if it is allowed, free and inside the picture."""
        block = block_of(part)
        allowed = (
            is_framed(camera, part)
            and _is_aside((part.east_m, part.north_m), wish)
            and self.is_free(block, wish.span)
        )
        if allowed:
            self.take(block, wish.span)
        return allowed

    def trap(
        self, camera: DistrictCamera, name: str, kind: str, main: Part, others: Iterable[Part] = ()
    ) -> Episode:
        """An episode that must raise nothing."""
        key = f"d{self.day}-{camera.id}-{name}"
        return Episode(key, kind, "", kind, camera.id, "train", (main,), tuple(others))

    def put_beside(self, part: Part, span: Span, places: Iterable[tuple[Point, float]]) -> Part | None:
        """A copy of a part at the first free one of some (place, yaw), kept for a span."""
        for (east, north), yaw in places:
            moved = Part(
                part.asset, part.variant, east, north, yaw % 360, *span, part.scale, part.tint_bgr, part.pose
            )
            block = block_of(moved)
            if not _is_barred(block) and self.is_free(block, span):
                self.take(block, span)
                return moved
        return None


def block_of(part: Part) -> F64:
    """(4, 2) the oblong that a part stands on."""
    width, depth, _ = CATALOGUE[part.asset].size_m
    if part.pose == "lie":
        width, depth = LYING_M
    return block_en(part.east_m, part.north_m, part.yaw_deg, width * part.scale, depth * part.scale)


def looks_of(family: str, scales: tuple[float, float] = (0.94, 1.06)) -> Looks:
    """Draws looks of a family or of one kind."""
    kinds = [each for each in CATALOGUE.values() if family in (each.kind, each.family)]

    def draw(rng: np.random.Generator, split: str) -> Look:
        choices = [
            (kind.kind, variant.name)
            for kind in kinds
            for variant in kind.variants
            if split == "any" or variant.split == split
        ] or [(kind.kind, variant.name) for kind in kinds for variant in kind.variants]
        kind, variant = choices[int(rng.integers(len(choices)))]
        return Look(kind, variant, float(rng.uniform(*scales)), tint(rng))

    return draw


def tint(rng: np.random.Generator) -> tuple[float, float, float]:
    """A change of brightness and, a little, of colour."""
    bright = rng.uniform(0.85, 1.15)
    blue, green, red = bright * rng.uniform(0.95, 1.05, 3)
    return round(float(blue), 3), round(float(green), 3), round(float(red), 3)


def crosses(first: F64, second: F64, gap_m: float = 0.0) -> bool:
    """Whether two oblongs (4, 2) overlap or come nearer than `gap_m`; by separating axes."""
    for block in (first, second):
        for corner in (0, 1):
            axis = block[corner + 1] - block[corner]
            axis = axis / max(float(np.hypot(axis[0], axis[1])), 1e-9)
            one, other = first @ axis, second @ axis
            if one.max() + gap_m <= other.min() or other.max() + gap_m <= one.min():
                return False
    return True


def _laid(rng: np.random.Generator, look: Look, strip: Strip, place: Point, wish: Wish) -> Part:
    """A thing on its strip: its back to the wall, or its front to the kerb."""
    turn = wish.turns_deg[int(rng.integers(len(wish.turns_deg)))]
    width, depth, _ = CATALOGUE[look.asset].size_m
    if wish.faces_walk and strip.kind == "kerb":
        turn += 180.0
    if depth > LONG * width and strip.kind in ("wall", "kerb", "slab", "pitch"):
        turn += 90.0 if rng.random() < 0.5 else 270.0
    yaw = (strip.yaw_deg + turn + rng.normal(0, wish.sway_deg)) % 360
    across = (depth if turn % 180 == 0 else width) * look.scale
    ahead = np.array([np.sin(np.deg2rad(strip.yaw_deg)), np.cos(np.deg2rad(strip.yaw_deg))])
    half = min(strip.east_m - strip.west_m, strip.north_m - strip.south_m) / 2
    shift = {"wall": across / 2 - half + 0.05, "kerb": half - across / 2 - 0.05}.get(strip.kind, 0.0)
    east, north = np.array(place) + ahead * shift + rng.uniform(-0.12, 0.12, 2)
    return Part(
        look.asset, look.variant, float(east), float(north), float(yaw), *wish.span, look.scale, look.tint_bgr
    )


def _nearby(spots: Spots, wish: Wish) -> NDArray[np.intp]:
    """The spots that a wish allows."""
    allowed = np.ones(len(spots), bool)
    if wish.near is not None:
        allowed &= np.hypot(*(spots.places - np.array(wish.near)).T) < wish.near_m
    if wish.strip_ids:
        numbers = [number for number, strip in enumerate(DISTRICT.strips) if strip.id in wish.strip_ids]
        allowed &= np.isin(spots.strips, numbers)
    return np.flatnonzero(allowed)


_ZONES: Final = {
    category: [Polygon(zone.outline_en) for zone in DISTRICT.zones if category in zone.categories]
    for category in ("street_vendor", "garbage_pile", "unattended_object")
}
"""Zones in which a category may be, permitted or ignored."""


def _is_aside(place: Point, wish: Wish) -> bool:
    return not wish.keeps_out or all(
        zone.distance(ShapelyPoint(place)) >= wish.aside_m for zone in _ZONES[wish.keeps_out]
    )


def _is_barred(block: F64) -> bool:
    """Whether a corner or the middle of a block lies in a building or a hoarding, or on a carriageway."""
    points = np.vstack([block, block.mean(axis=0)])
    heights = district_heights()
    in_wall = heights.solid_m[heights.cells(points[:, 0], points[:, 1])] > 0
    east, north = points.T
    on_road = [
        (west < east) & (east < east_edge) & (south < north) & (north < north_edge)
        for west, south, east_edge, north_edge in _CARRIAGEWAYS
    ]
    return bool(in_wall.any() or np.any(on_road))


_CARRIAGEWAYS: Final = [
    (*np.min(ground.outline_en, axis=0), *np.max(ground.outline_en, axis=0))
    for ground in DISTRICT.grounds
    if ground.kind == "carriageway"
]


def _furniture() -> list[F64]:
    """Blocks of what always stands: benches, cabinets, trunks, poles, bins."""
    blocks = [
        block_en(each.east_m, each.north_m, each.yaw_deg, each.size_m[0], each.size_m[1])
        for each in DISTRICT.fixtures
    ]
    blocks += [block_en(tree.east_m, tree.north_m, 0.0, 0.4, 0.4) for tree in DISTRICT.trees]
    blocks += [block_en(lamp.east_m, lamp.north_m, 0.0, 0.25, 0.25) for lamp in DISTRICT.lamps]
    blocks += [block_en(east, north, yaw, 0.64, 0.8) for _, east, north, yaw in DISTRICT.bins]
    return blocks


def _round(block: F64) -> tuple[float, float, float]:
    """Middle and radius of the circle around an oblong."""
    (x1, y1), _, (x2, y2), _ = block.tolist()
    return (x1 + x2) / 2, (y1 + y2) / 2, hypot(x2 - x1, y2 - y1) / 2


def _cells(block: F64) -> list[tuple[int, int]]:
    easts, norths = zip(*block.tolist(), strict=True)
    west, east = (min(easts) - GAP_M) // CELL_M, (max(easts) + GAP_M) // CELL_M
    south, north = (min(norths) - GAP_M) // CELL_M, (max(norths) + GAP_M) // CELL_M
    return [(x, y) for x in range(int(west), int(east) + 1) for y in range(int(south), int(north) + 1)]


def _number(camera: DistrictCamera) -> int:
    return CAMERAS.index(camera)


def _word(kind: str) -> int:
    """A number for a name that is the same in every run."""
    return crc32(kind.encode())
