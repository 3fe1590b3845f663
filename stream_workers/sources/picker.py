"""Picks the looks out of a stream's packets: keyframes where they are frequent, else sparsely.

In keyframe mode every packet is dropped undecoded but one keyframe per look. When the running
distance of keyframes exceeds the limit, sparse mode takes over: every packet is decoded and
one picture per look is kept. After five short distances keyframe mode returns, unless keyframes
are what could not be decoded.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import Final

from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from stream_workers.errors import DecodeFailed
from stream_workers.sources.cadence import KeyframeWatch, LookSchedule
from stream_workers.sources.clock import MediaClock
from stream_workers.sources.containers import VideoPacket
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.joiner import PictureJoiner
from stream_workers.sources.media import EncodedLook, LookMode
from stream_workers.sources.nal import BitstreamReader
from stream_workers.sources.packet_ring import HeldPacket, PacketTap, StreamKind
from stream_workers.sources.sparse import PickedLook, SparseDecoder
from vision.types import Planes

__all__ = ["LookPicker", "PickedLook", "PickerOptions"]

_STANDALONE: Final = frozenset(
    {"h264", "hevc", "mpeg4", "mpeg2video", "mjpeg", "vp8", "vp9", "av1", "libdav1d"}
)
"""Codecs whose keyframes need nothing but the stream's extradata."""
_FAILURES_BEFORE_SPARSE: Final = 3
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PickerOptions:
    """How looks are picked.

    Args:
        every_s: Distance of looks, seconds.
        keyframe_limit_s: Distance of keyframes from which sparse decoding takes over.
        hold_bytes: Undecoded packets since the last keyframe that are held so that sparse
            decoding can begin in the past: recordings lose no look that way. 0 holds none.
        max_gap_s: Longest pause between timestamps that is believed.
    """

    every_s: float
    keyframe_limit_s: float
    hold_bytes: int
    max_gap_s: float


