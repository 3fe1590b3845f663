"""A district's year of incidents, made up but skewed as a city is: hot places, rush hours, unequal cameras.

Batch by batch from one seed, so that an interrupted filling goes on where it stopped and gives the same data.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from contracts.event import event_id, incident_id
from contracts.incident import Category

__all__ = ["BATCH", "DAYS", "DISTRICT", "FIRST_DAY", "SHARES", "UNITS", "City", "fresh_events", "make_batch"]

SEED: Final = 20260501
BATCH: Final = 5000
DAYS: Final = 365
FIRST_DAY: Final = datetime(2025, 5, 1, tzinfo=UTC)
DISTRICT: Final = (116.35, 39.88, 116.45, 39.95)
"""West, south, east, north: 8.5 by 7.8 km."""
CAMERAS: Final = 400
AROUND: Final = 100
AROUND_DEG: Final = 0.002
SHARES: Final = {
    Category.STREET_VENDOR: 0.36,
    Category.GARBAGE_PILE: 0.28,
    Category.OVERFLOWING_BIN: 0.16,
    Category.CONSTRUCTION_DEBRIS: 0.08,
    Category.UNATTENDED_OBJECT: 0.09,
    Category.BUILDING_CHANGE: 0.03,
}
# Weight of each local hour: vendors at meals and in the evening, garbage early and late, building by day.
RUSH: Final = {
    Category.STREET_VENDOR: [1, 0, 0, 0, 1, 3, 8, 9, 5, 3, 5, 9, 8, 4, 3, 4, 8, 12, 14, 13, 10, 7, 4, 2],
    Category.GARBAGE_PILE: [3, 2, 1, 1, 4, 8, 9, 6, 4, 3, 3, 4, 5, 4, 3, 3, 4, 5, 7, 9, 10, 9, 7, 5],
}
PLAIN: Final = [1, 1, 1, 1, 1, 2, 4, 6, 8, 8, 8, 7, 6, 7, 8, 8, 7, 5, 4, 3, 3, 2, 2, 1]
UTC_OFFSET_H: Final = 8
DWELL_H: Final = {Category.BUILDING_CHANGE: 400.0, Category.CONSTRUCTION_DEBRIS: 30.0}
LONGEST_H: Final = 24 * 120.0
UNITS: Final = 8


@dataclass(frozen=True, slots=True)
class City:
    """A year in a district.

    Args:
        incidents: How many it has.
    """

    incidents: int

    @property
    def batches(self) -> int:
        """How many batches make the year."""
        return math.ceil(self.incidents / BATCH)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What chance decides of one incident."""

    number: int
    category: Category
    camera: int
    opened: datetime
    stay_h: float
    lonlat: tuple[float, float]
    error_m: float
    area_m2: float
    confidence: float
    pictures: bytes
    sequence: int
    view: str


@cache
def _cameras() -> tuple[Any, Any]:
    """Places (CAMERAS, 4, 2) of each camera's hot spots in degrees, and the cameras' shares."""
    generator = np.random.default_rng(SEED)
    west, south, east, north = DISTRICT
    # Cameras crowd around a few centres, as streets of shops do.
    centres = generator.uniform(0.15, 0.85, (6, 2))
    places = centres[generator.integers(0, 6, CAMERAS)] + generator.normal(0, 0.09, (CAMERAS, 2))
    lonlat = np.array([west, south]) + np.clip(places, 0, 1) * np.array([east - west, north - south])
    spots = lonlat[:, None, :] + generator.normal(0, 0.00025, (CAMERAS, 4, 2))
    shares = 1.0 / np.arange(1, CAMERAS + 1) ** 0.9  # Zipf: the busiest camera sees 4 %
    return spots, shares / shares.sum()


def make_batch(city: City, number: int) -> list[dict[str, Any]]:
    """The events of one batch as JSON objects, one for each incident in its last state, by opening day."""
    count = min(BATCH, city.incidents - number * BATCH)
    first = number * BATCH
    days = (first + np.arange(count)) * DAYS // city.incidents
    generator = np.random.default_rng((SEED, number))
    drawn = _draw(generator, first, [FIRST_DAY + timedelta(days=int(day)) for day in days])
    return [_event(one, FIRST_DAY + timedelta(days=DAYS)) for one in drawn]


def fresh_events(first: int, count: int) -> list[dict[str, Any]]:
    """New events as JSON objects, as forty thousand cameras would send them after that year.

    Four hundred cameras never see three hundred new things a second; each of theirs stands for a hundred
    around it, so that what opens within one minute does not all lie in the same places.

    Args:
        first: Number of the first one.
        count: How many.
    """
    after = FIRST_DAY + timedelta(days=DAYS + 1)
    generator = np.random.default_rng((SEED, 10**9 + first))
    drawn = _draw(generator, 10**9 + first, [after + timedelta(milliseconds=first % 10**9)] * count)
    near = generator.normal(0, AROUND_DEG, (count, 2))
    return [
        _event(
            replace(
                one,
                sequence=0,
                view=f"camera-{one.camera:03d}-{one.number % AROUND:02d}",
                lonlat=(round(one.lonlat[0] + float(lon), 7), round(one.lonlat[1] + float(lat), 7)),
            ),
            None,
        )
        for one, (lon, lat) in zip(drawn, near, strict=True)
    ]


