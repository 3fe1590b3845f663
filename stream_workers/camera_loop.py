"""One camera from lease to looks: connect, watch, stretch under load, and begin again after a fault."""

import logging
import threading
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.event import HealthState, IncidentEvent
from contracts.site import Camera, Site, Stream
from stream_workers import metrics
from stream_workers.build import Models, ViewFolders, build_view_pipeline, shortest_dwell, view_setup
from stream_workers.errors import SourceRefused, StorageFull
from stream_workers.health import FrozenWatch, HealthDesk
from stream_workers.journal import StoreJournal
from stream_workers.leases import LeaseBook
from stream_workers.pipeline import ViewPipeline, persist_looks_for
from stream_workers.sources.credentials import read_credentials
from stream_workers.sources.media import DecodedLook
from stream_workers.sources.reconnect import Reconnector, SourceState
from stream_workers.sources.rtsp import RtspSource
from stream_workers.store import WorkerStore
from stream_workers.view_state import ViewState

__all__ = ["CameraLoop", "WorkerParts"]

LOG = logging.getLogger(__name__)
AFTER_FAULT_S = 5.0
STORAGE_RETRY_S = 2.0
STRETCH = 2.0
MOST_STRETCHED_S = 60.0
CALM_LOOKS = 30
"""Looks in a row in time before a stretched interval is shortened again."""


@dataclass(slots=True)
class WorkerParts:
    """What the cameras of a worker share.

    Args:
        store: Durable state.
        leases: This worker's leases.
        models: Detector and mask.
        folder: Where evidence and stills go.
        slots: Limits how many looks are handled at once.
        stop: Set when the worker ends.
        site: The running site; replaced as a whole when the file changes.
    """

    store: WorkerStore
    leases: LeaseBook
    models: Models
    folder: Path
    slots: threading.BoundedSemaphore
    stop: threading.Event
    site: Site


class PatientJournal(StoreJournal):
    """A journal that waits while the disk is full: a look is committed whole or not yet, never lost."""

    def __init__(self, base: StoreJournal, stop: threading.Event) -> None:
        super().__init__(base.store, base.view_id, base.run, base.persist_looks, base.collect)
        self.stop = stop

    def commit(self, look: DecodedLook, state: ViewState, events: Sequence[IncidentEvent]) -> None:
        """Keep everything of one look, trying again while there is no room."""
        files = self.collect()
        told = False
        while True:
            try:
                replace_collect = StoreJournal(
                    self.store, self.view_id, self.run, self.persist_looks, lambda: files
                )
                replace_collect.commit(look, state, events)
            except StorageFull as error:
                if not told:
                    LOG.error("disk_full_look_waits", extra={"view_id": self.view_id, "reason": str(error)})
                    told = True
                if self.stop.wait(STORAGE_RETRY_S):
                    raise
            else:
                return


class CameraLoop:
    """Watches one camera until the worker stops.

    Args:
        camera_id: The camera.
        parts: What the worker's cameras share.
    """

    def __init__(self, camera_id: str, parts: WorkerParts) -> None:
        self.camera_id = camera_id
        self._parts = parts
        self._source: RtspSource | None = None
        self._waits_for = ""

    def run(self) -> None:
        """Watch until `stop` is set; any fault of one camera ends in the log and a new beginning."""
        stop = self._parts.stop
        while not stop.is_set():
            other = self._parts.leases.acquire(self.camera_id)
            if other is not None:
                if other != self._waits_for:
                    LOG.warning("camera_watched_elsewhere", extra={"camera": self.camera_id, "holder": other})
                    self._waits_for = other
                stop.wait(self._parts.leases.lease_s / 4)
                continue
            self._waits_for = ""
            try:
                self._watch()
            except Exception:
                # The outermost loop of a camera: whatever it was, the other cameras go on.
                LOG.exception("camera_begins_again", extra={"camera": self.camera_id})
                stop.wait(AFTER_FAULT_S)
        self._parts.leases.release(self.camera_id)

    def _watch(self) -> None:
        """Watch with one version of the site; returns when it has changed or the lease was lost."""
        site = self._parts.site
        camera = site.camera(self.camera_id)
        stream = _live_stream(camera)
        pipeline = self._pipeline(site, camera)
        health = HealthDesk(
            self._parts.store, camera.views[0].id, camera.id, site.version, camera.look_every_s
        )
        if self._parts.models.detector is None:
            detail = (
                "no detector: categories cannot be told, unattended objects are not raised; see `models list`"
            )
            health.set(HealthState.NO_DETECTOR, detail, _now())
        reconnector = Reconnector(
            lambda: self._open(stream, camera.look_every_s),
            self._parts.stop,
            on_state=lambda state: self._told(state, health),
        )
        watched = Watched(pipeline, health, camera, FrozenWatch())
        for look in reconnector:
            if self._parts.site is not site:
                return
            if self._parts.leases.acquire(self.camera_id) is not None:
                LOG.warning("lease_lost", extra={"camera": self.camera_id})
                return
            with self._parts.slots:
                self._handle(watched, look)

    def _pipeline(self, site: Site, camera: Camera) -> ViewPipeline:
        view, parts = camera.views[0], self._parts
        setup = view_setup(site, camera, view, parts.models, run="live")
        persist = persist_looks_for(shortest_dwell(site), camera.look_every_s)
        journal = PatientJournal(StoreJournal(parts.store, view.id, "live", persist), parts.stop)
        folders = ViewFolders(parts.folder / "evidence", parts.folder / "stills" / view.id)
        pipeline, taker = build_view_pipeline(setup, journal, folders, parts.models)
        journal.collect = taker.collect
        if pipeline.state.look < 0:
            # Ids hold the look's number: begun from the clock, a lost store does not repeat old ids.
            pipeline.state.look = int(time.time() / camera.look_every_s)
        return pipeline

    def _open(self, stream: Stream, every_s: float) -> RtspSource:
        credentials = read_credentials(stream.credentials) if stream.credentials else None
        self._source = RtspSource(str(stream.url), every_s, credentials=credentials, stop=self._parts.stop)
        return self._source

    def _told(self, state: SourceState, health: HealthDesk) -> None:
        metrics.CAMERA_ONLINE.labels(self.camera_id).set(1 if state.is_online else 0)
        trouble = HealthState.REFUSED if state.needs_person else HealthState.OFFLINE
        for each in (HealthState.REFUSED, HealthState.OFFLINE):
            health.set(each, state.reason if not state.is_online and each is trouble else None, _now())

    def _handle(self, watched: "Watched", look: DecodedLook) -> None:
        began = time.monotonic()
        events = watched.take(look)
        spent = time.monotonic() - began
        lag = (_now() - look.captured_at).total_seconds()
        metrics.LOOKS.labels(self.camera_id).inc()
        metrics.LOOK_CPU_S.labels(self.camera_id).observe(spent)
        metrics.CAPTURE_LAG_S.labels(self.camera_id).set(lag)
        for event in events:
            metrics.EVENTS.labels(event.type, event.data.category).inc()
            LOG.info("event_made", extra={"event_id": event.id, "type": event.type, "camera": self.camera_id})
        if self._source is not None:
            watched.judge_load(self._source, lag)


