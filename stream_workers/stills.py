"""Background stills on disk: whole, full-size, masked, and thinned with age."""

import logging
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from stream_workers.errors import DecodeFailed, StorageFull
from stream_workers.look_ring import Encoded, HeldLook, LookRing
from stream_workers.masking import DeadlineMask
from stream_workers.picture_files import PARTIAL, Jpeg, encode_jpeg, write_whole
from vision.errors import MaskFailed
from vision.privacy.cover import PrivacyZones, black_out
from vision.privacy.mask import MaskReport
from vision.scene.stills import compose
from vision.types import Box, Planes

__all__ = ["BackgroundStills", "MaskedStill", "StillFile", "StillMaker", "StillStore"]

LOG = logging.getLogger(__name__)
LOOKS_PER_STILL = 5
"""Median of five: what stands there for two of five looks or less has vanished."""
STILL_EVERY = timedelta(minutes=10)
ALL_OF = timedelta(hours=2)
HOURLY_FOR = timedelta(days=1)
DAILY_FOR = timedelta(days=30)
MOST_BYTES = 12_000_000
MOST_STILLS = 66
"""All of two hours (13), one an hour to a day (23), one a day to 30 days (30)."""
QUALITIES = (85, 75, 65, 55, 45)
"""JPEG qualities, tried until a still takes no more than its share of the space."""
NAME_FORMAT = "%Y%m%dT%H%M%S"

E = TypeVar("E", bound=Encoded)


@dataclass(frozen=True, slots=True, eq=False)
class MaskedStill:
    """The masked median of several looks. There is no other way from a look to a file.

    Args:
        image: (H, W, 3) uint8 BGR, masked.
        captured_at: Capture time of its newest look, aware UTC.
        looks: How many looks it is the median of.
        report: What the mask pass covered.
    """

    image: NDArray[np.uint8]
    captured_at: datetime
    looks: int
    report: MaskReport


class StillMaker(Generic[E]):
    """Turns encoded looks into masked stills.

    Args:
        decode: Decodes one look, rotated to how it is displayed; raises DecodeFailed.
        mask: The mask pass with its deadline.
        privacy: What is black in every picture.
    """

    def __init__(
        self,
        decode: Callable[[E], Planes],
        mask: DeadlineMask,
        privacy: PrivacyZones | None = None,
    ) -> None:
        self._decode = decode
        self._mask = mask
        self._zones = privacy or PrivacyZones()
        self._at_hand: tuple[E, weakref.ref[Planes]] | None = None

    def remember(self, encoded: E, planes: Planes) -> None:
        """Spare the look that is being handled a second decoding; its picture is not kept alive for that.

        Args:
            encoded: The look.
            planes: What decoding it gives, to the last bit.
        """
        self._at_hand = (encoded, weakref.ref(planes))

    def make(self, looks: Sequence[HeldLook[E]], keep: Box | None = None) -> MaskedStill:
        """The masked median of `looks`, oldest first; those that do not decode are left out.

        Args:
            looks: What to compose; looks of another size than the newest are left out.
            keep: Box of an incident that is itself a vehicle, pixels.

        Raises:
            DecodeFailed: None of the looks could be decoded.
            MaskFailed: People could not be masked: there is no picture.
        """
        planes, count = self.composed(looks)
        return self.masked(planes, looks[-1].captured_at, count, keep)

    def composed(self, looks: Sequence[HeldLook[E]]) -> tuple[Planes, int]:
        """The median of `looks`, black where privacy zones are, and of how many it is; not masked yet.

        Raises:
            DecodeFailed: None of the looks could be decoded.
        """
        pictures = self._decoded(looks)
        if not pictures:
            raise DecodeFailed("no look could be decoded for a still")
        return black_out(compose(pictures), self._zones), len(pictures)

    def masked(
        self, planes: Planes, captured_at: datetime, looks: int, keep: Box | None = None
    ) -> MaskedStill:
        """What `composed` gives, masked.

        Raises:
            MaskFailed: People could not be masked: there is no picture.
        """
        image, report = self._mask.mask(planes.bgr(), keep)
        return MaskedStill(image, captured_at, looks, report)

    def _decoded(self, looks: Sequence[HeldLook[E]]) -> list[Planes]:
        pictures = []
        for look in looks:
            try:
                pictures.append(self._picture(look.encoded))
            except DecodeFailed:
                LOG.warning("look_of_still_undecodable", extra={"captured_at": look.captured_at})
        return [picture for picture in pictures if picture.size_wh == pictures[-1].size_wh]

    def _picture(self, encoded: E) -> Planes:
        if self._at_hand is not None and self._at_hand[0] is encoded:
            planes = self._at_hand[1]()
            if planes is not None:
                return planes
        return self._decode(encoded)


@dataclass(frozen=True, slots=True)
class StillFile:
    """One background still on disk.

    Args:
        captured_at: Capture time of its newest look, aware UTC, whole seconds.
        path: The JPEG.
        size_bytes: Its length.
    """

    captured_at: datetime
    path: Path
    size_bytes: int


