"""Where clips are made: one thread of the worker, beside all looks, one clip after the other.

A look only orders a clip and goes on; a later look of the view asks for it and tells it in an `updated`
event of its own transaction (docs/adr/0004). At most two clips wait; one more is refused, and its event
says so.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from typing import Final, Protocol

from contracts.incident import Category, Incident
from stream_workers import metrics
from stream_workers.clips import AFTER_S, BEFORE_S, ClipMaker, ClipRequest, ClipResult
from stream_workers.evidence import EvidenceFile
from stream_workers.incidents import ClipAnswer
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.packet_ring import Cut, HeldPacket, PacketRing, PacketTap, StreamKind

__all__ = ["ClipDesk", "FileClips", "LiveClips", "Tappable"]

LOG = logging.getLogger(__name__)
MOST_WAITING: Final = 2
GIVEN_UP_AFTER_S: Final = 300.0
MOST_REMEMBERED: Final = 256
ROUND_S: Final = 0.5
LOST: Final = "the worker that was making it ended, or gave the camera up"
TOO_MUCH: Final = "too many incidents opened at once"
TOO_LONG: Final = f"it was not done within {GIVEN_UP_AFTER_S:.0f} s"
NO_STREAM: Final = "the camera is not connected"

Keep = Callable[[EvidenceFile], None]


class Tappable(Protocol):
    """A connected source whose packets can be seen."""

    def tap(self, tap: PacketTap | None) -> None:
        """Show every packet from now on to `tap`; None ends it."""
        ...


@dataclass(slots=True, eq=False)
class _Order:
    """One clip that was ordered."""

    request: ClipRequest
    maker: ClipMaker
    cut: Cut = field(default_factory=lambda: Cut(None, ()))
    ordered_at: float = field(default_factory=time.monotonic)
    result: ClipResult | None = None

    def is_late(self) -> bool:
        return time.monotonic() - self.ordered_at > GIVEN_UP_AFTER_S


class _LiveRing:
    """The packets of one connection, and the orders whose last seconds have not come yet."""

    def __init__(self, submit: Callable[[_Order], None]) -> None:
        self._ring = PacketRing()
        self._submit = submit
        self._waiting: list[_Order] = []
        self._lock = threading.Lock()

    def take(self, packet: HeldPacket, kind: StreamKind) -> None:
        self._ring.take(packet, kind)
        if self._waiting:
            self._hand_on(lambda order: self._ring.now_s >= order.request.at_s + AFTER_S)

    def order(self, order: _Order) -> None:
        with self._lock:
            self._waiting.append(order)

    def close(self) -> None:
        """The connection is lost: what waits gets what there is, and nothing is held any more."""
        self._hand_on(lambda _: True)
        self._ring.clear()

    def _hand_on(self, is_due: Callable[[_Order], bool]) -> None:
        with self._lock:
            due = [order for order in self._waiting if is_due(order)]
            self._waiting = [order for order in self._waiting if order not in due]
        for order in due:
            order.cut = _cut(self._ring, order.request)
            self._submit(order)


class ClipDesk:
    """The worker's clips: rings of the connected cameras, orders, and the thread that makes them.

    Args:
        pool: Decodes for clips only, so that a stream whose decoder hangs holds up no look.
    """

    def __init__(self, pool: DecoderPool | None = None) -> None:
        self._pool = pool or DecoderPool(workers=1)
        self._rings: dict[str, _LiveRing] = {}
        self._orders: OrderedDict[str, _Order] = OrderedDict()
        self._due: Queue[_Order] = Queue(MOST_WAITING)
        self._lock = threading.Lock()

    @contextmanager
    def tapped(self, camera_id: str, source: Tappable) -> Iterator[None]:
        """Hold the last seconds of a connected camera's packets for as long as this lasts."""
        ring = self._rings[camera_id] = _LiveRing(self._submit)
        source.tap(ring)
        try:
            yield
        finally:
            source.tap(None)
            if self._rings.get(camera_id) is ring:
                del self._rings[camera_id]
            ring.close()

    def order(self, camera_id: str, request: ClipRequest, maker: ClipMaker) -> None:
        """Order a clip; `result` tells what became of it."""
        order = _Order(request, maker)
        with self._lock:
            self._orders[request.incident_id] = order
            while len(self._orders) > MOST_REMEMBERED:
                self._orders.popitem(last=False)
        ring = self._rings.get(camera_id)
        if ring is None:
            self._end(order, ClipResult.none(NO_STREAM))
        else:
            ring.order(order)

    def result(self, incident_id: str) -> ClipResult | None:
        """What became of a clip, the same each time; None while it is being made."""
        with self._lock:
            order = self._orders.get(incident_id)
        if order is None:
            return ClipResult.none(LOST)
        if order.result is None and order.is_late():
            self._end(order, ClipResult.none(TOO_LONG))
        return order.result

    def run(self, stop: threading.Event) -> None:
        """Make what is ordered until `stop` is set; what is not made then is told after the next start."""
        while not stop.is_set():
            try:
                order = self._due.get(timeout=ROUND_S)
            except Empty:
                continue
            made = self._make(order, stop)
            if not stop.is_set():
                self._end(order, made)

    def _make(self, order: _Order, stop: threading.Event) -> ClipResult:
        try:
            return order.maker.make(
                order.cut,
                order.request,
                self._pool,
                lambda: not (stop.is_set() or order.result or order.is_late()),
            )
        except Exception as error:
            # The outermost loop of this thread: whatever one clip did, the next one is made.
            LOG.exception("clip_failed", extra={"incident_id": order.request.incident_id})
            return ClipResult.none(f"it failed: {type(error).__name__}")

    def _submit(self, order: _Order) -> None:
        """Hand an order to the thread, or refuse it; never waits."""
        try:
            self._due.put_nowait(order)
        except Full:
            self._end(order, ClipResult.none(TOO_MUCH))

    def _end(self, order: _Order, result: ClipResult) -> None:
        with self._lock:
            order.cut = Cut(None, ())
            if order.result is not None:
                return
            order.result = result
        metrics.CLIPS.labels("made" if result.file else "left_out").inc()
        if result.file is None:
            LOG.warning(
                "clip_left_out", extra={"incident_id": order.request.incident_id, "reason": result.note}
            )


