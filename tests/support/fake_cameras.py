"""Cameras, sources and look handlers that do what a test tells them; the worker's own parts are real."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any, Self

import numpy as np

from contracts.event import HealthEvent, IncidentEvent
from contracts.incident import Category
from contracts.site import Camera, Rule, Site, Stream, View
from stream_workers.camera_loop import WorkerParts, WorkPlaces
from stream_workers.errors import SourceUnavailable, StreamError
from stream_workers.fleet import Fleet
from stream_workers.leases import Lease, LeaseBook
from stream_workers.sources.media import DecodedLook, EncodedLook, LookMode
from stream_workers.sources.packet_ring import PacketTap
from stream_workers.sources.reconnect import Backoff
from stream_workers.store import WorkerStore
from tests.support.look_commits import a_look
from tests.support.waiting import wait_until
from vision.types import Planes


def a_stream(**changes: Any) -> Stream:
    facts: dict[str, Any] = {
        "url": "rtsp://192.0.2.1/main",
        "purpose": "order of the market",
        "authority": "street office",
        "legal_basis": "by-law 12",
        "sign_confirmed": True,
    }
    return Stream(**(facts | changes))


def live_site(*names: str, version: str = "1", look_every_s: float = 10.0, **stream: Any) -> Site:
    return Site(
        format="streetkeeper-site/1",
        name="market",
        version=version,
        time_zone="UTC",
        rules=[Rule(id="no-heaps", category=Category.GARBAGE_PILE, dwell_s=60)],
        cameras=[
            Camera(
                id=name, stream=a_stream(**stream), look_every_s=look_every_s, views=[View(id=f"{name}-view")]
            )
            for name in names
        ],
    )


@dataclass
class FakeSource:
    """A connection whose looks and faults a test puts in."""

    name: str
    every_s: float
    leave: threading.Event
    looks: "Queue[DecodedLook | StreamError]" = field(default_factory=Queue)
    fault: StreamError | None = None
    mode: LookMode = "keyframe"
    keys_fail: bool = False
    keyframe_interval_s: float | None = 2.0
    dropped_looks: int = 0
    time_origin: str = "arrival"
    clock_error_s: float | None = None
    intervals: list[float] = field(default_factory=list)
    tapped_by: PacketTap | None = None

    def __enter__(self) -> Self:
        if self.fault is not None:
            raise self.fault
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is open."""

    def __iter__(self) -> Iterator[DecodedLook]:
        while not self.leave.is_set():
            try:
                entry = self.looks.get(timeout=0.01)
            except Empty:
                continue
            if isinstance(entry, StreamError):
                raise entry
            yield entry

    def set_interval(self, every_s: float) -> None:
        self.intervals.append(every_s)

    def tap(self, tap: PacketTap | None) -> None:
        self.tapped_by = tap

    def send(self, look: DecodedLook | None = None) -> None:
        self.looks.put(look or a_decoded_look())

    def lose(self, reason: str = "cut") -> None:
        self.looks.put(SourceUnavailable(reason))


def a_decoded_look(at: datetime | None = None, picture: int | None = None) -> DecodedLook:
    """A tiny look; without `picture` each has noise of its own."""
    rng = np.random.default_rng(picture)
    luma = rng.integers(16, 235, (32, 32), dtype=np.uint8)
    grey = np.full((16, 16), 128, np.uint8)
    planes = Planes(luma, grey, grey)
    return DecodedLook(
        0.0, at or datetime.now(UTC), planes, EncodedLook("jpeg", b"", b"", 0), is_keyframe=True
    )


@dataclass
class FakeView:
    """A look handler that commits each look to the real store, after doing what the test wants."""

    store: WorkerStore
    camera_id: str
    view_id: str
    site_version: str
    lease: Lease
    act: Callable[["FakeView", DecodedLook], None]
    moved: bool = False
    last_at: datetime | None = None
    jumps: list[float] = field(default_factory=list)
    waiting: bool = False

    def handle(self, look: DecodedLook, clock_jump_s: float) -> list[IncidentEvent]:
        self.jumps.append(clock_jump_s)
        self.act(self, look)
        stored = self.store.load_view(self.view_id, "live")
        number = stored.look + 1 if stored else 0
        self.store.commit_look(
            a_look(number, view=self.view_id, memory=self.site_version.encode(), lease=self.lease)
        )
        self.last_at = look.captured_at
        return []

    def is_waiting(self) -> bool:
        return self.waiting


class Town:
    """A fleet over a real store, with fake cameras.

    Args:
        folder: Where the store lies.
        site: The site.
        store: The store of another town, for two workers on one store.
    """

    def __init__(
        self,
        folder: Path,
        site: Site,
        *,
        lease_s: float = 2.0,
        stuck_after_s: float = 60.0,
        places: int = 2,
        has_detector: bool = True,
    ) -> None:
        self.store = WorkerStore(folder / "w.sqlite")
        self.sources: Queue[FakeSource] = Queue()
        self.views: list[FakeView] = []
        self.fault: StreamError | None = None
        self.act: Callable[[FakeView, DecodedLook], None] = lambda view, look: None
        self.gave_up = threading.Event()
        self.stop = threading.Event()
        self.parts = WorkerParts(
            self.store,
            LeaseBook(self.store.database, lease_s),
            self._open,
            self._view,
            WorkPlaces(places),
            self.stop,
            site,
            has_detector,
            Backoff(0.05, 0.1),
        )
        self.fleet = Fleet(self.parts, (), stuck_after_s, self.gave_up.set)
        self._renewing = threading.Thread(
            target=self.parts.leases.run, args=(self.stop, self.fleet.interrupt), daemon=True
        )

    def begin(self) -> None:
        self._renewing.start()
        self.fleet.begin()

    def next_source(self) -> FakeSource:
        return self.sources.get(timeout=20)

    def looks_of(self, name: str) -> int:
        stored = self.store.load_view(f"{name}-view", "live")
        return stored.look + 1 if stored else 0

    def site_seen_by(self, name: str) -> str:
        stored = self.store.load_view(f"{name}-view", "live")
        return stored.memory.decode() if stored else ""

    def states(self) -> list[str]:
        """Every state of health that was told, oldest first."""
        return [event.data.state.value for event in self._health_events()]

    def details(self) -> list[str]:
        return [event.data.detail for event in self._health_events()]

    def tick_until(self, is_so: Callable[[], object]) -> None:
        def ticked() -> object:
            self.fleet.tick()
            return is_so()

        wait_until(ticked)

    def _health_events(self) -> list[HealthEvent]:
        return [event for event in self.store.events("live") if isinstance(event, HealthEvent)]

    def end(self) -> list[str]:
        self.stop.set()
        stuck = self.fleet.end(time.monotonic() + 10)
        if self._renewing.is_alive():
            self._renewing.join()
        return stuck

    def _open(self, stream: Stream, every_s: float, leave: threading.Event) -> FakeSource:
        source = FakeSource(str(stream.url), every_s, leave, fault=self.fault)
        self.sources.put(source)
        return source

    def _view(self, site: Site, camera: Camera, lease: Lease) -> FakeView:
        view = FakeView(
            self.store, camera.id, camera.views[0].id, site.version, lease, lambda v, look: self.act(v, look)
        )
        self.views.append(view)
        return view


@contextmanager
def town(folder: Path, site: Site, **changes: Any) -> Iterator[Town]:
    """A town that is closed at the end; begun by the test."""
    made = Town(folder, site, **changes)
    try:
        yield made
    finally:
        if not made.end():
            made.store.close()
