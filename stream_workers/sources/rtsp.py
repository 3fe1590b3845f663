"""Live streams: the looks of one connection to a camera, over TCP: RTSP, HLS, or FLV over HTTP.

A thread of its own reads each connection, because libav's reading cannot be interrupted:
whoever takes the looks can leave within a second all the same, and the thread ends at its next
packet or at the stall time-out.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from queue import Empty
from types import TracebackType
from typing import Self

from stream_workers.errors import SourceUnavailable, StreamError
from stream_workers.sources.connection import Connection, LiveOptions
from stream_workers.sources.credentials import Credentials, mask_url
from stream_workers.sources.decode import DecoderPool, shared_pool
from stream_workers.sources.media import DecodedLook, LookMode
from stream_workers.sources.packet_ring import PacketTap

__all__ = ["LiveOptions", "RtspSource"]

_STOP_CHECK_S = 0.2
_LOG = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class RtspSource:
    """The looks of one connection: a context manager and an iterator.

    Args:
        url: Address without user and password.
        every_s: Distance of looks, seconds.
        credentials: User and password; `read_credentials` reads them.
        options: Time-outs and limits.
        stop: When set, entering and iterating end within a second.
        pool: Decoders; None takes the process's own.
        now: The wall clock, aware UTC.

    Raises:
        SourceUnavailable: On entering or iterating: refused, stalled or cut; try again.
        SourceRefused: At once: no stream address, or a password in it. On entering: wrong password,
            unknown path, no video; a person is needed.
    """

    def __init__(  # noqa: PLR0913 - all but the address have defaults and are named
        self,
        url: str,
        every_s: float = 10.0,
        *,
        credentials: Credentials | None = None,
        options: LiveOptions | None = None,
        stop: threading.Event | None = None,
        pool: DecoderPool | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.url = mask_url(url)
        self._stop = stop or threading.Event()
        self._connection = Connection(
            url, credentials, every_s, options or LiveOptions(), pool or shared_pool(), now
        )

    def __repr__(self) -> str:
        return f"RtspSource({self.url!r})"

    def __enter__(self) -> Self:
        self._connection.start()
        while not self._connection.opened.wait(_STOP_CHECK_S):
            if self._stop.is_set():
                self._connection.leave()
                raise SourceUnavailable(f"opening {self.url} was given up: the worker stops")
        if self._connection.error is not None:
            raise self._connection.error
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.leave()

    def __iter__(self) -> Iterator[DecodedLook]:
        """The looks as they come; ends when `stop` is set.

        Raises:
            SourceUnavailable: The camera sent nothing for too long, or ended the connection.
            DecodeFailed: The sparse decoder did not return; connect again.
        """
        while not self._stop.is_set():
            try:
                entry = self._connection.looks.get(timeout=_STOP_CHECK_S)
            except Empty:
                continue
            if isinstance(entry, StreamError):
                raise entry
            yield entry

    @property
    def mode(self) -> LookMode:
        """How looks are made at present."""
        return self._connection.picker.mode

    @property
    def keys_fail(self) -> bool:
        """Whether keyframes are there and cannot be decoded alone."""
        return self._connection.picker.keys_fail

    @property
    def keyframe_interval_s(self) -> float | None:
        """Measured distance of keyframes, seconds; None before the second."""
        return self._connection.picker.keyframe_interval_s

    @property
    def failed_looks(self) -> int:
        """Looks that could not be decoded."""
        return self._connection.picker.failed_looks

    @property
    def dropped_looks(self) -> int:
        """Looks that nobody took before newer ones came."""
        return self._connection.dropped_looks

    @property
    def every_s(self) -> float:
        """Present distance of looks, seconds."""
        return self._connection.picker.every_s

    @property
    def time_origin(self) -> str:
        """Where the latest capture time came from: `rtcp` (the camera's clock) or `arrival`."""
        return self._connection.time_origin

    @property
    def clock_error_s(self) -> float | None:
        """Camera's clock minus ours at the latest look; None without sender reports."""
        return self._connection.clock_error_s

    def set_interval(self, every_s: float) -> None:
        """Stretch or shorten the distance of looks from now on."""
        self._connection.picker.set_interval(every_s)

    def tap(self, tap: PacketTap | None) -> None:
        """Show every packet from now on to `tap`; None ends it."""
        self._connection.picker.tap = tap
