"""A camera-day of the sample district: its pictures, what is in them, its truth, and its site."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from contracts.site import Site
from sample_videos.district.camera_day import BoxPx, Cut, Nudge, Span, ThingRecord
from sample_videos.district.cameras import CAMERAS, camera_of
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.compose import CameraState
from sample_videos.district.day_stage import DayKey, StageTruth
from sample_videos.district.in_view import in_view
from sample_videos.district.lens import Pose
from sample_videos.district.oracle import Visible
from sample_videos.district.parts import PARTS, Parts
from sample_videos.district.plan import FRAME
from sample_videos.district.site import DWELL_S, site_document
from sample_videos.district.stage import make_composer
from sample_videos.district.things import DAY_S, Episode, Part, Placed
from sample_videos.district.timeline import World
from sample_videos.district.traffic import movers
from sample_videos.district.truth import TruthThing, box_of, exposure, things
from sample_videos.district.weather import Sky
from vision.errors import BadInput
from vision.types import Box, Picture

__all__ = ["DistrictDay", "WorldStage", "class_of", "keys_of", "open_district_day"]

SEEN_EVERY_S: Final = 60.0
"""How often it is asked how much of a thing shows."""
SEEN_SHARE: Final = 0.5
DETECTED_AS: Final = {
    "sedan": "car",
    "van": "car",
    "light_truck": "truck",
    "tricycle_driven": "motorcycle",
    "tricycle_parked": "motorcycle",
    "e_bike": "motorcycle",
    "e_bike_rider": "motorcycle",
    "person": "person",
    "bin": "garbage_bin",
    "bin_overflowing": "overflowing_bin",
    "sand_heap": "construction_debris",
}
"""Class of the detector by kind; vendors, piles and debris are of their category, the rest of no class."""
NO_DWELL_S: Final = 300.0
LEAST_STAY_S: Final = 60.0
"""What stands for less is no thing that could be mistaken."""


def class_of(kind: str) -> str | None:
    """What the detector calls a kind of the catalogue; None where it has no class for it."""
    if kind in DETECTED_AS:
        return DETECTED_AS[kind]
    asset = CATALOGUE[kind]
    return asset.category if asset.family in ("vendor", "pile", "debris") else None


def keys_of(seed: int, days: int, cameras: int, split: str, scenario: str) -> list[DayKey]:
    """The camera-days of a run: the first so many cameras of a split, each over all days.

    Raises:
        BadInput: No such split.
    """
    if split not in ("train", "test", "all"):
        raise BadInput(f"split '{split}': train, test or all")
    chosen = [camera.id for camera in CAMERAS if split in ("all", camera.split)][:cameras]
    return [DayKey(seed, days, name, day, split, scenario) for day in range(days) for name in chosen]


@dataclass(frozen=True, slots=True)
class WorldStage:
    """What a composer shows of a world."""

    world: World

    @property
    def seed(self) -> int:
        """Seed of the world."""
        return self.world.seed

    def placed(self, camera_id: str, t: float) -> Sequence[Placed]:
        """All that stands or passes in the camera's view."""
        return [*self.world.placed(camera_id, t), *movers(self.world, camera_id, t)]

    def state(self, camera_id: str, t: float) -> CameraState:
        """How the camera is pushed, and how dirty it is."""
        dirt = self.world.dirt_at(camera_id, t)
        return CameraState(_pose(self.world, camera_id, t), dirt.strength_at(t) if dirt is not None else 0.0)

    def sky(self, t: float) -> Sky:
        """The weather of the day."""
        return self.world.sky(t)


