"""One connection to a live stream, read by a thread of its own."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import Empty, Full, Queue
from typing import Final

import av
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from contracts.stream_address import stream_kind
from stream_workers.errors import SourceRefused, SourceUnavailable, StreamError
from stream_workers.sources.batched_reading import BatchedReading
from stream_workers.sources.containers import VideoPacket, first_video
from stream_workers.sources.credentials import Credentials, mask_url, with_credentials
from stream_workers.sources.decode import MAX_PIXELS, DecoderPool
from stream_workers.sources.even_reading import EvenReading
from stream_workers.sources.live_kinds import KINDS, LiveKind
from stream_workers.sources.media import DecodedLook
from stream_workers.sources.picker import LookPicker, PickedLook, PickerOptions

__all__ = ["Connection", "LiveOptions"]

_QUEUED_LOOKS: Final = 2
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """Time-outs and limits of a live stream.

    Args:
        open_timeout_s: Longest time until the stream is known.
        stall_timeout_s: Longest time without a packet; kinds that come in bursts get a multiple.
        keyframe_limit_s: Distance of keyframes from which sparse decoding takes over, unless
            looks are further apart still.
        max_clock_error_s: The camera's clock is believed up to this distance from ours.
    """

    open_timeout_s: float = 5.0
    stall_timeout_s: float = 10.0
    keyframe_limit_s: float = 10.0
    max_clock_error_s: float = 5.0


class Connection:
    """Reads one stream until it ends, and offers its looks.

    Args:
        url: Address without user and password.
        credentials: User and password, or None.
        every_s: Distance of looks, seconds.
        options: Time-outs and limits.
        pool: Decoders.
        now: The wall clock, aware UTC.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials | None,
        every_s: float,
        options: LiveOptions,
        pool: DecoderPool,
        now: Callable[[], datetime],
    ) -> None:
        self._name = mask_url(url)
        self._kind = _kind_of(url, self._name)
        self._secret_url = with_credentials(url, credentials)
        self._stall_s = options.stall_timeout_s * self._kind.patience
        self._every_s = every_s
        self._options = options
        self._pool = pool
        self._now = now
        self._left = threading.Event()
        self._picker: LookPicker | None = None
        # Once a camera's clock was too far off, arrival counts to the end: no look leaps to and fro.
        self._trusts_camera = True
        self.opened = threading.Event()
        self.error: StreamError | None = None
        self.looks: Queue[DecodedLook | StreamError] = Queue(_QUEUED_LOOKS)
        self.dropped_looks = 0
        self.time_origin = "arrival"
        self.clock_error_s: float | None = None

    @property
    def picker(self) -> LookPicker:
        """What picks the looks, once the stream is open."""
        if self._picker is None:
            raise RuntimeError("a source is entered (`with`) before it is used")
        return self._picker

    def start(self) -> None:
        """Begin to connect; `opened` is set when that succeeded or failed."""
        threading.Thread(target=self._work, name=f"stream {self._name}", daemon=True).start()

    def leave(self) -> None:
        """Tell the thread to close the connection at its next packet or time-out."""
        self._left.set()

    def _work(self) -> None:
        try:
            container = self._open()
        except StreamError as error:
            self.error = error
            self.opened.set()
            return
        try:
            self._read(container)
        except StreamError as error:
            if self.opened.is_set():
                self._offer(error)
            else:
                self.error = error
        except Exception as error:  # noqa: BLE001 - the outermost loop of this thread
            _LOG.error("stream_thread_failed", extra={"url": self._name, "error": type(error).__name__})
            self._offer(SourceUnavailable(f"reading {self._name} failed: {type(error).__name__}"))
        finally:
            container.close()
            self.opened.set()

    def _open(self) -> InputContainer:
        options = {
            **self._kind.options,
            "probesize": "65536",
            "analyzeduration": "200000",
            "max_pixels": str(MAX_PIXELS),
            "threads": "1",
        }
        timeouts = (self._options.open_timeout_s, self._stall_s)
        asked = time.monotonic()
        try:
            return av.open(
                self._secret_url,
                format=self._kind.container,
                # A camera may name its session in GBK.
                metadata_errors="replace",
                options=options,
                timeout=timeouts,
            )
        except av.FFmpegError as error:
            waited_s = time.monotonic() - asked
            if waited_s >= self._options.open_timeout_s:  # libav then names one of several errors
                raise SourceUnavailable(
                    f"{self._name} did not answer in {self._options.open_timeout_s:g} s"
                ) from None
            raise self._explained(error) from None

    def _read(self, container: InputContainer) -> None:
        stream = first_video(container, self._name)
        if self._kind.has_variants:
            stream = _largest_alone(container, stream)
        even = EvenReading() if self._kind.comes_in_bursts else None
        batched = BatchedReading()
        options = PickerOptions(self._every_s, self._options.keyframe_limit_s, 0, self._stall_s * 2)
        self._picker = LookPicker(stream, options, self._pool, rotation=0)
        self.opened.set()
        heard_s = time.monotonic()
        try:
            for packet in container.demux(stream):
                if self._left.is_set():
                    return
                if not packet.size:
                    break  # the end of the stream; asked again, libav would wait again
                heard_s = time.monotonic()
                size = packet.size
                self._take(container, stream, packet)
                if even is not None:
                    rest_s = even.wait_s(self.picker.now_s)
                else:
                    rest_s = batched.rest_s(self.picker.now_s, size)
                if rest_s > 0.0:
                    self._left.wait(rest_s)
                batched.ask()
        except av.FFmpegError as error:
            raise self._explained(error) from None
        if time.monotonic() - heard_s >= self._stall_s:  # a playlist that slides no further just ends
            raise self._silent()
        raise SourceUnavailable(f"{self._name} ended the connection")

    def _take(self, container: InputContainer, stream: VideoStream, packet: VideoPacket) -> None:
        arrived_s = _seconds(packet.pts, stream)  # before the picker writes media time into it
        for picked in self.picker.feed(packet):
            stream_s = _seconds(self.picker.stamp_ticks, stream)
            held_s = 0.0 if stream_s is None or arrived_s is None else arrived_s - stream_s
            self._offer(self._dated(container, stream_s, held_s, picked))

    def _dated(
        self, container: InputContainer, stream_s: float | None, held_s: float, picked: PickedLook
    ) -> DecodedLook:
        """The look with its capture time: the camera's by its sender reports, else arrival.

        Args:
            container: Knows the camera's clock at the stream's beginning.
            stream_s: The picture's own timestamp, seconds; None where it had to be replaced.
            held_s: How long the picture waited for the packet that showed that it is whole.
            picked: The look.
        """
        waited_s = min(max(0.0, held_s), self._stall_s)
        captured_at = self._now() - timedelta(seconds=waited_s)
        self.time_origin, self.clock_error_s = "arrival", None
        if container.start_time_realtime is not None and stream_s is not None:
            began = datetime.fromtimestamp(container.start_time_realtime / av.time_base, UTC)
            reported = began + timedelta(seconds=stream_s)
            self.clock_error_s = (reported - captured_at).total_seconds()
            self._trusts_camera &= abs(self.clock_error_s) <= self._options.max_clock_error_s
            if self._trusts_camera:
                self.time_origin, captured_at = "rtcp", reported
        behind_s = max(0.0, self.picker.now_s - picked.media_time_s)
        return DecodedLook(
            picked.media_time_s,
            captured_at - timedelta(seconds=behind_s),
            picked.planes,
            picked.encoded,
            picked.is_keyframe,
        )

    def _offer(self, entry: DecodedLook | StreamError) -> None:
        """Hand over an entry; when nobody takes them, the oldest goes and is counted."""
        while True:
            try:
                self.looks.put_nowait(entry)
            except Full:
                try:
                    self.looks.get_nowait()
                    self.dropped_looks += 1
                except Empty:
                    continue
            else:
                return

    def _silent(self) -> StreamError:
        return SourceUnavailable(f"{self._name} sent nothing for {self._stall_s:g} s")

    def _explained(self, error: av.FFmpegError) -> StreamError:
        """What went wrong, in words that hold neither user nor password nor libav's text."""
        name = self._name
        match error:
            case av.HTTPUnauthorizedError():
                return SourceRefused(f"{name} refuses user or password (401); check the camera's credentials")
            case av.HTTPForbiddenError():
                return SourceRefused(f"{name} forbids this user the stream (403); give the user that right")
            case av.HTTPNotFoundError():
                return SourceRefused(f"{name} has no such stream (404); check the path of the address")
            case av.HTTPClientError():
                return SourceRefused(f"{name} refuses the request; check the address")
            case av.OptionNotFoundError() | av.ProtocolNotFoundError() | av.DemuxerNotFoundError():
                return SourceRefused(f"{name} cannot be opened by this build of libav")
            case av.ExitError() | TimeoutError():
                return self._silent()
            case ConnectionRefusedError():
                return SourceUnavailable(f"{name} refuses the connection; is the camera on?")
            case _:
                return SourceUnavailable(f"{name} broke off: {error.strerror}")


def _kind_of(url: str, name: str) -> LiveKind:
    try:
        kind = stream_kind(url)
    except ValueError:
        kind = None
    if kind is None:
        raise SourceRefused(
            f"{name} is no stream address; write rtsp://host:port/path, or the http(s) address of an HLS"
            " playlist (.m3u8) or an FLV stream (.flv)"
        )
    return KINDS[kind]


def _largest_alone(container: InputContainer, first: VideoStream) -> VideoStream:
    """The variant with the most pixels; the others are not fetched any more."""
    largest = first
    for stream in container.streams.video:
        if stream.codec_context is not None and _pixels(largest) < _pixels(stream) <= MAX_PIXELS:
            largest = stream
    for other in container.streams:
        if other.index != largest.index:
            other.discard = Discard.all
    return largest


def _pixels(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height


def _seconds(ticks: int | None, stream: VideoStream) -> float | None:
    return None if ticks is None or not stream.time_base else float(ticks * stream.time_base)
