"""Keeps a live stream: connects again with growing pauses, and tells when it is lost and back."""

import logging
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from stream_workers.errors import SourceRefused, SourceUnavailable, StreamError
from stream_workers.sources.media import DecodedLook

__all__ = ["Backoff", "LookStream", "Reconnector", "SourceState"]

_LOG = logging.getLogger(__name__)


class LookStream(Protocol):
    """Anything that gives looks until it is over."""

    def __iter__(self) -> Iterator[DecodedLook]:
        """The looks in order."""
        ...


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts: doubling, each shortened by chance to as little as half.

    Chance keeps cameras that were lost together from coming back together.

    Args:
        first_s: Longest first pause, seconds.
        most_s: Longest pause of all, seconds; also the one after a refusal.
    """

    first_s: float = 1.0
    most_s: float = 60.0

    def pause_s(self, failures: int, chance: float) -> float:
        """Pause after so many failures in a row.

        Args:
            failures: From 1.
            chance: 0..1, a uniform random number.
        """
        longest = min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 32))
        return longest * (0.5 + 0.5 * chance)


@dataclass(frozen=True, slots=True)
class SourceState:
    """Whether a camera gives looks.

    Args:
        is_online: It gave a look since it was last lost.
        reason: Why it is offline, for a person; empty while online.
        needs_person: Trying again alone will not help.
        failures: Failed attempts in a row.
    """

    is_online: bool
    reason: str = ""
    needs_person: bool = False
    failures: int = 0


class Reconnector:
    """The looks of a camera over all its connections; ends only when `stop` is set.

    Media times begin again at 0 with each connection; capture times go on.

    Args:
        open_source: Makes a new source; called for each attempt, may raise `StreamError`.
        stop: Ends the iteration within a second when set.
        backoff: Pauses between attempts.
        on_state: Told of each change between online and offline, and of a changed reason.
        rng: Chance for the pauses.
    """

    def __init__(
        self,
        open_source: Callable[[], AbstractContextManager[LookStream]],
        stop: threading.Event,
        *,
        backoff: Backoff | None = None,
        on_state: Callable[[SourceState], None] | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._open_source = open_source
        self._stop = stop
        self._backoff = backoff or Backoff()
        self._on_state = on_state
        self._rng = rng or random.SystemRandom()
        self.state = SourceState(is_online=False)
        self.connections = 0
        self.failures = 0

    def __iter__(self) -> Iterator[DecodedLook]:
        """The looks; every failure becomes a pause and another attempt."""
        running = 0
        while not self._stop.is_set():
            try:
                with self._open_source() as source:
                    self.connections += 1
                    for look in source:
                        running = 0
                        self._tell(SourceState(is_online=True))
                        yield look
                if self._stop.is_set():
                    return
                raise SourceUnavailable("the stream ended")
            except StreamError as error:
                if self._stop.is_set():
                    return
                running += 1
                self.failures += 1
                pause_s = self._after(error, running)
            self._stop.wait(pause_s)

    def _after(self, error: StreamError, running: int) -> float:
        """Tell the failure; the pause after it, seconds."""
        refused = isinstance(error, SourceRefused)
        self._tell(SourceState(False, str(error), refused, running))
        if refused:  # cameras lock users out who try a wrong password often
            return self._backoff.most_s * (0.5 + 0.5 * self._rng.random())
        return self._backoff.pause_s(running, self._rng.random())

    def _tell(self, state: SourceState) -> None:
        before, self.state = self.state, state
        is_news = (before.is_online, before.reason) != (state.is_online, state.reason)
        if not is_news:
            return
        level = logging.INFO if state.is_online else logging.WARNING
        if state.needs_person:
            level = logging.ERROR
        _LOG.log(
            level, "camera_online" if state.is_online else "camera_offline", extra={"reason": state.reason}
        )
        if self._on_state is not None:
            self._on_state(state)
