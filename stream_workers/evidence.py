"""Evidence of an incident: before, arrival and now, masked, or no picture and the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.incident import EvidenceRef
from stream_workers.errors import DecodeFailed, StorageFull
from stream_workers.look_ring import Encoded, HeldLook, LookRing
from stream_workers.picture_files import encode_jpeg, write_whole
from stream_workers.stills import LOOKS_PER_STILL, StillFile, StillMaker, StillStore
from vision.errors import BadInput, MaskFailed
from vision.scene.stills import evidence_picture
from vision.types import Box

__all__ = ["EvidenceFile", "EvidenceMaker", "EvidenceResult", "Kind"]

Kind = Literal["before", "arrival", "now", "still", "clip"]
E = TypeVar("E", bound=Encoded)

FEWEST_BEFORE = 3
"""Fewer looks than this from before it appeared: the last background still shows it better."""
STILL_REACHES_BACK = timedelta(minutes=10)
"""A background still is composed of ten minutes, so one that is younger may still show the time before."""
STILL_IS_FRESH_FOR = timedelta(minutes=20)
STILL_IS_ARRIVAL_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """One masked picture, or one clip of masked pictures, of an incident.

    Args:
        kind: `before`, `arrival`, `now`, `still` or `clip`.
        sha256: Of the file.
        path: The JPEG or MP4, named by its hash.
        masked: Always true: an unmasked picture has no file.
    """

    kind: Kind
    sha256: str
    path: Path
    masked: Literal[True] = True

    def evidence_ref(self) -> EvidenceRef:
        """How an event names this picture."""
        return EvidenceRef(kind=self.kind, sha256=self.sha256, href=f"evidence/{self.path.name}", masked=True)


@dataclass(frozen=True, slots=True)
class EvidenceResult:
    """What could be shown of an incident.

    Args:
        files: The pictures, in the order before, arrival, now; possibly none.
        note: Why pictures are missing, in plain words; None where nothing is.
    """

    files: tuple[EvidenceFile, ...]
    note: str | None


class EvidenceMaker(Generic[E]):
    """Makes the evidence of one view's incidents.

    Args:
        ring: The view's last looks, undecoded.
        stills: Its background stills on disk; None where none are kept.
        maker: Composes and masks.
        out_dir: Where the pictures go; events call it `evidence/`.
    """

    def __init__(
        self, ring: LookRing[E], stills: StillStore | None, maker: StillMaker[E], out_dir: Path
    ) -> None:
        self.ring = ring
        self.stills = stills
        self._maker = maker
        self._out_dir = out_dir

    def for_incident(
        self, box_xyxy_px: Box, first_seen: datetime, now: datetime, *, vehicle_keep: bool = False
    ) -> EvidenceResult:
        """The pictures of an incident as far as they can be had and masked.

        Never raises for a picture that cannot be made: an event without a picture is still an event.

        Args:
            box_xyxy_px: The incident, pixels of the displayed frame.
            first_seen: Capture time of its first look.
            now: Capture time of the newest look.
            vehicle_keep: The incident is itself a vehicle (a vendor's tricycle): leave it visible.
        """
        keep = box_xyxy_px if vehicle_keep else None
        latest = [look for look in self.ring.latest(LOOKS_PER_STILL) if first_seen <= look.captured_at <= now]
        arrival = self._arrival_looks(first_seen)
        before = self.ring.before(first_seen, LOOKS_PER_STILL)
        made = _Made(self._out_dir, box_xyxy_px)
        self._show_before(made, first_seen, before)
        if arrival is None:
            made.show_still("arrival", self._arrival_still(first_seen, now))
        elif [look.captured_at for look in arrival] != [look.captured_at for look in latest]:
            made.show_looks("arrival", self._maker, arrival, keep)
        made.show_looks("now", self._maker, latest, keep)
        return made.result()

    def _show_before(self, made: "_Made", first_seen: datetime, looks: Sequence[HeldLook[E]]) -> None:
        """A fresh background still serves as it is, masked already; else one is composed of the looks."""
        still = self._before_still(first_seen)
        is_fresh = still is not None and first_seen - still.captured_at <= STILL_IS_FRESH_FOR
        if is_fresh and made.show_still("before", still):
            return
        if len(looks) >= FEWEST_BEFORE or not made.show_still("before", still):
            made.show_looks("before", self._maker, looks, None)

    def _arrival_looks(self, first_seen: datetime) -> Sequence[HeldLook[E]] | None:
        """The looks just after it appeared; None where the ring no longer reaches back to it."""
        looks = self.ring.all()
        if not looks or looks[0].captured_at > first_seen:
            return None
        return self.ring.since(first_seen, LOOKS_PER_STILL)

    def _before_still(self, first_seen: datetime) -> StillFile | None:
        return self.stills.nearest(first_seen) if self.stills else None

    def _arrival_still(self, first_seen: datetime, now: datetime) -> StillFile | None:
        if self.stills is None:
            return None
        still = self.stills.first_since(first_seen + STILL_REACHES_BACK / 2)
        if still is None or still.captured_at > min(now, first_seen + STILL_IS_ARRIVAL_FOR):
            return None
        return still


class _Made:
    """The pictures made so far for one incident, and why others are missing."""

    def __init__(self, out_dir: Path, box: Box) -> None:
        self._out_dir = out_dir
        self._box = box
        self._files: list[EvidenceFile] = []
        self._reasons: dict[str, None] = {}

    def show_looks(
        self, kind: Kind, maker: StillMaker[E], looks: Sequence[HeldLook[E]], keep: Box | None
    ) -> None:
        """Compose, mask and write a picture from looks, or note why not."""
        if not looks:
            self._reasons[f"no look is held for '{kind}'"] = None
            return
        try:
            self._write(kind, maker.make(looks, keep).image)
        except (MaskFailed, DecodeFailed, StorageFull, BadInput) as failure:
            self._reasons[str(failure)] = None

    def show_still(self, kind: Kind, still: StillFile | None) -> bool:
        """Write a picture from a still that was masked when it was kept; False where there is none."""
        if still is None:
            return False
        image = cv2.imread(str(still.path), cv2.IMREAD_COLOR)
        if image is None:
            return False
        try:
            self._write(kind, np.asarray(image, dtype=np.uint8))
        except (StorageFull, BadInput) as failure:
            self._reasons[str(failure)] = None
        return True

    def result(self) -> EvidenceResult:
        """The pictures, and in one sentence why others are missing."""
        note = "; ".join(self._reasons)[:300] or None
        return EvidenceResult(tuple(self._files), note)

    def _write(self, kind: Kind, masked: NDArray[np.uint8]) -> None:
        jpeg = encode_jpeg(evidence_picture(masked, self._box))
        path = self._out_dir / f"{jpeg.sha256}.jpg"
        if not path.exists():
            write_whole(path, jpeg.content)
        self._files.append(EvidenceFile(kind, jpeg.sha256, path))
