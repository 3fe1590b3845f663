"""What a recording says about itself, before its looks are read."""

import logging
from itertools import pairwise
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from stream_workers.sources.containers import file_name, first_video, open_recording
from stream_workers.sources.decode import DecoderPool, calm_decoder, shared_pool
from stream_workers.sources.media import MediaInfo

__all__ = ["describe", "probe"]

_ROTATING: Final = frozenset({"mov", "matroska"})
"""Containers that can carry a rotation; H.264 and HEVC carry another in the stream itself."""
_PACKETS_TRIED: Final = 50
_INDEX_READ: Final = 200_000
_LOG = logging.getLogger(__name__)


def probe(path: Path, pool: DecoderPool | None = None) -> MediaInfo:
    """Size, length, codec and keyframe distance of a recording.

    Raises:
        SourceRefused: The file cannot be used; the message says what to do.
    """
    with open_recording(path) as container:
        stream = first_video(container, file_name(path))
        return describe(container, stream, path, pool or shared_pool())


def describe(container: InputContainer, stream: VideoStream, path: Path, pool: DecoderPool) -> MediaInfo:
    """What an opened recording says; the container stands at its beginning before and after.

    Raises:
        DecodeFailed: The decoder did not return.
    """
    context = stream.codec_context
    name = container.format.name.split(",")[0]
    rotation = _rotation(path, pool) if name in _ROTATING else 0
    width, height = context.width, context.height
    return MediaInfo(
        size_wh=(height, width) if rotation % 180 else (width, height),
        fps=float(stream.average_rate or stream.guessed_rate or 0),
        duration_s=_duration_s(container, stream),
        codec=context.name,
        container=name,
        keyframe_interval_s=_indexed_interval_s(stream),
        rotation=rotation,
    )


def _duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None:
        return container.duration / av.time_base
    return None


def _indexed_interval_s(stream: VideoStream) -> float | None:
    """Largest distance of keyframes that the container's index lists."""
    if stream.time_base is None:
        return None
    entries = stream.index_entries[:_INDEX_READ]
    times = [float(entry.timestamp * stream.time_base) for entry in entries if entry.is_keyframe]
    return max((later - earlier for earlier, later in pairwise(times)), default=None)


def _rotation(path: Path, pool: DecoderPool) -> int:
    """The container's rotation, which libav tells only on a frame of the stream's own decoder."""
    with open_recording(path) as container:
        stream = first_video(container, file_name(path))
        calm_decoder(stream.codec_context)
        try:
            return pool.run(lambda _: _first_rotation(container, stream, stream.codec_context))
        except av.FFmpegError as error:
            _LOG.info("rotation_unknown", extra={"reason": error.strerror})
            return 0


def _first_rotation(container: InputContainer, stream: VideoStream, context: VideoCodecContext) -> int:
    for count, packet in enumerate(container.demux(stream)):
        frames = context.decode(packet) if packet.size else []
        if packet.is_keyframe or not packet.size or count > _PACKETS_TRIED:
            frames += context.decode(None) if packet.size else []
            return next((frame.rotation for frame in frames), 0)
    return 0
