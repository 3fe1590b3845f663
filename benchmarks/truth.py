"""`streetkeeper bench truth`: how good the pipeline is against the sample district's exact truth."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import line
from benchmarks.truth_figures import CAVEAT, figures_of
from benchmarks.truth_match import DayMatch, match_day
from benchmarks.truth_report import write_truth_report
from benchmarks.truth_targets import TargetLine, targets_of
from sample_videos.district.camera_day import CameraDay
from sample_videos.district.day_stage import DayKey
from sample_videos.district.simulate import DetectorKind, OpenStage, simulate

__all__ = ["TruthRun", "bench_truth", "simulated", "table_of"]


@dataclass(frozen=True, slots=True)
class TruthRun:
    """What is measured.

    Args:
        keys: The camera-days.
        detector: What stands in the detector's place.
        out: Folder of the camera-days' files and of the report.
        jobs: Processes at once.
    """

    keys: Sequence[DayKey]
    detector: DetectorKind
    out: Path
    jobs: int = 1


def simulated(run: TruthRun, open_stage: OpenStage, tick: Callable[[CameraDay], None]) -> list[CameraDay]:
    """All camera-days of a run, those that are not there yet made now; `tick` is told of each."""
    days: list[CameraDay] = []
    for day in simulate(run.keys, open_stage, run.detector, run.out, run.jobs):
        days.append(day)
        tick(day)
    return days


def bench_truth(
    run: TruthRun, open_stage: OpenStage, tick: Callable[[CameraDay], None] = lambda _: None
) -> tuple[str, list[str]]:
    """Simulate what is not there yet, match, and write the report.

    Args:
        run: What is measured.
        open_stage: Makes the stage of a camera-day.
        tick: Told of every camera-day as it is there.

    Returns: The JSON line, and the lines of the table.
    """
    days = simulated(run, open_stage, tick)
    matches = [match_day(day) for day in sorted(days, key=lambda day: (day.seed, day.camera_id, day.day))]
    figures = {**_facts(run), **figures_of(matches), "cpu_ms_per_look": _cpu_ms(days)}
    targets = targets_of(figures)
    figures["targets"] = {target.name: target.met.value for target in targets}
    by_name = {(key.seed, key.camera_id, key.day): key for key in run.keys}
    write_truth_report(
        run.out,
        figures,
        targets,
        matches,
        lambda day: open_stage(by_name[day.seed, day.camera_id, day.day]),
    )
    return line("truth", figures), list(table_of(figures, targets, matches))


def table_of(
    figures: dict[str, Any], targets: Sequence[TargetLine], matches: Sequence[DayMatch]
) -> Iterable[str]:
    """The table that is shown beside the JSON line."""
    yield CAVEAT
    for target in targets:
        yield target.told()
    for name, row in figures["by_category"].items():
        yield (
            f"{name:>20}: recall {row['recall']} of {row['expected']} {row['recall_bounds95']}, "
            f"precision {row['precision']} of {row['incidents']}, false a day {row['false_per_camera_day']}, "
            f"doubles {row['doubles']}, opens {row['opens_after_dwell_s']} s after the dwell, "
            f"closes after {row['closes_after_s']} s, area off by {row['area_error_share']}"
        )
    for band, row in figures["place_by_band_m"].items():
        if row["n"]:
            yield (
                f"{band:>18} m: {row['n']} places, median {row['median_m']} m, 95 % within {row['p95_m']} m, "
                f"inside the ellipse {row['coverage']}"
            )
    yield f"false by cause: {figures['false_by_cause'] or 'none'}"
    yield f"missed by cause: {figures['missed_by_cause'] or 'none'}"
    yield f"missed: {sum(len(match.missed) for match in matches)} of {figures['n']['expected']}"


def _facts(run: TruthRun) -> dict[str, Any]:
    seeds = sorted({key.seed for key in run.keys})
    return {
        "seed": seeds[0] if len(seeds) == 1 else seeds,
        "detector": run.detector,
        "split": run.keys[0].split,
        "scenario": run.keys[0].scenario,
        "cameras": len({key.camera_id for key in run.keys}),
        "note": CAVEAT,
    }


def _cpu_ms(days: Sequence[CameraDay]) -> float | None:
    looks = sum(day.looks for day in days)
    return round(1000 * sum(day.cpu_s for day in days) / looks, 2) if looks else None
