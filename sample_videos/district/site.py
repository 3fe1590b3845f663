"""The site document of the sample district, calibrated as a person would calibrate it.

The control points are read with an error of 1 px and measured with one of 0.1 m, drawn anew for each
camera and simulated day: the site never knows the true pose.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.plan import FRAME, PlanZone, Point
from sample_videos.district.things import TIME_ZONE

__all__ = ["DWELL_S", "GRACE_S", "MARKET_HOURS", "RUBBISH_HOURS", "SIGMA_M", "SIGMA_PX", "site_document"]

F64 = NDArray[np.float64]
SIGMA_M = 0.1
SIGMA_PX = 1.0
DWELL_S: Final = {
    "street_vendor": 300.0,
    "garbage_pile": 900.0,
    "overflowing_bin": 1800.0,
    "construction_debris": 1800.0,
    "unattended_object": 900.0,
}
GRACE_S: Final = {"street_vendor": 900.0, "garbage_pile": 1800.0}
"""Tolerated beyond permitted hours."""
PRIORITY = {"street_vendor": 2, "construction_debris": 3, "garbage_pile": 2}
MARKET_HOURS: Final = ((6.0, 9.0), (17.0, 22.0))
RUBBISH_HOURS: Final = ((18.0, 21.0),)
CAPACITY = {"market": 6}
"""Of a vendor point; pitches take two."""
MAX_RANGE_M = 60.0
MARKS = (8, 12)
"""Fewest and most control points of a camera."""
NEAR_M, FAR_M = 6.0, 48.0
STREAM = {
    "purpose": "rehearsal with a simulated district",
    "authority": "none needed: nobody is filmed",
    "legal_basis": "none needed: nobody is filmed",
    "sign_confirmed": True,
}


def site_document(seed: int, day: int = 0, camera_ids: Sequence[str] | None = None) -> dict[str, Any]:
    """The site as plain values, in the shape of `contracts.site.Site`.

    Args:
        seed: Of the control points' errors.
        day: Simulated day; each has errors of its own.
        camera_ids: Only these cameras; None: all.
    """
    cameras = [camera for camera in CAMERAS if camera_ids is None or camera.id in camera_ids]
    return {
        "format": "streetkeeper-site/1",
        "name": "sample district (simulated)",
        "version": f"district-{seed}-{day}",
        "time_zone": TIME_ZONE,
        "units": [
            {"id": "street-office", "name": "Street office of the sample district"},
            {"id": "sanitation", "name": "Sanitation station of the sample district"},
        ],
        "areas": [
            {"id": "district", "unit": "street-office", "polygon_lonlat": _ring(_EVERYWHERE)},
            {
                "id": "cleaning",
                "unit": "sanitation",
                "polygon_lonlat": _ring(_EVERYWHERE),
                "categories": ["garbage_pile", "overflowing_bin"],
            },
        ],
        "schedules": [
            {"id": "market-hours", "hours": _hours(MARKET_HOURS)},
            {"id": "put-out-hours", "hours": _hours(RUBBISH_HOURS)},
        ],
        "zones": [_zone(zone) for zone in DISTRICT.zones],
        "permits": [
            {
                "id": f"P-{number:04d}",
                "categories": ["street_vendor"],
                "zones": [zone],
                "valid_from": "2026-01-01T00:00:00+08:00",
                "valid_to": "2099-12-31T00:00:00+08:00",
                "schedule": "market-hours",
                "capacity": CAPACITY.get(zone, 2),
            }
            for number, zone in enumerate(_vendor_zones(), start=1)
        ],
        "rules": [
            {
                "id": f"no-{category.replace('_', '-')}",
                "category": category,
                "dwell_s": dwell_s,
                "grace_s": GRACE_S.get(category, 0.0),
                "min_confidence": 0.4,
                "priority": PRIORITY.get(category, 3),
            }
            for category, dwell_s in DWELL_S.items()
        ],
        "cameras": [_camera(camera, seed, day) for camera in cameras],
    }


_EVERYWHERE: tuple[Point, ...] = ((-130, -100), (130, -100), (130, 100), (-130, 100))


def _vendor_zones() -> list[str]:
    return [zone.id for zone in DISTRICT.zones if "street_vendor" in zone.categories]


def _zone(plan: PlanZone) -> dict[str, Any]:
    zone: dict[str, Any] = {"id": plan.id, "name": plan.name, "kind": plan.kind}
    zone |= {"polygon_lonlat": _ring(plan.outline_en), "categories": list(plan.categories)}
    if plan.kind == "permitted":
        is_pitch = plan.id in _vendor_zones()
        zone |= {"schedule": "market-hours" if is_pitch else "put-out-hours", "needs_permit": is_pitch}
    return zone


def _camera(camera: DistrictCamera, seed: int, day: int) -> dict[str, Any]:
    marks = _marks(camera)
    number = next(index for index, other in enumerate(CAMERAS) if other.id == camera.id)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(day % 2**32, number, 997)))
    pixels = camera.project(np.column_stack([marks, np.zeros(len(marks))]))
    pixels = np.clip(pixels + rng.normal(0, SIGMA_PX, pixels.shape), 0, np.array(camera.size_wh))
    measured = FRAME.to_lonlat(marks + rng.normal(0, SIGMA_M, marks.shape))
    points = [
        {
            "px": [round(float(x), 2), round(float(y), 2)],
            "lonlat": [round(float(lon), 8), round(float(lat), 8)],
            "sigma_px": SIGMA_PX,
            "sigma_m": SIGMA_M,
        }
        for (x, y), (lon, lat) in zip(pixels, measured, strict=True)
    ]
    calibration = {"picture_wh": list(camera.size_wh), "max_range_m": MAX_RANGE_M, "control_points": points}
    return {
        "id": camera.id,
        "name": camera.name,
        "stream": {"file": f"{camera.id}.mp4", **STREAM},
        "look_every_s": 10,
        "heartbeat_every_s": 300,
        "views": [{"id": camera.id, "calibration": calibration}],
    }


@lru_cache(maxsize=len(CAMERAS))
def _marks(camera: DistrictCamera) -> F64:
    """(N, 2) marks on the ground that a surveyor would take: spread over the picture, near and far.

    Always the same for a camera: each next one is the farthest, in the picture, from those taken.
    """
    width, height = camera.size_wh
    columns, rows = np.meshgrid(np.linspace(0.04, 0.96, 24) * width, np.linspace(0.03, 0.97, 32) * height)
    pixels = np.column_stack([columns.ravel(), rows.ravel()])
    places = camera.ground(pixels)
    reach = np.hypot(*(places - camera.place_enu[:2]).T)
    with np.errstate(invalid="ignore"):
        kept = np.isfinite(reach) & (reach > NEAR_M) & (reach < FAR_M) & ~_is_water(places)
    pixels, places = pixels[kept], places[kept]
    seen = district_heights().sees(camera.place_enu, np.column_stack([places, np.full(len(places), 0.02)]))
    pixels, places = pixels[seen], places[seen]
    # Far ground is narrow in the picture: rows count more, so that some marks lie far.
    spread = (pixels - pixels.mean(axis=0)) / (width, height * 0.55)
    count = MARKS[0] + sum(camera.id.encode()) % (MARKS[1] - MARKS[0] + 1)
    taken = [int(spread[:, 1].argmax())]
    while len(taken) < count:
        gaps = np.linalg.norm(spread[:, None] - spread[None, taken], axis=2).min(axis=1)
        taken.append(int(gaps.argmax()))
    return np.asarray(places[taken])


def _is_water(places: F64) -> NDArray[np.bool_]:
    east, north = places.T
    return np.asarray((north < -52.8) & (north > -63.2) & ((east < 2.0) | (east > 18.0)))


def _hours(spans: tuple[tuple[float, float], ...]) -> list[dict[str, str]]:
    return [{"start": _clock(start), "end": _clock(end)} for start, end in spans]


def _clock(hours: float) -> str:
    return f"{int(hours):02d}:{round(hours % 1 * 60):02d}"


def _ring(outline: Sequence[Point]) -> list[list[float]]:
    places = FRAME.to_lonlat(np.array(outline, np.float64))
    return [[round(float(lon), 8), round(float(lat), 8)] for lon, lat in places]
