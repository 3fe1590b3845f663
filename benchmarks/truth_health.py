"""Health of simulated cameras: nudges noticed, moves told of cameras that stood still; and the oracle's."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from benchmarks.bounds import poisson_bounds, quantile, rate_of, rounded, share_of
from contracts.shares import wilson_bounds
from sample_videos.district.camera_day import CameraDay, Nudge

__all__ = ["health_of", "reliability_of"]

NOTICED_LOOKS: Final = 5
SHIFTS_PX: Final = ((0, 3), (3, 6), (6, 12), (12, 1000))
"""How far a nudge moves the middle of a picture 1280 px wide; the memory would absorb 6 px as shake."""


MATTERS_PX: Final = 3
"""From here on a push moves places at 40 m by half of their 95 % ellipse: docs/methods/moved-views.md."""


def health_of(days: Sequence[CameraDay], camera_days: float) -> dict[str, Any]:
    """Nudges noticed within five looks, by how far they went, and moves told of a camera that stood still."""
    told = [(nudge, _noticed_after_s(day, nudge), day.look_every_s) for day in days for nudge in day.nudges]
    in_time = [_is_in_time(delay, every) for _, delay, every in told]
    false = sum(not _is_nudged(day, span) for day in days for span in day.moved)
    bounds = poisson_bounds(false, camera_days)
    return {
        "nudges": len(told),
        "noticed_within_5_looks": sum(in_time),
        "noticed": share_of(sum(in_time), len(told)),
        "noticed_bounds95": rounded(wilson_bounds(sum(in_time), len(told))),
        "least_that_matters_px": MATTERS_PX,
        "noticed_that_matter": _between(told, in_time, (MATTERS_PX, 1000)),
        "noticed_by_shift_px": {
            f"{low}-{high}": _between(told, in_time, (low, high)) for low, high in SHIFTS_PX
        },
        "home_within_5_looks": _home_in_time(days),
        "noticed_after_s": quantile([delay for _, delay, _ in told if delay is not None], 0.5),
        "false": false,
        "false_per_camera_month": rate_of(30 * false, camera_days),
        "false_per_camera_month_bounds95": rounded([30 * bound for bound in bounds]),
    }


def _between(
    told: Sequence[tuple[Nudge, float | None, float]], in_time: Sequence[bool], shift_px: tuple[float, float]
) -> list[int]:
    """Nudges of some length that were noticed in time, and all of that length."""
    low, high = shift_px
    own = [good for (nudge, _, _), good in zip(told, in_time, strict=True) if low <= nudge.shift_720p < high]
    return [sum(own), len(own)]


def _noticed_after_s(day: CameraDay, nudge: Nudge) -> float | None:
    """Seconds until the view was held for moved; None if it never was while the nudge lasted.

    What was held to be pushed elsewhere before has not noticed it.
    """
    begun = [begin for begin, _ in day.moved if nudge.at <= begin < nudge.until]
    return min(begun) - nudge.at if begun else None


def _home_in_time(days: Iterable[CameraDay]) -> list[int]:
    """Noticed nudges after whose end the view was taken for home within five looks, and all noticed ones.

    Those that last until the day's end are left out.
    """
    good = total = 0
    for day in days:
        begins = {begin for begin, _ in day.moved}
        for nudge in day.nudges:
            ends = [end for begin, end in day.moved if nudge.at <= begin < nudge.until <= end]
            if ends and nudge.until < day.ends:
                total += 1
                # A span that begins where one ends is another place, not home.
                is_home = max(ends) not in begins
                good += is_home and _is_in_time(max(ends) - nudge.until, day.look_every_s)
    return [good, total]


def _is_in_time(delay_s: float | None, every_s: float) -> bool:
    return delay_s is not None and delay_s <= NOTICED_LOOKS * every_s


def _is_nudged(day: CameraDay, span: tuple[float, float]) -> bool:
    slack = 6 * day.look_every_s
    return any(nudge.at <= span[1] and span[0] <= nudge.until + slack for nudge in day.nudges)


def reliability_of(days: Iterable[CameraDay]) -> dict[str, Any]:
    """How often the oracle's scores were right, tenth by tenth: they should be right as often as they say."""
    told, right = [0] * 10, [0] * 10
    for day in days:
        told = [a + b for a, b in zip(told, day.oracle.get("told", [0] * 10), strict=True)]
        right = [a + b for a, b in zip(right, day.oracle.get("right", [0] * 10), strict=True)]
    if not sum(told):
        return {}
    return {
        f"{place / 10:.1f}-{place / 10 + 0.1:.1f}": [count, share_of(good, count)]
        for place, (count, good) in enumerate(zip(told, right, strict=True))
    }
