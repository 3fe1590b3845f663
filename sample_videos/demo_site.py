"""The truth and the site of the demo's drawn films.

The site is calibrated from control points read with noise, as a person would read them, and not from the
known camera; a test compares the places with the truth.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sample_videos.demo_films import FILMS, SECONDS, Film
from sample_videos.street_scene import CAMERA, FRAME, SIZE_WH, Mover, Thing, paste

__all__ = ["SITE_HEAD", "site_of", "truth_of"]

CONTROL_POINTS_M = (
    (-7.0, 11.0), (-2.0, 10.0), (3.5, 10.5), (7.5, 12.0), (-8.5, 17.0),
    (0.5, 16.0), (9.0, 19.0), (-11.0, 26.0), (4.1, 27.0), (12.0, 31.0),
)  # fmt: skip
SIGMA_M = 0.1
SIGMA_PX = 1.0
PRIORITIES = {
    "street_vendor": 2,
    "garbage_pile": 2,
    "overflowing_bin": 3,
    "construction_debris": 3,
    "unattended_object": 3,
}


def truth_of(film: Film) -> dict[str, Any]:
    """What a film shows: camera; each thing's category, time, place, footprint and box; who passes, where."""
    return {
        "film": f"{film.name}.mp4",
        "camera": {
            "lonlat": [FRAME.lon0, FRAME.lat0],
            "height_m": CAMERA.height_m,
            "tilt_deg": CAMERA.tilt_deg,
            "focal_px": CAMERA.focal_px,
            "looks": "north",
            "picture_wh": list(SIZE_WH),
        },
        "things": [_thing_truth(thing) for thing in film.things],
        "movers": [{"kind": mover.kind, "boxes_t_xyxy_px": list(_boxes(mover))} for mover in film.movers],
    }


def _thing_truth(thing: Thing) -> dict[str, Any]:
    corners = thing.footprint_m()
    ring = FRAME.to_lonlat(corners)
    front, side = corners[1] - corners[0], corners[2] - corners[1]
    return {
        "category": thing.category,
        "from_s": thing.from_s,
        "lonlat": [round(float(value), 8) for value in ring.mean(axis=0)],
        "footprint": [[round(float(lon), 8), round(float(lat), 8)] for lon, lat in ring],
        "area_m2": round(float(front[0] * side[1] - front[1] * side[0]), 3),
        "box_xyxy_px": _drawn_box(thing, (thing.east_m, thing.north_m)),
    }


def _boxes(mover: Mover) -> Iterator[list[float]]:
    """Each second in the picture: seconds, then the box."""
    for second in range(SECONDS):
        place = mover.at(float(second))
        box = None if place is None else _drawn_box(mover, place)
        if box is not None:
            yield [second, *box]


def _drawn_box(drawn: Thing | Mover, place: tuple[float, float]) -> list[int] | None:
    """Box of what is drawn at a place, or None outside the picture."""
    scratch = np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.float32)
    paste(scratch, drawn.kind, drawn.seed, place, drawn.width_m)
    rows, columns = np.nonzero(scratch.max(axis=2) > 1)
    if not len(rows):
        return None
    return [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]


SITE_HEAD = """\
# The site of the demo's drawn films. Dwell and look interval are fitted to 90 seconds;
# a city uses a look every 10 s and a dwell of minutes. Made by sample_videos/make_demo_clips.py.
"""


def site_of() -> dict[str, Any]:
    """The films' site document, calibrated from control points that were read with noise."""
    market = _ring(-9.6, 15.6, -5.0, 20.0)
    street = _ring(-14.0, 9.0, 14.0, 34.0)
    rules = [
        {
            "id": f"no-{category}",
            "category": category,
            "zones": ["street"],
            "dwell_s": 12,
            "min_confidence": 0.3,
            "priority": priority,
        }
        for category, priority in PRIORITIES.items()
    ]
    return {
        "format": "streetkeeper-site/1",
        "name": "drawn street (demo)",
        "version": "demo-1",
        "time_zone": "Asia/Shanghai",
        "units": [{"id": "street-office", "name": "Street office of the drawn district"}],
        "areas": [{"id": "drawn-street", "unit": "street-office", "polygon_lonlat": street}],
        "zones": [
            {"id": "street", "name": "the street", "kind": "restricted", "polygon_lonlat": street},
            {
                "id": "market-corner",
                "name": "vendor guiding point",
                "kind": "permitted",
                "polygon_lonlat": market,
                "categories": ["street_vendor"],
                "needs_permit": True,
            },
        ],
        "permits": [
            {
                "id": "P-0001",
                "categories": ["street_vendor"],
                "zones": ["market-corner"],
                "valid_from": "2020-01-01T00:00:00+08:00",
                "valid_to": "2099-12-31T00:00:00+08:00",
                "capacity": 2,
            }
        ],
        "rules": rules,
        "cameras": [_camera(film) for film in FILMS],
    }


def _camera(film: Film) -> dict[str, Any]:
    rng = np.random.default_rng([film.seed, 99])
    places = np.array(CONTROL_POINTS_M)
    pixels = CAMERA.project(np.column_stack([places, np.zeros(len(places))]))
    pixels = pixels + rng.normal(0, SIGMA_PX, pixels.shape)
    measured = FRAME.to_lonlat(places + rng.normal(0, SIGMA_M, places.shape))
    return {
        "id": film.name,
        "name": f"drawn film {film.name}",
        "stream": {
            "file": f"{film.name}.mp4",
            "purpose": "rehearsal with a drawn film",
            "authority": "none needed: nobody is filmed",
            "legal_basis": "none needed: nobody is filmed",
            "sign_confirmed": True,
        },
        "look_every_s": 2,
        "heartbeat_every_s": 20,
        "views": [
            {
                "id": film.name,
                "calibration": {
                    "picture_wh": list(SIZE_WH),
                    "max_range_m": 60,
                    "control_points": [
                        {
                            "px": [round(float(x), 2), round(float(y), 2)],
                            "lonlat": [round(float(lon), 8), round(float(lat), 8)],
                            "sigma_px": SIGMA_PX,
                            "sigma_m": SIGMA_M,
                        }
                        for (x, y), (lon, lat) in zip(pixels, measured, strict=True)
                    ],
                },
            }
        ],
    }


def _ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    corners = np.array([(west, south), (east, south), (east, north), (west, north)])
    return [[round(float(lon), 8), round(float(lat), 8)] for lon, lat in FRAME.to_lonlat(corners)]
