"""People, riders and vehicles that pass, as pure functions of time.

Arrivals on each path are drawn per hour from the seed; a mover's way is then a broken line of metres over
seconds (it stops at a red light or by choice), so that any moment can be asked for alone, at 25 a second
or every ten. Whoever meets a thing on its way goes round it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import camera_of
from sample_videos.district.episodes.board import Look, looks_of
from sample_videos.district.episodes.hours import DAWN_H
from sample_videos.district.layout import DISTRICT
from sample_videos.district.obstacles import Course, bump, obstacles, swerves
from sample_videos.district.routes import line_of, seen_pieces
from sample_videos.district.things import STRIDE_M, Placed
from sample_videos.district.timeline import World

__all__ = ["Mover", "movers"]

F64 = NDArray[np.float64]
HOUR_S = 3600.0
BUCKET_S = 20.0
RATES_PER_HOUR: Final = {
    "drive-east": 150.0, "drive-west": 150.0, "drive-north": 80.0, "drive-south": 80.0, "turn-ne": 14.0,
    "turn-ws": 14.0, "lane-drive": 5.0, "cycle-east": 55.0, "cycle-west": 55.0, "cycle-lane": 14.0,
    "cycle-canal": 16.0, "walk-n-west": 105.0, "walk-n-east": 105.0, "walk-s-west": 80.0, "walk-s-east": 70.0,
    "walk-crossing-w": 45.0, "walk-crossing-n": 55.0, "walk-plaza": 55.0, "walk-plaza-2": 50.0,
    "walk-lane": 65.0, "walk-lane-2": 40.0, "walk-canal": 55.0, "walk-waste": 12.0,
}  # fmt: skip
"""At the busiest hour."""
DAY_SHAPE = (
    0.03, 0.02, 0.015, 0.015, 0.03, 0.15, 0.4, 0.85, 1.0, 0.75, 0.65, 0.75,
    0.8, 0.65, 0.6, 0.65, 0.8, 1.0, 0.95, 0.8, 0.6, 0.4, 0.2, 0.08,
)  # fmt: skip
VEHICLES = (("sedan", 0.74), ("van", 0.17), ("light_truck", 0.09))
LANES = (("drive-north", "turn-ne"), ("drive-west", "turn-ws"))
"""Paths that begin on the same lane: one queue before the lights."""
WALKERS = (("person", 1.0),)
RIDERS = (("e_bike_rider", 0.84), ("tricycle_driven", 0.16))
CYCLE_S, GREEN_S = 90.0, 38.0
"""Of the lights: the long street has green from 0 to 38 s, the cross street from 45 to 83 s."""
HEADWAY_S = 2.4
QUEUE_M = 7.2
REACTS_S = 1.2
WALKERS_STOP = 0.16
LIGHTS_H = (18.3, 6.2)
LOOK_BACK_H = 1


@dataclass(frozen=True, slots=True)
class Mover:
    """One who passes.

    Args:
        look: How it is drawn.
        course: How it goes.
        swerves: (metre, offset) of what it goes round.
    """

    look: Look
    course: Course
    swerves: tuple[tuple[float, float], ...] = ()

    def placed(self, t: float) -> Placed | None:
        """Where it is, or None before it comes and after it has gone."""
        course = self.course
        number = bisect_right(course.times, t) - 1
        if number < 0 or number >= len(course.times) - 1:
            return None
        start, end = course.times[number], course.times[number + 1]
        first, last = course.metres[number], course.metres[number + 1]
        metre = first + (last - first) * (t - start) / (end - start)
        line, aside = line_of(course.path), course.aside_m
        if self.swerves:
            aside += max((offset * bump(metre - at) for at, offset in self.swerves), key=abs)
        along = line.length_m - metre if course.is_back else metre
        east, north, yaw = line.at(along, aside, course.is_back)
        is_person, walks = self.look.asset == "person", last > first
        hour = (t / HOUR_S) % 24
        return Placed(
            self.look.asset,
            self.look.variant,
            ("walk" if walks else "stand") if is_person else "still",
            int(metre / STRIDE_M * 6) % 6 if is_person and walks else 0,
            east,
            north,
            yaw,
            self.look.scale,
            self.look.tint_bgr,
            is_person=is_person,
            has_lights=hour > LIGHTS_H[0] or hour < LIGHTS_H[1],
        )


def movers(world: World, camera_id: str, t: float) -> list[Placed]:
    """All who pass in a camera's view at a moment."""
    found = []
    for mover in _in_view(world.seed, world.scenario, camera_id, int(t // HOUR_S)).get(
        int(t // BUCKET_S), ()
    ):
        placed = mover.placed(t)
        if placed is not None:
            found.append(placed)
    return found


def _arrivals(seed: int, path: int, hour: int) -> tuple[Mover, ...]:
    """Who sets out on a path within an hour."""
    way = DISTRICT.paths[path].id
    lane = next((ways for ways in LANES if way in ways), (way,))
    return tuple(mover for mover in _on_lane(seed, lane, hour) if mover.course.path == path)


@lru_cache(maxsize=256)
def _on_lane(seed: int, ways: tuple[str, ...], hour: int) -> tuple[Mover, ...]:
    """Who sets out on paths that begin on one lane, within an hour."""
    rates = np.array([RATES_PER_HOUR[way] for way in ways])
    paths = [_NUMBERS[way] for way in ways]
    key = (hour % 2**32, crc32(ways[0].encode()))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
    weekend = 1.15 if (hour // 24) % 7 >= 5 else 1.0
    count = int(rng.poisson(rates.sum() * DAY_SHAPE[hour % 24] * weekend))
    drives = DISTRICT.paths[paths[0]].kind == "drive"
    # Each hour is made by itself: in its last cycle no vehicle sets out, and the queue is gone by its end.
    last = (hour + 1) * HOUR_S - (CYCLE_S if drives else 0.0)
    starts = np.sort(rng.uniform(hour * HOUR_S, last, count))
    taken = [paths[int(number)] for number in rng.choice(len(paths), count, p=rates / rates.sum())]
    if drives:
        return tuple(_vehicles(rng, taken, starts))
    return tuple(mover for start in starts for mover in _group(rng, paths[0], float(start)))


_NUMBERS: Final = {path.id: number for number, path in enumerate(DISTRICT.paths)}


def _vehicles(rng: np.random.Generator, taken: list[int], starts: F64) -> Iterator[Mover]:
    """Vehicles one behind the other: each waits at the light, and behind the one that waits before it.

    Source: Newell (2002), a simplified car-following theory: who follows does what the one before did, a
    little later and a car's length behind.
    """
    stops: list[Stop] = []
    set_out = -np.inf
    for start, path in zip(starts, taken, strict=True):
        way, line = DISTRICT.paths[path], line_of(path)
        set_out = max(float(start), set_out + HEADWAY_S)
        stops = _stops(set_out, path, stops)
        times, metres = [set_out], [0.0]
        for stop in stops:
            times += [times[-1] + (stop.metre - metres[-1]) / way.speed_mps, stop.until_t]
            metres += [stop.metre, stop.metre]
        times.append(times[-1] + (line.length_m - metres[-1]) / way.speed_mps)
        metres.append(line.length_m)
        aside = float(rng.uniform(-way.width_m, way.width_m) / 2)
        yield Mover(_look(rng, VEHICLES), Course(path, False, aside, tuple(times), tuple(metres)))


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and until when a vehicle waits."""

    metre: float
    until_t: float


def _stops(set_out: float, path: int, before: list[Stop]) -> list[Stop]:
    """Where one waits that sets out behind another with its stops; all on a lane have the same speed."""
    way = DISTRICT.paths[path]
    found: list[Stop] = []
    metre, t = 0.0, set_out

    def wait(at: float, until: float) -> None:
        nonlocal metre, t
        if at > metre and until > t + (at - metre) / way.speed_mps + 0.05:
            found.append(Stop(at, until))
            metre, t = at, until

    for stop in before:
        wait(stop.metre - QUEUE_M, stop.until_t + REACTS_S)
    for line_m in way.yields_at_m:
        wait(line_m, _green(t + (line_m - metre) / way.speed_mps, is_long=_is_long(path)))
    return found


def _is_long(path: int) -> bool:
    """Whether a path comes along the long street."""
    return abs(DISTRICT.paths[path].line_en[0][0]) > 50


def _green(t: float, *, is_long: bool) -> float:
    """The first moment from `t` on at which a street has green."""
    phase = (t - (0.0 if is_long else CYCLE_S / 2)) % CYCLE_S
    return t if phase < GREEN_S else t + CYCLE_S - phase


def _group(rng: np.random.Generator, path: int, start: float) -> list[Mover]:
    """A walker or a rider, or two or three who walk together; some stand still for a while."""
    way, line = DISTRICT.paths[path], line_of(path)
    is_walk = way.kind == "walk"
    size = int(rng.choice([1, 2, 3], p=[0.78, 0.17, 0.05])) if is_walk else 1
    is_back = is_walk and bool(rng.random() < 0.5)
    speed = way.speed_mps * float(np.clip(rng.normal(1, 0.13), 0.65, 1.4))
    times, metres = [start], [0.0]
    if way.yields_at_m:
        at = way.yields_at_m[-1 if is_back else 0]
        comes = start + at / speed
        goes = _green(comes, is_long=_is_long(path))
        if goes > comes + 0.5:
            times += [comes, goes]
            metres += [at, at]
    elif is_walk and rng.random() < WALKERS_STOP:
        at = float(rng.uniform(0.1, 0.9)) * line.length_m
        times += [start + at / speed, start + at / speed + float(rng.uniform(8, 110))]
        metres += [at, at]
    times.append(times[-1] + (line.length_m - metres[-1]) / speed)
    metres.append(line.length_m)
    aside = float(rng.uniform(-way.width_m, way.width_m) / 2)
    found = []
    for number in range(size):
        at_side = aside + (number - (size - 1) / 2) * 0.62
        at_side = float(np.clip(at_side, -way.width_m * 0.75, way.width_m * 0.75))
        lag = 0.25 * (number % 2) + float(rng.uniform(0, 0.15))
        course = Course(path, is_back, at_side, tuple(t + lag for t in times), tuple(metres))
        found.append(Mover(_look(rng, WALKERS if is_walk else RIDERS), course))
    return found


def _look(rng: np.random.Generator, kinds: tuple[tuple[str, float], ...]) -> Look:
    """A kind by its share, in any variant and colour."""
    kind = str(rng.choice([name for name, _ in kinds], p=[share for _, share in kinds]))
    return looks_of(kind, (0.92, 1.07) if kind == "person" else (0.97, 1.03))(rng, "any")


@lru_cache(maxsize=96)
def _in_view(seed: int, scenario: str, camera_id: str, hour: int) -> dict[int, tuple[Mover, ...]]:
    """Who is on a piece of path that a camera sees within an hour, by bucket of time."""
    buckets: dict[int, list[Mover]] = defaultdict(list)
    first, last = int(hour * HOUR_S // BUCKET_S), int((hour + 1) * HOUR_S // BUCKET_S)
    for path in range(len(DISTRICT.paths)):
        pieces = seen_pieces(camera_of(camera_id), path)
        for early in range(LOOK_BACK_H, -1, -1) if pieces else ():
            for mover in _going_round(seed, scenario, path, hour - early):
                for start, end in _when(mover.course, pieces):
                    for bucket in range(
                        max(first, int(start // BUCKET_S)), min(last, int(end // BUCKET_S) + 1)
                    ):
                        buckets[bucket].append(mover)
    return {bucket: tuple(dict.fromkeys(found)) for bucket, found in buckets.items()}


def _when(course: Course, pieces: tuple[tuple[float, float], ...]) -> Iterator[tuple[float, float]]:
    """When one is on some pieces (from metre, to metre) of its path."""
    length = line_of(course.path).length_m
    for start, end in pieces:
        first, last = (length - end, length - start) if course.is_back else (start, end)
        # It may stand still right at an end: the last knot at or before, the first after.
        comes = course.times[max(0, bisect_left(course.metres, first) - 1)]
        comes = max(comes, float(np.interp(first - 1.0, course.metres, course.times)))
        goes = float(np.interp(last + 1.0, course.metres, course.times))
        yield comes, goes


@lru_cache(maxsize=256)
def _going_round(seed: int, scenario: str, path: int, hour: int) -> tuple[Mover, ...]:
    """Who sets out on a path within an hour, with what they go round."""
    there = [
        obstacle
        for day in {int((hour - DAWN_H + shift) // 24) for shift in (-24, 0, 1)}
        for obstacle in obstacles(seed, scenario, path, day)
        if obstacle.from_t < (hour + 2) * HOUR_S and obstacle.to_t > hour * HOUR_S
    ]
    return tuple(
        replace(mover, swerves=tuple(swerves(mover.course, there))) for mover in _arrivals(seed, path, hour)
    )