class LookPicker:
    """The looks of one opened stream.

    Args:
        stream: libav's stream; its own decoder serves sparse mode.
        options: See `PickerOptions`.
        pool: Decoders for keyframes.
        rotation: The container's rotation, degrees counter-clockwise.
    """

    def __init__(self, stream: VideoStream, options: PickerOptions, pool: DecoderPool, rotation: int) -> None:
        context = stream.codec_context
        # Where few pictures were seen, libav guesses the rate of fields, twice that of pictures.
        rate = stream.average_rate or context.framerate or stream.guessed_rate or Fraction(25)
        self._options = options
        self._pool = pool
        self._rotation = rotation
        self._codec = context.name
        self._extradata = context.extradata or b""
        self._context: VideoCodecContext = context
        self._reader = (
            BitstreamReader(self._codec, self._extradata) if self._codec in {"h264", "hevc"} else None
        )
        self._joiner = PictureJoiner(self._reader)
        frame_s = float(1 / rate) if rate else 0.04
        self._clock = MediaClock(stream.time_base or Fraction(1, 1000), frame_s, options.max_gap_s)
        self._schedule = LookSchedule(options.every_s)
        self._limit_s = max(options.every_s, options.keyframe_limit_s)
        self._watch = KeyframeWatch()
        self._held: list[VideoPacket] = []
        self._held_bytes = 0
        self._is_holding = False
        self._failures_running = 0
        self._keys_fail = self._codec not in _STANDALONE
        self._last_look_s = -1.0
        self._ticks_per_s: float | None = None
        self._sparse: SparseDecoder | None = None
        self.failed_looks = 0
        self.tap: PacketTap | None = None
        self.stamp_ticks: int | None = None
        """The stream's own timestamp of the latest packet; None where it had to be replaced."""
        if self._keys_fail:
            self._go_sparse(0.0, "keyframes cannot be decoded alone")

    @property
    def mode(self) -> LookMode:
        """How looks are made at present."""
        return "keyframe" if self._sparse is None else "sparse"

    @property
    def keys_fail(self) -> bool:
        """Whether keyframes are there and cannot be decoded alone."""
        return self._keys_fail

    @property
    def keyframe_interval_s(self) -> float | None:
        """Measured distance of keyframes: the largest of the last eight; None so far."""
        return self._watch.interval_s

    @property
    def every_s(self) -> float:
        """Present distance of looks, seconds."""
        return self._schedule.every_s

    @property
    def now_s(self) -> float:
        """Media time reached, seconds."""
        return self._clock.now_s

    @property
    def timestamp_jumps(self) -> int:
        """Jumps of the timestamps that were taken out."""
        return self._clock.jumps

    def set_interval(self, every_s: float) -> None:
        """Stretch or shorten the distance of looks from now on."""
        self._schedule = self._schedule.stretched(every_s, self._clock.now_s)
        self._limit_s = max(every_s, self._options.keyframe_limit_s)

    def feed(self, packet: VideoPacket) -> Iterable[PickedLook]:
        """The looks that this packet completes, made as they are asked for.

        A keyframe waits for the packet after it, which shows whether it is whole.

        Raises:
            DecodeFailed: The sparse decoder did not return; the stream must be opened again.
        """
        whole = self._joiner.push(packet)
        if len(whole) == 1:
            return self._feed_whole(whole[0])
        return chain.from_iterable(self._feed_whole(each) for each in whole)

    def _feed_whole(self, packet: VideoPacket) -> Iterable[PickedLook]:
        ticks = packet.pts
        time_s = self._stamp(packet)
        self.stamp_ticks = ticks if self._clock.is_streams_own else None
        is_key = self._is_keyframe(packet)
        if self.tap is not None:
            kind = StreamKind(self._codec, self._extradata, self._rotation)
            self.tap.take(HeldPacket(time_s, is_key, bytes(packet)), kind)
        self._watch.note(time_s, is_keyframe=is_key)
        if is_key or self._sparse is not None or self._watch.is_too_long(time_s, self._limit_s):
            return self._completed(packet, time_s, is_key=is_key)
        # Ninety-eight packets of a hundred end here, so this way is kept short.
        self._hold(packet)
        return ()

    def finish(self) -> Iterator[PickedLook]:
        """The looks that are still due when the stream is over."""
        for whole in self._joiner.finish():
            yield from self._feed_whole(whole)
        if self._sparse is None and self._is_holding and self._schedule.is_due(self._clock.now_s):
            yield from self._replay([], self._clock.now_s, "the last look lies behind the last keyframe")
        if self._sparse is not None:
            yield from self._picked(self._sparse.finish(self._schedule))

    def _completed(self, packet: VideoPacket, time_s: float, *, is_key: bool) -> Iterator[PickedLook]:
        if self._sparse is not None:
            if is_key and not self._keys_fail and self._watch.is_trusted(self._limit_s):
                yield from self._picked(self._sparse.finish(self._schedule))
                self._go_keyframe(time_s)
            else:
                yield from self._picked(self._sparse.feed(packet, self._schedule))
                return
        if is_key:
            yield from self._take_keyframe(packet, time_s)
            self._held, self._held_bytes, self._is_holding = [], 0, self._options.hold_bytes > 0
        self._hold(packet)
        if self._failures_running >= _FAILURES_BEFORE_SPARSE:
            self._keys_fail = True
            yield from self._replay([packet], time_s, "keyframes cannot be decoded alone")
        elif self._watch.is_too_long(time_s, self._limit_s):
            yield from self._replay([packet], time_s, "keyframes are too far apart")

    def _stamp(self, packet: VideoPacket) -> float:
        """Media time of a packet, also written into it so that decoded frames carry it."""
        time_s = self._clock.stamp(packet.pts, packet.dts)
        if self._ticks_per_s is None:
            self._ticks_per_s = float(1 / (packet.time_base or Fraction(1, 1000)))
        packet.pts = round(time_s * self._ticks_per_s)
        packet.dts = None
        return time_s

    def _is_keyframe(self, packet: VideoPacket) -> bool:
        # Cheaper than to ask for the kind: almost no packet has any side data at all.
        for side in packet.iter_sidedata():
            if side.data_type == "new_extradata":
                self._extradata = bytes(side)
                if self._reader is not None:
                    self._reader.configure(self._extradata)
        if not packet.is_keyframe:
            return False
        return self._reader is None or self._reader.is_keyframe(bytes(packet))

    def _take_keyframe(self, packet: VideoPacket, time_s: float) -> Iterator[PickedLook]:
        if not self._schedule.is_due(time_s, keyframe=True) or time_s <= self._last_look_s:
            return
        data = bytes(packet)
        encoded = (
            EncodedLook(self._codec, b"", self._reader.standalone(data), self._rotation)
            if self._reader is not None
            else EncodedLook(self._codec, self._extradata, data, self._rotation)
        )
        planes = self._decode(encoded)
        if planes is not None:
            self._schedule = self._schedule.after(time_s)
            self._last_look_s = time_s
            yield PickedLook(time_s, planes, encoded, is_keyframe=True)

    def _decode(self, encoded: EncodedLook) -> Planes | None:
        try:
            planes = self._pool.decode(encoded)
        except DecodeFailed as error:
            self.failed_looks += 1
            self._failures_running += 1
            _LOG.warning("look_failed", extra={"reason": str(error)})
            return None
        self._failures_running = 0
        return planes

    def _hold(self, packet: VideoPacket) -> None:
        if not self._is_holding:
            return
        self._held.append(packet)
        self._held_bytes += packet.size
        if self._held_bytes > self._options.hold_bytes:
            self._held, self._held_bytes, self._is_holding = [], 0, False

    def _replay(self, latest: list[VideoPacket], time_s: float, reason: str) -> Iterator[PickedLook]:
        """Go over to sparse decoding, from the last keyframe on where it is held."""
        held = self._held or latest
        sparse = self._go_sparse(time_s, reason)
        for packet in held:
            yield from self._picked(sparse.feed(packet, self._schedule))

    def _picked(self, looks: list[PickedLook]) -> Iterator[PickedLook]:
        for look in looks:
            if look.media_time_s > self._last_look_s:
                self._schedule = self._schedule.after(look.media_time_s)
                self._last_look_s = look.media_time_s
                yield look

    def _go_sparse(self, time_s: float, reason: str) -> SparseDecoder:
        self._held, self._held_bytes, self._is_holding = [], 0, False
        self._sparse = SparseDecoder(self._context, self._pool, self._rotation)
        _LOG.info("looks_sparse", extra={"media_time_s": time_s, "reason": reason})
        return self._sparse

    def _go_keyframe(self, time_s: float) -> None:
        self._sparse = None
        _LOG.info("looks_from_keyframes", extra={"media_time_s": time_s})
