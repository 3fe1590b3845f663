"""The truth of a world for a camera: what is there, where, since when, against which rule, and how visible.

Boxes come from a simple body around each thing, projected by the true camera, nudges included. How much of it
shows is what `in_view` says, which the oracle asks too; a nudge is left out there.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera, camera_of
from sample_videos.district.episodes.faults import Nudge
from sample_videos.district.in_view import seen_share, unhidden_share
from sample_videos.district.plan import FRAME
from sample_videos.district.things import DAY_S, Episode, Part, Placed, footprint_en, hull_enu
from sample_videos.district.timeline import World
from sample_videos.district.traffic import movers
from vision.types import Box

__all__ = [
    "TRAPS",
    "TruthThing",
    "box_of",
    "exposure",
    "is_easy",
    "ring_area_m2",
    "ring_centroid",
    "shown_box",
    "things",
]

F64 = NDArray[np.float64]
TRAPS: Final = (
    "parked_car", "double_parked", "headlights", "delivery", "parked_tricycle", "parked_e_bike",
    "waiting", "sitting", "sleeper", "suitcase", "cafe_umbrella", "shop_display", "bin_moved", "bin_emptied",
    "sand_in_site", "permitted_vendor", "permitted_rubbish", "nudge", "dirty_lens", "power_cut",
)  # fmt: skip
LEAST_EVENTS = 60.0
"""Trap events a camera-day, below which a world is called easy ..."""
LEAST_OF_KIND = 0.5
"""... and of each kind a camera-day."""
LEAST_PX = 4.0
LEAST_SHARE = 0.04
"""What a camera sees less of is not in its truth."""


@dataclass(frozen=True, slots=True, eq=False)
class TruthThing:
    """A thing that a camera can see, as it truly is.

    Args:
        thing_id: Of its episode; the same in every camera that sees it.
        camera_id: The camera.
        kind: Of its episode.
        category: What it is, a value of `contracts.incident.Category`; "" for what must never be one.
        trap: Kind of trap, or "". Permitted vendors and rubbish have both a category and a trap.
        from_t: When it is at its place, seconds.
        to_t: When it is gone.
        due_from_t: From when on it is against a rule, dwell not counted; None: never.
        due_to_t: Until when.
        lonlat: Centroid of its footprint at its largest, degrees.
        footprint: Closed ring of it, degrees.
        area_m2: Area of it.
        distance_m: Horizontal distance from the camera.
        split: `test` only where both the camera and its drawing are held back for tests.
        world: The world that it is part of.
        episode: Its episode.
    """

    thing_id: str
    camera_id: str
    kind: str
    category: str
    trap: str
    from_t: float
    to_t: float
    due_from_t: float | None
    due_to_t: float | None
    lonlat: tuple[float, float]
    footprint: list[tuple[float, float]]
    area_m2: float
    distance_m: float
    split: str
    world: World
    episode: Episode

    def box_at(self, t: float) -> Box | None:
        """Its box in the picture at a moment, cut off at the edges; None while it is away or outside."""
        stage = self.episode.stage_at(t)
        if stage is None:
            return None
        return box_of(camera_of(self.camera_id), stage, self.world.nudge_at(self.camera_id, t))

    def visible_share(self, t: float) -> float:
        """Pixels of it that nothing hides, of all its pixels in the picture at a moment, 0..1."""
        stage = self.episode.stage_at(t)
        if stage is None or self.box_at(t) is None:
            return 0.0
        placed = [*self.world.placed(self.camera_id, t), *movers(self.world, self.camera_id, t)]
        # Among all that is placed it has its episode's name; what has that name and place is itself.
        itself = next(
            (each for each in placed if each.thing_id == self.thing_id and _is_at(each, stage)),
            stage.placed(t, self.thing_id, self.category),
        )
        return seen_share(camera_of(self.camera_id), itself, placed)

    def area_at(self, t: float) -> float | None:
        """Area of its footprint at a moment, square metres: a pile grows."""
        stage = self.episode.stage_at(t)
        return None if stage is None else ring_area_m2(footprint_en(stage))

    def raised_span(self, dwell_s: float) -> tuple[float, float] | None:
        """When a rule with a dwell holds it for an incident, or None: a thing due must have stayed."""
        if self.due_from_t is None or self.due_to_t is None:
            return None
        start = max(self.due_from_t, self.from_t + dwell_s)
        return (start, self.due_to_t) if start < self.due_to_t else None


def things(world: World, camera_id: str) -> list[TruthThing]:
    """All that a camera can see in a world's span and that is an incident or a trap, in order of coming."""
    camera = camera_of(camera_id)
    found = []
    for episode in world.all_episodes():
        if (episode.category or episode.trap) and _is_visible(camera, episode):
            found.append(_truth(world, camera, episode))
    return sorted(found, key=lambda thing: (thing.from_t, thing.thing_id))


def box_of(camera: DistrictCamera, thing: Part | Placed, nudge: Nudge | None = None) -> Box | None:
    """A thing's box in a camera's picture, cut off at the edges; None where it is outside."""
    if nudge is None and isinstance(thing, Part):
        return _still_box(camera, thing)
    return shown_box(camera, hull_enu(thing), nudge)


