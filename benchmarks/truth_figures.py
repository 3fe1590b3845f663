"""The figures of `streetkeeper bench truth`, each with its count and its bounds.

Recall, false incidents and doubles count per camera: two cameras that see one thing are two things here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from benchmarks.bounds import (
    clustered_interval,
    poisson_bounds,
    quantile,
    rate_of,
    rounded,
    share_of,
)
from benchmarks.truth_causes import cause_of, cause_of_miss
from benchmarks.truth_errors import Placed, placed_of
from benchmarks.truth_health import health_of, reliability_of
from benchmarks.truth_match import DayMatch, Verdict
from contracts.incident import Category
from contracts.shares import wilson_bounds
from sample_videos.district.camera_day import CameraDay, ThingRecord
from sample_videos.district.things import DAY_S
from sample_videos.district.truth import TRAPS, is_easy

__all__ = ["CAVEAT", "HEADLINE", "figures_of", "opening_delay_s"]

CAVEAT: Final = "simulated; the rate on real streets is unknown"
HEADLINE: Final = (Category.STREET_VENDOR, Category.GARBAGE_PILE, Category.CONSTRUCTION_DEBRIS)
"""Categories of the headline recall; the others stand in `by_category`."""
NEAR_M: Final = 40.0
BANDS_M: Final = ((0, 20), (20, 40), (40, 60), (60, 1000))
LATE_LOOKS: Final = 2
START_S: Final = 60.0
"""What is there so shortly after the watch began was there before: its opening cannot be timed."""


def figures_of(matches: Sequence[DayMatch]) -> dict[str, Any]:
    """All figures of some camera-days: the keys of the JSON line, and what the table and the report show."""
    days = camera_days(matches)
    pairs = [pair for match in matches for pair in match.pairs]
    expected = _expected(matches, HEADLINE)
    found = _found(matches, HEADLINE)
    right = [pair for pair in pairs if pair.verdict is Verdict.MATCHED]
    told = [pair for pair in pairs if pair.verdict is not Verdict.DOUBLE]
    false = [pair for pair in pairs if pair.is_false]
    extra, things = _doubles(matches)
    in_time, timed = _in_time(matches)
    placed = [each for match in matches for each in placed_of(match)]
    near = [each for each in placed if each.distance_m <= NEAR_M]
    covered = sum(each.is_covered for each in placed)
    return {
        "camera_days": round(days, 2),
        "recall": share_of(found, len(expected)),
        "recall_any_category": share_of(_found(matches, HEADLINE, any_category=True), len(expected)),
        "precision": share_of(len(right), len(told)),
        "precision_any_category": share_of(len(told) - len(false), len(told)),
        "false_per_camera_day": rate_of(len(false), days),
        "doubles": round(1 + extra / things, 4) if things else None,
        "opened_in_time": share_of(in_time, timed),
        "place_median_m": quantile([each.error_m for each in near], 0.5),
        "place_p95_m": quantile([each.error_m for each in near], 0.95),
        "ellipse_coverage": share_of(covered, len(placed)),
        "sleeper_incidents": sum(pair.verdict is Verdict.SLEEPER for pair in pairs),
        "n": {
            "expected": len(expected),
            "found": found,
            "incidents": len(pairs),
            "told_once": len(told),
            "right": len(right),
            "wrong_category": sum(pair.verdict is Verdict.WRONG_CATEGORY for pair in pairs),
            "false": len(false),
            "doubles": extra,
            "things_told": things,
            "timed": timed,
            "in_time": in_time,
            "placed": len(placed),
            "placed_near": len(near),
            "within_half_m": sum(each.error_m <= 0.5 for each in near),
            "within_2m": sum(each.error_m <= 2.0 for each in near),
            "covered": covered,
            "calibrations": len(matches),
            "seeds": len({match.day.seed for match in matches}),
        },
        "bounds95": {
            "recall": rounded(wilson_bounds(found, len(expected))),
            "precision": rounded(wilson_bounds(len(right), len(told))),
            "false_per_camera_day": rounded(poisson_bounds(len(false), days)),
            "doubles": rounded(tuple(1 + each for each in poisson_bounds(extra, things))),
            "opened_in_time": rounded(wilson_bounds(in_time, timed)),
            "place_within_half_m": rounded(wilson_bounds(sum(p.error_m <= 0.5 for p in near), len(near))),
            "place_within_2m": rounded(wilson_bounds(sum(p.error_m <= 2.0 for p in near), len(near))),
            "ellipse_coverage_clustered": _coverage_interval(matches),
        },
        "exposure": _exposure(matches),
        "easy": is_easy(_traps(match.day) for match in matches),
        "by_category": {
            str(category): _category(matches, category, days)
            for category in Category
            if _speaks_of(matches, category)
        },
        "place_by_band_m": {f"{low}-{high}": _band(placed, low, high) for low, high in BANDS_M},
        "false_by_cause": _false_by_cause(matches),
        "missed_by_cause": _missed(matches),
        "camera_health": health_of([match.day for match in matches], days),
        "oracle": reliability_of([match.day for match in matches]),
    }


def camera_days(matches: Sequence[DayMatch]) -> float:
    """Days of looks; a power cut counts as no time."""
    return sum(match.day.looks * match.day.look_every_s for match in matches) / DAY_S


def opening_delay_s(match: DayMatch, thing: ThingRecord, opened: float) -> float | None:
    """Seconds by which an opening came after the first moment at which the rule could be met.

    None for what was there when the watch began.
    """
    if thing.due is None or not thing.seen or thing.there[0] - match.day.begins < START_S:
        return None
    shown = next((since for since, until in thing.seen if until > thing.due[0]), None)
    if shown is None:
        return None
    first = min(since for since, _ in thing.seen)
    return opened - max(first + thing.dwell_s, thing.due[0], shown)


def _category(matches: Sequence[DayMatch], category: Category, days: float) -> dict[str, Any]:
    wanted = (category,)
    expected, found = _expected(matches, wanted), _found(matches, wanted)
    pairs = [pair for match in matches for pair in match.pairs if pair.incident.category == category]
    right = sum(pair.verdict is Verdict.MATCHED for pair in pairs)
    told = sum(pair.verdict is not Verdict.DOUBLE for pair in pairs)
    false = sum(pair.is_false for pair in pairs)
    extra, things = _doubles(matches, wanted)
    opened, closed = _delays(matches, category)
    placed = [each for match in matches for each in placed_of(match) if each.category == category]
    return {
        "expected": len(expected),
        "recall": share_of(found, len(expected)),
        "recall_bounds95": rounded(wilson_bounds(found, len(expected))),
        "recall_any_category": share_of(_found(matches, wanted, any_category=True), len(expected)),
        "incidents": len(pairs),
        "precision": share_of(right, told),
        "precision_bounds95": rounded(wilson_bounds(right, told)),
        "false_per_camera_day": rate_of(false, days),
        "doubles": round(1 + extra / things, 4) if things else None,
        "opens_after_dwell_s": quantile(opened, 0.5),
        "opens_after_dwell_p95_s": quantile(opened, 0.95),
        "closes_after_s": quantile(closed, 0.5),
        "area_error_share": quantile(
            [each.area_error for each in placed if each.area_error is not None], 0.5
        ),
        "place_median_m": quantile([each.error_m for each in placed], 0.5),
    }


def _speaks_of(matches: Sequence[DayMatch], category: Category) -> bool:
    return any(
        any(thing.category == category for thing in match.day.things)
        or any(incident.category == category for incident in match.day.incidents)
        for match in matches
    )


def _expected(matches: Iterable[DayMatch], wanted: Sequence[str]) -> list[ThingRecord]:
    return [thing for match in matches for thing in match.expected if thing.category in wanted]


def _found(matches: Iterable[DayMatch], wanted: Sequence[str], *, any_category: bool = False) -> int:
    verdicts = (Verdict.MATCHED, Verdict.WRONG_CATEGORY) if any_category else (Verdict.MATCHED,)
    return sum(
        bool(match.of(thing, *verdicts))
        for match in matches
        for thing in match.expected
        if thing.category in wanted
    )


def _doubles(matches: Iterable[DayMatch], wanted: Sequence[str] | None = None) -> tuple[int, int]:
    """Incidents beyond the first on a thing, of whatever category, and things that have one at all."""
    extra = things = 0
    for match in matches:
        on_thing = Counter(
            pair.thing.thing_id
            for pair in match.pairs
            if pair.thing is not None
            and not pair.is_false
            and (wanted is None or pair.thing.category in wanted)
        )
        things += len(on_thing)
        extra += sum(on_thing.values()) - len(on_thing)
    return extra, things


def _in_time(matches: Iterable[DayMatch]) -> tuple[int, int]:
    """Openings that came within two looks after the dwell, and openings whose time can be measured."""
    in_time = timed = 0
    for match in matches:
        for pair in match.pairs:
            if pair.verdict is not Verdict.MATCHED or pair.thing is None or pair.thing not in match.expected:
                continue
            delay = opening_delay_s(match, pair.thing, pair.incident.opened)
            if delay is not None:
                timed += 1
                in_time += delay <= LATE_LOOKS * match.day.look_every_s
    return in_time, timed


def _delays(matches: Iterable[DayMatch], category: Category) -> tuple[list[float], list[float]]:
    """Seconds from the dwell to the opening, and from the end to the closing."""
    opened, closed = [], []
    for match in matches:
        for pair in match.pairs:
            thing = pair.thing
            if thing is None or pair.verdict is not Verdict.MATCHED or thing.category != category:
                continue
            delay = opening_delay_s(match, thing, pair.incident.opened)
            opened += [delay] if delay is not None else []
            if pair.incident.closed is not None and thing.due is not None:
                closed.append(pair.incident.closed - min(thing.there[1], thing.due[1]))
    return opened, closed


def _coverage_interval(matches: Sequence[DayMatch]) -> list[float] | None:
    clusters = [[each.is_covered for each in placed_of(match)] for match in matches]
    filled = [cluster for cluster in clusters if cluster]
    interval = clustered_interval([sum(cluster) for cluster in filled], [len(cluster) for cluster in filled])
    return rounded(interval) if interval is not None else None


def _band(placed: Sequence[Placed], low: float, high: float) -> dict[str, Any]:
    inside = [each for each in placed if low <= each.distance_m < high]
    return {
        "n": len(inside),
        "median_m": quantile([each.error_m for each in inside], 0.5),
        "p95_m": quantile([each.error_m for each in inside], 0.95),
        "coverage": share_of(sum(each.is_covered for each in inside), len(inside)),
    }


def _exposure(matches: Iterable[DayMatch]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for match in matches:
        total.update(match.day.exposure)
    return dict(sorted(total.items()))


def _false_by_cause(matches: Iterable[DayMatch]) -> dict[str, int]:
    causes = Counter(cause_of(match, pair) for match in matches for pair in match.pairs if pair.is_false)
    return dict(causes.most_common())


def _missed(matches: Iterable[DayMatch]) -> dict[str, int]:
    """Missed things of every category, by what the pipeline took them for."""
    causes = Counter(cause_of_miss(match, thing) for match in matches for thing in match.missed)
    return dict(causes.most_common())


def _traps(day: CameraDay) -> dict[str, int]:
    """How often each kind of trap was there, those that never were among them."""
    return {kind: day.exposure.get(kind, 0) for kind in TRAPS}
