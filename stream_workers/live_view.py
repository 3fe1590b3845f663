"""A live view's pipeline as the camera loop sees it, and the pieces that make one."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from contracts.event import IncidentEvent
from contracts.site import Camera, Site
from models.registry import OpenModel
from stream_workers import metrics
from stream_workers.build import (
    Models,
    PictureTaker,
    ViewFolders,
    build_view_pipeline,
    privacy_zones,
    shortest_dwell,
    view_setup,
)
from stream_workers.clip_desk import ClipDesk, LiveClips
from stream_workers.journal import PatientJournal
from stream_workers.leases import Lease
from stream_workers.pipeline import ViewPipeline, persist_looks_for
from stream_workers.sight import Sight, Sights
from stream_workers.sources.media import DecodedLook
from stream_workers.stills import StillMaker
from stream_workers.store import WorkerStore
from stream_workers.view_state import ViewState
from vision.tracks.presence import Track

__all__ = ["CountedModel", "LiveView", "LookHandler", "ViewMaker", "shift_times"]

LIVE = "live"


class LookHandler(Protocol):
    """Takes the looks of one view, one after the other, and commits each."""

    @property
    def last_at(self) -> datetime | None:
        """Capture time of the last committed look."""
        ...

    @property
    def moved(self) -> bool:
        """Whether the view has moved away from its calibration."""
        ...

    def handle(self, look: DecodedLook, clock_jump_s: float) -> list[IncidentEvent]:
        """Take one look, which comes after the clock was set forward by `clock_jump_s`."""
        ...

    def is_waiting(self) -> bool:
        """Whether it waits for room on the disk, which is no reason to give it up."""
        ...


class LiveView:
    """A `LookHandler` over the pipeline.

    Args:
        pipeline: The pipeline.
        journal: Its journal.
    """

    def __init__(self, pipeline: ViewPipeline, journal: PatientJournal) -> None:
        self._pipeline = pipeline
        self._journal = journal

    @property
    def last_at(self) -> datetime | None:
        """Capture time of the last committed look."""
        at = self._pipeline.state.last_at
        return datetime.fromtimestamp(at, UTC) if at > 0 else None

    @property
    def moved(self) -> bool:
        """Whether the view has moved away from its calibration."""
        return self._pipeline.moved

    def handle(self, look: DecodedLook, clock_jump_s: float) -> list[IncidentEvent]:
        """Take one look; time that only the clock has seen counts for no dwell."""
        if clock_jump_s > 0:
            shift_times(self._pipeline.state, clock_jump_s)
        return self._pipeline.handle(look)

    def is_waiting(self) -> bool:
        """Whether it waits for room on the disk."""
        return self._journal.is_waiting


@dataclass(frozen=True, slots=True)
class ViewMaker:
    """Makes the live views of a worker.

    Args:
        store: Durable state.
        models: Detector and mask.
        folder: Where evidence and stills go.
        stop: Ends the waiting for a full disk.
        clips: Makes the clips of cameras where they are on.
        sights: Where the views are shown to commands.
    """

    store: WorkerStore
    models: Models
    folder: Path
    stop: threading.Event
    clips: ClipDesk
    sights: Sights = field(default_factory=Sights)

    def make(self, site: Site, camera: Camera, lease: Lease) -> LookHandler:
        """The first view of a camera, as it was after its last committed look.

        Raises:
            CalibrationRejected: The view's control points cannot give a plane.
        """
        view = camera.views[0]
        setup = view_setup(site, camera, view, self.models, run=LIVE)
        persist = persist_looks_for(shortest_dwell(site), camera.look_every_s)
        journal = PatientJournal(self.store, view.id, LIVE, persist, lease=lease, stop=self.stop)
        folders = ViewFolders(self.folder / "evidence", self.folder / "stills" / view.id)
        open_clips = partial(LiveClips, self.clips, camera.id) if camera.clips else None
        pipeline, taker = build_view_pipeline(setup, journal, folders, self.models, open_clips=open_clips)
        journal.collect = taker.collect
        if pipeline.state.look < 0:
            # Ids hold the look's number: begun from the clock, a lost store does not repeat old ids.
            pipeline.state.look = int(time.time() / camera.look_every_s)
        self._show(site, camera, pipeline, taker)
        return LiveView(pipeline, journal)

    def _show(self, site: Site, camera: Camera, pipeline: ViewPipeline, taker: PictureTaker) -> None:
        view, evidence = camera.views[0], taker.maker
        if evidence.stills is None:
            return
        # With a mask queue of its own: a command never keeps a look waiting for its picture.
        maker = StillMaker(self.sights.pool.decode, self.models.mask.beside(), privacy_zones(site, view))
        self.sights.show(
            camera.id,
            Sight(
                view,
                evidence.ring,
                maker,
                evidence.stills,
                self.folder / "evidence",
                camera.look_every_s,
                lambda: pipeline.suspended,
            ),
        )


class CountedModel(OpenModel):
    """A model whose calls and findings are counted.

    Args:
        model: The model.
    """

    def __init__(self, model: OpenModel) -> None:
        self.info = model.info
        self._model = model

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of the class indices."""
        return self._model.names

    def detect(self, images: Any) -> Any:
        """What the model detects."""
        with metrics.STAGE_S.labels("detect").time():
            found = self._model.detect(images)
        for detections in found:
            for row in range(len(detections)):
                metrics.DETECTIONS.labels(detections.name(row)).inc()
        return found


def shift_times(state: ViewState, by_s: float) -> None:
    """Move what a view remembers along with a clock that was set forward.

    Without it everything that waits for its dwell would seem to have stood there for the whole jump.
    Open incidents keep the times that were told.
    """
    tracker = state.tracker
    tracker.stamps = deque(replace(stamp, at=stamp.at + by_s) for stamp in tracker.stamps)
    for track in tracker.tracks:
        _shift(track, by_s)
    if state.parked is not None:
        for fields in state.parked["tracks"]:
            if fields["incident"] is None:
                for name in ("born_at", "last_seen_at", "last_person_at"):
                    fields[name] += by_s if fields[name] > 0 else 0.0


def _shift(track: Track, by_s: float) -> None:
    if track.incident is not None:
        return
    track.born_at += by_s
    track.last_seen_at += by_s if track.last_seen_at > 0 else 0.0
    track.last_person_at += by_s if track.last_person_at > 0 else 0.0
