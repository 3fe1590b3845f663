"""Puts keyframes together again that arrive as several packets.

GStreamer and some cameras repeat the parameter sets before each slice of a keyframe; libav takes
each repetition for the beginning of a new picture, and no part can be decoded alone.
"""

from collections.abc import Sequence

from av.packet import Packet

from stream_workers.sources.containers import VideoPacket
from stream_workers.sources.nal import BitstreamReader

__all__ = ["PictureJoiner"]

_NONE: tuple[VideoPacket, ...] = ()


class PictureJoiner:
    """Holds back each keyframe until the next packet shows that it is whole.

    Args:
        reader: The stream's reader; None passes everything on at once.
    """

    def __init__(self, reader: BitstreamReader | None) -> None:
        self._reader = reader
        self._waiting: VideoPacket | None = None

    def push(self, packet: VideoPacket) -> Sequence[VideoPacket]:
        """The whole packets that this one completes, in order."""
        reader, waiting = self._reader, self._waiting
        if waiting is None:
            if reader is None or not packet.is_keyframe or not reader.has_start_codes:
                return (packet,)
            self._waiting = packet
            return _NONE
        if reader is not None and _may_share(waiting.pts, packet.pts) and reader.continues(bytes(packet)):
            self._waiting = _joined(waiting, packet, reader)
            return _NONE
        self._waiting = None
        return (waiting, *self.push(packet))

    def finish(self) -> Sequence[VideoPacket]:
        """The packet that is still held back."""
        waiting, self._waiting = self._waiting, None
        return _NONE if waiting is None else (waiting,)


def _may_share(one: int | None, other: int | None) -> bool:
    """Whether two timestamps may be those of one picture; the first of a stream has none at times."""
    return one is None or other is None or one == other


def _joined(first: VideoPacket, rest: VideoPacket, reader: BitstreamReader) -> VideoPacket:
    whole: VideoPacket = Packet(reader.joined(bytes(first), bytes(rest)))  # type: ignore[assignment]
    whole.pts = rest.pts if first.pts is None else first.pts
    whole.dts = rest.dts if first.dts is None else first.dts
    if first.time_base is not None:
        whole.time_base = first.time_base
    whole.is_keyframe = True
    return whole
