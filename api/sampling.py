"""Which quiet stills an operator is shown to find what the machine missed: a stratified random sample.

Strata are camera, hour and category. The sample is spread over them as evenly as its size allows, and drawn
from a seed, so that the same day and operator always give the same looks.
"""

import hashlib
import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from contracts.shares import TWO_SIDED_95, wilson_bounds

__all__ = ["LookPlan", "QuietCount", "Recall", "View", "draw_looks", "recall_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """A view that can be looked at."""

    camera_id: str
    view_id: str


@dataclass(frozen=True, slots=True, order=True)
class LookPlan:
    """One look: where, in which hour of the day (0 to 23, local), and what to look for."""

    camera_id: str
    view_id: str
    hour: int
    category: str


def draw_looks(
    views: Collection[View], categories: Sequence[str], hours: Sequence[int], count: int, seed: str
) -> list[LookPlan]:
    """A sample of looks without repeats, spread evenly over cameras, hours and categories.

    Each of the three is dealt like a pack of cards: shuffled, gone through, shuffled anew. So two looks of
    the sample share a camera only once every camera was taken, and likewise hours and categories.

    Args:
        views: What can be looked at; a camera with several views counts once per view.
        categories: What may be looked for.
        hours: Hours of the day, 0 to 23, whose looks exist.
        count: How many; fewer where there are not so many strata.
        seed: Names the sample, such as day and operator.
    """
    strata = len(views) * len(categories) * len(hours)
    # Hashed, so that seeds that look alike give samples that do not.
    chance = random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311  a sample, not a secret
    deck = _dealt(sorted(views, key=lambda view: (view.camera_id, view.view_id)), chance)
    hour_deck, category_deck = _dealt(sorted(hours), chance), _dealt(sorted(categories), chance)
    drawn: dict[LookPlan, None] = {}
    while len(drawn) < min(count, strata):
        view, hour, category = next(deck), next(hour_deck), next(category_deck)
        drawn[LookPlan(view.camera_id, view.view_id, hour, category)] = None
    return list(drawn)


def _dealt(cards: Sequence[T], chance: random.Random) -> Iterator[T]:
    """The cards shuffled, and shuffled anew each time that they are through."""
    while True:
        yield from chance.sample(cards, len(cards))


@dataclass(frozen=True, slots=True)
class QuietCount:
    """What was counted of one category, in camera-hours.

    Args:
        told: Camera-hours in which a confirmed incident was there.
        quiet: Camera-hours in which the machine said nothing of it.
        looked: Quiet ones that an operator looked at without knowing.
        missed: Of these, those in which the operator saw one.
    """

    told: int
    quiet: int
    looked: int
    missed: int


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of the camera-hours with a thing in which the machine told of it, and its 95 % interval."""

    value: float | None
    low: float
    high: float


def recall_of(count: QuietCount) -> Recall:
    """Recall in camera-hours: told / (told + quiet * share missed), with the interval of the share missed.

    No value where nobody looked or where nothing was there; the interval is then as wide as that says.
    Source: the share missed is binomial (Wilson, two-sided 95 %); what was told is counted, not sampled.
    """
    low, high = wilson_bounds(count.missed, count.looked, TWO_SIDED_95)
    value = None
    if count.looked and count.told + count.missed:
        value = _share(count.told, count.quiet * count.missed / count.looked)
    return Recall(value, _share(count.told, count.quiet * high), _share(count.told, count.quiet * low))


def _share(told: float, missed: float) -> float:
    return told / (told + missed) if told + missed else 1.0
