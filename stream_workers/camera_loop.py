"""One camera from lease to looks: connect, watch, and begin again after a fault."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

from contracts.event import HealthState, IncidentEvent
from contracts.site import Camera, Site, Stream
from stream_workers import metrics
from stream_workers.clip_desk import ClipDesk, Tappable
from stream_workers.errors import LeaseLost, SourceRefused, StreamError
from stream_workers.forward_clock import ForwardClock
from stream_workers.health import HealthDesk, ViewFacts
from stream_workers.leases import Lease, LeaseBook
from stream_workers.live_view import LookHandler
from stream_workers.sources.media import DecodedLook
from stream_workers.sources.reconnect import Backoff, Reconnector
from stream_workers.store import WorkerStore
from stream_workers.watched import LiveSource, Pace, Watched

__all__ = ["CameraLoop", "CameraSource", "WorkPlaces", "WorkerParts"]

LOG = logging.getLogger(__name__)
AFTER_FAULT_S: Final = 5.0
NO_DETECTOR: Final = (
    "no detector: categories cannot be told, unattended objects are not raised; see `models list`"
)


class CameraSource(LiveSource, Tappable, Protocol):
    """A source of looks that also tells about itself."""

    def __iter__(self) -> Iterator[DecodedLook]:
        """The looks in order."""
        ...


OpenSource = Callable[[Stream, float, threading.Event], AbstractContextManager[CameraSource]]
OpenView = Callable[[Site, Camera, Lease], LookHandler]


class WorkPlaces:
    """How many looks may be handled at once.

    Args:
        count: About one per core.
    """

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)

    @contextmanager
    def taken(self, is_void: Callable[[], bool]) -> Iterator[None]:
        """Handle a look at one of the places; one that was given up leaves its place to another."""
        began = time.monotonic()
        self._free.acquire()
        metrics.WORK_WAITS_S.set(time.monotonic() - began)
        try:
            yield
        finally:
            if not is_void():
                self._free.release()

    def replace(self) -> None:
        """A place for the one that a thread never gave back."""
        self._free.release()


@dataclass(slots=True)
class WorkerParts:
    """What the cameras of a worker share.

    Args:
        store: Durable state.
        leases: This worker's leases.
        open_source: Opens a stream with a look interval; its event ends the connection.
        open_view: Makes a view's look handler as of its last committed look.
        places: Limits how many looks are handled at once.
        stop: Set when the worker ends.
        site: The running site; replaced as a whole when the file changes.
        has_detector: Whether there is a detector model.
        backoff: Pauses between attempts to connect.
        clips: Holds the packets of cameras where clips are on, and makes the clips.
        site_note: What health says of the site beside the camera's state.
    """

    store: WorkerStore
    leases: LeaseBook
    open_source: OpenSource
    open_view: OpenView
    places: WorkPlaces
    stop: threading.Event
    site: Site
    has_detector: bool = True
    backoff: Backoff | None = None
    clips: ClipDesk = field(default_factory=ClipDesk)
    site_note: Callable[[], str] = str


class CameraLoop:
    """Watches one camera until it is told to end.

    Args:
        camera_id: The camera.
        parts: What the worker's cameras share.
        begin_after_s: Cameras that begin by turns do not send their keyframes together.
    """

    def __init__(self, camera_id: str, parts: WorkerParts, begin_after_s: float = 0.0) -> None:
        self.camera_id = camera_id
        self._parts = parts
        self._begin_after_s = begin_after_s
        self._leave = threading.Event()
        self._is_ending = False
        self._is_given_up = False
        self._busy_since: float | None = None
        self._watched: Watched | None = None
        self._source: CameraSource | None = None
        self._told = ""

    def interrupt(self) -> None:
        """Begin again: the camera's part of the site has changed, or its lease has gone over."""
        self._leave.set()

    def end(self) -> None:
        """Stop watching; the look in hand is still committed."""
        self._is_ending = True
        self._leave.set()

    def give_up(self) -> None:
        """The thread does not come back: what it may still do is void, and its place is free again."""
        # First, for it may fail on a full disk: then nothing has changed, and it is tried again.
        self._parts.leases.renounce(self.camera_id)
        self._is_given_up = True
        self.end()
        self._parts.places.replace()

    def stuck_for_s(self) -> float:
        """How long the look in hand has been handled; 0 where none is, or it only waits for the disk."""
        since, watched = self._busy_since, self._watched
        if since is None or self._is_given_up or (watched is not None and watched.is_waiting()):
            return 0.0
        return time.monotonic() - since

    def tick(self) -> None:
        """Tell what has become due with time."""
        watched = self._watched
        if watched is not None and not self._is_given_up:
            watched.tick()

    def run(self) -> None:
        """Watch until told to end; any fault of one camera ends in the log and a new beginning."""
        self._leave.wait(self._begin_after_s)
        lease: Lease | None = None
        while not self._is_ending:
            # A fresh one: whoever set the old one is heard, since what was told is read after this.
            self._leave = threading.Event()
            if self._is_ending:
                break
            try:
                lease = self._take_lease()
                if lease is not None:
                    self._watch(lease)
            except LeaseLost as error:
                LOG.warning("lease_lost", extra={"camera": self.camera_id, "reason": str(error)})
            except StreamError as error:
                self._tell_once("camera_waits", str(error))
                self._leave.wait(AFTER_FAULT_S)
            except Exception:
                # The outermost loop of a camera: whatever it was, the other cameras go on.
                LOG.exception("camera_begins_again", extra={"camera": self.camera_id})
                self._leave.wait(AFTER_FAULT_S)
        if lease is not None and not self._is_given_up:
            with suppress(StreamError):  # on a full disk it runs out by itself
                self._parts.leases.release(lease)

    def _take_lease(self) -> Lease | None:
        """The camera's lease, or None after some waiting where another worker has it."""
        lease = self._parts.leases.acquire(self.camera_id)
        if isinstance(lease, Lease):
            return lease
        self._tell_once("camera_watched_elsewhere", lease)
        self._leave.wait(self._parts.leases.lease_s / 4)
        return None

    def _tell_once(self, event: str, reason: str) -> None:
        if reason != self._told:
            LOG.warning(event, extra={"camera": self.camera_id, "reason": reason})
            self._told = reason

    def _watch(self, lease: Lease) -> None:
        """Watch while the camera stays as the site describes it; returns on `interrupt` and `end`."""
        site = self._parts.site
        camera = site.camera(self.camera_id)
        pace = Pace(camera.look_every_s)
        stream = self._live_stream(site, camera, lease)
        watched = self._watched = self._watched_view(site, lease, pace)
        reconnector = Reconnector(
            lambda: self._open(stream, pace.every_s, holds_packets=camera.clips),
            self._leave,
            backoff=self._parts.backoff,
            on_state=lambda state: self._watched.tell_source(state) if self._watched else None,
        )
        # Closed here and now, so that the connection ends also where a look could not be handled.
        with closing(cast("Generator[DecodedLook, None, None]", iter(reconnector))) as looks:
            for look in looks:
                if self._parts.site is not site:
                    site = self._parts.site
                    watched = self._watched = self._watched_view(site, lease, pace)
                    watched.tell_source(reconnector.state)
                self._handle(watched, look)

    def _watched_view(self, site: Site, lease: Lease, pace: Pace) -> Watched:
        camera = site.camera(self.camera_id)
        view = self._parts.open_view(site, camera, lease)
        desk = self._desk(site, camera, lease)
        desk.facts.look_every_s = pace.every_s
        desk.report({HealthState.NO_DETECTOR: None if self._parts.has_detector else NO_DETECTOR})
        watched = Watched(view, desk, camera, pace, ForwardClock(view.last_at))
        watched.site_note = self._parts.site_note
        return watched

    def _desk(self, site: Site, camera: Camera, lease: Lease) -> HealthDesk:
        facts = ViewFacts(camera.views[0].id, camera.id, site.version, camera.look_every_s)
        return HealthDesk(self._parts.store, facts, lease)

    def _open(
        self, stream: Stream, every_s: float, *, holds_packets: bool
    ) -> AbstractContextManager[CameraSource]:
        opened = self._parts.open_source(stream, every_s, self._leave)
        return self._remembered(opened, holds_packets=holds_packets)

    @contextmanager
    def _remembered(
        self, opened: AbstractContextManager[CameraSource], *, holds_packets: bool
    ) -> Iterator[CameraSource]:
        with opened as source, ExitStack() as held:
            self._source = source
            if holds_packets:
                held.enter_context(self._parts.clips.tapped(self.camera_id, source))
            yield source

    def _handle(self, watched: Watched, look: DecodedLook) -> None:
        source = self._source
        if source is None:
            raise RuntimeError("a look came from no source")
        with watched.busy(), self._parts.places.taken(lambda: self._is_given_up):
            self._busy_since = time.monotonic()
            try:
                with metrics.STAGE_S.labels("look").time():
                    events = watched.take(look, source)
            finally:
                self._busy_since = None
        self._told = ""
        for event in events:
            self._tell_event(event)

    def _tell_event(self, event: IncidentEvent) -> None:
        metrics.EVENTS.labels(event.type, event.data.category).inc()
        LOG.info("event_made", extra={"event_id": event.id, "type": event.type, "camera": self.camera_id})

    def _live_stream(self, site: Site, camera: Camera, lease: Lease) -> Stream:
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
        if complete and stream.sign_confirmed:
            return stream
        reason = "does not start: purpose, authority, legal basis or confirmed sign is missing in the site"
        self._desk(site, camera, lease).report({HealthState.REFUSED: reason, HealthState.OFFLINE: None})
        raise SourceRefused(f"camera {camera.id} {reason}")