class DistrictDay:
    """One camera-day.

    Args:
        key: Which.
        parts: The renders that pictures are made of.
    """

    def __init__(self, key: DayKey, parts: Parts) -> None:
        self._key = key
        self._camera = camera_of(key.camera_id)
        self._world = World(key.seed, key.day, 1, key.scenario)
        self._stage = WorldStage(self._world)
        self._composer = make_composer(self._camera, self._stage, parts)
        self.begins = key.day * DAY_S
        self.ends = self.begins + DAY_S

    def site(self) -> Site:
        """The district's site with this camera alone, its control points read anew for this day."""
        return Site.model_validate(site_document(self._key.seed, self._key.day, [self._camera.id]))

    def picture(self, t: float) -> Picture | None:
        """The picture at a time; None while a power cut keeps it away."""
        return None if self._world.is_dark(self._camera.id, t) else self._composer.picture(t)

    def visible(self, t: float) -> Sequence[Visible]:
        """All of the detector's classes in the picture, nudged as it is."""
        pose = _pose(self._world, self._camera.id, t)
        found = []
        for each in in_view(self._camera, self._stage.placed(self._camera.id, t)):
            placed = each.placed
            name, box = class_of(placed.asset), _moved(each.box, pose, self._camera.size_wh)
            if name is not None and box is not None:
                found.append(Visible(_key(placed), name, box, each.share))
        return found

    def truth(self) -> StageTruth:
        """Every thing and trap of the day, and what befell the camera."""
        faults = self._world.faults(self._camera.id)
        told = things(self._world, self._camera.id)
        return StageTruth(
            [*(self._record(thing) for thing in told), *self._bystanders({thing.thing_id for thing in told})],
            [
                Nudge(
                    at=max(self.begins, nudge.from_t),
                    until=min(self.ends, nudge.to_t),
                    shift_px=round(max(abs(nudge.dx_px), abs(nudge.dy_px)), 1),
                )
                for nudge in faults.nudges
                if nudge.from_t < self.ends and nudge.to_t > self.begins
            ],
            [Cut(at=max(self.begins, start), until=min(self.ends, end)) for start, end in faults.cuts],
            exposure(self._world, self._camera.id, self._key.day),
        )

    def _record(self, thing: TruthThing) -> ThingRecord:
        due = None
        if thing.due_from_t is not None and thing.due_to_t is not None:
            due = (thing.due_from_t, thing.due_to_t)
        span = max(self.begins, thing.from_t), min(self.ends, thing.to_t)
        times = self._times(span, (stage.from_t for stage in thing.episode.stages))
        return ThingRecord(
            thing_id=thing.thing_id,
            kind=thing.episode.stages[-1].asset,
            category=thing.category,
            trap=thing.trap,
            is_sleeper=thing.trap == "sleeper",
            there=(thing.from_t, thing.to_t),
            due=due,
            dwell_s=DWELL_S.get(thing.category, NO_DWELL_S),
            lonlat=thing.lonlat,
            area_m2=thing.area_m2,
            distance_m=round(thing.distance_m, 2),
            split=self._split(thing),
            seen=self._seen(thing, span) if due else [],
            boxes=_changes((t, thing.box_at(t)) for t in times),
        )

    def _bystanders(self, told: Collection[str]) -> Iterator[ThingRecord]:
        """What stands there and is in no list of the truth: a seller, a van, belongings, a bin.

        None of it is an incident; each is named, so that a false incident on it can be.
        """
        for episode in self._world.all_episodes():
            parts = episode.others if episode.id in told else episode.parts
            for number, part in enumerate(parts):
                begin, end = max(self.begins, part.from_t), min(self.ends, part.to_t)
                if part.way or end - begin < LEAST_STAY_S:
                    continue
                boxes = _changes(
                    (t, box_of(self._camera, part, self._world.nudge_at(self._camera.id, t)))
                    for t in self._times((begin, end))
                )
                if any(box is not None for _, box in boxes):
                    yield self._bystander(episode, f"{episode.id}.{number}", part, boxes)

    def _bystander(
        self, episode: Episode, thing_id: str, part: Part, boxes: list[tuple[float, BoxPx | None]]
    ) -> ThingRecord:
        lon, lat = FRAME.to_lonlat(np.array([[part.east_m, part.north_m]]))[0]
        return ThingRecord(
            thing_id=thing_id,
            kind=part.asset,
            trap=episode.trap or f"{part.asset} of {episode.kind}",
            is_sleeper=episode.trap == "sleeper",
            there=(part.from_t, part.to_t),
            lonlat=(float(lon), float(lat)),
            area_m2=CATALOGUE[part.asset].area_m2 * part.scale**2,
            distance_m=round(self._camera.distance_m(part.east_m, part.north_m), 2),
            split="mixed",
            boxes=boxes,
        )

    def _split(self, thing: TruthThing) -> str:
        """The side of the split that camera and drawing are both on; `mixed` where they are not."""
        return self._camera.split if self._camera.split == thing.episode.split else "mixed"

    def _seen(self, thing: TruthThing, span: Span) -> list[Span]:
        """When at least half of it shows."""
        times = [*np.arange(span[0], span[1], SEEN_EVERY_S).tolist(), span[1]]
        return _spans(times, [thing.visible_share(t) >= SEEN_SHARE for t in times[:-1]])

    def _times(self, span: Span, extra: Iterable[float] = ()) -> list[float]:
        """Moments at which boxes may change within a span: its ends, nudges, and what else is named."""
        begin, end = span
        nudges = self._world.faults(self._camera.id).nudges
        moments = [*extra, *(t for nudge in nudges for t in (nudge.from_t, nudge.to_t))]
        return sorted({begin, end, *(t for t in moments if begin < t < end)})


