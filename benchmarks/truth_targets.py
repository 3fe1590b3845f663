"""The targets, and whether the figures meet them: by the 95 % bound on the bad side, not by the point."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from contracts.incident import Category
from contracts.shares import wilson_bounds

__all__ = ["Met", "TargetLine", "health_targets", "targets_of"]

LEAST_PLACED: Final = 500
LEAST_CALIBRATIONS: Final = 40
LEAST_DAYS: Final = 40.0
LEAST_SEEDS: Final = 5
LEAST_NUDGES: Final = 1000
LEAST_DAYS_STEADY: Final = 120.0
Bounds = tuple[float, float]


class Met(StrEnum):
    """What the figures say of a target."""

    MET = "met"
    MISSED = "missed"
    NOT_ENOUGH = "not enough data"


@dataclass(frozen=True, slots=True)
class TargetLine:
    """One target beside what was measured.

    Args:
        name: What is asked.
        wanted: The bound that must hold, in words.
        value: What was measured.
        bounds: Its bounds.
        met: What that says.
        note: Why it says so, where it is not the bound.
    """

    name: str
    wanted: str
    value: float | None
    bounds: Bounds | None
    met: Met
    note: str = ""

    def told(self) -> str:
        """The target as a line of a table."""
        value = "none" if self.value is None else f"{self.value:.4g}"
        bounds = "" if self.bounds is None else f" [{self.bounds[0]:.4g}, {self.bounds[1]:.4g}]"
        note = f" ({self.note})" if self.note else ""
        return f"{self.met.value:>15}  {self.name}: {value}{bounds}, wanted {self.wanted}{note}"


def targets_of(figures: Mapping[str, Any]) -> list[TargetLine]:
    """Every target for a run's figures."""
    n, bounds = figures["n"], figures["bounds95"]
    lines = [
        _at_least("recall of vendors, piles and debris", 0.95, figures["recall"], bounds["recall"]),
        *_by_category(figures),
        _rate(figures),
        _at_most("incidents per thing", 1.05, figures["doubles"], bounds["doubles"]),
        _near(
            "median place error within 40 m <= 0.5 m",
            0.5,
            n,
            ("within_half_m", bounds["place_within_half_m"]),
        ),
        _near("95th percentile of it <= 2 m", 0.95, n, ("within_2m", bounds["place_within_2m"])),
        _coverage(figures),
        _at_least("opened within dwell + 2 looks", 0.95, figures["opened_in_time"], bounds["opened_in_time"]),
        _sleeper(figures),
    ]
    return lines + health_targets(figures["camera_health"], figures["camera_days"])


def _by_category(figures: Mapping[str, Any]) -> list[TargetLine]:
    wanted = (Category.STREET_VENDOR, Category.GARBAGE_PILE, Category.CONSTRUCTION_DEBRIS)
    known = figures["by_category"]
    return [
        _at_least(f"recall, {name}", 0.95, known[name]["recall"], known[name]["recall_bounds95"])
        for name in wanted
        if name in known
    ]


def _at_least(name: str, wanted: float, value: float | None, bounds: list[float]) -> TargetLine:
    met = Met.MET if bounds[0] >= wanted else Met.MISSED if bounds[1] < wanted else Met.NOT_ENOUGH
    return TargetLine(name, f">= {wanted:g}", value, (bounds[0], bounds[1]), met)


def _at_most(name: str, wanted: float, value: float | None, bounds: list[float]) -> TargetLine:
    met = Met.MET if bounds[1] <= wanted else Met.MISSED if bounds[0] > wanted else Met.NOT_ENOUGH
    return TargetLine(name, f"<= {wanted:g}", value, (bounds[0], bounds[1]), met)


def _rate(figures: Mapping[str, Any]) -> TargetLine:
    line = _at_most(
        "false incidents per camera-day", 1.0, figures["false_per_camera_day"],
        figures["bounds95"]["false_per_camera_day"],
    )  # fmt: skip
    few = figures["camera_days"] < LEAST_DAYS or figures["n"]["seeds"] < LEAST_SEEDS
    return _unless(line, few, f"asks for {LEAST_DAYS:g} camera-days and {LEAST_SEEDS} seeds")


def _near(name: str, share: float, n: Mapping[str, int], within: tuple[str, list[float]]) -> TargetLine:
    """A quantile of the place error, as the share of places that are no farther off than it may be."""
    total = n["placed_near"]
    value = round(n[within[0]] / total, 4) if total else None
    return _at_least(f"{name}: share of places", share, value, within[1])


def _coverage(figures: Mapping[str, Any]) -> TargetLine:
    """A point estimate between 0.93 and 0.97 whose clustered interval contains 0.95."""
    value, interval = figures["ellipse_coverage"], figures["bounds95"]["ellipse_coverage_clustered"]
    name, wanted = "truths inside the 95 % ellipse", "0.93 to 0.97, interval holds 0.95"
    bounds = (interval[0], interval[1]) if interval else None
    if value is None or bounds is None:
        return TargetLine(name, wanted, value, bounds, Met.NOT_ENOUGH)
    good = 0.93 <= value <= 0.97 and bounds[0] <= 0.95 <= bounds[1]
    line = TargetLine(name, wanted, value, bounds, Met.MET if good else Met.MISSED)
    few = figures["n"]["placed"] < LEAST_PLACED or figures["n"]["calibrations"] < LEAST_CALIBRATIONS
    return _unless(line, few, f"asks for {LEAST_PLACED} places over {LEAST_CALIBRATIONS} calibrations")


def _sleeper(figures: Mapping[str, Any]) -> TargetLine:
    count = figures["sleeper_incidents"]
    was_there = figures["exposure"].get("sleeper", 0)
    line = TargetLine(
        "incidents on the sleeping person or her belongings", "0", float(count), None,
        Met.MISSED if count else Met.MET, f"she was there {was_there} times",
    )  # fmt: skip
    return _unless(line, not count and not was_there, "she was never there")


def health_targets(health: Mapping[str, Any], days: float) -> list[TargetLine]:
    """The targets for a camera's health, for the figures of `health_of` over so many camera-days."""
    if not health["nudges"]:
        false = _at_most(
            "false moves per camera-month", 1.0, health["false_per_camera_month"],
            health["false_per_camera_month_bounds95"],
        )  # fmt: skip
        return [_unless(false, days < LEAST_DAYS_STEADY, f"asks for {LEAST_DAYS_STEADY:g} camera-days")]
    noticed = _at_least("nudges noticed within 5 looks", 0.99, health["noticed"], health["noticed_bounds95"])
    good, matter = health["noticed_that_matter"]
    share = round(good / matter, 4) if matter else None
    name = f"those of {health['least_that_matters_px']} px and more, of 1280"
    mattering = _at_least(name, 0.99, share, list(wilson_bounds(good, matter)))
    return [
        _unless(noticed, health["nudges"] < LEAST_NUDGES, f"asks for {LEAST_NUDGES} nudges"),
        _unless(mattering, matter < LEAST_NUDGES / 2, f"asks for {LEAST_NUDGES // 2} nudges"),
        *health_targets({**health, "nudges": 0}, days),
    ]


def _unless(line: TargetLine, too_little: bool, note: str) -> TargetLine:
    """The line, or `not enough data` where the target asks for more than was run."""
    if not too_little or line.met is Met.MISSED:
        return line
    return TargetLine(line.name, line.wanted, line.value, line.bounds, Met.NOT_ENOUGH, note)
