"""How full a permitted zone was over time, put together from what several views told of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["KNOWN_FOR_MS", "Stretch", "Told", "stretches"]

KNOWN_FOR_MS = 3_600_000
"""A count is believed until the next one, this long at most: views tell again every half hour."""


@dataclass(frozen=True, slots=True)
class Told:
    """One count of one view.

    Args:
        at_ms: When.
        standing: How many stood there; None where the view could not tell.
        seen_share: Share of the zone that lies in the view's picture.
    """

    at_ms: int
    standing: int | None
    seen_share: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span of time with one count.

    Args:
        standing: How many stood there at least: the most that one view saw; None: nobody knows.
        seen_share: Share of the zone that the view with the widest look at it sees; 0 where nobody knows.
    """

    start_ms: int
    end_ms: int
    standing: int | None
    seen_share: float


def stretches(told: Mapping[str, Sequence[Told]], since_ms: int, until_ms: int) -> list[Stretch]:
    """The span cut where the count changes, without gaps.

    Two views that overlap see the same stalls, so counts are not added: the largest holds, as a least number.

    Args:
        told: By view, in order of time; counts from up to an hour before the span matter too.
        since_ms: Begin of the span.
        until_ms: End of the span.
    """
    known = {view: list(_known(counts)) for view, counts in told.items()}
    edges = {since_ms, until_ms}
    for spans in known.values():
        for start_ms, end_ms, _ in spans:
            edges |= {edge for edge in (start_ms, end_ms) if since_ms < edge < until_ms}
    cuts = sorted(edges)
    found: list[Stretch] = []
    for start_ms, end_ms in pairwise(cuts):
        now = [
            count
            for spans in known.values()
            for first_ms, last_ms, count in spans
            if first_ms <= start_ms < last_ms and count.standing is not None
        ]
        standing = max((count.standing or 0 for count in now), default=None)
        share = max((count.seen_share for count in now), default=0.0)
        if found and (found[-1].standing, found[-1].seen_share) == (standing, share):
            start_ms = found.pop().start_ms
        found.append(Stretch(start_ms, end_ms, standing, share))
    return found


def _known(counts: Sequence[Told]) -> Iterator[tuple[int, int, Told]]:
    """From when to when each count is believed."""
    for number, count in enumerate(counts):
        next_ms = counts[number + 1].at_ms if number + 1 < len(counts) else count.at_ms + KNOWN_FOR_MS
        yield count.at_ms, min(next_ms, count.at_ms + KNOWN_FOR_MS), count
