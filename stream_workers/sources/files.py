"""Recordings: the looks of one file."""

import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from stream_workers.errors import DecodeFailed
from stream_workers.sources.containers import VideoPacket, file_name, first_video, open_recording
from stream_workers.sources.decode import DecoderPool, shared_pool
from stream_workers.sources.description import describe
from stream_workers.sources.media import DecodedLook, LookMode, MediaInfo
from stream_workers.sources.origin import TimeOrigin, recording_start
from stream_workers.sources.packet_ring import PacketTap
from stream_workers.sources.picker import LookPicker, PickedLook, PickerOptions

__all__ = ["TAPPED_AHEAD_S", "FileSource"]

TAPPED_AHEAD_S: Final = 5.0
"""A clip's seconds after the look, and one more."""
_HOLD_BYTES: Final = 64 * 1024 * 1024
_MAX_GAP_S: Final = 86_400.0
_CUT_SHARE: Final = 0.02
_CUT_LEAST_S: Final = 0.5
_DECLARING: Final = frozenset({"matroska"})
"""Containers that tell their length but not how many pictures they hold."""
_MOST_PACKETS: Final = 1 << 62
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    container: InputContainer
    stream: VideoStream
    info: MediaInfo
    origin: TimeOrigin
    picker: LookPicker


class FileSource:
    """The looks of one recording: a context manager and an iterator.

    Looks come as fast as they are asked for. The same file gives the same looks each time.

    Args:
        path: The file.
        every_s: Distance of looks, seconds.
        start: Capture time of the first picture, aware; None reads it from metadata, name or disk.
        zone: Time zone of a time in the file's name.
        pool: Decoders; None takes the process's own.
        tap: Sees every packet; a look is then handed on when `TAPPED_AHEAD_S` more have been read.

    Raises:
        SourceRefused: On entering, when the file cannot be used; the message says what to do.
    """

    def __init__(
        self,
        path: Path,
        every_s: float = 10.0,
        start: datetime | None = None,
        *,
        zone: tzinfo = UTC,
        pool: DecoderPool | None = None,
        tap: PacketTap | None = None,
    ) -> None:
        self.path = path
        self.cut_off_at_s: float | None = None
        self._every_s = every_s
        self._told_start = start
        self._zone = zone
        self._pool = pool or shared_pool()
        self._tap = tap
        self._state: _Opened | None = None

    def __enter__(self) -> Self:
        container = open_recording(self.path)
        try:
            stream = first_video(container, file_name(self.path))
            info = describe(container, stream, self.path, self._pool)
            origin = recording_start(
                self.path,
                {**stream.metadata, **container.metadata},
                info.duration_s or 0.0,
                self._told_start,
                self._zone,
            )
            options = PickerOptions(self._every_s, 0.0, _HOLD_BYTES, _MAX_GAP_S)
            picker = LookPicker(stream, options, self._pool, info.rotation)
            picker.tap = self._tap
        except BaseException:
            container.close()
            raise
        self._state = _Opened(container, stream, info, origin, picker)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._state is not None:
            self._state.container.close()

    def __iter__(self) -> Iterator[DecodedLook]:
        """The looks in order.

        Raises:
            DecodeFailed: After the last look, when the file is cut off or not one picture of it
                could be decoded; at once, when a decoder does not return.
        """
        start = self.origin.start
        count = 0
        for picked in self._picked():
            count += 1
            yield DecodedLook(
                picked.media_time_s,
                start + timedelta(seconds=picked.media_time_s),
                picked.planes,
                picked.encoded,
                picked.is_keyframe,
            )
        if self.cut_off_at_s is not None:
            raise DecodeFailed(
                f"{file_name(self.path)} is cut off at {self.cut_off_at_s:.1f} s; the {count} looks up to"
                " there were used; copy it again from the recorder to get the rest"
            )
        if not count:
            raise DecodeFailed(
                f"not one picture of {file_name(self.path)} could be decoded; it may be damaged, encrypted,"
                " or over 64 megapixels"
            )

    @property
    def info(self) -> MediaInfo:
        """What the file says about itself."""
        return self._opened.info

    @property
    def origin(self) -> TimeOrigin:
        """Start of the recording and where it comes from."""
        return self._opened.origin

    @property
    def time_origin(self) -> str:
        """Where the capture times come from: `option`, `metadata`, `name` or `mtime`."""
        return self.origin.source

    @property
    def mode(self) -> LookMode:
        """How looks are made at present."""
        return self._opened.picker.mode

    @property
    def keyframe_interval_s(self) -> float | None:
        """Measured distance of keyframes, seconds; None before the second."""
        return self._opened.picker.keyframe_interval_s

    @property
    def failed_looks(self) -> int:
        """Looks that could not be decoded."""
        return self._opened.picker.failed_looks

    @property
    def position_s(self) -> float:
        """Media time reached, for a progress bar."""
        return self._opened.picker.now_s

    def set_interval(self, every_s: float) -> None:
        """Stretch or shorten the distance of looks from now on."""
        self._opened.picker.set_interval(every_s)

    @property
    def _opened(self) -> _Opened:
        if self._state is None:
            raise RuntimeError("a source is entered (`with`) before it is used")
        return self._state

    def _picked(self) -> Iterator[PickedLook]:
        if self._tap is not None:
            yield from self._picked_later(TAPPED_AHEAD_S)
            return
        picker = self._opened.picker
        for packet in self._packets():
            yield from picker.feed(packet)
        yield from picker.finish()

    def _picked_later(self, ahead_s: float) -> Iterator[PickedLook]:
        """The same looks, each held back until the recording is read `ahead_s` beyond it."""
        picker, held = self._opened.picker, deque[PickedLook]()
        try:
            for packet in self._packets():
                held.extend(picker.feed(packet))
                while held and picker.now_s >= held[0].media_time_s + ahead_s:
                    yield held.popleft()
            held.extend(picker.finish())
        except DecodeFailed:
            yield from held
            raise
        yield from held

    def _packets(self) -> Iterator[VideoPacket]:
        """The stream's whole packets; notes where a file ends before it should."""
        state = self._opened
        is_broken = False
        packets = 0
        try:
            for packet in state.container.demux(state.stream):
                if not packet.size:
                    continue
                # A damaged packet in the middle is left out; one at the end is where the file was cut.
                is_broken = packet.is_corrupt
                if not is_broken:
                    packets += 1
                    yield packet
        except av.FFmpegError as error:
            _LOG.info("recording_broken", extra={"reason": error.strerror})
            is_broken = True
        reached_s = state.picker.now_s
        if is_broken or self._falls_short(reached_s, packets):
            self.cut_off_at_s = reached_s

    def _falls_short(self, reached_s: float, packets: int) -> bool:
        """Whether the file gave fewer pictures than its index lists, and less time than it says."""
        info, listed = self.info, self._opened.stream.frames
        if info.duration_s is None or packets >= (listed or _MOST_PACKETS):
            return False
        has_sound = len(self._opened.container.streams) > 1
        if not listed and (info.container not in _DECLARING or has_sound):
            return False
        frame_s = 1 / info.fps if info.fps else 0.0
        missing_s = info.duration_s - reached_s - frame_s
        return missing_s > max(_CUT_LEAST_S, _CUT_SHARE * info.duration_s)