def shown_box(camera: DistrictCamera, corners_enu: F64, nudge: Nudge | None) -> Box | None:
    """The box of (N, 3) corners in a nudged camera's picture, cut off; None where it is outside."""
    return _bounds(camera, _pushed(camera, nudge, camera.straight(corners_enu)))


def exposure(world: World, camera_id: str, day: int) -> dict[str, int]:
    """How often each kind of trap begins in a camera's view between 00:00 and 24:00 of a day."""
    start, end = day * DAY_S, (day + 1) * DAY_S
    counts = Counter(
        thing.trap for thing in things(world, camera_id) if thing.trap and start <= thing.from_t < end
    )
    faults = world.faults(camera_id)
    counts["nudge"] = sum(start <= nudge.from_t < end for nudge in faults.nudges)
    counts["dirty_lens"] = sum(start <= dirt.from_t < end for dirt in faults.dirt)
    counts["power_cut"] = sum(start <= cut[0] < end for cut in faults.cuts)
    counts["cloud_passage"] = sum(
        start <= moment < end for number in (day - 1, day) for moment in world.day(number).sky.passages()
    )
    counts["shower"] = sum(
        start <= shower[0] < end for number in (day - 1, day) for shower in world.day(number).sky.rain
    )
    return {kind: counts.get(kind, 0) for kind in (*TRAPS, "cloud_passage", "shower")}


def is_easy(counts: Iterable[dict[str, int]]) -> bool:
    """Whether camera-days, taken together, had fewer traps than a bench may boast of.

    Clouds and showers are not counted: they come by themselves.
    """
    days = list(counts)
    total = sum(day[kind] for day in days for kind in TRAPS)
    rarest = min(sum(day[kind] for day in days) for kind in TRAPS)
    return not days or total < LEAST_EVENTS * len(days) or rarest < LEAST_OF_KIND * len(days)


def _truth(world: World, camera: DistrictCamera, episode: Episode) -> TruthThing:
    whole = episode.stages[-1]
    ring = footprint_en(whole)
    places = FRAME.to_lonlat(np.vstack([[ring_centroid(ring)], ring, ring[:1]]))
    due = episode.due or (None, None)
    return TruthThing(
        episode.id,
        camera.id,
        episode.kind,
        episode.category,
        episode.trap,
        episode.from_t,
        episode.to_t,
        due[0],
        due[1],
        (float(places[0, 0]), float(places[0, 1])),
        [(float(lon), float(lat)) for lon, lat in places[1:]],
        ring_area_m2(ring),
        camera.distance_m(*ring_centroid(ring)),
        "test" if camera.split == "test" and episode.split == "test" else "train",
        world,
        episode,
    )


def ring_area_m2(ring: F64) -> float:
    """Area of a polygon (N, 2), metres, counter-clockwise and not closed: square metres."""
    turned = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * turned[:, 1] - ring[:, 1] * turned[:, 0]).sum() / 2)


def ring_centroid(ring: F64) -> tuple[float, float]:
    """Centroid of a polygon; the mean of its corners is not it where they are uneven."""
    turned = np.roll(ring, -1, axis=0)
    cross = ring[:, 0] * turned[:, 1] - ring[:, 1] * turned[:, 0]
    east, north = ((ring + turned) * cross[:, None]).sum(axis=0) / (3 * cross.sum())
    return float(east), float(north)


def _is_visible(camera: DistrictCamera, episode: Episode) -> bool:
    whole = episode.stages[-1]
    if camera.distance_m(whole.east_m, whole.north_m) > FARTHEST_M:
        return False
    box = _still_box(camera, whole)
    if box is None or min(box[2] - box[0], box[3] - box[1]) < LEAST_PX:
        return False
    return unhidden_share(camera, whole.placed(whole.from_t)) >= LEAST_SHARE


def _is_at(placed: Placed, stage: Part) -> bool:
    return (placed.asset, placed.east_m, placed.north_m) == (stage.asset, stage.east_m, stage.north_m)


FARTHEST_M = 110.0


@lru_cache(maxsize=8192)
def _still_box(camera: DistrictCamera, part: Part) -> Box | None:
    return _bounds(camera, camera.project(hull_enu(part)))


def _bounds(camera: DistrictCamera, pixels: F64) -> Box | None:
    if not np.isfinite(pixels).all():
        return None
    width, height = camera.size_wh
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    x1, y1 = max(0.0, float(low[0])), max(0.0, float(low[1]))
    x2, y2 = min(float(width), float(high[0])), min(float(height), float(high[1]))
    return (x1, y1, x2, y2) if x2 - x1 > 1 and y2 - y1 > 1 else None


def _pushed(camera: DistrictCamera, nudge: Nudge | None, straight_px: F64) -> F64:
    """(N, 2) pixels of the picture for pinhole pixels of the camera as it was calibrated."""
    return camera.bent(straight_px if nudge is None else nudge.moved(straight_px, camera.size_wh))
