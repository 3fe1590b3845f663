"""What a source gives: looks, and the undecoded pictures that wait in memory."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vision.types import Picture, Planes

__all__ = ["DecodedLook", "EncodedLook", "Look", "LookMode", "MediaInfo"]

LookMode = Literal["keyframe", "sparse"]
"""How looks are made: from keyframes alone, or by decoding everything and keeping little."""


@dataclass(frozen=True, slots=True)
class EncodedLook:
    """A picture as it arrived, small enough to wait in memory until a still is composed.

    Args:
        codec: libav's name of the codec, or `jpeg` for a look that was no keyframe.
        extradata: What the codec needs beforehand; empty for H.264, HEVC and JPEG, whose
            parameter sets stand in `data`.
        data: The compressed picture; H.264 and HEVC with start codes (Annex B).
        rotation: Degrees counter-clockwise by which the picture is turned to be displayed.
    """

    codec: str
    extradata: bytes
    data: bytes
    rotation: int

    def __len__(self) -> int:
        return len(self.data) + len(self.extradata)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One look, wherever its picture comes from.

    Args:
        media_time_s: Seconds since the source's first picture; grows from look to look.
        captured_at: Capture time, aware UTC.
        planes: The picture as it is displayed.
    """

    media_time_s: float
    captured_at: datetime
    planes: Picture


@dataclass(frozen=True, slots=True, eq=False)
class DecodedLook(Look):
    """One look of a source.

    Args:
        media_time_s: As in every look.
        captured_at: As in every look.
        planes: The picture, decoded.
        encoded: The same picture, undecoded.
        is_keyframe: Whether it was decoded alone; otherwise it came from sparse decoding.
    """

    planes: Planes
    encoded: EncodedLook
    is_keyframe: bool


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a recording says about itself.

    Args:
        size_wh: Width and height as displayed, pixels.
        fps: Mean picture rate, 0 where unknown.
        duration_s: Length in seconds, None where the file does not say.
        codec: libav's name of the codec.
        container: libav's name of the container.
        keyframe_interval_s: Largest distance of keyframes by the file's index; None without one.
        rotation: Degrees counter-clockwise by which pictures are turned to be displayed.
    """

    size_wh: tuple[int, int]
    fps: float
    duration_s: float | None
    codec: str
    container: str
    keyframe_interval_s: float | None
    rotation: int
