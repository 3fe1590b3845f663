"""What libav may open for each kind of live stream: one outer format, and the protocols it needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.stream_address import StreamKind

__all__ = ["KINDS", "LiveKind"]


@dataclass(frozen=True, slots=True)
class LiveKind:
    """What libav may use for one kind of live stream, and how its pictures come.

    Args:
        container: The only outer format.
        options: libav's options, with the whitelist of protocols.
        patience: Longest silence as a multiple of the stall time-out.
        comes_in_bursts: Pictures arrive by the segment and are read hardly faster than they were filmed.
        has_variants: The same picture comes in several sizes; only the largest is read.
    """

    container: str
    options: Mapping[str, str]
    patience: float = 1.0
    comes_in_bursts: bool = False
    has_variants: bool = False


KINDS: Final[Mapping[StreamKind, LiveKind]] = {
    "rtsp": LiveKind(
        "rtsp",
        {
            "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls",
            "rtsp_transport": "tcp",
            "allowed_media_types": "video",
        },
    ),
    # A playlist names segments, keys and other playlists: these may lie on http(s) and nowhere else.
    "hls": LiveKind(
        "hls",
        {
            "protocol_whitelist": "http,https,tcp,tls,crypto",
            "format_whitelist": "hls,mpegts,mov,mp4,m4a,3gp,3g2,mj2,aac",
        },
        patience=3.0,  # segments of ten seconds are common, and the newest is not always there in time
        comes_in_bursts=True,
        has_variants=True,
    ),
    "flv": LiveKind("flv", {"protocol_whitelist": "http,https,tcp,tls", "format_whitelist": "flv"}),
}
