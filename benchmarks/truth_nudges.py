"""`streetkeeper bench truth`, scenarios `nudges` and `steady`: pushes noticed, moves told of still cameras.

Only the gate's picture is composed and only the pose watch is judged: see docs/methods/moved-views.md.
"""

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.figures import line
from benchmarks.truth import TruthRun, simulated
from benchmarks.truth_figures import CAVEAT
from benchmarks.truth_health import health_of
from benchmarks.truth_targets import health_targets
from sample_videos.district.camera_day import CameraDay
from sample_videos.district.simulate import OpenStage
from sample_videos.district.things import DAY_S

__all__ = ["bench_nudges"]


def bench_nudges(
    run: TruthRun, open_stage: OpenStage, tick: Callable[[CameraDay], None] = lambda _: None
) -> tuple[str, list[str]]:
    """Simulate what is not there yet, and count.

    Args:
        run: What is measured.
        open_stage: Makes the stage of a camera-day.
        tick: Told of every camera-day as it is there.

    Returns: The JSON line, and the lines of the table.
    """
    days = simulated(run, open_stage, tick)
    steady = sum(day.steady_s for day in days) / DAY_S
    seeds = sorted({key.seed for key in run.keys})
    figures: dict[str, Any] = {
        "seed": seeds[0] if len(seeds) == 1 else seeds,
        "split": run.keys[0].split,
        "scenario": run.keys[0].scenario,
        "cameras": len({key.camera_id for key in run.keys}),
        "note": CAVEAT,
        "camera_days": len(days),
        "steady_camera_days": round(steady, 2),
        "looks": sum(day.looks for day in days),
        "camera_health": health_of(days, steady),
    }
    targets = health_targets(figures["camera_health"], steady)
    figures["targets"] = {target.name: target.met.value for target in targets}
    table = [CAVEAT, *(target.told() for target in targets), *_rows(figures["camera_health"])]
    return line("truth", figures), table


def _rows(health: dict[str, Any]) -> Iterator[str]:
    for band, (good, total) in health["noticed_by_shift_px"].items():
        yield f"{band:>12} px: {good} of {total} noticed within 5 looks"
    yield f"median delay {health['noticed_after_s']} s"
    good, total = health["home_within_5_looks"]
    yield f"{good} of {total} noticed ones taken for home again within 5 looks of their end"