def open_district_day(key: DayKey) -> DistrictDay:
    """The stage of a camera-day, with the committed renders."""
    return DistrictDay(key, _parts())


@lru_cache(maxsize=1)
def _parts() -> Parts:
    return Parts(PARTS)


def _key(placed: Placed) -> str:
    """Names a thing within a look; whoever passes is known by where she is."""
    where = f"{placed.east_m:.2f},{placed.north_m:.2f}"
    return f"{placed.thing_id}/{placed.asset}-{placed.variant}/{where}"


def _pose(world: World, camera_id: str, t: float) -> Pose:
    nudge = world.nudge_at(camera_id, t)
    return Pose() if nudge is None else Pose(nudge.dx_px, nudge.dy_px, nudge.roll_deg)


def _moved(box: Box, pose: Pose, size_wh: tuple[int, int]) -> Box | None:
    """A box as a displaced camera shows it; None where it leaves the picture."""
    if pose == Pose():
        return box
    move = pose.matrix(size_wh)
    xs, ys = zip(
        *(
            (move[0, 0] * x + move[0, 1] * y + move[0, 2], move[1, 0] * x + move[1, 1] * y + move[1, 2])
            for x in (box[0], box[2])
            for y in (box[1], box[3])
        ),
        strict=True,
    )
    x1, y1 = max(0.0, float(min(xs))), max(0.0, float(min(ys)))
    x2, y2 = min(float(size_wh[0]), float(max(xs))), min(float(size_wh[1]), float(max(ys)))
    return (x1, y1, x2, y2) if x2 - x1 >= 1 and y2 - y1 >= 1 else None


def _changes(boxes: Iterable[tuple[float, Box | None]]) -> list[tuple[float, BoxPx | None]]:
    """The boxes that differ from the one before."""
    changes: list[tuple[float, BoxPx | None]] = []
    for t, box in boxes:
        rounded = None
        if box is not None:
            rounded = (round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1))
        if not changes or changes[-1][1] != rounded:
            changes.append((t, rounded))
    return changes


def _spans(times: Sequence[float], seen: Sequence[bool]) -> list[Span]:
    """The spans in which something is seen, each moment standing for the time until the next."""
    spans: list[Span] = []
    for t, until, is_seen in zip(times[:-1], times[1:], seen, strict=True):
        if not is_seen:
            continue
        if spans and spans[-1][1] == t:
            spans[-1] = (spans[-1][0], until)
        else:
            spans.append((t, until))
    return spans
