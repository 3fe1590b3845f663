"""Masked pictures as an H.264 MP4 for browsers, made in memory: on disk only when all are masked."""

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from typing import Final

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from stream_workers.errors import StreamError

__all__ = ["encode_mp4"]

INDEX_BYTES: Final = 16_384
"""Room for the index before the pictures, so that a film plays while it loads; 60 pictures take 2 KB."""
ENCODER: Final = {
    "preset": "veryfast",
    "profile": "high",
    "crf": "27",
    "maxrate": "2M",
    "bufsize": "2M",
    "bf": "0",
    # One thread: the same pictures give the same bytes, and the cameras keep the other cores.
    "threads": "1",
}
_SMPTE170M: Final = 6
_LIMITED_RANGE: Final = 1


def encode_mp4(frames: Iterable[tuple[int, NDArray[np.uint8]]], fps: int) -> bytes:
    """The film's bytes, at most about 2 Mb/s; its index comes first, and each second can be sought.

    Args:
        frames: Number in units of 1/fps, growing from any value on, and (H, W, 3) uint8 BGR, masked, all
            of one size with even sides.
        fps: Pictures a second.

    Raises:
        StreamError: There was no picture, or the encoder refuses them.
    """
    film = BytesIO()
    first: int | None = None
    try:
        with av.open(film, "w", format="mp4", options={"moov_size": str(INDEX_BYTES)}) as container:
            stream = container.add_stream("libx264", rate=fps, options=dict(ENCODER))
            for number, image in frames:
                if first is None:
                    first = number
                    _describe(stream, image, fps)
                frame = VideoFrame.from_ndarray(image, format="bgr24")
                frame.pts, frame.time_base = number - first, Fraction(1, fps)
                container.mux(stream.encode(frame))
            if first is not None:
                container.mux(stream.encode(None))
    except av.FFmpegError as error:
        raise StreamError(f"the film could not be made: {error.strerror}") from None
    if first is None:
        raise StreamError("there was no picture")
    return film.getvalue()


def _describe(stream: VideoStream, image: NDArray[np.uint8], fps: int) -> None:
    stream.height, stream.width = image.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.gop_size = fps
    stream.codec_context.colorspace = _SMPTE170M
    stream.codec_context.color_range = _LIMITED_RANGE