def _draw(generator: Generator, first: int, days: list[datetime]) -> Iterator[_Drawn]:
    """Incidents of some days, numbered from `first`."""
    spots, shares = _cameras()
    count = len(days)
    kinds = list(SHARES)
    categories = generator.choice(len(kinds), count, p=list(SHARES.values()))
    cameras = generator.choice(CAMERAS, count, p=shares)
    places = spots[cameras, generator.choice(4, count, p=[0.6, 0.2, 0.15, 0.05])]
    places = np.round(places + generator.normal(0, 2e-5, (count, 2)), 7)
    hours = np.zeros(count, int)
    for at, kind in enumerate(kinds):
        weights = np.array(RUSH.get(kind, PLAIN), float)
        hours = np.where(categories == at, generator.choice(24, count, p=weights / weights.sum()), hours)
    seconds = generator.integers(0, 3600, count)
    usual_h = np.array([DWELL_H.get(kinds[at], 1.2) for at in categories])
    stays_h = np.minimum(LONGEST_H, usual_h * generator.lognormal(0.0, 1.0, count))
    errors_m = np.round(generator.lognormal(0.7, 0.5, count) + 0.02, 2)
    areas_m2 = np.round(generator.lognormal(0.5, 0.6, count), 2)
    sure = np.round(generator.beta(8, 2, count), 3)
    sequences = generator.integers(1, 9, count)
    for at in range(count):
        yield _Drawn(
            number=first + at,
            category=kinds[categories[at]],
            camera=int(cameras[at]),
            opened=days[at] + timedelta(hours=int(hours[at]) - UTC_OFFSET_H, seconds=int(seconds[at])),
            stay_h=float(stays_h[at]),
            lonlat=(float(places[at, 0]), float(places[at, 1])),
            error_m=float(errors_m[at]),
            area_m2=float(areas_m2[at]),
            confidence=float(sure[at]),
            pictures=generator.bytes(64),
            sequence=int(sequences[at]),
            view=f"camera-{int(cameras[at]):03d}-a",
        )


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _event(one: _Drawn, told_at: datetime | None) -> dict[str, Any]:
    """The event that an incident's state comes from: its opening, or the last one before a moment."""
    last = one.opened if told_at is None else one.opened + timedelta(hours=one.stay_h)
    is_closed = told_at is not None and last < told_at
    kind = "closed" if is_closed else "opened" if told_at is None else "updated"
    incident = _incident(one, last, _time(last) if is_closed else None)
    subject = incident["incident_id"]
    return {
        "specversion": "1.0",
        "id": event_id(subject, one.sequence),
        "source": f"/views/{incident['view_id']}",
        "subject": subject,
        "time": _time(last),
        "datacontenttype": "application/json",
        "sequence": one.sequence,
        "type": f"org.streetkeeper.incident.{kind}",
        "data": incident,
    }


def _incident(one: _Drawn, last: datetime, closed_at: str | None) -> dict[str, Any]:
    """Every field in the order of the message, so that its text is as the API keeps it."""
    view, zone = one.view, f"pavement-{one.camera % 40:02d}"
    names = (one.pictures[:32].hex(), one.pictures[32:].hex())
    return {
        "incident_id": incident_id(view, "live", one.category, one.number, (1, 2, 3, 4)),
        "view_id": view,
        "camera_id": f"camera-{one.camera:03d}",
        "run": "live",
        "category": one.category.value,
        "first_seen": _time(one.opened - timedelta(minutes=5)),
        "last_seen": _time(last),
        "opened_at": _time(one.opened),
        "closed_at": closed_at,
        "lonlat": list(one.lonlat),
        "ellipse": {
            "semi_major_m": one.error_m,
            "semi_minor_m": round(one.error_m / 2, 3),
            "azimuth_deg": 34.0,
        },
        "place_note": None,
        "footprint": None,
        "area_m2": one.area_m2,
        "area_error_m2": 0.7,
        "zones": [zone],
        "unit": f"street-office-{one.camera % UNITS + 1}",
        "priority": 2 + one.number % 3,
        "rule": {
            "id": f"{one.category.value}-rule".replace("_", "-"),
            "version": 3,
            "reason": f"{one.category.value.replace('_', ' ')} for 5 minutes in zone {zone}",
        },
        "permits": [],
        "confidence": one.confidence,
        "persons_checked": True,
        "model": {"name": "street-detector", "version": "0.1", "sha256": "b" * 64},
        "codes": {},
        "box_xyxy_px": [412.0, 233.0, 518.0, 340.0],
        "picture_wh": [1280, 720],
        "media_time_s": float(one.number % 86400),
        "input": None,
        "evidence": [
            {"kind": kind, "sha256": name, "href": f"evidence/{name}.jpg", "masked": True}
            for kind, name in zip(("before", "now"), names, strict=True)
        ],
        "evidence_note": None,
        "site_version": "2026-05-01.1",
    }
