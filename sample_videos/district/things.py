"""What stands or moves in the district: parts that are drawn, and the episodes that they belong to.

Times are seconds since 00:00 of simulated day 0, a Monday (`DAY_0`), local time of the site.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.catalogue import asset
from sample_videos.district.plan import Point

__all__ = [
    "DAY_0",
    "DAY_S",
    "TIME_ZONE",
    "WHEELED",
    "Episode",
    "Part",
    "Placed",
    "block_en",
    "clock",
    "footprint_en",
    "hour",
    "hull_enu",
]

F64 = NDArray[np.float64]
TIME_ZONE: Final = "Asia/Shanghai"
DAY_0: Final = datetime(2026, 4, 6, tzinfo=ZoneInfo(TIME_ZONE))
DAY_S: Final = 86400.0
STRIDE_M = 1.4
"""Two steps of a walker; the six pictures of a walk are spread over it."""
PLAIN = (1.0, 1.0, 1.0)
LYING_M = (1.75, 0.65)
"""Width and depth of a person who lies, with the mat: the head is to the right."""
TAPER = {
    "pile": 0.45,
    "debris": 0.4,
    "vehicle": 0.78,
    "person": 0.9,
    "vendor": 0.95,
    "bin": 1.0,
    "context": 0.9,
}
"""How much of the footprint is left at the top of a thing, by family; heaps are pointed."""
ON_WHEELS = 0.88
"""How much of the footprint of a bike or tricycle is at the ground: handlebars and wheels are round."""
WHEELED = {"fruit_tricycle": 0.7, "tricycle_parked": 0.75, "e_bike": 0.6}
"""Kinds that stand on three wheels or two, and what is left of their footprint at the top."""


def clock(seconds: float) -> datetime:
    """The aware local time of a moment of the simulation."""
    return DAY_0 + timedelta(seconds=seconds)


def hour(day: int, hours: float) -> float:
    """The moment `hours` after 00:00 of a day."""
    return day * DAY_S + hours * 3600.0


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing at one moment, as it is drawn.

    Args:
        asset: Kind, see `catalogue`.
        variant: Its variant.
        pose: `still`, or of a person `walk`, `stand`, `sit`, `lie`.
        phase: Number of the picture of a walk, 0..5; else 0.
        east_m: Middle of its footprint in `plan.FRAME`.
        north_m: Likewise.
        yaw_deg: Where its front looks to, clockwise from north.
        scale: Of its size in the catalogue.
        tint_bgr: Multiplies its colours.
        thing_id: Of its episode; "" of passing traffic.
        category: Of its episode if it is its main thing, else "".
        is_person: Whether it is a person (an e-bike's rider rides and is none).
        has_lights: Whether its lights are on, if it has any.
    """

    asset: str
    variant: str
    pose: str
    phase: int
    east_m: float
    north_m: float
    yaw_deg: float
    scale: float = 1.0
    tint_bgr: tuple[float, float, float] = PLAIN
    thing_id: str = ""
    category: str = ""
    is_person: bool = False
    has_lights: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One thing for a span: it stands, or goes along a way.

    Args:
        asset: Kind, see `catalogue`.
        variant: Its variant.
        east_m: Middle of its footprint while it stands.
        north_m: Likewise.
        yaw_deg: Where its front looks to while it stands.
        from_t: First moment at which it is there.
        to_t: First moment at which it is gone.
        scale: Of its size in the catalogue.
        tint_bgr: Multiplies its colours.
        pose: See `Placed`; a person that goes walks.
        has_lights: Whether its lights are on.
        way: (t, east, north) in order of time: it goes from one to the next; it stands at the first before
            and at the last after. Empty: it stands at its place.
    """

    asset: str
    variant: str
    east_m: float
    north_m: float
    yaw_deg: float
    from_t: float
    to_t: float
    scale: float = 1.0
    tint_bgr: tuple[float, float, float] = PLAIN
    pose: str = "still"
    has_lights: bool = False
    way: tuple[tuple[float, float, float], ...] = ()

    def is_there(self, t: float) -> bool:
        """Whether it is there at a moment."""
        return self.from_t <= t < self.to_t

    def placed(self, t: float, thing_id: str = "", category: str = "") -> Placed:
        """How it is drawn at a moment at which it is there."""
        east, north, yaw, pose, phase = self.east_m, self.north_m, self.yaw_deg, self.pose, 0
        is_person = self.asset == "person"
        if self.way:
            east, north, heading, walked = _along(self.way, t)
            if heading is not None:
                yaw = heading
                if is_person:
                    pose, phase = "walk", int(walked / STRIDE_M * 6) % 6
        return Placed(
            self.asset, self.variant, pose, phase, east, north, yaw, self.scale, self.tint_bgr,
            thing_id, category, is_person, self.has_lights,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that happens in the district: a vendor's stay, a pile, a delivery, a person who waits.

    Args:
        id: Unique in a world.
        kind: What it is, such as `vendor`, `pile`, `delivery`.
        category: Value of `contracts.incident.Category` of its main thing; "" of a trap.
        trap: Kind of trap for the count of exposure; "" of what is an incident.
        camera_id: In whose view it was put; other cameras may see it too.
        split: `test` if its main thing is drawn with a variant held back for tests.
        stages: Its main thing, one part after the other at one place (a growing pile has several).
        others: What belongs to it: seller, customers, van, belongings.
        due: While its main thing is against a rule, dwell not counted; None: never.
    """

    id: str
    kind: str
    category: str
    trap: str
    camera_id: str
    split: str
    stages: tuple[Part, ...]
    others: tuple[Part, ...] = field(default_factory=tuple)
    due: tuple[float, float] | None = None

    @property
    def from_t(self) -> float:
        """When its main thing is first at its place."""
        return self.stages[0].from_t

    @property
    def to_t(self) -> float:
        """When its main thing is gone."""
        return self.stages[-1].to_t

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that is drawn of it."""
        return self.stages + self.others

    @property
    def span(self) -> tuple[float, float]:
        """From its first part's coming to its last part's going."""
        return min(part.from_t for part in self.parts), max(part.to_t for part in self.parts)

    def stage_at(self, t: float) -> Part | None:
        """Its main thing as it is at a moment, or None."""
        return next((stage for stage in self.stages if stage.is_there(t)), None)


def block_en(east_m: float, north_m: float, yaw_deg: float, width_m: float, depth_m: float) -> F64:
    """(4, 2) corners of an oblong with its front towards `yaw_deg`, counter-clockwise."""
    x, y = width_m / 2, depth_m / 2
    return _turned(np.array([(-x, -y), (x, -y), (x, y), (-x, y)]), east_m, north_m, yaw_deg)


def footprint_en(part: Part | Placed) -> F64:
    """(N, 2) corners of a thing's footprint, metres, counter-clockwise, not closed."""
    if part.pose == "lie":
        return block_en(part.east_m, part.north_m, part.yaw_deg, *(side * part.scale for side in LYING_M))
    corners = np.array(asset(part.asset).footprint) * part.scale
    return _turned(corners, part.east_m, part.north_m, part.yaw_deg)


