"""Which kinds of live stream a site may name, and how an address tells its kind."""

from typing import Literal
from urllib.parse import urlsplit

__all__ = ["StreamKind", "stream_kind"]

StreamKind = Literal["rtsp", "hls", "flv"]
"""RTSP over TCP, HTTP Live Streaming, or FLV over HTTP."""

_RTSP_SCHEMES = frozenset({"rtsp", "rtsps"})
_HTTP_SCHEMES = frozenset({"http", "https"})


def stream_kind(url: str) -> StreamKind | None:
    """The kind by scheme and path: over http(s), `.m3u8` is HLS and `.flv` is FLV; None for all else.

    Raises:
        ValueError: It is no address at all.
    """
    parts = urlsplit(url)
    if parts.scheme in _RTSP_SCHEMES:
        return "rtsp"
    path = parts.path.lower()
    if parts.scheme in _HTTP_SCHEMES and path.endswith(".m3u8"):
        return "hls"
    if parts.scheme in _HTTP_SCHEMES and path.endswith(".flv"):
        return "flv"
    return None
