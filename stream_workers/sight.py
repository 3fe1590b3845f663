"""What a worker's live views have to show, for commands: the last looks, the stills, the calibration."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.site import View
from stream_workers.errors import StreamError
from stream_workers.evidence import EvidenceFile, Kind
from stream_workers.look_ring import LookRing
from stream_workers.picture_files import encode_jpeg, write_whole
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.media import EncodedLook
from stream_workers.stills import LOOKS_PER_STILL, MaskedStill, StillFile, StillMaker, StillStore
from vision.types import Planes

__all__ = ["NothingToShow", "Sight", "Sights", "keep_picture", "read_still"]

FRESH: Final = timedelta(minutes=2)
"""What was captured longer ago does not say what stands there now."""


class NothingToShow(StreamError):
    """The view has no such look or still; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One live view.

    Args:
        view: As in the site.
        ring: Its last looks.
        maker: Composes and masks, beside those for the looks.
        stills: Its background stills.
        evidence: Folder of the pictures that are sent.
        look_every_s: Seconds between its looks.
        is_suspended: Whether it has moved away from its calibration.
    """

    view: View
    ring: LookRing[EncodedLook]
    maker: StillMaker[EncodedLook]
    stills: StillStore
    evidence: Path
    look_every_s: float
    is_suspended: Callable[[], bool]

    def now(self) -> tuple[Planes, datetime, int]:
        """The median of the newest looks, when the newest was captured, and how many; not masked.

        Raises:
            NothingToShow: There is no look, or none of now.
            DecodeFailed: None could be decoded.
        """
        looks = self.ring.latest(LOOKS_PER_STILL)
        if not looks:
            raise NothingToShow("the camera has given no look since the worker began to watch it")
        newest = looks[-1].captured_at
        if datetime.now(UTC) - newest > max(FRESH, timedelta(seconds=3 * self.look_every_s)):
            raise NothingToShow(f"the camera's last look is of {newest:%Y-%m-%d %H:%M:%S} UTC")
        planes, count = self.maker.composed(looks)
        return planes, newest, count

    def still_of_now(self) -> MaskedStill:
        """A masked still of now.

        Raises:
            NothingToShow: There is no look of now.
            DecodeFailed: None could be decoded.
            MaskFailed: It could not be masked.
        """
        return self.maker.masked(*self.now())


class Sights:
    """The live views of a worker, by camera; shared between the cameras' threads and the commands'."""

    def __init__(self) -> None:
        # Decoders of their own: a stream whose decoder hangs for a command holds up no look.
        self.pool = DecoderPool(workers=1)
        self._by_camera: dict[str, Sight] = {}
        self._lock = threading.Lock()

    def show(self, camera_id: str, sight: Sight) -> None:
        """A camera's view is watched from now on, or anew."""
        with self._lock:
            self._by_camera[camera_id] = sight

    def of(self, camera_id: str | None, view_id: str | None) -> Sight:
        """The view of a camera.

        Raises:
            NothingToShow: This worker does not watch it.
        """
        with self._lock:
            sight = self._by_camera.get(camera_id or "")
        if sight is None:
            raise NothingToShow(f"camera {camera_id} has shown nothing to this worker yet")
        if view_id is not None and sight.view.id != view_id:
            raise NothingToShow(f"view {view_id} of camera {camera_id} is not watched; {sight.view.id} is")
        return sight


def keep_picture(folder: Path, kind: Kind, masked_bgr: NDArray[np.uint8]) -> EvidenceFile:
    """Write a masked picture under the name of its hash.

    Raises:
        StorageFull: There is no room.
    """
    jpeg = encode_jpeg(masked_bgr)
    path = folder / f"{jpeg.sha256}.jpg"
    if not path.exists():
        write_whole(path, jpeg.content)
    return EvidenceFile(kind, jpeg.sha256, path)


def read_still(still: StillFile) -> NDArray[np.uint8]:
    """The (H, W, 3) masked picture of a still.

    Raises:
        NothingToShow: It was thinned out meanwhile.
    """
    image = cv2.imread(str(still.path), cv2.IMREAD_COLOR)
    if image is None:
        raise NothingToShow(f"the still of {still.captured_at:%Y-%m-%d %H:%M} UTC is gone")
    return np.asarray(image, np.uint8)
