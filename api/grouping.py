"""Which incidents, reports and cases are about one thing: by category, time, and places with their ellipses.

Nothing is joined here: these functions say what may be the same and how far apart it lies. Two incidents
that one view shows at the same time are two things, however near.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.incident import Category

__all__ = ["CONFUSABLE", "Candidate", "Limits", "Nearness", "Sighting", "near_candidates", "nearness"]

AXIS_95: Final = math.sqrt(-2 * math.log(0.05))
"""Half axes of a 95 % ellipse in standard deviations: the root of chi-square's 95th percentile, 2 degrees."""
METRES_PER_DEGREE: Final = 111_320.0
CONFUSABLE: Final = frozenset(
    frozenset(pair)
    for pair in (
        (Category.GARBAGE_PILE, Category.CONSTRUCTION_DEBRIS),
        (Category.GARBAGE_PILE, Category.OVERFLOWING_BIN),
        (Category.GARBAGE_PILE, Category.UNATTENDED_OBJECT),
        (Category.CONSTRUCTION_DEBRIS, Category.UNATTENDED_OBJECT),
        (Category.STREET_VENDOR, Category.UNATTENDED_OBJECT),
    )
)
"""Pairs that detectors and people take for each other."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one source says: an incident or a report.

    Args:
        category: What it says it is.
        first_ms: When it was first there, milliseconds since 1970.
        last_ms: When it was last seen there.
        lonlat: Its place, or None.
        semi_major_m: Longer half axis of the place's 95 % ellipse, metres; of a report its error.
        semi_minor_m: Shorter half axis.
        azimuth_deg: Direction of the longer axis, clockwise from north.
        view_id: The view that sees it; None for people.
    """

    category: str
    first_ms: int
    last_ms: int
    lonlat: tuple[float, float] | None
    semi_major_m: float
    semi_minor_m: float
    azimuth_deg: float = 0.0
    view_id: str | None = None

    @property
    def is_report(self) -> bool:
        """Whether a person says it."""
        return self.view_id is None


@dataclass(frozen=True, slots=True)
class Limits:
    """How far apart sources of one thing may lie.

    Args:
        deviations: Distance in standard deviations of both ellipses together; 3.03 keeps 99 of 100 pairs.
        metres: However uncertain both places are, no farther than this.
        report_metres: The same where a person tells the place.
        gap_ms: How long nobody may have seen it between two sources.
        swift_gap_ms: The same of vendors, whose pitch another soon takes, and where categories differ: what
            is taken for something else is so at the same time.
        report_gap_ms: The same where one of them is a person.
    """

    deviations: float = 3.03
    metres: float = 6.0
    report_metres: float = 50.0
    gap_ms: int = 15 * 60_000
    swift_gap_ms: int = 0
    report_gap_ms: int = 24 * 3_600_000


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Nearness:
    """How far apart two places lie.

    Args:
        metres: On the ground.
        deviations: In standard deviations of the difference, both ellipses together.
    """

    metres: float
    deviations: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that a source may be about, and how near it is to its nearest source."""

    key: str
    nearness: Nearness


def nearness(one: Sighting, other: Sighting) -> Nearness | None:
    """How far apart two sources lie; None where one has no place.

    The distance against both ellipses is the Mahalanobis distance of the two places with their covariances
    added, which treats their errors as independent.
    """
    if one.lonlat is None or other.lonlat is None:
        return None
    middle = math.radians((one.lonlat[1] + other.lonlat[1]) / 2)
    east = (one.lonlat[0] - other.lonlat[0]) * METRES_PER_DEGREE * math.cos(middle)
    north = (one.lonlat[1] - other.lonlat[1]) * METRES_PER_DEGREE
    ee, en, nn = (a + b for a, b in zip(_covariance(one), _covariance(other), strict=True))
    determinant = ee * nn - en * en
    squared = (nn * east * east - 2 * en * east * north + ee * north * north) / determinant
    return Nearness(math.hypot(east, north), math.sqrt(max(0.0, squared)))


def _covariance(sighting: Sighting) -> tuple[float, float, float]:
    """East-east, east-north and north-north covariance of a place, square metres."""
    along = (max(sighting.semi_major_m, 0.05) / AXIS_95) ** 2
    across = (max(sighting.semi_minor_m, 0.05) / AXIS_95) ** 2
    sine, cosine = math.sin(math.radians(sighting.azimuth_deg)), math.cos(math.radians(sighting.azimuth_deg))
    return (
        along * sine**2 + across * cosine**2,
        (along - across) * sine * cosine,
        along * cosine**2 + across * sine**2,
    )


def _may_be_one(one: Sighting, other: Sighting, limits: Limits) -> bool:
    """Whether category and time let two sources be about one thing."""
    is_alike = one.category == other.category
    if not is_alike and frozenset((one.category, other.category)) not in CONFUSABLE:
        return False
    is_swift = not is_alike or one.category == Category.STREET_VENDOR
    gap = limits.swift_gap_ms if is_swift else limits.gap_ms
    if one.is_report or other.is_report:
        gap = limits.report_gap_ms
    return max(one.first_ms, other.first_ms) - min(one.last_ms, other.last_ms) <= gap


def _are_two(one: Sighting, other: Sighting) -> bool:
    """Whether one view shows both at a time, so that they are two things."""
    is_one_view = one.view_id is not None and one.view_id == other.view_id
    return is_one_view and one.first_ms < other.last_ms and other.first_ms < one.last_ms


def near_candidates(
    sources: Sequence[Sighting],
    known: Iterable[tuple[str, Sequence[Sighting]]],
    limits: Limits = DEFAULT_LIMITS,
) -> list[Candidate]:
    """What some sources, which are about one thing, may be about, the nearest first.

    Args:
        sources: Incidents and reports; what any of them excludes is excluded.
        known: Keys of review items or cases, each with its sources.
        limits: How far apart they may lie.
    """
    found = []
    for key, members in known:
        pairs = [(source, member) for source in sources for member in members]
        if any(_are_two(source, member) for source, member in pairs):
            continue
        near = [
            between
            for source, member in pairs
            if _may_be_one(source, member, limits)
            and (between := nearness(source, member)) is not None
            # A report's place is somebody's finger on a map: its bound is in metres alone.
            and (
                between.metres <= limits.report_metres + _error_m(source, member)
                if source.is_report or member.is_report
                else between.metres <= limits.metres and between.deviations <= limits.deviations
            )
        ]
        if near:
            found.append(Candidate(key, min(near, key=lambda each: (each.deviations, each.metres))))
    return sorted(found, key=lambda each: (each.nearness.deviations, each.nearness.metres, each.key))


def _error_m(one: Sighting, other: Sighting) -> float:
    """How uncertain both places are together, metres."""
    return math.hypot(one.semi_major_m, other.semi_major_m)
