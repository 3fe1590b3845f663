"""Opens media through libav so that a file can name nothing but itself.

libav follows playlists, concat scripts and session descriptions to other files and hosts.
Recordings are therefore opened with a list of self-contained formats and the `file` protocol
alone; live streams with the protocols that their own kind needs.
"""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from stream_workers.errors import SourceRefused, SourceUnavailable
from stream_workers.sources.decode import MAX_PIXELS

__all__ = ["VideoPacket", "file_name", "first_video", "open_recording", "shown"]

if TYPE_CHECKING:
    VideoPacket: TypeAlias = Packet[VideoStream]
else:  # libav's compiled classes take no parameters at run time
    VideoPacket = Packet

_FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpegts,mpeg,mpegvideo,flv,live_flv,"
    "asf,wmv,ogg,gif,h264,hevc,m4v,ivf,mxf,nut,dv,av1,obu"
)
_SNIFFED_BYTES: Final = 4096
_POINTERS: Final = {
    b"#EXTM3U": "a playlist (m3u8)",
    b"ffconcat": "a concat script",
    b"v=0\r\n": "a session description (sdp)",
    b"v=0\n": "a session description (sdp)",
    b"<?xml": "an XML document or manifest",
    b"<MPD": "a DASH manifest",
    b"[playlist]": "a playlist (pls)",
    b"RTSPtext": "a stream reference",
}
_LOG = logging.getLogger(__name__)


def shown(path: Path) -> str:
    """A path as text: a name that is no UTF-8 is read as GB 18030, as recorders in China write it."""
    raw = os.fsencode(path)
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return raw.decode("utf-8", "replace")


def file_name(path: Path) -> str:
    """The file's name in quotes, line breaks and other control characters escaped."""
    return repr(shown(Path(path.name)))


def open_recording(path: Path) -> InputContainer:
    """The opened container of a file.

    Raises:
        SourceRefused: No such file, not a regular file, empty, not a video, cut off before its
            index, or a text that points to other files; the message says what to do.
    """
    _check_file(path)
    try:
        return av.open(
            f"file:{path}",
            # Recorders write titles in GBK, and damage turns them into anything: no reason to refuse a film.
            metadata_errors="replace",
            options={
                "protocol_whitelist": "file",
                "format_whitelist": _FORMATS,
                "max_pixels": str(MAX_PIXELS),
                "threads": "1",
            },
        )
    except av.FFmpegError as error:
        _LOG.debug("container_refused", extra={"errno": error.errno})
        raise SourceRefused(_why_refused(path)) from None


def first_video(container: InputContainer, name: str) -> VideoStream:
    """The first picture stream, checked before anything of it is decoded.

    Raises:
        SourceRefused: There is none, its codec is unknown, or its pictures are too large.
    """
    pictures = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
    if not pictures:
        raise SourceRefused(f"{name} holds no moving picture; give a video file")
    stream = pictures[0]
    context = stream.codec_context
    if context is None:
        raise SourceRefused(f"{name} uses a codec that cannot be decoded here; convert it to H.264")
    if context.width * context.height > MAX_PIXELS:
        raise SourceRefused(
            f"{name} has pictures of {context.width}x{context.height}, more than 64 megapixels;"
            " scale it down first"
        )
    return stream


def _check_file(path: Path) -> None:
    name = file_name(path)
    try:
        if not path.exists():
            raise SourceRefused(f"{name}: there is no such file in {str(path.parent)!r}")
        if not path.is_file():
            raise SourceRefused(f"{name} is not a regular file; give a video file")
        if path.stat().st_size == 0:
            raise SourceRefused(f"{name} is empty (zero bytes); copy it again from the recorder")
        with path.open("rb") as stream:
            head = stream.read(_SNIFFED_BYTES).lstrip()
    except PermissionError:
        raise SourceRefused(f"{name} may not be read; give this user the right to read it") from None
    except OSError as error:
        raise SourceUnavailable(f"{name} cannot be read: {error.strerror}") from None
    for mark, kind in _POINTERS.items():
        if head.startswith(mark):
            raise SourceRefused(
                f"{name} is {kind}, which points to other files or hosts; give the video file itself"
            )


def _why_refused(path: Path) -> str:
    name = file_name(path)
    with path.open("rb") as stream:
        head = stream.read(12)
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"}:
        return (
            f"{name} is cut off or damaged: its index (moov) is missing or broken;"
            " copy it again from the recorder or repair it there"
        )
    return f"{name} is not a video that can be read here; give an MP4, MKV, AVI, MPEG-TS or GIF file"
