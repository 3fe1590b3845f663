"""Garbage piles, debris, things left behind; and rubbish that is put out where and when it may be."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.episodes.board import Board, Wish, looks_of
from sample_videos.district.episodes.hours import STREET_HOURS, WORK_HOURS, Weights, arrivals, stay
from sample_videos.district.site import GRACE_S, RUBBISH_HOURS
from sample_videos.district.things import Episode, Part, hour

__all__ = ["rubbish_episodes"]

OVERDUE = 0.12
"""Share of rubbish put out at its place that is not collected in time."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of thing that is left on the street against a rule.

    Args:
        kind: Name of the episode, and family or kind in the catalogue.
        category: Its category.
        hours: When it is left.
        median_min: Of its stay.
        bounds_min: Of its stay.
        most_at_once: In one camera's view.
        growth: Sizes of its steps, the last is the whole; one is drawn.
        looks: Family or kind in the catalogue.
    """

    kind: str
    category: str
    hours: Weights
    median_min: float
    bounds_min: tuple[float, float]
    most_at_once: int
    growth: tuple[tuple[float, ...], ...]
    looks: str


SORTS = (
    Sort(
        "pile",
        "garbage_pile",
        ((5.0, 12.0, 1.0), (12.0, 18.0, 0.8), (18.0, 26.0, 1.6)),
        150.0,
        (25.0, 600.0),
        3,
        ((1.0,), (0.72, 1.0), (0.6, 0.8, 1.0), (0.66, 0.85, 1.0)),
        "pile",
    ),
    Sort(
        "debris",
        "construction_debris",
        WORK_HOURS,
        300.0,
        (60.0, 840.0),
        2,
        ((1.0,), (0.75, 1.0), (0.62, 0.8, 1.0)),
        "debris",
    ),
    Sort("left", "unattended_object", STREET_HOURS, 35.0, (19.0, 90.0), 1, ((1.0,),), "suitcase"),
)


def rubbish_episodes(board: Board, camera: DistrictCamera, rates: dict[str, float]) -> Iterator[Episode]:
    """What is left in a camera's view on a day."""
    yield from _put_out(board, camera, rates.get("permitted_rubbish", 0.0))
    for sort in SORTS:
        yield from _left(board, camera, sort, rates.get(sort.kind, 0.0))


def _left(board: Board, camera: DistrictCamera, sort: Sort, rate: float) -> Iterator[Episode]:
    rng = board.rng(camera, sort.kind)
    spans: list[tuple[float, float]] = []
    for number, start in enumerate(arrivals(rng, board.day, rate, sort.hours)):
        end = stay(rng, board.day, start, sort.median_min, sort.bounds_min)
        if sum(other[0] < end and start < other[1] for other in spans) >= sort.most_at_once:
            continue
        wish = Wish(
            ("wall", "kerb", "open"),
            (start, end),
            (0.0, 180.0),
            sway_deg=12.0,
            keeps_out=sort.category if sort.category != "construction_debris" else "",
            # A suitcase on the kerb is just outside what shops may put out before their fronts.
            aside_m=0.9 if sort.category == "unattended_object" else 1.5,
            strict=True,
        )
        whole = board.put(rng, camera, looks_of(sort.looks, (0.85, 1.15)), wish)
        if whole is None:
            continue
        spans.append((start, end))
        stages = _grown(rng, whole, sort.growth[int(rng.integers(len(sort.growth)))])
        key = f"d{board.day}-{camera.id}-{sort.kind}-{number}"
        split = _split_of(whole)
        yield Episode(key, sort.kind, sort.category, "", camera.id, split, stages, (), (start, end))


def _put_out(board: Board, camera: DistrictCamera, rate: float) -> Iterator[Episode]:
    """Rubbish at its place, within the hours and the grace; some of it is not collected in time."""
    rng = board.rng(camera, "permitted_rubbish")
    opens, closes = (hour(board.day, value) for value in RUBBISH_HOURS[0])
    limit = closes + GRACE_S["garbage_pile"]
    for number in range(int(rng.poisson(rate))):
        start = float(rng.uniform(opens + 60, closes - 1500))
        is_late = rng.random() < OVERDUE
        end = float(
            rng.uniform(limit + 1200, limit + 9000) if is_late else rng.uniform(start + 1200, limit - 120)
        )
        wish = Wish(("slab",), (start, end), (0.0, 180.0), sway_deg=12.0, strict=True)
        whole = board.put(rng, camera, looks_of("pile", (0.7, 1.0)), wish)
        if whole is None:
            continue
        stages = _grown(rng, whole, (0.7, 1.0) if rng.random() < 0.5 else (1.0,))
        due = (limit, end) if is_late else None
        key = f"d{board.day}-{camera.id}-put-out-{number}"
        trap = "" if is_late else "permitted_rubbish"
        yield Episode(key, "put_out", "garbage_pile", trap, camera.id, _split_of(whole), stages, (), due)


def _grown(rng: np.random.Generator, whole: Part, sizes: tuple[float, ...]) -> tuple[Part, ...]:
    """A heap in steps: it grows within the first half of its stay."""
    cuts = whole.from_t + (whole.to_t - whole.from_t) * np.sort(rng.uniform(0.08, 0.5, len(sizes) - 1))
    edges = [whole.from_t, *(float(cut) for cut in cuts), whole.to_t]
    return tuple(
        replace(whole, from_t=edges[step], to_t=edges[step + 1], scale=round(whole.scale * size, 4))
        for step, size in enumerate(sizes)
    )


def _split_of(part: Part) -> str:
    """Whether a part's variant is held back for tests."""
    return next(each.split for each in CATALOGUE[part.asset].variants if each.name == part.variant)