class Watched:
    """A camera's pipeline with the watches around it.

    Args:
        pipeline: Handles the looks.
        health: Tells troubles.
        camera: The camera.
        frozen: Notices a picture that stands still.
    """

    def __init__(
        self, pipeline: ViewPipeline, health: HealthDesk, camera: Camera, frozen: FrozenWatch
    ) -> None:
        self._pipeline = pipeline
        self._health = health
        self._camera = camera
        self._frozen = frozen
        self._last_at = datetime.fromtimestamp(pipeline.state.last_at, UTC)
        self._dropped = 0
        self._calm = 0

    def take(self, look: DecodedLook) -> list[IncidentEvent]:
        """Handle one look and tell what it shows of the camera's health."""
        forward = self._forward(look)
        still = self._frozen.is_frozen(zlib.crc32(forward.planes.y[::4].tobytes()))
        detail = "the picture has not changed by one bit for several looks: restart the camera"
        self._health.set(HealthState.FROZEN, detail if still else None, forward.captured_at)
        if still:
            return []
        events = self._pipeline.handle(forward)
        moved = "the view has moved: turn it back or calibrate it anew; its places are suspended"
        self._health.set(HealthState.MOVED, moved if self._pipeline.suspended else None, forward.captured_at)
        return events

    def judge_load(self, source: RtspSource, lag_s: float) -> None:
        """Stretch the look interval where looks were dropped or came late; shorten it after a calm time."""
        wanted, every = self._camera.look_every_s, source.every_s
        dropped, self._dropped = source.dropped_looks - self._dropped, source.dropped_looks
        if dropped > 0 or (lag_s > 2 * every and source.time_origin == "arrival"):
            self._calm = 0
            every = min(max(MOST_STRETCHED_S, wanted), every * STRETCH)
        else:
            self._calm += 1
            if self._calm >= CALM_LOOKS and every > wanted:
                self._calm = 0
                every = max(wanted, every / STRETCH)
        if every != source.every_s:
            source.set_interval(every)
            LOG.warning("look_interval_changed", extra={"camera": self._camera.id, "look_every_s": every})
        self._report(source, every)

    def _report(self, source: RtspSource, every: float) -> None:
        camera, now = self._camera, _now()
        metrics.LOOK_EVERY_S.labels(camera.id).set(every)
        metrics.LOOKS_DROPPED.labels(camera.id).set(source.dropped_looks)
        self._health.look_every_s = every
        stretched = f"too much work: a look every {every:g} s instead of {camera.look_every_s:g} s"
        self._health.set(HealthState.OVERLOADED, stretched if every > camera.look_every_s else None, now)
        interval = source.keyframe_interval_s
        if interval is not None:
            metrics.KEYFRAME_INTERVAL_S.labels(camera.id).set(interval)
            self._health.keyframe_interval_s = interval
        rare = (
            "keyframes come too rarely: all pictures are decoded, which costs a hundred times more; "
            f"set the camera's keyframe interval to {min(camera.look_every_s, 4):g} s or less"
        )
        self._health.set(HealthState.KEYFRAMES_TOO_RARE, rare if source.mode == "sparse" else None, now)

    def _forward(self, look: DecodedLook) -> DecodedLook:
        """The look with a capture time after the last one's: a clock set back must not undo the past."""
        at = look.captured_at
        if at <= self._last_at:
            at = self._last_at + timedelta(milliseconds=1)
        self._last_at = at
        return replace(look, captured_at=at) if at != look.captured_at else look


def _live_stream(camera: Camera) -> Stream:
    """The camera's live stream, with all that it needs by law.

    Raises:
        SourceRefused: There is none, or it may not start.
    """
    stream = camera.stream
    if stream is None or stream.url is None:
        raise SourceRefused(
            f"camera {camera.id} has no live stream; recordings are for `streetkeeper analyze`"
        )
    complete = all(text.strip() for text in (stream.purpose, stream.authority, stream.legal_basis))
    if not (complete and stream.sign_confirmed):
        raise SourceRefused(
            f"camera {camera.id} does not start: purpose, authority, legal basis or confirmed sign is missing"
        )
    return stream


def _now() -> datetime:
    return datetime.now(UTC)
