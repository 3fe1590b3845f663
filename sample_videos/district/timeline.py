"""The seeded world: what stands where at every moment of some days, and what befalls cameras and sky.

A day runs from 04:00 to 04:00 and is made as a whole from (seed, day) alone: each kind of episode in each
camera's view has random numbers of its own, so that the same seed gives the same world whatever is asked
of it first. Only cars in their bays stay beyond the end of a day.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import CAMERAS, DistrictCamera, camera_of
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.episodes.bins import bin_episodes
from sample_videos.district.episodes.board import Board
from sample_videos.district.episodes.building import Change, changes_of
from sample_videos.district.episodes.faults import CameraFaults, Dirt, Nudge, Sky, camera_faults, sky_of
from sample_videos.district.episodes.hours import DAWN_H
from sample_videos.district.episodes.people import people_episodes
from sample_videos.district.episodes.rubbish import rubbish_episodes
from sample_videos.district.episodes.shops import shop_episodes
from sample_videos.district.episodes.vehicles import bay_episodes, vehicle_episodes
from sample_videos.district.episodes.vendors import vendor_episodes
from sample_videos.district.things import DAY_S, Episode, Part, Placed

__all__ = ["SCENARIOS", "Day", "World", "day_of"]

F64 = NDArray[np.float64]
BUCKET_S = 600.0
VIEW_M = 95.0
BODY_M = 4.0
"""A thing this near the picture's edge may reach into it, or throw its shadow there."""

