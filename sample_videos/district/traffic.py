"""People, riders and vehicles that pass, as pure functions of time.

Arrivals on each path are drawn per hour from the seed; a mover's way is then a broken line of metres over
seconds (it stops at a red light or by choice), so that any moment can be asked for alone, at 25 a second
or every ten. Whoever meets a thing on its way goes round it.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sample_videos.district.cameras import DistrictCamera, camera_of
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.episodes.board import block_of, tint
from sample_videos.district.episodes.hours import DAWN_H
from sample_videos.district.heights import district_heights
from sample_videos.district.layout import DISTRICT
from sample_videos.district.things import STRIDE_M, Placed
from sample_videos.district.timeline import World, day_of

__all__ = ["Mover", "movers"]

F64 = NDArray[np.float64]
HOUR_S = 3600.0
BUCKET_S = 20.0
RATES_PER_HOUR: Final = {
    "drive-east": 150.0, "drive-west": 150.0, "drive-north": 80.0, "drive-south": 80.0, "turn-ne": 14.0,
    "turn-ws": 14.0, "lane-drive": 5.0, "cycle-east": 55.0, "cycle-west": 55.0, "cycle-lane": 14.0,
    "cycle-canal": 16.0, "walk-n-west": 42.0, "walk-n-east": 42.0, "walk-s-west": 32.0, "walk-s-east": 28.0,
    "walk-crossing-w": 18.0, "walk-crossing-n": 22.0, "walk-plaza": 22.0, "walk-plaza-2": 20.0,
    "walk-lane": 26.0, "walk-lane-2": 16.0, "walk-canal": 22.0, "walk-waste": 5.0,
}  # fmt: skip
"""At the busiest hour."""
DAY_SHAPE = (
    0.03, 0.02, 0.015, 0.015, 0.03, 0.15, 0.4, 0.85, 1.0, 0.75, 0.65, 0.75,
    0.8, 0.65, 0.6, 0.65, 0.8, 1.0, 0.95, 0.8, 0.6, 0.4, 0.2, 0.08,
)  # fmt: skip
VEHICLES = (("sedan", 0.74), ("van", 0.17), ("light_truck", 0.09))
RIDERS = (("e_bike_rider", 0.84), ("tricycle_driven", 0.16))
CYCLE_S, GREEN_S = 84.0, 36.0
"""Of the lights: the long street has green from 0 to 36 s, the cross street from 42 to 78 s."""
HEADWAY_S = 2.4
QUEUE_M = 7.2
WALKERS_STOP = 0.16
LIGHTS_H = (18.3, 6.2)
CLEAR_M = {"walk": 0.35, "cycle": 0.55, "drive": 1.15}
"""Half a mover's width and some air: so far it stays from what stands there."""
LONGEST_SWERVE_M = 2.6
LOOK_BACK_H = 1
VIEW_M = 95.0


