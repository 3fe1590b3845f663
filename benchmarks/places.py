"""`streetkeeper bench places`: how well places and their ellipses hold, without composing a picture.

Every thing of the sample district that a rule speaks of is seen once by the oracle's eye: its true box with
an error on each edge. The view's calibration, read anew for each camera and day, makes a place of it.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.bounds import clustered_interval, quantile, rounded, share_of
from benchmarks.figures import line
from benchmarks.truth_errors import is_inside_ellipse
from benchmarks.truth_figures import CAVEAT
from contracts.site import Site
from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.oracle import jittered
from sample_videos.district.site import site_document
from sample_videos.district.things import DAY_S
from sample_videos.district.timeline import World
from sample_videos.district.truth import TruthThing, box_of, things
from stream_workers.build import placer_of
from vision.errors import BadInput
from vision.georeference.frame import LocalFrame
from vision.types import Box

__all__ = ["SeenPlace", "bench_places", "figures_of", "seen_places"]

WITHIN_M = 60.0
BANDS_M = ((0, 20), (20, 40), (40, 60))
NEAR_M = 40.0
LEAST_SHARE = 0.4
"""What shows less of itself is hardly ever found."""


@dataclass(frozen=True, slots=True)
class SeenPlace:
    """One box that was placed.

    Args:
        calibration: Names the camera-day whose control points were used.
        category: Of the thing.
        distance_m: Of the thing from the camera.
        error_m: From the true centroid.
        is_covered: Whether that lies in the 95 % ellipse.
        area_error: Of the footprint, share of the true one.
        ellipse_m: Root of the product of the ellipse's half axes.
    """

    calibration: str
    category: str
    distance_m: float
    error_m: float
    is_covered: bool
    area_error: float
    ellipse_m: float


def bench_places(seeds: Sequence[int], days: int, split: str, boxes: int) -> str:
    """Place every thing of some days, and say how far off they are.

    Args:
        seeds: Of the worlds.
        days: Of each.
        split: Drawings: `train`, `test` or `all`; all cameras.
        boxes: Boxes of each thing, each with an error of its own.

    Returns: The JSON line.

    Raises:
        BadInput: No such split.
    """
    if split not in ("train", "test", "all"):
        raise BadInput(f"split '{split}': train, test or all")
    found = [
        place
        for seed in seeds
        for day in range(days)
        for camera in CAMERAS
        for place in seen_places(seed, day, camera, split, boxes)
    ]
    facts = {"seed": list(seeds), "days": days, "split": split, "boxes": boxes, "note": CAVEAT}
    return line("places", facts | figures_of(found))


def seen_places(seed: int, day: int, camera: DistrictCamera, split: str, boxes: int) -> Iterator[SeenPlace]:
    """The placed boxes of one camera-day."""
    site = Site.model_validate(site_document(seed, day, [camera.id]))
    placer = placer_of(site.camera(camera.id).views[0])
    if placer is None:
        raise RuntimeError(f"camera {camera.id} has no calibration")
    for number, (thing, box) in enumerate(_seen(World(seed, day, 1), day, camera)):
        if split not in ("all", thing.episode.split):
            continue
        for each in range(boxes):
            shown = jittered(np.random.default_rng([seed, day, number, each]), box, camera.size_wh)
            place = None if shown is None else placer.place(shown, thing.category, 1.0)
            if place is None:
                continue
            east, north = LocalFrame(*place.lonlat).to_metres(np.array([thing.lonlat]))[0]
            axes = place.ellipse.semi_major_m, place.ellipse.semi_minor_m
            yield SeenPlace(
                f"{seed}-{camera.id}-{day}",
                thing.category,
                thing.distance_m,
                math.hypot(east, north),
                is_inside_ellipse(float(east), float(north), (*axes, place.ellipse.azimuth_deg)),
                abs(place.area_m2 - thing.area_m2) / thing.area_m2,
                math.sqrt(axes[0] * axes[1]),
            )


def _seen(world: World, day: int, camera: DistrictCamera) -> Iterator[tuple[TruthThing, Box]]:
    """What may become an incident, with its box in the middle of its stay; the camera as calibrated."""
    for thing in things(world, camera.id):
        if not thing.category or thing.distance_m > WITHIN_M:
            continue
        middle = (max(thing.from_t, day * DAY_S) + min(thing.to_t, (day + 1) * DAY_S)) / 2
        stage = thing.episode.stage_at(middle)
        # The truth's place is that of the last stage: a pile that still grows lies elsewhere.
        if stage is not thing.episode.stages[-1] or thing.visible_share(middle) < LEAST_SHARE:
            continue
        box = box_of(camera, stage)
        if box is not None:
            yield thing, box


def figures_of(places: Sequence[SeenPlace]) -> dict[str, Any]:
    """Errors and coverage of all, within 40 m, by distance, and by category."""
    near = [place for place in places if place.distance_m < NEAR_M]
    return {
        "calibrations": len({place.calibration for place in places}),
        **_row(places),
        "within_40_m": _row(near),
        "by_band_m": {
            f"{low}-{high}": _row([place for place in places if low <= place.distance_m < high])
            for low, high in BANDS_M
        },
        "by_category": {
            category: _row([place for place in places if place.category == category])
            for category in sorted({place.category for place in places})
        },
    }


def _row(places: Sequence[SeenPlace]) -> dict[str, Any]:
    hits, totals = defaultdict[str, int](int), defaultdict[str, int](int)
    for place in places:
        hits[place.calibration] += place.is_covered
        totals[place.calibration] += 1
    interval = clustered_interval([hits[name] for name in totals], list(totals.values()))
    return {
        "n": len(places),
        "median_m": quantile([place.error_m for place in places], 0.5),
        "p95_m": quantile([place.error_m for place in places], 0.95),
        "coverage": share_of(sum(hits.values()), len(places)),
        "coverage_clustered": None if interval is None else rounded(interval),
        "area_error_median": quantile([place.area_error for place in places], 0.5),
        "ellipse_median_m": quantile([place.ellipse_m for place in places], 0.5),
    }
