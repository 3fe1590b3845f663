"""One camera-day: every look that there was, through the pipeline that a worker has."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from contracts.event import IncidentEvent
from models.registry import load_manifest, open_detector
from sample_videos.district.camera_day import CameraDay, ExplainedRecord, IncidentRecord
from sample_videos.district.day_stage import DayKey, DayStage, world_time
from sample_videos.district.moved_watch import MovedWatch
from sample_videos.district.oracle import MISSED, Oracle
from sample_videos.district.things import clock
from stream_workers.attention import CropExaminer, Examiner
from stream_workers.build import build_plain_pipeline
from stream_workers.incidents import ViewSetup
from stream_workers.journal import MemoryJournal
from stream_workers.pipeline import ViewPipeline
from stream_workers.sources.media import Look
from stream_workers.view_state import Explanation
from vision.tracks.belief import Recall
from vision.tracks.tracker import PART_OF
from vision.types import Box, Picture

__all__ = ["DetectorKind", "run_day"]

DetectorKind = Literal["oracle", "model"]
LEAST_TOLD_S: Final = 60.0
"""Explanations of what stayed for less are not kept: no rule asks for so little."""


def run_day(key: DayKey, stage: DayStage, detector: DetectorKind) -> CameraDay:
    """Run one camera-day: every look that there was, through the pipeline that a worker has."""
    began = time.process_time()
    site = stage.site()
    camera = site.camera(key.camera_id)
    setup = ViewSetup(site, camera, camera.views[0], "live", camera.look_every_s, has_detector=True)
    examiner, input_px, recall = _examiner(detector, key, stage)
    journal = MemoryJournal()
    pipeline = build_plain_pipeline(setup, journal, examiner, input_px, recall, explain=True)
    spent: list[float] = []
    moved = MovedWatch()
    looks = 0
    for number in range(int((stage.ends - stage.begins) / camera.look_every_s)):
        media_s = number * camera.look_every_s
        at = stage.begins + media_s
        picture = stage.picture(at)
        if picture is None:
            continue
        pipeline.handle(Look(media_s, clock(at), _Timed(picture, spent)))
        moved.note(at, tuple(pipeline.state.away) if pipeline.moved else ())
        looks += 1
    moved.end(stage.ends)
    truth = stage.truth()
    return CameraDay(
        seed=key.seed,
        camera_id=key.camera_id,
        day=key.day,
        detector=detector,
        split=key.split,
        scenario=key.scenario,
        begins=stage.begins,
        ends=stage.ends,
        looks=looks,
        look_every_s=camera.look_every_s,
        cpu_s=round(time.process_time() - began, 2),
        composed_cpu_s=round(sum(spent), 2),
        things=list(truth.things),
        incidents=_incidents(journal.events),
        explained=_explained(pipeline, stage.begins),
        nudges=list(truth.nudges),
        moved=moved.spans,
        cuts=list(truth.cuts),
        exposure=truth.exposure,
        conditions=truth.conditions,
        oracle=_tally(examiner),
    )


@dataclass(slots=True)
class _Timed:
    """A picture that counts the CPU seconds of being composed."""

    picture: Picture
    spent: list[float] = field(default_factory=list)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.picture.size_wh

    def luma_small(self, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
        """The small luma."""
        before = time.process_time()
        luma = self.picture.luma_small(size_wh)
        self.spent.append(time.process_time() - before)
        return luma

    def bgr(self, box: Box | None = None) -> NDArray[np.uint8]:
        """A part of the picture."""
        before = time.process_time()
        part = self.picture.bgr(box)
        self.spent.append(time.process_time() - before)
        return part


def _examiner(detector: DetectorKind, key: DayKey, stage: DayStage) -> tuple[Examiner, int, Recall]:
    entry = load_manifest().entry("detector")
    if detector == "model":
        return CropExaminer(open_detector("detector")), entry.input_px, entry.recall
    oracle = Oracle(stage.visible, entry.classes, entry.input_px, key.seed, stage.begins)
    return oracle, entry.input_px, dict.fromkeys(entry.classes, 1 - MISSED)


def _tally(examiner: Examiner) -> dict[str, list[int]]:
    if not isinstance(examiner, Oracle):
        return {}
    return {
        "crops": [examiner.tally.crops],
        "told": list(examiner.tally.told),
        "right": list(examiner.tally.right),
    }


def _incidents(events: Sequence[IncidentEvent]) -> list[IncidentRecord]:
    """One record per incident: as at its opening, with what the last event says of category and end."""
    first: dict[str, IncidentEvent] = {}
    last: dict[str, IncidentEvent] = {}
    for event in events:
        first.setdefault(event.data.incident_id, event)
        last[event.data.incident_id] = event
    return [_incident(event, last[name]) for name, event in first.items()]


def _incident(first: IncidentEvent, last: IncidentEvent) -> IncidentRecord:
    opened, now = first.data, last.data
    ellipse = opened.ellipse
    return IncidentRecord(
        incident_id=opened.incident_id,
        category=now.category.value,
        category_opened=opened.category.value,
        first_seen=world_time(opened.first_seen),
        last_seen=world_time(now.last_seen),
        opened=world_time(opened.opened_at),
        closed=world_time(now.closed_at) if now.closed_at is not None else None,
        box=opened.box_xyxy_px,
        lonlat=opened.lonlat,
        ellipse=(ellipse.semi_major_m, ellipse.semi_minor_m, ellipse.azimuth_deg) if ellipse else None,
        area_m2=opened.area_m2,
        reason=now.rule.reason,
        confidence=opened.confidence,
    )


def _is_told(line: Explanation) -> bool:
    """What stayed, what became an incident, and what another track took in: that may have been a miss."""
    stayed_s = line.last_media_s - line.first_media_s
    return bool(line.incident_id) or stayed_s >= LEAST_TOLD_S or line.reason.startswith(PART_OF)


def _explained(pipeline: ViewPipeline, begins: float) -> list[ExplainedRecord]:
    return [
        ExplainedRecord(
            category=line.category,
            outcome=line.outcome,
            reason=line.reason,
            from_t=begins + line.first_media_s,
            to_t=begins + line.last_media_s,
            box=line.box_xyxy_px,
            incident_id=line.incident_id,
        )
        for line in pipeline.explanations()
        if _is_told(line)
    ]