def hull_enu(part: Part | Placed) -> F64:
    """(2N, 3) a simple body around a thing: its footprint below, the same drawn in above."""
    thing = asset(part.asset)
    below = footprint_en(part)
    height = thing.size_m[2] * part.scale * _POSE_HEIGHT.get(part.pose, 1.0)
    middle = np.array([part.east_m, part.north_m])
    above = middle + (below - middle) * WHEELED.get(part.asset, TAPER[thing.family])
    if part.asset in WHEELED:
        below = middle + (below - middle) * ON_WHEELS
    return np.vstack(
        [
            np.column_stack([below, np.zeros(len(below))]),
            np.column_stack([above, np.full(len(above), height)]),
        ]
    )


_POSE_HEIGHT = {"sit": 0.72, "lie": 0.2}


def _turned(corners: F64, east_m: float, north_m: float, yaw_deg: float) -> F64:
    """Corners of a thing's own frame (x right, y forward) as places."""
    yaw = np.deg2rad(yaw_deg)
    sine, cosine = np.sin(yaw), np.cos(yaw)
    x, y = corners.T
    return np.stack([east_m + x * cosine + y * sine, north_m - x * sine + y * cosine], axis=1)


def _along(way: tuple[tuple[float, float, float], ...], t: float) -> tuple[float, float, float | None, float]:
    """Place on a way, heading (None while it stands), and metres gone so far."""
    walked = 0.0
    for (t0, e0, n0), (t1, e1, n1) in pairwise(way):
        length = float(np.hypot(e1 - e0, n1 - n0))
        if t < t1:
            if t < t0 or length < 1e-6:
                return e0, n0, None, walked
            share = (t - t0) / (t1 - t0)
            heading = float(np.rad2deg(np.arctan2(e1 - e0, n1 - n0)) % 360)
            return e0 + (e1 - e0) * share, n0 + (n1 - n0) * share, heading, walked + length * share
        walked += length
    return way[-1][1], way[-1][2], None, walked


def direction_deg(start: Point, end: Point) -> float:
    """Compass direction from one place to another."""
    return float(np.rad2deg(np.arctan2(end[0] - start[0], end[1] - start[1])) % 360)
