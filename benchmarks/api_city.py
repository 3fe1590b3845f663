"""A district's year of incidents, made up but skewed as a city is: hot places, rush hours, unequal cameras.

Batch by batch from one seed, so that an interrupted filling goes on where it stopped and gives the same data.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from contracts.event import IncidentEvent, event_id, incident_id, parse_event
from contracts.incident import Category

__all__ = ["BATCH", "DAYS", "DISTRICT", "FIRST_DAY", "City", "fresh_events", "make_batch"]

SEED: Final = 20260501
BATCH: Final = 1000
DAYS: Final = 365
FIRST_DAY: Final = datetime(2025, 5, 1, tzinfo=UTC)
DISTRICT: Final = (116.35, 39.88, 116.45, 39.95)
"""West, south, east, north: 8.5 by 7.8 km."""
CAMERAS: Final = 400
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
    """Cameras with their places and how much each sees.

    Args:
        incidents: How many the year has.
    """

    incidents: int

    @property
    def batches(self) -> int:
        """How many batches make the year."""
        return math.ceil(self.incidents / BATCH)


def _cameras(generator: Generator) -> tuple[Any, Any]:
    """Places (CAMERAS, 4, 2) of each camera's hot spots in degrees, and the cameras' shares."""
    west, south, east, north = DISTRICT
    # Cameras crowd around a few centres, as streets of shops do.
    centres = generator.uniform(0.15, 0.85, (6, 2))
    places = centres[generator.integers(0, 6, CAMERAS)] + generator.normal(0, 0.09, (CAMERAS, 2))
    lonlat = np.array([west, south]) + np.clip(places, 0, 1) * np.array([east - west, north - south])
    spots = lonlat[:, None, :] + generator.normal(0, 0.00025, (CAMERAS, 4, 2))
    shares = 1.0 / np.arange(1, CAMERAS + 1) ** 0.9  # Zipf: the busiest camera sees 4 %
    return spots, shares / shares.sum()


def make_batch(city: City, number: int) -> list[IncidentEvent]:
    """The events of one batch, one for each incident in its last state, in the order of their opening day."""
    spots, shares = _cameras(np.random.default_rng(SEED))
    generator = np.random.default_rng((SEED, number))
    count = min(BATCH, city.incidents - number * BATCH)
    cameras = generator.choice(CAMERAS, count, p=shares)
    categories = generator.choice(len(SHARES), count, p=list(SHARES.values()))
    days = (number * BATCH + np.arange(count)) * DAYS // city.incidents
    return [
        _event(
            generator, number * BATCH + at, list(SHARES)[categories[at]], int(days[at]), int(camera), spots
        )
        for at, camera in enumerate(cameras)
    ]


def _event(
    generator: Generator, number: int, category: Category, day: int, camera: int, spots: Any
) -> IncidentEvent:
    weights = np.array(RUSH.get(category, PLAIN), float)
    hour = int(generator.choice(24, p=weights / weights.sum()))
    opened = FIRST_DAY + timedelta(days=day, hours=hour - UTC_OFFSET_H, seconds=int(generator.integers(3600)))
    stay_h = min(LONGEST_H, float(generator.lognormal(math.log(DWELL_H.get(category, 1.2)), 1.0)))
    last = opened + timedelta(hours=stay_h)
    is_closed = last < FIRST_DAY + timedelta(days=DAYS)
    spot = spots[camera, int(generator.choice(4, p=[0.6, 0.2, 0.15, 0.05]))] + generator.normal(0, 2e-5, 2)
    return parse_event(_document(number, category, camera, (opened, last, is_closed), spot, generator))  # type: ignore[return-value]


def _document(
    number: int,
    category: Category,
    camera: int,
    times: tuple[datetime, datetime, bool],
    spot: Any,
    generator: Generator,
) -> dict[str, Any]:
    opened, last, is_closed = times
    view = f"camera-{camera:03d}-a"
    subject = incident_id(view, "live", category, number, (1, 2, 3, 4))
    sequence = int(generator.integers(1, 9))
    error_m = float(generator.lognormal(0.7, 0.5))
    incident = {
        "incident_id": subject,
        "view_id": view,
        "camera_id": f"camera-{camera:03d}",
        "run": "live",
        "category": category.value,
        "first_seen": opened - timedelta(minutes=5),
        "last_seen": last,
        "opened_at": opened,
        "closed_at": last if is_closed else None,
        "lonlat": [round(float(spot[0]), 7), round(float(spot[1]), 7)],
        "ellipse": {
            "semi_major_m": round(error_m, 2),
            "semi_minor_m": round(error_m / 2, 2),
            "azimuth_deg": 34.0,
        },
        "area_m2": round(float(generator.lognormal(0.5, 0.6)), 2),
        "zones": [f"pavement-{camera % 40:02d}"],
        "unit": f"street-office-{camera % UNITS + 1}",
        "priority": 2 + number % 3,
        "rule": {
            "id": f"{category.value}-rule".replace("_", "-"),
            "version": 3,
            "reason": f"{category.value.replace('_', ' ')} for 5 minutes in zone pavement-{camera % 40:02d}",
        },
        "confidence": round(float(generator.beta(8, 2)), 3),
        "model": {"name": "street-detector", "version": "0.1", "sha256": "b" * 64},
        "box_xyxy_px": [412.0, 233.0, 518.0, 340.0],
        "picture_wh": [1280, 720],
        "media_time_s": float(number % 86400),
        "evidence": [
            {"kind": kind, "sha256": name, "href": f"evidence/{name}.jpg", "masked": True}
            for kind, name in (("before", generator.bytes(32).hex()), ("now", generator.bytes(32).hex()))
        ],
        "site_version": "2026-05-01.1",
    }
    return {
        "id": event_id(subject, sequence),
        "source": f"/views/{view}",
        "subject": subject,
        "time": last if is_closed else opened,
        "sequence": sequence,
        "type": f"org.streetkeeper.incident.{'closed' if is_closed else 'updated'}",
        "data": incident,
    }


def fresh_events(first: int, count: int) -> Iterator[dict[str, Any]]:
    """New events as JSON objects, as cameras would send them now; `first` numbers them."""
    spots, shares = _cameras(np.random.default_rng(SEED))
    generator = np.random.default_rng((SEED, 10**9 + first))
    now = FIRST_DAY + timedelta(days=DAYS + 1)
    for number in range(first, first + count):
        camera = int(generator.choice(CAMERAS, p=shares))
        opened = now + timedelta(milliseconds=number * 3)
        category = list(SHARES)[int(generator.choice(len(SHARES), p=list(SHARES.values())))]
        spot = spots[camera, 0] + generator.normal(0, 2e-5, 2)
        document = _document(10**9 + number, category, camera, (opened, opened, False), spot, generator)
        data = document["data"]
        for name in ("first_seen", "last_seen", "opened_at"):
            data[name] = data[name].isoformat()
        yield {
            **document,
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "time": document["time"].isoformat(),
            "type": "org.streetkeeper.incident.opened",
        }