class LiveClips:
    """The clips of one live view.

    Args:
        desk: The worker's.
        camera_id: The camera.
        maker: Makes this view's clips.
        keep: Takes the file of a clip for the commit of the look that tells it.
    """

    def __init__(self, desk: ClipDesk, camera_id: str, maker: ClipMaker, keep: Keep) -> None:
        self._desk = desk
        self._camera_id = camera_id
        self._maker = maker
        self._keep = keep

    def order(self, incident: Incident) -> ClipAnswer:
        """Order the clip of an incident that opens now."""
        self._desk.order(self._camera_id, _request(incident), self._maker)
        return ClipAnswer(is_awaited=True)

    def ask(self, incident_id: str) -> ClipAnswer:
        """The clip, why there is none, or that it is still awaited."""
        result = self._desk.result(incident_id)
        return ClipAnswer(is_awaited=True) if result is None else _answer(result, self._keep)


class FileClips:
    """The clips of one recording: made at once, since all of it is there; an analysis may take its time.

    Args:
        maker: Makes the clips.
        keep: Takes the file of a clip for the commit of the look.
    """

    def __init__(self, ring: PacketRing, maker: ClipMaker, keep: Keep) -> None:
        self._ring = ring
        self._maker = maker
        self._keep = keep
        self._pool = DecoderPool(workers=1)

    def order(self, incident: Incident) -> ClipAnswer:
        """The clip of an incident that opens now, or why there is none."""
        request = _request(incident)
        return _answer(self._maker.make(_cut(self._ring, request), request, self._pool), self._keep)

    def ask(self, incident_id: str) -> ClipAnswer:
        """Never asked, since nothing is awaited."""
        del incident_id
        return _answer(ClipResult.none(LOST), self._keep)


def _request(incident: Incident) -> ClipRequest:
    is_stall = incident.category is Category.STREET_VENDOR
    return ClipRequest(
        incident.incident_id, incident.media_time_s, incident.box_xyxy_px, vehicle_keep=is_stall
    )


def _cut(ring: PacketRing, request: ClipRequest) -> Cut:
    return ring.cut(request.at_s - BEFORE_S, request.at_s + AFTER_S)


def _answer(result: ClipResult, keep: Keep) -> ClipAnswer:
    if result.file is None:
        return ClipAnswer(note=result.note)
    keep(result.file)
    return ClipAnswer(ref=result.file.evidence_ref())
