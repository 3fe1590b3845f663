"""A camera's view with the watches around it: frozen, moved, overloaded, keyframes, clock."""

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

from contracts.event import HealthState, IncidentEvent
from contracts.site import Camera
from stream_workers import metrics
from stream_workers.forward_clock import Dated, ForwardClock
from stream_workers.health import FrozenWatch, HealthDesk
from stream_workers.live_view import LookHandler
from stream_workers.sources.media import DecodedLook, LookMode
from stream_workers.sources.reconnect import SourceState

__all__ = ["LiveSource", "Pace", "Watched"]

LOG = logging.getLogger(__name__)
STRETCH: Final = 2.0
MOST_STRETCHED_S: Final = 60.0
CALM_LOOKS: Final = 30
"""Looks in a row in time before a stretched interval is shortened again."""
SILENT_S: Final = 30.0
SILENT_LOOKS: Final = 4
"""So many intervals without a look, and at least `SILENT_S`, are no chance."""
SILENT: Final = "it is connected, but no picture could be had: look at the worker's log for `look_failed`"
FROZEN: Final = "the picture has not changed by one bit for several looks: restart the camera"
MOVED: Final = (
    "the view has moved: turn it back or calibrate it anew; until then its places are corrected for a small "
    "push and suspended after a large one"
)


class LiveSource(Protocol):
    """What a connected source tells beside its looks."""

    @property
    def mode(self) -> LookMode:
        """How looks are made at present."""
        ...

    @property
    def keys_fail(self) -> bool:
        """Whether keyframes are there and cannot be decoded alone."""
        ...

    @property
    def keyframe_interval_s(self) -> float | None:
        """Measured distance of keyframes."""
        ...

    @property
    def dropped_looks(self) -> int:
        """Looks that nobody took before newer ones came, since the connection began."""
        ...

    @property
    def time_origin(self) -> str:
        """Where capture times come from: `rtcp` (the camera's clock) or `arrival` (ours)."""
        ...

    @property
    def clock_error_s(self) -> float | None:
        """Camera's clock minus ours."""
        ...

    def set_interval(self, every_s: float) -> None:
        """Stretch or shorten the distance of looks from now on."""
        ...


class Pace:
    """The look interval of one camera: stretched where work falls behind, shortened after a calm time.

    Args:
        wanted_s: The interval that the site asks for.
    """

    def __init__(self, wanted_s: float) -> None:
        self.wanted_s = wanted_s
        self.every_s = wanted_s
        self._calm = 0

    @property
    def most_s(self) -> float:
        """The longest interval."""
        return max(MOST_STRETCHED_S, self.wanted_s)

    def judge(self, dropped: int, lag_s: float) -> bool:
        """Judge one handled look; whether the interval has changed.

        Args:
            dropped: Looks that were lost since the last one.
            lag_s: How old the look was when it was committed.
        """
        before = self.every_s
        if dropped > 0 or lag_s > 2 * self.every_s:
            self._calm = 0
            self.every_s = min(self.most_s, self.every_s * STRETCH)
        else:
            self._calm += 1
            if self._calm >= CALM_LOOKS and self.every_s > self.wanted_s:
                self._calm = 0
                self.every_s = max(self.wanted_s, self.every_s / STRETCH)
        return self.every_s != before


