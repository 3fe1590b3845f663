"""What is true of a building change, a scaffold or a banner, as it is kept of a camera-day."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.camera_day import BoxPx, ThingRecord
from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.episodes.building import Built, Change
from sample_videos.district.plan import FRAME
from sample_videos.district.timeline import World
from sample_videos.district.truth import ring_area_m2, shown_box
from vision.types import Box

__all__ = ["built_record", "changes_of_box"]

F64 = NDArray[np.float64]


def built_record(camera: DistrictCamera, change: Change, times: Sequence[float], world: World) -> ThingRecord:
    """The record of a change; no rule is due on it, since nothing looks for building changes yet.

    Args:
        camera: Who sees it.
        change: What is built.
        times: Moments of the day at which its box may be another.
        world: Knows the nudges.
    """
    ring = change.ring
    places = FRAME.to_lonlat(np.vstack([[ring.mean(axis=0)], ring, ring[:1]]))
    lonlat = [(float(lon), float(lat)) for lon, lat in places]
    permitted = "permitted_change" if change.permit else "building_change"
    return ThingRecord(
        thing_id=change.id,
        kind=change.place.kind,
        category=change.category,
        trap=permitted if change.category else change.place.kind,
        there=(change.from_t, change.to_t),
        lonlat=lonlat[0],
        footprint=lonlat[1:],
        area_m2=ring_area_m2(ring),
        height_m=change.height_m,
        permit=change.permit,
        distance_m=round(camera.distance_m(change.place.east_m, change.place.north_m), 2),
        split=camera.split if camera.split == change.variant.split else "mixed",
        boxes=changes_of_box((t, _box(camera, change, t, world)) for t in times),
    )


def changes_of_box(boxes: Iterable[tuple[float, Box | None]]) -> list[tuple[float, BoxPx | None]]:
    """The boxes that differ from the one before."""
    changes: list[tuple[float, BoxPx | None]] = []
    for t, box in boxes:
        rounded = None
        if box is not None:
            rounded = (round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1))
        if not changes or changes[-1][1] != rounded:
            changes.append((t, rounded))
    return changes


def _box(camera: DistrictCamera, change: Change, t: float, world: World) -> Box | None:
    """Its box at a moment, as a nudged camera shows it; None before it is there and outside the picture."""
    built = change.at(t)
    if built is None:
        return None
    return shown_box(camera, _corners(change.ring, built), world.nudge_at(camera.id, t))


def _corners(ring: F64, built: Built) -> F64:
    """(8, 3) corners of what stands."""
    return np.vstack(
        [np.column_stack([ring, np.full(len(ring), height)]) for height in (built.base_m, built.top_m)]
    )
