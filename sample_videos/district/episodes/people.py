"""People who belong to a thing or stay for a while: sellers, customers, waiting, sitting, asleep."""

from collections.abc import Iterator

import numpy as np

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.episodes.board import Board, Look, Wish, looks_of
from sample_videos.district.episodes.hours import STREET_HOURS, arrivals, stay
from sample_videos.district.plan import Point
from sample_videos.district.things import Episode, Part

__all__ = ["beside", "customers", "people_episodes", "person_look"]

WAITS_H = ((6.0, 22.0, 1.0), (22.0, 24.0, 0.3))
REST_H = ((9.0, 21.0, 1.0),)
SLEEP_H = ((11.5, 15.0, 1.0), (20.0, 25.0, 1.0))


def person_look(rng: np.random.Generator, split: str) -> Look:
    """A person; looks held back for tests are seen only by test cameras."""
    return looks_of("person", (0.92, 1.08))(rng, "train" if split == "train" else "any")


def beside(part: Part, ahead_m: float, aside_m: float) -> Point:
    """The place `ahead_m` before the front edge of a thing and `aside_m` to its right."""
    yaw = np.deg2rad(part.yaw_deg)
    reach = CATALOGUE[part.asset].size_m[1] * part.scale / 2
    reach = reach + ahead_m if ahead_m >= 0 else ahead_m - reach
    return (
        float(part.east_m + np.sin(yaw) * reach + np.cos(yaw) * aside_m),
        float(part.north_m + np.cos(yaw) * reach - np.sin(yaw) * aside_m),
    )


def standing(
    board: Board, rng: np.random.Generator, by: Part, span: tuple[float, float], pose: str = "stand"
) -> Part | None:
    """A person beside a thing who looks at it or out over it, at the first free place."""
    look = person_look(rng, "train")
    sample = Part(look.asset, look.variant, 0, 0, 0, *span, look.scale, look.tint_bgr, pose)
    wide = CATALOGUE[by.asset].size_m[0] * by.scale / 2 + 0.45
    side = 1.0 if rng.random() < 0.5 else -1.0
    places = [
        (beside(by, -0.4, 0.0), by.yaw_deg),
        (beside(by, -1.0, side * wide), by.yaw_deg),
        (beside(by, -1.0, -side * wide), by.yaw_deg),
        (beside(by, 0.35, side * wide), by.yaw_deg),
    ]
    return board.put_beside(sample, span, places)


def customers(
    board: Board, rng: np.random.Generator, stall: Part, per_hour: float, until: float
) -> Iterator[Part]:
    """People who stop before a stall for a minute to five."""
    wide = CATALOGUE[stall.asset].size_m[0] * stall.scale / 2
    moment = stall.from_t + float(rng.exponential(3600 / per_hour))
    while moment < until - 60:
        span = (moment, min(until, moment + float(rng.uniform(50, 280))))
        look = person_look(rng, "train")
        sample = Part(look.asset, look.variant, 0, 0, 0, *span, look.scale, look.tint_bgr, "stand")
        at = (beside(stall, 0.45, float(rng.uniform(-wide, wide))), stall.yaw_deg + 180)
        customer = board.put_beside(sample, span, [at])
        if customer is not None:
            yield customer
        moment += float(rng.exponential(3600 / per_hour))


def people_episodes(board: Board, camera: DistrictCamera, rates: dict[str, float]) -> Iterator[Episode]:
    """Who waits, sits or sleeps in a camera's view, and who guards a suitcase."""
    yield from _waiting(board, camera, rates.get("waiting", 0.0))
    yield from _sitting(board, camera, rates.get("sitting", 0.0))
    yield from _sleeping(board, camera, rates.get("sleeper", 0.0))
    yield from _with_suitcase(board, camera, rates.get("suitcase", 0.0))


def _waiting(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    """One to three people who stand about for ten minutes to half an hour."""
    rng = board.rng(camera, "waiting")
    for number, start in enumerate(arrivals(rng, board.day, rate, WAITS_H)):
        end = stay(rng, board.day, start, 18.0, (8.0, 45.0))
        wish = Wish(("kerb", "wall", "open"), (start, end), (0.0, 90.0, 180.0, 270.0), sway_deg=30.0)
        first = _posed(board, rng, camera, wish, "stand")
        if first is None:
            continue
        friends = [
            friend
            for _ in range(int(rng.choice([0, 0, 1, 2])))
            if (friend := standing(board, rng, first, (start + rng.uniform(0, 120), end))) is not None
        ]
        yield board.trap(camera, f"waiting-{number}", "waiting", first, friends)


def _sitting(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    rng = board.rng(camera, "sitting")
    for number, start in enumerate(arrivals(rng, board.day, rate, REST_H)):
        end = stay(rng, board.day, start, 30.0, (12.0, 120.0))
        part = _posed(board, rng, camera, Wish(("wall", "kerb", "open"), (start, end), sway_deg=15.0), "sit")
        if part is not None:
            yield board.trap(camera, f"sitting-{number}", "sitting", part)


def _sleeping(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    """A person asleep for hours, with belongings at hand: nothing of it is ever an incident."""
    rng = board.rng(camera, "sleeper")
    for number, start in enumerate(arrivals(rng, board.day, rate, SLEEP_H)):
        end = stay(rng, board.day, start, 150.0, (60.0, 420.0))
        wish = Wish(("wall", "open"), (start, end), (90.0, 270.0), sway_deg=5.0)
        sleeper = _posed(board, rng, camera, wish, "lie")
        if sleeper is None:
            continue
        things = looks_of("belongings")(rng, "train" if camera.split == "train" else "any")
        span = (start + float(rng.uniform(0, 60)), end + float(rng.uniform(20, 90)))
        sample = Part(things.asset, things.variant, 0, 0, 0, *span, things.scale, things.tint_bgr)
        yaw = sleeper.yaw_deg
        places = [
            (beside(sleeper, gap, aside), yaw + turn)
            for gap, aside, turn in ((0.9, 0.0, 90.0), (-0.9, 0.0, 90.0), (1.3, 0.2, 90.0), (-1.3, 0.0, 0.0))
        ]
        belongings = board.put_beside(sample, span, places)
        others = [belongings] if belongings is not None else []
        yield board.trap(camera, f"sleeper-{number}", "sleeper", sleeper, others)


def _with_suitcase(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    rng = board.rng(camera, "suitcase")
    for number, start in enumerate(arrivals(rng, board.day, rate, STREET_HOURS)):
        end = stay(rng, board.day, start, 12.0, (4.0, 35.0))
        wish = Wish(("kerb", "wall", "open"), (start, end), (0.0, 90.0), sway_deg=20.0)
        case = board.put(rng, camera, looks_of("suitcase"), wish)
        if case is None:
            continue
        owner = standing(board, rng, case, (start - 1.0, end + 1.0), "sit" if rng.random() < 0.3 else "stand")
        if owner is not None:
            yield board.trap(camera, f"suitcase-{number}", "suitcase", case, [owner])


def _posed(
    board: Board, rng: np.random.Generator, camera: DistrictCamera, wish: Wish, pose: str
) -> Part | None:
    return board.put(rng, camera, person_look, wish, pose)
