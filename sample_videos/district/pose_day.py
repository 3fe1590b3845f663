"""A camera-day of which only the gate's picture is composed: is every push noticed, and nothing else?

Of the scenario `nudges` a look is taken every 10 s around each push and each coming back, and none in
between; of any other scenario all day. The pipeline is the worker's, without a detector. Looks come up to
`LATE_S` late, as keyframes do: at exact multiples of 10 s the simulated mast would always stand in the same
phase of its swing.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from sample_videos.district.camera_day import CameraDay, Span
from sample_videos.district.day_stage import DayKey, DayStage, StageTruth
from sample_videos.district.moved_watch import MovedWatch
from sample_videos.district.things import clock
from stream_workers.build import build_plain_pipeline
from stream_workers.incidents import ViewSetup
from stream_workers.journal import MemoryJournal
from stream_workers.sources.media import Look

__all__ = ["POSE_SCENARIOS", "run_pose_day"]

NUDGES: Final = "nudges"
POSE_SCENARIOS: Final = (NUDGES, "steady")
"""Scenarios of which only the pose watch is run."""
BEFORE_S: Final = 300.0
AFTER_S: Final = 120.0
"""Looks are taken from so long before a push or its end until so long after it; more than that apart, the
watch learns anew where the view rests."""
LATE_S: Final = 0.9


def run_pose_day(key: DayKey, stage: DayStage) -> CameraDay:
    """Run the pose watch over one camera-day; nothing is examined, so no incident is told."""
    began = time.process_time()
    site = stage.site()
    camera = site.camera(key.camera_id)
    setup = ViewSetup(site, camera, camera.views[0], "live", camera.look_every_s, has_detector=False)
    pipeline = build_plain_pipeline(setup, MemoryJournal(), None, 0, {})
    faults = stage.faults()
    rng = np.random.default_rng([key.seed, key.day, 31])
    moved, looks, steady_s = MovedWatch(), 0, 0.0
    # A view that is pushed when the watch begins would be taken for the calibrated one.
    pushed_before = [nudge.until for nudge in faults.nudges if nudge.at <= stage.begins]
    hangs_from = max(pushed_before, default=stage.begins)
    for due in _times((stage.begins, stage.ends), _watched(key, stage, faults), camera.look_every_s):
        at = due + round(float(rng.uniform(0, LATE_S)), 3)
        picture = stage.picture(at) if at >= hangs_from else None
        if picture is None:
            continue
        pipeline.handle(Look(at - stage.begins, clock(at), picture))
        moved.note(at, tuple(pipeline.state.away) if pipeline.moved else ())
        looks += 1
        steady_s += camera.look_every_s * (not _is_pushed(faults, at))
    moved.end(stage.ends)
    return CameraDay(
        seed=key.seed,
        camera_id=key.camera_id,
        day=key.day,
        detector="none",
        split=key.split,
        scenario=key.scenario,
        begins=stage.begins,
        ends=stage.ends,
        looks=looks,
        steady_s=steady_s,
        look_every_s=camera.look_every_s,
        cpu_s=round(time.process_time() - began, 2),
        nudges=[nudge for nudge in faults.nudges if nudge.at > stage.begins],
        moved=moved.spans,
        cuts=list(faults.cuts),
        conditions=faults.conditions,
    )


def _watched(key: DayKey, stage: DayStage, faults: StageTruth) -> list[Span]:
    """When looks are taken."""
    if key.scenario != NUDGES:
        return [(stage.begins, stage.ends)]
    moments = [t for nudge in faults.nudges for t in (nudge.at, nudge.until)]
    return [(t - BEFORE_S, t + AFTER_S) for t in moments]


def _times(day: Span, watched: Iterable[Span], every_s: float) -> Iterator[float]:
    """When looks are due."""
    spans = list(watched)
    for number in range(int((day[1] - day[0]) / every_s)):
        t = day[0] + number * every_s
        if any(start <= t < end for start, end in spans):
            yield t


def _is_pushed(faults: StageTruth, at: float) -> bool:
    return any(nudge.at <= at < nudge.until for nudge in faults.nudges)
