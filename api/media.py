"""The kinds of evidence files, and how a whole one is told from half of one without its pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["KINDS", "MediaKind"]

_JPEG_BEGIN: Final = b"\xff\xd8\xff"
_JPEG_END: Final = b"\xff\xd9"
_SHORTEST_BOX: Final = 8


@dataclass(frozen=True, slots=True)
class MediaKind:
    """One kind of evidence file.

    Args:
        media_type: Its content type.
        words: What people call it.
        is_whole: Whether some bytes are a whole file of it.
    """

    media_type: str
    words: str
    is_whole: Callable[[bytes], bool]


def _is_whole_jpeg(content: bytes) -> bool:
    return content.startswith(_JPEG_BEGIN) and _JPEG_END in content[-64:]


def _is_whole_mp4(content: bytes) -> bool:
    """Whether its boxes end where the bytes end, the index before the pictures, so that it plays at once."""
    names = _top_boxes(content)
    return names[:1] == [b"ftyp"] and [name for name in names if name in (b"moov", b"mdat")] == [
        b"moov",
        b"mdat",
    ]


def _top_boxes(content: bytes) -> list[bytes]:
    """Names of the outermost boxes; none where they do not fill the file exactly (ISO/IEC 14496-12)."""
    names, at = [], 0
    while at + _SHORTEST_BOX <= len(content):
        size = int.from_bytes(content[at : at + 4])
        names.append(content[at + 4 : at + 8])
        if size < _SHORTEST_BOX:
            return []
        at += size
    return names if at == len(content) else []


KINDS: Final[dict[str, MediaKind]] = {
    "jpg": MediaKind("image/jpeg", "picture", _is_whole_jpeg),
    "mp4": MediaKind("video/mp4", "clip", _is_whole_mp4),
}
"""By the ending of the file's name."""