class StillStore:
    """The background stills of one view: all of two hours, one an hour to a day, one a day to 30 days.

    Args:
        folder: Holds the files of this view and nothing else.
        most_bytes: Most that they may take together. Each is encoded so that all of them fit; where
            that cannot be, as with 4K pictures, the oldest go first.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        if folder.is_dir():
            for left_behind in folder.glob(f"*{PARTIAL}"):
                left_behind.unlink(missing_ok=True)

    def add(self, still: MaskedStill) -> StillFile:
        """Write a still and thin the older ones.

        Raises:
            StorageFull: The disk is full; the stills that are there stay.
        """
        jpeg = self._fitting(still.image)
        path = self._folder / f"{still.captured_at.astimezone(UTC).strftime(NAME_FORMAT)}.jpg"
        write_whole(path, jpeg.content)
        self.thin(still.captured_at)
        return StillFile(_time_of(path), path, len(jpeg.content))

    def _fitting(self, image_bgr: NDArray[np.uint8]) -> Jpeg:
        """The picture in the best quality that takes no more than its share, or in the least."""
        share = self._most_bytes // MOST_STILLS
        for quality in QUALITIES[:-1]:
            jpeg = encode_jpeg(image_bgr, quality)
            if len(jpeg.content) <= share:
                return jpeg
        return encode_jpeg(image_bgr, QUALITIES[-1])

    def all(self) -> tuple[StillFile, ...]:
        """Every still on disk, oldest first."""
        if not self._folder.is_dir():
            return ()
        found = [
            StillFile(_time_of(path), path, path.stat().st_size)
            for path in self._folder.glob("*T*.jpg")
            if _is_still(path)
        ]
        return tuple(sorted(found, key=lambda still: still.captured_at))

    def nearest(self, before: datetime) -> StillFile | None:
        """The newest still that is not later than `before`."""
        return max(
            (still for still in self.all() if still.captured_at <= before),
            key=lambda still: still.captured_at,
            default=None,
        )

    def first_since(self, at: datetime) -> StillFile | None:
        """The oldest still that is not earlier than `at`."""
        return next((still for still in self.all() if still.captured_at >= at), None)

    def thin(self, now: datetime) -> None:
        """Delete what is too old, too dense for its age, or over the size that is allowed."""
        keep = _thinned(self.all(), now)
        total = sum(still.size_bytes for still in keep)
        while len(keep) > 1 and total > self._most_bytes:
            total -= keep.pop(0).size_bytes
        kept = {still.path for still in keep}
        for still in self.all():
            if still.path not in kept:
                still.path.unlink(missing_ok=True)


class BackgroundStills(Generic[E]):
    """Composes and keeps a background still of a view every ten minutes.

    Args:
        ring: The view's last looks.
        maker: Makes the still.
        store: Keeps it.
        every: Time between two stills.
    """

    def __init__(
        self, ring: LookRing[E], maker: StillMaker[E], store: StillStore, every: timedelta = STILL_EVERY
    ) -> None:
        self._ring = ring
        self._maker = maker
        self._store = store
        self._every = every
        newest = store.all()
        self._next_at = newest[-1].captured_at + every if newest else None

    def keep_if_due(self, now: datetime) -> StillFile | None:
        """Compose and write a still when ten minutes have passed since the last; else None.

        A still that cannot be masked or written is left out and told; the next one is tried ten
        minutes later.
        """
        if self._next_at is None:
            # Not at the first look: a single look is no background yet.
            self._next_at = now + self._every
        if now < self._next_at and self._next_at - now <= self._every:
            return None
        self._next_at = now + self._every
        looks = self._ring.spread(LOOKS_PER_STILL)
        if not looks:
            return None
        try:
            return self._store.add(self._maker.make(looks))
        except (MaskFailed, DecodeFailed, StorageFull) as failure:
            LOG.warning("background_still_left_out", extra={"reason": str(failure)})
            return None


def _is_still(path: Path) -> bool:
    try:
        _time_of(path)
    except ValueError:
        return False
    return True


def _time_of(path: Path) -> datetime:
    return datetime.strptime(path.stem, NAME_FORMAT).replace(tzinfo=UTC)


def _thinned(stills: Sequence[StillFile], now: datetime) -> list[StillFile]:
    """What the ages allow, oldest first; of an hour or a day its first still stays."""
    kept: list[StillFile] = []
    taken: set[str] = set()
    for still in stills:
        age = now - still.captured_at
        if age <= ALL_OF:
            kept.append(still)
            continue
        if age > DAILY_FOR:
            continue
        slot = still.captured_at.strftime("h%Y%m%d%H" if age <= HOURLY_FOR else "d%Y%m%d")
        if slot not in taken:
            taken.add(slot)
            kept.append(still)
    return kept
