"""From undecoded packets to the few pictures of a clip."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Final

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from stream_workers.errors import DecodeFailed
from stream_workers.sources.decode import DecoderPool, calm_decoder, planes_of
from stream_workers.sources.packet_ring import Cut, HeldPacket, StreamKind
from vision.types import Planes

__all__ = ["ClipFrame", "Span", "clip_frames"]

_TICKS: Final = 90_000
_TIMESTAMP_SLACK: Final = 1e-3
_BATCH: Final = 4
"""Packets per call: of a slow camera each gives a picture, and these wait in memory."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which pictures are wanted.

    Args:
        from_s: Media time of the first.
        until_s: Media time of the last.
        fps: At most so many a second.
    """

    from_s: float
    until_s: float
    fps: int


@dataclass(frozen=True, slots=True, eq=False)
class ClipFrame:
    """One picture of a clip.

    Args:
        number: Its place in time, in units of 1/fps from the span's beginning; grows, may leave gaps.
        planes: The picture as it is displayed, full size, not masked yet.
    """

    number: int
    planes: Planes


def clip_frames(cut: Cut, span: Span, pool: DecoderPool) -> Iterator[ClipFrame]:
    """The pictures of a span, as they are decoded; damaged ones and those of another size are left out.

    Raises:
        DecodeFailed: The decoder did not return, or there is no picture decoder for the stream.
    """
    if cut.kind is None:
        return
    context = _decoder(cut.kind)
    picking = _Picking(cut.kind.rotation, span)
    batches: list[Sequence[HeldPacket | None]] = [
        cut.packets[first : first + _BATCH] for first in range(0, len(cut.packets), _BATCH)
    ]
    for batch in [*batches, [None]]:
        yield from pool.run(partial(picking.pick, context, batch))


class _Picking:
    """Takes the first picture of each 1/fps of the span."""

    def __init__(self, rotation: int, span: Span) -> None:
        self._rotation = rotation
        self._span = span
        self._next = 0
        self._size_wh: tuple[int, int] | None = None

    def pick(
        self, context: VideoCodecContext, packets: Sequence[HeldPacket | None], _: object
    ) -> list[ClipFrame]:
        picked = []
        for packet in packets:
            for frame in _decoded(context, packet):
                time_s = (frame.pts or 0) / _TICKS
                number = math.floor((time_s - self._span.from_s) * self._span.fps + _TIMESTAMP_SLACK)
                if number < self._next or time_s > self._span.until_s:
                    continue
                planes = planes_of(frame, self._rotation)
                self._size_wh = self._size_wh or planes.size_wh
                if planes.size_wh == self._size_wh:
                    self._next = number + 1
                    picked.append(ClipFrame(number, planes))
        return picked


def _decoder(kind: StreamKind) -> VideoCodecContext:
    context = av.CodecContext.create(kind.codec, "r")
    if not isinstance(context, VideoCodecContext):
        raise DecodeFailed(f"{kind.codec} is no picture codec")
    calm_decoder(context)
    if kind.extradata:
        context.extradata = kind.extradata
    return context


def _decoded(context: VideoCodecContext, held: HeldPacket | None) -> list[VideoFrame]:
    """Pictures of one packet, or those that the decoder still holds; a damaged packet gives none."""
    packet = None
    if held is not None:
        packet = Packet(held.content)
        packet.pts, packet.time_base = round(held.time_s * _TICKS), Fraction(1, _TICKS)
    try:
        return [frame for frame in context.decode(packet) if not frame.is_corrupt]
    except av.FFmpegError:
        return []
