"""A camera-day of the sample district: its pictures, what is in them, its truth, and its site."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from contracts.site import Site
from sample_videos.district.cameras import CAMERAS, camera_of
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.compose import CameraState
from sample_videos.district.day_stage import DayKey, StageTruth
from sample_videos.district.day_truth import DayTruth
from sample_videos.district.episodes.building import Built
from sample_videos.district.in_view import in_view
from sample_videos.district.lens import Pose
from sample_videos.district.oracle import Visible
from sample_videos.district.parts import PARTS, Parts
from sample_videos.district.site import site_document
from sample_videos.district.stage import make_composer
from sample_videos.district.things import DAY_S, Placed
from sample_videos.district.timeline import SCENARIOS, World
from sample_videos.district.traffic import movers
from sample_videos.district.weather import Sky
from vision.errors import BadInput
from vision.types import Box, Picture

__all__ = ["DistrictDay", "WorldStage", "class_of", "keys_of", "open_district_day"]

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


def class_of(kind: str) -> str | None:
    """What the detector calls a kind of the catalogue; None where it has no class for it."""
    if kind in DETECTED_AS:
        return DETECTED_AS[kind]
    asset = CATALOGUE[kind]
    return asset.category if asset.family in ("vendor", "pile", "debris") else None


def keys_of(seed: int, days: int, cameras: int, split: str, scenario: str) -> list[DayKey]:
    """The camera-days of a run: the first so many cameras of a split, each over all days.

    Raises:
        BadInput: No such split or scenario.
    """
    if split not in ("train", "test", "all"):
        raise BadInput(f"split '{split}': train, test or all")
    if scenario not in SCENARIOS:
        raise BadInput(f"scenario '{scenario}': one of {', '.join(SCENARIOS)}")
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

    def built(self, camera_id: str, t: float) -> tuple[Built, ...]:
        """The building changes that stand at a moment."""
        changes = self.world.changes(camera_id)
        return tuple(built for change in changes if (built := change.at(t)) is not None)


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

    def faults(self) -> StageTruth:
        """What befalls the camera and its light between its beginning and its end."""
        return self._truth().faults()

    def truth(self) -> StageTruth:
        """What is true between its beginning and its end."""
        return self._truth().records()

    def _truth(self) -> DayTruth:
        return DayTruth(self._world, self._camera, self._key.day, (self.begins, self.ends))


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
