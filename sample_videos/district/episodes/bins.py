"""Bins: they overflow, are emptied, and are moved; the rest of the time they stand at home."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.episodes.board import Board, block_of
from sample_videos.district.episodes.hours import DAWN_H, stay
from sample_videos.district.layout import DISTRICT
from sample_videos.district.spots import is_framed, sees_well
from sample_videos.district.things import DAY_S, Episode, Part, hour

__all__ = ["bin_episodes"]

GRID_S = 600.0
MOVES_M = (0.9, 2.6)


def bin_episodes(board: Board, rates: dict[str, float]) -> Iterator[Episode]:
    """A day of all bins; each belongs to the first camera that sees it well, or to none."""
    counts = {camera.id: max(1, len(_homes(camera))) for camera in CAMERAS}
    for name, _, _, _ in DISTRICT.bins:
        camera = next((camera for camera in CAMERAS if name in _homes(camera)), None)
        share = 1 / counts[camera.id] if camera is not None else 0.0
        yield from _day_of(
            board, name, camera or CAMERAS[0], {key: value * share for key, value in rates.items()}
        )


def _day_of(board: Board, name: str, camera: DistrictCamera, rates: dict[str, float]) -> Iterator[Episode]:
    """What a bin goes through, and its standing between."""
    rng = board.rng(camera, name)
    home = _home(board, name, camera)
    start, end = hour(board.day, DAWN_H), hour(board.day, DAWN_H) + DAY_S
    stands: list[Part] = []
    events = sorted(
        (float(rng.uniform(start + 3600, end - 7 * 3600)), what)
        for what in ("overflow", "bin_emptied", "bin_moved")
        for _ in range(int(rng.poisson(rates.get(what, 0.0))))
    )
    at = start
    for number, (moment, what) in enumerate(events):
        if moment < at + 900:
            continue
        stands.append(replace(home, from_t=at, to_t=moment))
        happens, at, home = _event(board, rng, camera, (what, moment), home)
        if happens is not None:
            yield replace(happens, id=f"d{board.day}-{name}-{what}-{number}")
    stands.append(replace(home, from_t=at, to_t=end))
    yield Episode(f"d{board.day}-{name}", "bin", "", "", camera.id, "train", tuple(stands))


def _event(
    board: Board, rng: np.random.Generator, camera: DistrictCamera, event: tuple[str, float], home: Part
) -> tuple[Episode | None, float, Part]:
    """One event: its episode, when it is over, and how the bin stands from then on."""
    what, moment = event
    if what == "overflow":
        over = stay(rng, board.day, moment, 100.0, (20.0, 300.0))
        full = replace(home, asset="bin_overflowing", from_t=moment, to_t=over)
        # Emptied in its place: the lorry lifts it and sets it down again.
        back = over + float(rng.uniform(30, 90))
        split = "test" if camera.split == "test" else "train"
        due = (moment, over)
        return Episode("", "overflow", "overflowing_bin", "", camera.id, split, (full,), (), due), back, home
    if what == "bin_emptied":
        back = moment + float(rng.uniform(120, 900))
        # Away and back: what is drawn of it is only its return.
        stands = replace(home, from_t=back, to_t=back + 1.0)
        return Episode("", what, "", what, camera.id, "train", (stands,)), back + 1.0, home
    moved = _moved(board, rng, camera, home, moment)
    until = moved.to_t
    goes_back = rng.random() < 0.5
    episode = Episode("", what, "", what, camera.id, "train", (moved,))
    return episode, until, home if goes_back else replace(moved, to_t=home.to_t)


def _moved(board: Board, rng: np.random.Generator, camera: DistrictCamera, home: Part, moment: float) -> Part:
    """A bin a step or two aside, for an hour or so; where there is no room it is only turned."""
    until = min(moment + float(rng.uniform(1500, 9000)), hour(board.day, DAWN_H) + DAY_S - 60)
    end = hour(board.day, DAWN_H) + DAY_S
    for _ in range(12):
        turn, reach = rng.uniform(0, 2 * np.pi), rng.uniform(*MOVES_M)
        moved = replace(
            home,
            east_m=home.east_m + float(np.sin(turn) * reach),
            north_m=home.north_m + float(np.cos(turn) * reach),
            yaw_deg=float((home.yaw_deg + rng.uniform(-60, 60)) % 360),
            from_t=moment,
            to_t=until,
        )
        # It may stay there for the rest of the day.
        if is_framed(camera, moved) and board.is_free(block_of(moved), (moment, end)):
            board.take(block_of(moved), (moment, end))
            return moved
    return replace(home, yaw_deg=float((home.yaw_deg + 35) % 360), from_t=moment, to_t=until)


def _home(board: Board, name: str, camera: DistrictCamera) -> Part:
    east, north, yaw = next((e, n, y) for each, e, n, y in DISTRICT.bins if each == name)
    rng = board.lasting_rng(camera, name)
    variants = [variant.name for variant in CATALOGUE["bin"].variants if variant.split == camera.split]
    return Part("bin", variants[int(rng.integers(len(variants)))], east, north, yaw, 0.0, 0.0)


def _homes(camera: DistrictCamera) -> list[str]:
    places = np.array([(east, north) for _, east, north, _ in DISTRICT.bins])
    seen = sees_well(camera, places)
    return [name for (name, *_), is_seen in zip(DISTRICT.bins, seen, strict=True) if is_seen]