class Watched:
    """Handles a camera's looks and tells what they show of its health.

    Args:
        view: Handles the looks.
        health: Tells troubles.
        camera: The camera.
        pace: Its look interval; kept over reconnects.
        clock: Dates the looks.
        monotonic: A clock that is never set, seconds.
    """

    def __init__(
        self,
        view: LookHandler,
        health: HealthDesk,
        camera: Camera,
        pace: Pace,
        clock: ForwardClock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._view = view
        self._health = health
        self._camera = camera
        self._pace = pace
        self._clock = clock
        self._frozen = FrozenWatch()
        self.site_note: Callable[[], str] = str
        """What health says of the site; nothing, unless somebody sets it."""
        self._source: LiveSource | None = None
        self._dropped = 0
        self._monotonic = monotonic
        self._heard_at_s = monotonic()
        self._is_silent = self._is_lost = self._is_busy = False

    def is_waiting(self) -> bool:
        """Whether a look waits for room on the disk."""
        return self._view.is_waiting()

    def tick(self) -> None:
        """Tell what has become due with time; also a camera that is connected and shows nothing."""
        silent_s = self._monotonic() - self._heard_at_s
        is_expected = not (self._is_silent or self._is_lost or self._is_busy)
        if is_expected and silent_s > max(SILENT_S, SILENT_LOOKS * self._pace.every_s):
            self._is_silent = True
            metrics.CAMERA_ONLINE.labels(self._camera.id).set(0)
            self._health.report({HealthState.OFFLINE: SILENT})
        self._health.tick()

    def tell_source(self, state: SourceState) -> None:
        """The camera was lost, refused us, or is back."""
        self._heard_at_s, self._is_silent = self._monotonic(), False
        self._is_lost = not state.is_online
        metrics.CAMERA_ONLINE.labels(self._camera.id).set(int(state.is_online))
        refused = state.reason if state.needs_person else None
        lost = state.reason if not state.is_online and not state.needs_person else None
        self._health.report({HealthState.REFUSED: refused, HealthState.OFFLINE: lost})

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A look is in hand: it waits for a place, is handled, or waits for room on the disk."""
        self._is_busy = True
        if self._is_silent:
            self._is_silent = False
            metrics.CAMERA_ONLINE.labels(self._camera.id).set(1)
            self._health.report({HealthState.OFFLINE: None})
        try:
            yield
        finally:
            self._heard_at_s, self._is_busy = self._monotonic(), False

    def take(self, look: DecodedLook, source: LiveSource) -> list[IncidentEvent]:
        """Handle one look; returns the events that it made, which are committed."""
        dated = self._clock.date(look.captured_at)
        if dated.jumped_s:
            metrics.CLOCK_JUMPS.labels(self._camera.id).inc()
            LOG.warning("clock_was_set", extra={"camera": self._camera.id, "by_s": round(dated.jumped_s, 1)})
        still = self._frozen.is_frozen(zlib.crc32(look.planes.y[::4].tobytes()))
        events: list[IncidentEvent] = []
        if not still:
            events = self._view.handle(replace(look, captured_at=dated.at), dated.jumped_s)
        self._keep_pace(source, _lag_s(look, source))
        self._report(source, dated, still=still)
        return events

    def _keep_pace(self, source: LiveSource, lag_s: float) -> None:
        if source is not self._source:
            # A new connection counts from nothing, and begins at the interval that it was opened with.
            self._source, self._dropped = source, 0
        dropped, self._dropped = source.dropped_looks - self._dropped, source.dropped_looks
        name, pace = self._camera.id, self._pace
        metrics.LOOKS.labels(name).inc()
        metrics.LOOKS_DROPPED.labels(name).inc(dropped)
        metrics.LOOKS_LATE.labels(name).inc(int(lag_s > pace.every_s))
        metrics.CAPTURE_LAG_S.labels(name).set(lag_s)
        if pace.judge(dropped, lag_s):
            source.set_interval(pace.every_s)
            LOG.warning("look_interval_changed", extra={"camera": name, "look_every_s": pace.every_s})
        metrics.LOOK_EVERY_S.labels(name).set(pace.every_s)

    def _report(self, source: LiveSource, dated: Dated, *, still: bool) -> None:
        wanted_s, every_s = self._pace.wanted_s, self._pace.every_s
        interval_s = source.keyframe_interval_s
        self._health.facts.look_every_s = every_s
        if interval_s is not None:
            metrics.KEYFRAME_INTERVAL_S.labels(self._camera.id).set(interval_s)
            self._health.facts.keyframe_interval_s = interval_s
        stretched = f"too much work: a look every {every_s:g} s instead of {wanted_s:g} s"
        self._health.report(
            {
                HealthState.FROZEN: FROZEN if still else None,
                HealthState.MOVED: MOVED if self._view.moved else None,
                HealthState.OVERLOADED: stretched if every_s > wanted_s else None,
                HealthState.KEYFRAMES_TOO_RARE: _sparse_reason(source, wanted_s),
            },
            note="; ".join(filter(None, (_clock_note(dated), self.site_note()))),
        )


def _sparse_reason(source: LiveSource, wanted_s: float) -> str | None:
    """Why all pictures are decoded and what helps; None while keyframes are enough."""
    if source.mode != "sparse":
        return None
    costs = "all pictures are decoded, which costs a hundred times more; "
    if source.keys_fail:
        return f"keyframes cannot be decoded alone: {costs}switch smart codec or intra refresh off"
    measured = source.keyframe_interval_s
    apart = "" if measured is None else f" ({measured:.1f} s apart)"
    return (
        f"keyframes come too rarely{apart}: {costs}"
        f"set the camera's keyframe interval to {min(wanted_s, 4.0):g} s or less"
    )


def _lag_s(look: DecodedLook, source: LiveSource) -> float:
    """How long ago the look was captured, also where the camera's clock differs from ours."""
    error_s = source.clock_error_s if source.time_origin == "rtcp" else None
    return (datetime.now(UTC) - look.captured_at).total_seconds() + (error_s or 0.0)


def _clock_note(dated: Dated) -> str:
    """Without the seconds, which change from look to look: a note is told when it changes."""
    if dated.ahead_s < 1.0:
        return ""
    return "the clock was set back: capture times go on slowly until it has caught up"
