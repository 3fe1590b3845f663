"""A stand-in for the sample district: a grey noisy street with filled boxes, and exact truth all the same.

The simulator, the oracle and the bench are tested on it without the district's parts; what the district
itself shows is tested with the district.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.incident import Category
from contracts.site import Calibration, Camera, ControlPoint, Rule, Site, View, Zone, ZoneKind
from sample_videos.demo_site import CONTROL_POINTS_M
from sample_videos.district.camera_day import Cut, Nudge, ThingRecord
from sample_videos.district.day_stage import DayKey, StageTruth
from sample_videos.district.oracle import Visible
from sample_videos.district.things import DAY_S
from sample_videos.street_scene import CAMERA, FRAME, SIZE_WH
from vision.types import Box

U8 = NDArray[np.uint8]
DWELL_S = 300.0
HOURS = 1.5
SIGMA_M, SIGMA_PX = 0.1, 1.0


@dataclass(frozen=True)
class ToyThing:
    """A block on the ground: its middle, its size, when it is there, and what it is."""

    key: str
    name: str
    east_m: float
    north_m: float
    size_m: tuple[float, float, float]
    from_s: float
    to_s: float
    level: int
    category: str = ""
    trap: str = ""
    is_sleeper: bool = False
    is_due: bool = False
    speed_ms: float = 0.0

    def box(self, t: float) -> Box | None:
        """Its box in the picture, clipped; None while it is away or out of the picture."""
        if not self.from_s <= t < self.to_s:
            return None
        east = self.east_m + self.speed_ms * (t - self.from_s)
        half = np.array(self.size_m) / (2, 2, 1)
        corners = [
            (east + x * half[0], self.north_m + y * half[1], z * half[2])
            for x in (-1, 1)
            for y in (-1, 1)
            for z in (0, 1)
        ]
        px = CAMERA.project(np.array(corners))
        x1, y1 = px.min(axis=0)
        x2, y2 = px.max(axis=0)
        box = max(0.0, x1), max(0.0, y1), min(float(SIZE_WH[0]), x2), min(float(SIZE_WH[1]), y2)
        return (*map(float, box),) if box[2] - box[0] > 1 and box[3] - box[1] > 1 else None  # type: ignore[return-value]


THINGS = (
    ToyThing(
        "stall", "street_vendor", 3.0, 15.0, (1.8, 1.2, 1.9), 605, 4800, 60, "street_vendor", is_due=True
    ),
    ToyThing("heap", "garbage_pile", -3.0, 18.0, (1.6, 1.3, 0.8), 1203, 9e9, 30, "garbage_pile", is_due=True),
    ToyThing(
        "legal", "street_vendor", -7.0, 18.0, (1.6, 1.2, 1.9), 902, 4000, 215, "street_vendor", "permitted"
    ),
    ToyThing("sleeper", "person", 6.0, 22.0, (1.7, 0.6, 0.5), 1500, 5000, 50, "", "sleeper", is_sleeper=True),
    ToyThing("e-bike", "motorcycle", 8.0, 18.0, (0.7, 1.8, 1.2), 1800, 4500, 20, "", "parked_e_bike"),
)
PASSING = tuple(
    ToyThing(f"car-{at}", "car", -16.0, 12.5, (1.8, 4.5, 1.5), at, at + 40, 230, speed_ms=1.0)
    for at in range(100, 5400, 700)
)
NUDGE = Nudge(at=4900.0, until=HOURS * 3600, shift_px=60.0)
CUT = Cut(at=2500.0, until=2700.0)


@cache
def street() -> U8:
    """(h, w) uint8 textured ground with a lighter far side."""
    width, height = SIZE_WH
    rng = np.random.default_rng(5)
    coarse = cv2.resize(rng.normal(0, 1, (height // 24, width // 24)).astype(np.float32), SIZE_WH)
    middle = cv2.resize(rng.normal(0, 1, (height // 4, width // 4)).astype(np.float32), SIZE_WH)
    ground = 120 + 22 * coarse + 14 * middle
    ground[: height // 4] += 40
    return np.asarray(np.clip(ground, 0, 255), np.uint8)


@dataclass
class ToyPicture:
    """Drawn whole when it is first asked for."""

    t: float
    things: Sequence[ToyThing]
    shift_px: float = 0.0
    asked: list[Box | None] = field(default_factory=list)
    drawn: U8 | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        return SIZE_WH

    def luma_small(self, size_wh: tuple[int, int]) -> U8:
        small = cv2.resize(self._luma(), size_wh, interpolation=cv2.INTER_AREA)
        rng = np.random.default_rng([7, round(self.t * 100)])
        return np.asarray(np.clip(small + rng.normal(0, 1.5, small.shape), 0, 255), np.uint8)

    def bgr(self, box: Box | None = None) -> U8:
        self.asked.append(box)
        x1, y1, x2, y2 = (int(edge) for edge in box) if box is not None else (0, 0, *SIZE_WH)
        return np.asarray(cv2.cvtColor(self._luma()[y1:y2, x1:x2], cv2.COLOR_GRAY2BGR), np.uint8)

    def _luma(self) -> U8:
        if self.drawn is None:
            picture = street().copy()
            for thing in sorted(self.things, key=lambda thing: -thing.north_m):
                box = thing.box(self.t)
                if box is not None:
                    x1, y1, x2, y2 = (round(edge) for edge in box)
                    texture = np.random.default_rng(thing.level).normal(0, 14, (y2 - y1, x2 - x1))
                    picture[y1:y2, x1:x2] = np.clip(thing.level + texture, 0, 255)
            self.drawn = np.roll(picture, round(self.shift_px), axis=1)
        return self.drawn


class ToyStage:
    """One and a half hours of the toy street."""

    def __init__(self, key: DayKey) -> None:
        self.key = key
        self.begins = key.day * DAY_S
        self.ends = self.begins + HOURS * 3600
        self.pictures: list[ToyPicture] = []

    def site(self) -> Site:
        rng = np.random.default_rng([self.key.seed, self.key.day, 99])
        places = np.array(CONTROL_POINTS_M)
        px = CAMERA.project(np.column_stack([places, np.zeros(len(places))]))
        px = px + rng.normal(0, SIGMA_PX, px.shape)
        lonlat = FRAME.to_lonlat(places + rng.normal(0, SIGMA_M, places.shape))
        points = [
            ControlPoint(px=(float(x), float(y)), lonlat=(float(lon), float(lat)))
            for (x, y), (lon, lat) in zip(px, lonlat, strict=True)
        ]
        calibration = Calibration(control_points=points, picture_wh=SIZE_WH, max_range_m=80)
        ring = FRAME.to_lonlat(np.array([(-9.5, 15.5), (-5.0, 15.5), (-5.0, 20.5), (-9.5, 20.5)]))
        categories = [category for category in Category if category is not Category.BUILDING_CHANGE]
        facts: dict[str, Any] = {
            "format": "streetkeeper-site/1",
            "name": "toy street",
            "version": "toy-1",
            "time_zone": "Asia/Shanghai",
            "rules": [
                Rule(id=f"no-{name}", category=name, dwell_s=DWELL_S, min_confidence=0.3)
                for name in categories
            ],
            "zones": [
                Zone(
                    id="market",
                    kind=ZoneKind.PERMITTED,
                    polygon_lonlat=[(float(lon), float(lat)) for lon, lat in ring],
                    categories=[Category.STREET_VENDOR],
                )
            ],
            "cameras": [
                Camera(id=self.key.camera_id, views=[View(id=self.key.camera_id, calibration=calibration)])
            ],
        }
        return Site(**facts)

    def picture(self, t: float) -> ToyPicture | None:
        local = t - self.begins
        if CUT.at <= local < CUT.until:
            return None
        picture = ToyPicture(local, (*THINGS, *PASSING), self._shift(local))
        self.pictures.append(picture)
        return picture

    def visible(self, t: float) -> Sequence[Visible]:
        local = t - self.begins
        boxes = [(thing, thing.box(local)) for thing in (*THINGS, *PASSING)]
        shift = self._shift(local)
        return [
            Visible(thing.key, thing.name, (box[0] + shift, box[1], box[2] + shift, box[3]), 1.0)
            for thing, box in boxes
            if box is not None
        ]

    def faults(self) -> StageTruth:
        whole = self.truth()
        return StageTruth(nudges=whole.nudges, cuts=whole.cuts)

    def truth(self) -> StageTruth:
        return StageTruth(
            [self._record(thing) for thing in THINGS],
            [NUDGE.model_copy(update={"at": self.begins + NUDGE.at, "until": self.begins + NUDGE.until})],
            [CUT.model_copy(update={"at": self.begins + CUT.at, "until": self.begins + CUT.until})],
            {"permitted": 1, "sleeper": 1, "parked_e_bike": 1},
        )

    def _record(self, thing: ToyThing) -> ThingRecord:
        span = (self.begins + thing.from_s, min(self.ends, self.begins + thing.to_s))
        lon, lat = FRAME.to_lonlat(np.array([[thing.east_m, thing.north_m]]))[0]
        return ThingRecord(
            thing_id=thing.key,
            kind=thing.key,
            category=thing.category,
            trap=thing.trap,
            is_sleeper=thing.is_sleeper,
            there=span,
            due=span if thing.is_due else None,
            dwell_s=DWELL_S,
            lonlat=(float(lon), float(lat)),
            area_m2=thing.size_m[0] * thing.size_m[1],
            distance_m=float(np.hypot(thing.east_m, thing.north_m)),
            seen=[span],
            boxes=self._boxes(thing, span),
        )

    def _boxes(self, thing: ToyThing, span: tuple[float, float]) -> list[tuple[float, Box | None]]:
        box = thing.box(thing.from_s)
        boxes: list[tuple[float, Box | None]] = [(span[0], box), (span[1], None)]
        nudged = self.begins + NUDGE.at
        if box is not None and span[0] < nudged < span[1]:
            boxes.insert(1, (nudged, (box[0] + NUDGE.shift_px, box[1], box[2] + NUDGE.shift_px, box[3])))
        return boxes

    def _shift(self, local: float) -> float:
        return NUDGE.shift_px if NUDGE.at <= local else 0.0


def open_toy_stage(key: DayKey) -> ToyStage:
    """The stage of a camera-day; found by name in other processes."""
    return ToyStage(key)
