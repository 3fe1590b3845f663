"""What is counted in a month, per case, and what rates follow; every figure is a set of cases.

The formulas follow published rules of cities: on-time closing rate (按期结案率) = closed on time / (due -
suspended), closing rate (结案率) likewise, filing rate (立案率) = filed / reported, rework rate (返工率) =
reworked / handled, return rate (回退率) = returned / dispatched. Source: docs/evaluation.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntFlag

__all__ = ["BY", "NOWHERE", "RATES", "CaseFact", "Figure", "Tally", "group", "key_of"]

NOWHERE = "-"
"""Stands for cases without a street or without a unit; no id may begin so."""
BY = ("street", "unit", "category")
"""What figures can be grouped by."""
HOUR_MS = 3_600_000


class Figure(IntFlag):
    """The sets that a case can belong to in a month."""

    REPORTED = 1
    FILED = 2
    DISPATCHED = 4
    HANDLED = 8
    DUE = 16
    SUSPENDED = 32
    CLOSED = 64
    CLOSED_ON_TIME = 128
    REWORKED = 256
    RETURNED = 512
    EXTENDED = 1024
    RECURRED = 2048

    @property
    def word(self) -> str:
        """Its name as it stands in replies and queries."""
        return str(self.name).lower()


RATES: Mapping[str, tuple[Figure, Figure, Figure]] = {
    "filing_rate": (Figure.FILED, Figure.REPORTED, Figure(0)),
    "closing_rate": (Figure.CLOSED, Figure.DUE, Figure.SUSPENDED),
    "on_time_closing_rate": (Figure.CLOSED_ON_TIME, Figure.DUE, Figure.SUSPENDED),
    "rework_rate": (Figure.REWORKED, Figure.HANDLED, Figure(0)),
    "return_rate": (Figure.RETURNED, Figure.DISPATCHED, Figure(0)),
    "extension_rate": (Figure.EXTENDED, Figure.DISPATCHED, Figure(0)),
    "recurrence_rate": (Figure.RECURRED, Figure.FILED, Figure(0)),
}
"""By name: what is counted, of what, less what."""


@dataclass(frozen=True, slots=True)
class CaseFact:
    """What one case adds to a month's figures.

    Args:
        case_id: The case.
        number: Its spoken number.
        category: What it is.
        street: Where; None outside all streets.
        unit: Which unit led it when the month was counted; None before dispatch.
        area: Area of responsibility; decides who may see it.
        figures: The sets that it belongs to.
        handling_ms: From dispatch to feedback, where it was handled in the month.
    """

    case_id: str
    number: str
    category: str
    street: str | None
    unit: str | None
    area: str | None
    figures: int
    handling_ms: int | None


@dataclass(slots=True)
class Tally:
    """The figures of one group of cases."""

    counts: dict[Figure, int] = field(default_factory=lambda: dict.fromkeys(Figure, 0))
    handling_ms: int = 0

    @property
    def mean_handling_h(self) -> float | None:
        """Mean hours from dispatch to feedback; None where nothing was handled."""
        handled = self.counts[Figure.HANDLED]
        return self.handling_ms / handled / HOUR_MS if handled else None

    def rate(self, name: str) -> float | None:
        """A rate of `RATES`; None where there is nothing to divide by."""
        counted, of, less = RATES[name]
        whole = self.counts[of] - (self.counts[less] if less else 0)
        return self.counts[counted] / whole if whole else None


def key_of(fact: CaseFact, by: tuple[str, ...]) -> tuple[str, ...]:
    """The group of a case."""
    return tuple(getattr(fact, name) or NOWHERE for name in by)


def group(facts: Iterable[CaseFact], by: tuple[str, ...]) -> dict[tuple[str, ...], Tally]:
    """Figures by group, sorted by its names; grouped by nothing, all cases are one group."""
    tallies: dict[tuple[str, ...], Tally] = {}
    patterns: dict[tuple[str, ...], dict[int, int]] = {}
    for fact in facts:
        key = key_of(fact, by)
        tally = tallies.setdefault(key, Tally())
        tally.handling_ms += fact.handling_ms or 0
        # Few patterns of figures stand for many cases: each is taken apart once.
        seen = patterns.setdefault(key, {})
        seen[fact.figures] = seen.get(fact.figures, 0) + 1
    bits = [(figure, int(figure)) for figure in Figure]
    for key, seen in patterns.items():
        counts = tallies[key].counts
        for figures, count in seen.items():
            for figure, bit in bits:
                if figures & bit:
                    counts[figure] += count
    return dict(sorted(tallies.items())) if by else tallies or {(): Tally()}
