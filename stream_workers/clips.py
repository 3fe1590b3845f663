"""A clip: the seconds around the moment that opens an incident, each picture masked like a still, or none."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from stream_workers.clip_file import encode_mp4
from stream_workers.clip_frames import ClipFrame, Span, clip_frames
from stream_workers.errors import StreamError
from stream_workers.evidence import EvidenceFile
from stream_workers.masking import DeadlineMask
from stream_workers.picture_files import write_whole
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.packet_ring import Cut
from vision.errors import BadInput, MaskFailed
from vision.privacy.cover import PrivacyZones, black_out
from vision.privacy.neighbours import covered_with_neighbours
from vision.scene.stills import evidence_picture
from vision.types import Box, Planes

__all__ = ["AFTER_S", "BEFORE_S", "FPS", "ClipMaker", "ClipRequest", "ClipResult"]

BEFORE_S: Final = 8.0
AFTER_S: Final = 4.0
"""Twelve seconds: a ring of twenty has them whole where keyframes are up to eight seconds apart."""
FPS: Final = 3
"""37 mask passes a clip: about 21 CPU seconds (`streetkeeper bench clips`, 2026-11-25)."""
LONGEST_SIDE_PX: Final = 1280
FEWEST_FRAMES: Final = 2
MOST_REASON: Final = 200


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """What a clip should show.

    Args:
        incident_id: Whose clip it is.
        at_s: Media time of the look that opened the incident.
        box_xyxy_px: The incident, pixels of the displayed frame.
        vehicle_keep: The incident is itself a vehicle: leave it visible.
    """

    incident_id: str
    at_s: float
    box_xyxy_px: Box
    vehicle_keep: bool = False


@dataclass(frozen=True, slots=True)
class ClipResult:
    """A clip, or why there is none, in plain words."""

    file: EvidenceFile | None
    note: str | None = None

    @classmethod
    def none(cls, reason: str) -> "ClipResult":
        """No clip, for this reason."""
        return cls(None, f"no clip: {reason}")


class ClipAbandoned(StreamError):
    """Nobody waits for this clip any more."""


class ClipMaker:
    """Makes the clips of one view. Until the last picture is masked there is nothing of a clip on disk.

    Args:
        mask: The mask pass with its deadline; not that of the stills, which must not wait for a clip.
        privacy: What is black in every picture.
        out_dir: Where clips go.
    """

    def __init__(self, mask: DeadlineMask, privacy: PrivacyZones, out_dir: Path) -> None:
        self._mask = mask
        self._zones = privacy
        self._out_dir = out_dir

    def make(
        self, cut: Cut, request: ClipRequest, pool: DecoderPool, go_on: Callable[[], bool] = lambda: True
    ) -> ClipResult:
        """The clip, or why there is none; never raises for a clip that cannot be made.

        Args:
            cut: The packets.
            request: What to show.
            pool: Decodes.
            go_on: Asked before each picture; False gives the clip up.
        """
        if not cut.packets or cut.packets[0].time_s > request.at_s:
            return ClipResult.none("the moment is not held: keyframes are too far apart, or it came too late")
        span = Span(request.at_s - BEFORE_S, request.at_s + AFTER_S, FPS)
        film = _Film(self._mask, self._zones, request)
        try:
            content = encode_mp4(film.shown(clip_frames(cut, span, pool), go_on), FPS)
            if len(film.numbers) < FEWEST_FRAMES:
                return ClipResult.none("only one picture could be decoded")
            sha256 = hashlib.sha256(content).hexdigest()
            path = self._out_dir / f"{sha256}.mp4"
            if not path.exists():
                write_whole(path, content)
            return ClipResult(EvidenceFile("clip", sha256, path))
        except (MaskFailed, BadInput, StreamError) as failure:
            return ClipResult.none(str(failure)[:MOST_REASON])


class _Film:
    """The pictures of one clip on their way from the decoder to the encoder; three are held at once."""

    def __init__(
        self,
        mask: DeadlineMask,
        zones: PrivacyZones,
        request: ClipRequest,
    ) -> None:
        self._mask = mask
        self._zones = zones
        self._request = request
        self._box: Box = request.box_xyxy_px
        self.numbers: list[int] = []

    def shown(
        self, frames: Iterator[ClipFrame], go_on: Callable[[], bool]
    ) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Number and picture: covered, and too coarse to recognise anyone outside the box and its margin."""
        for index, covered in enumerate(covered_with_neighbours(self._found(frames, go_on))):
            yield self.numbers[index], evidence_picture(covered, self._box)

    def _found(
        self, frames: Iterator[ClipFrame], go_on: Callable[[], bool]
    ) -> Iterator[tuple[NDArray[np.uint8], tuple[tuple[int, int, int, int], ...]]]:
        """Each picture, small, with what the mask pass covers in it."""
        for frame in frames:
            if not go_on():
                raise ClipAbandoned("it took too long, or the worker ended")
            image = _small(black_out(frame.planes, self._zones))
            self._box = _scaled(self._request.box_xyxy_px, frame.planes.size_wh, image)
            _, report = self._mask.mask(image, self._box if self._request.vehicle_keep else None)
            self.numbers.append(frame.number)
            yield image, report.boxes


def _small(planes: Planes) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 BGR of at most `LONGEST_SIDE_PX`, with even sides, as H.264 wants them."""
    image = planes.bgr()
    shrink = min(1.0, LONGEST_SIDE_PX / max(planes.size_wh))
    width, height = (max(2, int(side * shrink) // 2 * 2) for side in planes.size_wh)
    if (width, height) == planes.size_wh:
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _scaled(box: Box, size_wh: tuple[int, int], image: NDArray[np.uint8]) -> Box:
    """The box in pixels of the small picture."""
    across, down = image.shape[1] / size_wh[0], image.shape[0] / size_wh[1]
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down