_DEFAULT: Final = {
    "vendor": 11.0,
    "permitted_vendor": 3.0,
    "pile": 6.5,
    "permitted_rubbish": 2.4,
    "debris": 4.4,
    "left": 1.2,
    "overflow": 2.0,
    "bin_emptied": 4.5,
    "bin_moved": 4.0,
    "cafe_umbrella": 1.4,
    "shop_display": 1.8,
    "sand_in_site": 7.0,
    "double_parked": 5.0,
    "delivery": 5.5,
    "lights": 2.2,
    "parked_tricycle": 5.0,
    "parked_e_bike": 9.0,
    "waiting": 13.0,
    "sitting": 7.0,
    "sleeper": 1.6,
    "suitcase": 4.0,
    "nudge": 1.4,
    "dirty_lens": 1.3,
    "power_cut": 1.3,
}
"""Episodes a day in each camera's view, before those are dropped for which there is no room."""
_QUIET: Final = dict.fromkeys(_DEFAULT, 0.0) | {"parked_e_bike": 3.0, "double_parked": 1.0, "waiting": 3.0}
SCENARIOS: Final = {
    "default": _DEFAULT,
    "quiet": _QUIET,
    "market": _DEFAULT | {"vendor": 26.0, "permitted_vendor": 6.0, "delivery": 9.0},
    "nudges": _DEFAULT | {"nudge": 34.0},
    "steady": _DEFAULT | {"nudge": 0.0},
    "changes": _DEFAULT,
}
BUILDS = ("changes",)
"""Scenarios in which buildings change; left out of the others until a detector looks for it."""
MARKET_PITCH = 6.0
"""The market corner takes so many times the permitted vendors of a pitch."""


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """One day of a world.

    Args:
        episodes: All of it, in order of coming.
        faults: Of each camera.
        sky: Its weather.
    """

    episodes: tuple[Episode, ...]
    faults: dict[str, CameraFaults]
    sky: Sky


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of an episode as a camera sees it."""

    part: Part
    thing_id: str
    category: str


class World:
    """What happens in the district over some days; a pure function of its arguments.

    Args:
        seed: Of everything.
        first_day: Day 0 is Monday 2026-04-06.
        days: How many, each from 00:00 to 24:00.
        scenario: One of `SCENARIOS`.

    Raises:
        ValueError: No such scenario, or no day.
    """

    def __init__(self, seed: int, first_day: int = 0, days: int = 1, scenario: str = "default") -> None:
        if scenario not in SCENARIOS:
            raise ValueError(f"no scenario '{scenario}'; there are {', '.join(SCENARIOS)}")
        if days < 1:
            raise ValueError(f"{days} days: a world needs at least one")
        self.seed, self.first_day, self.days, self.scenario = seed, first_day, days, scenario
        self._shown: dict[tuple[str, int], dict[int, tuple[Shown, ...]]] = {}

    @property
    def from_t(self) -> float:
        """First moment, seconds."""
        return self.first_day * DAY_S

    @property
    def to_t(self) -> float:
        """Moment at which it ends."""
        return (self.first_day + self.days) * DAY_S

    def day(self, day: int) -> Day:
        """The day that begins at 04:00 of day number `day`."""
        return day_of(self.seed, day, self.scenario)

    def episodes(self, day: int) -> tuple[Episode, ...]:
        """The episodes of the day that begins at 04:00 of day number `day`."""
        return self.day(day).episodes

    def all_episodes(self) -> list[Episode]:
        """All episodes that fall, at least in part, into the world's span."""
        return [
            episode
            for day in range(self.first_day - 1, self.first_day + self.days)
            for episode in self.episodes(day)
            if episode.span[0] < self.to_t and episode.span[1] > self.from_t
        ]

    def placed(self, camera_id: str, t: float) -> list[Placed]:
        """All that stands, or goes with what stands, in a camera's view at a moment; without traffic."""
        day = int((t - DAWN_H * 3600) // DAY_S)
        bucket = int(t // BUCKET_S)
        return [
            shown.part.placed(t, shown.thing_id, shown.category)
            for number in (day - 1, day)
            for shown in self._shown_in(camera_id, number).get(bucket, ())
            if shown.part.is_there(t)
        ]

    def changes(self, camera_id: str) -> tuple[Change, ...]:
        """What is built before a camera in the world's span."""
        return changes_of(self.seed, camera_id, self.from_t, self.to_t) if self.scenario in BUILDS else ()

    def faults(self, camera_id: str) -> CameraFaults:
        """A camera's faults in the world's span."""
        days = [
            self.day(day).faults[camera_id] for day in range(self.first_day - 1, self.first_day + self.days)
        ]
        return CameraFaults(
            tuple(nudge for day in days for nudge in day.nudges if self._covers(nudge.from_t, nudge.to_t)),
            tuple(dirt for day in days for dirt in day.dirt if self._covers(dirt.from_t, dirt.to_t)),
            tuple(cut for day in days for cut in day.cuts if self._covers(*cut)),
        )

    def nudge_at(self, camera_id: str, t: float) -> Nudge | None:
        """How a camera is pushed at a moment, or None while it hangs as it was calibrated."""
        faults = self._faults_at(camera_id, t)
        return next((nudge for nudge in faults.nudges if nudge.from_t <= t < nudge.to_t), None)

    def dirt_at(self, camera_id: str, t: float) -> Dirt | None:
        """The dirt on a camera's lens at a moment."""
        return next((dirt for dirt in self._faults_at(camera_id, t).dirt if dirt.strength_at(t) > 0), None)

    def is_dark(self, camera_id: str, t: float) -> bool:
        """Whether a power cut keeps a camera from sending pictures."""
        return any(start <= t < end for start, end in self._faults_at(camera_id, t).cuts)

    def sky(self, t: float) -> Sky:
        """The weather of the day that a moment falls into."""
        return self.day(int((t - DAWN_H * 3600) // DAY_S)).sky

    def _covers(self, start: float, end: float) -> bool:
        return start < self.to_t and end > self.from_t

    def _faults_at(self, camera_id: str, t: float) -> CameraFaults:
        return self.day(int((t - DAWN_H * 3600) // DAY_S)).faults[camera_id]

    def _shown_in(self, camera_id: str, day: int) -> dict[int, tuple[Shown, ...]]:
        """A day's parts that a camera may see, by bucket of time."""
        key = (camera_id, day)
        if key not in self._shown:
            self._shown[key] = _shown(camera_of(camera_id), self.episodes(day))
        return self._shown[key]


@lru_cache(maxsize=16)
def day_of(seed: int, day: int, scenario: str) -> Day:
    """The day that begins at 04:00 of day number `day`; about a second the first time."""
    rates = SCENARIOS[scenario]
    board = Board(seed, day)
    episodes = [*bay_episodes(board), *bin_episodes(board, rates)]
    for make in (vendor_episodes, rubbish_episodes, shop_episodes, vehicle_episodes, people_episodes):
        for camera in CAMERAS:
            own = rates
            if camera.id == "market-south":
                own = rates | {"permitted_vendor": rates["permitted_vendor"] * MARKET_PITCH}
            elif camera.id == "market-north":
                own = rates | {"permitted_vendor": 0.0}
            episodes += make(board, camera, own)
    return Day(
        tuple(sorted(episodes, key=lambda episode: (episode.from_t, episode.id))),
        {camera.id: camera_faults(board, camera, rates) for camera in CAMERAS},
        sky_of(board),
    )


def _shown(camera: DistrictCamera, episodes: tuple[Episode, ...]) -> dict[int, tuple[Shown, ...]]:
    """The parts that a camera may see, by bucket of time."""
    parts = [
        Shown(part, episode.id, episode.category if part in episode.stages else "")
        for episode in episodes
        for part in episode.parts
    ]
    buckets: dict[int, list[Shown]] = defaultdict(list)
    for shown, is_near in zip(parts, _may_see(camera, [shown.part for shown in parts]), strict=True):
        if is_near:
            for bucket in range(int(shown.part.from_t // BUCKET_S), int(shown.part.to_t // BUCKET_S) + 1):
                buckets[bucket].append(shown)
    return {bucket: tuple(shown) for bucket, shown in buckets.items()}


def _may_see(camera: DistrictCamera, parts: list[Part]) -> NDArray[np.bool_]:
    """(N,) whether parts stand in or near a camera's picture."""
    places = np.array([(part.east_m, part.north_m) for part in parts]).reshape(-1, 2)
    heights = np.array([CATALOGUE[part.asset].size_m[2] for part in parts])
    found = np.zeros(len(parts), bool)
    for share in (0.0, 1.0):
        points = np.column_stack([places, heights * share])
        depth = camera.depth(points)
        spare = camera.focal_px * BODY_M / np.maximum(depth, 1.0)
        straight = camera.straight(points)
        with np.errstate(invalid="ignore"):
            inside = (straight > -spare[:, None]) & (straight < np.array(camera.size_wh) + spare[:, None])
        found |= inside.all(axis=1) & (depth > 0.5) & (depth < VIEW_M)
    return found
