"""Sparse decoding: every packet through the stream's own decoder, one picture per look kept."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from stream_workers.sources.cadence import LookSchedule
from stream_workers.sources.containers import VideoPacket
from stream_workers.sources.decode import DecoderPool, calm_decoder, jpeg_of, planes_of
from stream_workers.sources.media import EncodedLook
from vision.types import Planes

__all__ = ["PickedLook", "SparseDecoder"]

_BATCH: Final = 16
"""Packets that are decoded in one go, so that handing over to a decoder thread costs nothing."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class PickedLook:
    """A look without its capture time, which only the source knows.

    Args:
        media_time_s: Seconds since the first picture.
        planes: The picture as it is displayed.
        encoded: The same picture, undecoded.
        is_keyframe: Whether it was decoded alone.
    """

    media_time_s: float
    planes: Planes
    encoded: EncodedLook
    is_keyframe: bool


class SparseDecoder:
    """Decodes a whole stream and keeps one picture per look.

    Args:
        context: The stream's own decoder, with the container's sizes and extradata.
        pool: Threads that decode, watched by its time-out.
        rotation: The container's rotation, degrees counter-clockwise.
    """

    def __init__(self, context: VideoCodecContext, pool: DecoderPool, rotation: int) -> None:
        self._context = context
        self._pool = pool
        self._rotation = rotation
        self._waiting: list[VideoPacket] = []
        self._time_base = Fraction(1, 1000)
        self.failed_packets = 0
        if context.is_open:
            context.flush_buffers()
        else:
            calm_decoder(context)

    def feed(self, packet: VideoPacket, schedule: LookSchedule) -> list[PickedLook]:
        """The looks that become due with this packet; their times are media times.

        Raises:
            DecodeFailed: The decoder did not return, or gave a picture over 64 megapixels.
        """
        self._time_base = packet.time_base or self._time_base
        self._waiting.append(packet)
        if len(self._waiting) < _BATCH:
            return []
        return self._decode(schedule, is_last=False)

    def finish(self, schedule: LookSchedule) -> list[PickedLook]:
        """The looks among what the decoder still holds.

        Raises:
            DecodeFailed: As of `feed`.
        """
        return self._decode(schedule, is_last=True)

    def _decode(self, schedule: LookSchedule, *, is_last: bool) -> list[PickedLook]:
        packets, self._waiting = self._waiting, []
        return self._pool.run(lambda _: self._pick(packets, schedule, is_last=is_last))

    def _pick(
        self, packets: Iterable[VideoPacket], schedule: LookSchedule, *, is_last: bool
    ) -> list[PickedLook]:
        looks: list[PickedLook] = []
        for packet in [*packets, *([None] if is_last else [])]:
            for frame in self._frames(packet):
                time_s = float((frame.pts or 0) * self._time_base)
                if schedule.is_due(time_s):
                    schedule = schedule.after(time_s)
                    planes = planes_of(frame, self._rotation)
                    looks.append(PickedLook(time_s, planes, jpeg_of(planes), is_keyframe=False))
        return looks

    def _frames(self, packet: VideoPacket | None) -> list[VideoFrame]:
        """Frames of one packet; a damaged packet gives none and spoils no later one."""
        try:
            return [frame for frame in self._context.decode(packet) if not frame.is_corrupt]
        except av.FFmpegError as error:
            self.failed_packets += 1
            if self.failed_packets == 1:
                _LOG.warning("packets_damaged", extra={"reason": error.strerror})
            return []