@dataclass(frozen=True, slots=True)
class Mover:
    """One who passes.

    Args:
        asset: Kind, see `catalogue`.
        variant: Its variant.
        scale: Of its size.
        tint_bgr: Multiplies its colours.
        path: Number of its path in `DISTRICT.paths`.
        is_back: It goes the path from its end.
        aside_m: Its offset to the right of the path's line.
        times: Knots of its way, seconds.
        metres: Metres along the path's line at the knots.
        swerves: (metre, offset) of what it goes round.
    """

    asset: str
    variant: str
    scale: float
    tint_bgr: tuple[float, float, float]
    path: int
    is_back: bool
    aside_m: float
    times: tuple[float, ...]
    metres: tuple[float, ...]
    swerves: tuple[tuple[float, float], ...] = ()

    def placed(self, t: float) -> Placed | None:
        """Where it is, or None before it comes and after it has gone."""
        number = bisect_right(self.times, t) - 1
        if number < 0 or number >= len(self.times) - 1:
            return None
        start, end = self.times[number], self.times[number + 1]
        first, last = self.metres[number], self.metres[number + 1]
        metre = first + (last - first) * (t - start) / (end - start)
        line = _line(self.path)
        aside = self.aside_m
        if self.swerves:
            aside += max((offset * _bump(metre - at) for at, offset in self.swerves), key=abs)
        east, north, yaw = line.at(line.length_m - metre if self.is_back else metre, aside, self.is_back)
        pose, phase = "still", 0
        if self.asset == "person":
            pose = "walk" if last > first else "stand"
            phase = int(metre / STRIDE_M * 6) % 6
        hour = (t / HOUR_S) % 24
        return Placed(
            self.asset, self.variant, pose, phase if pose == "walk" else 0, east, north, yaw, self.scale, self.tint_bgr,
            "", "", self.asset == "person", hour > LIGHTS_H[0] or hour < LIGHTS_H[1],
        )  # fmt: skip


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


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A path's line, cut into pieces.

    Args:
        starts_m: Metre at which each piece begins, and the whole length.
        easts: Of the corners.
        norths: Of the corners.
        length_m: Of the whole.
    """

    starts_m: tuple[float, ...]
    easts: tuple[float, ...]
    norths: tuple[float, ...]
    length_m: float

    def at(self, metre: float, aside_m: float, is_back: bool = False) -> tuple[float, float, float]:
        """East, north and heading at a metre, `aside_m` to the right of who goes along it.

        Near a corner place and heading are blended, so that nobody jumps.
        """
        ahead, behind = self._plain(metre + CORNER_M), self._plain(metre - CORNER_M)
        east, north = (ahead[0] + behind[0]) / 2, (ahead[1] + behind[1]) / 2
        along_e, along_n = ahead[0] - behind[0], ahead[1] - behind[1]
        length = float(np.hypot(along_e, along_n)) or 1.0
        sign = -1.0 if is_back else 1.0
        along_e, along_n = sign * along_e / length, sign * along_n / length
        yaw = float(np.rad2deg(np.arctan2(along_e, along_n)) % 360)
        return east + along_n * aside_m, north - along_e * aside_m, yaw

    def _plain(self, metre: float) -> tuple[float, float]:
        number = min(max(bisect_right(self.starts_m, metre) - 1, 0), len(self.starts_m) - 2)
        start, end = self.starts_m[number], self.starts_m[number + 1]
        share = (metre - start) / (end - start)
        return (
            self.easts[number] + (self.easts[number + 1] - self.easts[number]) * share,
            self.norths[number] + (self.norths[number + 1] - self.norths[number]) * share,
        )


CORNER_M = 1.2


@lru_cache(maxsize=len(DISTRICT.paths))
def _line(path: int) -> Line:
    corners = np.array(DISTRICT.paths[path].line_en)
    starts = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    easts, norths = corners.T
    return Line(
        tuple(float(value) for value in starts),
        tuple(float(value) for value in easts),
        tuple(float(value) for value in norths),
        float(starts[-1]),
    )


def _bump(metres: float) -> float:
    """1 beside a thing, 0 from nine metres off; smooth."""
    away = abs(metres)
    if away >= 9.0:
        return 0.0
    return 1.0 if away <= 3.0 else float(0.5 + 0.5 * np.cos(np.pi * (away - 3.0) / 6.0))


@lru_cache(maxsize=256)
def _arrivals(seed: int, path: int, hour: int) -> tuple[Mover, ...]:
    """Who sets out on a path within an hour."""
    way = DISTRICT.paths[path]
    key = (hour % 2**32, crc32(way.id.encode()))
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
    weekend = 1.15 if (hour // 24) % 7 >= 5 else 1.0
    count = int(rng.poisson(RATES_PER_HOUR[way.id] * DAY_SHAPE[hour % 24] * weekend))
    starts = np.sort(rng.uniform(hour * HOUR_S, (hour + 1) * HOUR_S, count))
    if way.kind == "drive":
        return tuple(_vehicles(rng, path, starts))
    return tuple(mover for start in starts for mover in _group(rng, path, float(start)))


def _vehicles(rng: np.random.Generator, path: int, starts: F64) -> list[Mover]:
    """Vehicles one behind the other: each waits at the light, and behind those that wait there."""
    way, line = DISTRICT.paths[path], _line(path)
    found: list[Mover] = []
    leaves: list[float] = []
    set_out = -np.inf
    for start in starts:
        set_out = max(float(start), set_out + HEADWAY_S)
        times, metres = [set_out, set_out + line.length_m / way.speed_mps], [0.0, line.length_m]
        if way.yields_at_m:
            stop = way.yields_at_m[0]
            comes = set_out + stop / way.speed_mps
            queue = sum(leave > comes for leave in leaves)
            goes = max(
                _green(comes, is_long=abs(way.line_en[0][0]) > 50),
                (leaves[-1] if leaves else -np.inf) + HEADWAY_S,
            )
            leaves.append(goes)
            if goes > comes + 0.5:
                waits_at = stop - QUEUE_M * queue
                lag = QUEUE_M * queue / way.speed_mps
                times = [
                    set_out,
                    comes - lag,
                    goes - lag,
                    goes - lag + (line.length_m - waits_at) / way.speed_mps,
                ]
                metres = [0.0, waits_at, waits_at, line.length_m]
        kind = str(rng.choice([name for name, _ in VEHICLES], p=[share for _, share in VEHICLES]))
        aside = float(rng.uniform(-way.width_m, way.width_m) / 2)
        found.append(_mover(rng, kind, path, False, aside, times, metres))
    return found


def _green(t: float, *, is_long: bool) -> float:
    """The first moment from `t` on at which a street has green."""
    phase = (t - (0.0 if is_long else CYCLE_S / 2)) % CYCLE_S
    return t if phase < GREEN_S else t + CYCLE_S - phase


def _group(rng: np.random.Generator, path: int, start: float) -> list[Mover]:
    """A walker or a rider, or two or three who walk together; some stand still for a while."""
    way, line = DISTRICT.paths[path], _line(path)
    is_walk = way.kind == "walk"
    size = int(rng.choice([1, 2, 3], p=[0.78, 0.17, 0.05])) if is_walk else 1
    is_back = is_walk and bool(rng.random() < 0.5)
    speed = way.speed_mps * float(np.clip(rng.normal(1, 0.13), 0.65, 1.4))
    times, metres = [start], [0.0]
    if way.yields_at_m:
        at = way.yields_at_m[-1 if is_back else 0]
        comes = start + at / speed
        goes = _green(comes, is_long=abs(way.line_en[0][0]) > 50)
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
        kind = (
            "person"
            if is_walk
            else str(rng.choice([name for name, _ in RIDERS], p=[share for _, share in RIDERS]))
        )
        beside = float(
            np.clip(aside + (number - (size - 1) / 2) * 0.62, -way.width_m * 0.75, way.width_m * 0.75)
        )
        lag = 0.25 * (number % 2) + float(rng.uniform(0, 0.15))
        found.append(_mover(rng, kind, path, is_back, beside, [t + lag for t in times], metres))
    return found


def _mover(
    rng: np.random.Generator,
    kind: str,
    path: int,
    is_back: bool,
    aside_m: float,
    times: list[float],
    metres: list[float],
) -> Mover:
    variants = [variant.name for variant in CATALOGUE[kind].variants]
    variant = variants[int(rng.integers(len(variants)))]
    scale = float(rng.uniform(0.92, 1.07)) if kind == "person" else float(rng.uniform(0.97, 1.03))
    return Mover(kind, variant, scale, tint(rng), path, is_back, aside_m, tuple(times), tuple(metres))


@lru_cache(maxsize=512)
def _in_view(seed: int, scenario: str, camera_id: str, hour: int) -> dict[int, tuple[Mover, ...]]:
    """Who is on a piece of path that a camera sees within an hour, by bucket of time."""
    buckets: dict[int, list[Mover]] = defaultdict(list)
    first, last = int(hour * HOUR_S // BUCKET_S), int((hour + 1) * HOUR_S // BUCKET_S)
    for path in range(len(DISTRICT.paths)):
        pieces = _seen_pieces(camera_of(camera_id), path)
        for early in range(LOOK_BACK_H, -1, -1) if pieces else ():
            for mover in _going_round(seed, scenario, path, hour - early):
                for start, end in _when(mover, pieces):
                    for bucket in range(
                        max(first, int(start // BUCKET_S)), min(last, int(end // BUCKET_S) + 1)
                    ):
                        buckets[bucket].append(mover)
    return {bucket: tuple(dict.fromkeys(found)) for bucket, found in buckets.items()}


def _when(mover: Mover, pieces: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """When a mover is on some pieces (from metre, to metre) of its path."""
    length = _line(mover.path).length_m
    spans = []
    for start, end in pieces:
        ends = (length - end, length - start) if mover.is_back else (start, end)
        # It may stand at either end for a while: the last moment before, the first after.
        came = mover.times[max(0, bisect_right(mover.metres, ends[0]) - 1)]
        comes = max(came, float(np.interp(ends[0], mover.metres, mover.times)) - 1.0) if ends[0] > 0 else came
        goes = float(np.interp(ends[1] + 1e-6, mover.metres, mover.times)) + 1.0
        spans.append((comes - 0.0, goes))
    return spans


@lru_cache(maxsize=512)
def _seen_pieces(camera: DistrictCamera, path: int) -> tuple[tuple[float, float], ...]:
    """The pieces (from metre, to metre) of a path in or near a camera's picture and in sight."""
    line = _line(path)
    metres = np.arange(0.0, line.length_m, 1.0)
    places = np.array([line.at(float(metre), 0.0)[:2] for metre in metres])
    points = np.column_stack([places, np.full(len(places), 1.2)])
    depth = camera.depth(points)
    spare = camera.focal_px * 3.0 / np.maximum(depth, 1.0)
    straight = camera.straight(points)
    with np.errstate(invalid="ignore"):
        inside = (straight > -spare[:, None]) & (straight < np.array(camera.size_wh) + spare[:, None])
    seen = inside.all(axis=1) & (depth > 0.5) & (depth < VIEW_M)
    seen[seen] = district_heights().sees(camera.place_enu, points[seen])
    seen = np.convolve(seen, np.ones(9), "same") > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(int)))
    return tuple((float(start), float(end)) for start, end in zip(edges[::2], edges[1::2], strict=True))


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that stands on or near a path: where along it, from and to which offset, and when."""

    metre: float
    left_m: float
    right_m: float
    from_t: float
    to_t: float


@lru_cache(maxsize=256)
def _going_round(seed: int, scenario: str, path: int, hour: int) -> tuple[Mover, ...]:
    """Who sets out on a path within an hour, with what they go round."""
    obstacles = [
        obstacle
        for day in {int((hour - DAWN_H + shift) // 24) for shift in (-24, 0, 1)}
        for obstacle in _obstacles(seed, scenario, path, day)
        if obstacle.from_t < (hour + 2) * HOUR_S and obstacle.to_t > hour * HOUR_S
    ]
    return tuple(
        replace(mover, swerves=tuple(_swerves(mover, obstacles))) for mover in _arrivals(seed, path, hour)
    )


def _swerves(mover: Mover, obstacles: list[Obstacle]) -> Iterator[tuple[float, float]]:
    way, length = DISTRICT.paths[mover.path], _line(mover.path).length_m
    clear = CLEAR_M[way.kind]
    aside = -mover.aside_m if mover.is_back else mover.aside_m
    for each in obstacles:
        if not each.left_m - clear < aside < each.right_m + clear:
            continue
        metre = length - each.metre if mover.is_back else each.metre
        passes = float(np.interp(metre, mover.metres, mover.times))
        if each.from_t - 6 < passes < each.to_t + 6:
            left, right = each.left_m - clear - aside, each.right_m + clear - aside
            shift = left if -left <= right else right
            if abs(shift) <= LONGEST_SWERVE_M:
                yield metre, -shift if mover.is_back else shift


@lru_cache(maxsize=256)
def _obstacles(seed: int, scenario: str, path: int, day: int) -> tuple[Obstacle, ...]:
    """What stands on or near a path on a day."""
    way = DISTRICT.paths[path]
    parts = [
        part for episode in day_of(seed, day, scenario).episodes for part in episode.parts if not part.way
    ]
    reach = way.width_m / 2 + CLEAR_M[way.kind]
    corners = np.array([block_of(part) for part in parts]).reshape(-1, 4, 2)
    metres, asides = _beside(path, corners.reshape(-1, 2))
    metres, asides = metres.reshape(-1, 4), asides.reshape(-1, 4)
    near = (asides.min(axis=1) < reach) & (asides.max(axis=1) > -reach)
    return tuple(
        Obstacle(float(metre.mean()), float(aside.min()), float(aside.max()), part.from_t, part.to_t)
        for part, metre, aside, is_near in zip(parts, metres, asides, near, strict=True)
        if is_near
    )


def _beside(path: int, places: F64) -> tuple[F64, F64]:
    """(N,) metre along a path and (N,) metres to the right of it, of (N, 2) places."""
    line = _line(path)
    corners = np.column_stack([line.easts, line.norths])
    best, metres, asides = np.full(len(places), np.inf), np.zeros(len(places)), np.zeros(len(places))
    for start_m, start, end in zip(line.starts_m, corners, corners[1:], strict=False):
        along = (end - start) / np.hypot(*(end - start))
        offset = places - start
        metre = np.clip(offset @ along, 0, np.hypot(*(end - start)))
        away = np.hypot(*(offset - metre[:, None] * along).T)
        nearer = away < best
        best[nearer], metres[nearer] = away[nearer], start_m + metre[nearer]
        asides[nearer] = (offset[:, 0] * along[1] - offset[:, 1] * along[0])[nearer]
    beyond = best > np.abs(asides) + 0.5
    asides[beyond] = np.inf
    return metres, asides
