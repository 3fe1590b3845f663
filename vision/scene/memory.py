"""Scene memory: what a view looks like, and what in it is new *and stays*.

Each pixel of a small grid keeps three small integers: the background, a candidate that differs
from it, and for how many looks the candidate has stayed. Passers-by never match twice in a row,
so they lower a young candidate and leave an old one alone. Everything is uint8, so that what is
stored after a look is exactly what the next look uses.
"""

import zlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import BadInput
from vision.scene.light import match_light

__all__ = ["GRID_LONG_SIDE", "STAY_CAP", "Mask", "SceneLook", "SceneMemory", "grid_size"]

U8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]

GRID_LONG_SIDE = 320
STAY_CAP = 60
"""Looks that a candidate can bank; an old one outlives an occluder of four times as many looks."""
MATCH_LEVELS = 12
"""Least grey-level distance that counts as different; H.264 at 2-4 Mb/s stays below it."""
MOST_MATCH_LEVELS = 36
BURST_SHARE = 0.45
"""More changed pixels than this is the light or the camera, not things."""
FOREIGN_NOISE = 10.0
"""A typical difference beyond this, after the light is matched, is another scene."""
REBASE_AFTER = 3
"""Looks in a row in a new light before the background is taken anew."""
MAGIC = b"SKM1"


@dataclass(frozen=True, slots=True, eq=False)
class SceneLook:
    """What one look says against the memory, on the grid.

    Args:
        staying: (h, w) bool, new things that stay (candidate old enough).
        visible: (h, w) bool, the candidate is seen right now.
        background: (h, w) bool, the background is seen right now.
        picture: (h, w) uint8, the look in the memory's light.
        changed_share: Share of pixels that show neither background nor candidate.
        admitted: False where the look was too different to be used.
        rebased: True where the background was taken anew in this look.
    """

    staying: Mask
    visible: Mask
    background: Mask
    picture: U8
    changed_share: float
    admitted: bool
    rebased: bool


def grid_size(picture_wh: tuple[int, int]) -> tuple[int, int]:
    """The grid for a picture: the long side 320, the same proportions, even numbers; never enlarged."""
    width, height = picture_wh
    scale = min(1.0, GRID_LONG_SIDE / max(width, height))
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


class SceneMemory:
    """The memory of one view.

    Args:
        size_wh: Size of the grid.
        persist_looks: Looks that something must stay before it is called staying.
    """

    def __init__(self, size_wh: tuple[int, int], persist_looks: int) -> None:
        shape = (size_wh[1], size_wh[0])
        self.persist_looks = max(2, min(persist_looks, STAY_CAP // 2))
        self.background: U8 = np.zeros(shape, np.uint8)
        self.candidate: U8 = np.zeros(shape, np.uint8)
        self.stayed: U8 = np.zeros(shape, np.uint8)
        self.looks = 0
        self.odd_looks = 0
        self._begun: _Begun | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Grid size, width and height."""
        return self.background.shape[1], self.background.shape[0]

    def look(self, luma: U8) -> SceneLook:
        """Take one look into the memory and say what is new and stays.

        Args:
            luma: (h, w) uint8, the look's luma on the grid.

        Raises:
            BadInput: The look has another size than the grid.
        """
        if luma.shape != self.background.shape:
            raise BadInput(f"a look of {luma.shape} does not fit a memory of {self.background.shape}")
        if self.looks == 0:
            self.background = luma.copy()
            self.looks = 1
            nothing = np.zeros(luma.shape, bool)
            return SceneLook(nothing, nothing, ~nothing, luma, 0.0, admitted=True, rebased=True)
        light = match_light(luma, self.background, self.stayed == 0)
        tolerance = min(max(round(3.5 * light.noise), MATCH_LEVELS), MOST_MATCH_LEVELS)
        shows_background = _within(light.picture, self.background, tolerance)
        shows_candidate = self._shows_candidate(light.picture, tolerance)
        shows_candidate &= ~shows_background | self._nearer_to_candidate(light.picture)
        changed = 1.0 - np.count_nonzero(shows_background | shows_candidate) / luma.size
        if changed > BURST_SHARE or light.noise > FOREIGN_NOISE:
            return self._odd_look(luma, light.picture, changed)
        self.odd_looks = 0
        self._learn(light.picture, shows_background, shows_candidate)
        self.looks += 1
        return SceneLook(
            self.stayed >= self.persist_looks,
            shows_candidate,
            shows_background & ~shows_candidate,
            light.picture,
            changed,
            admitted=True,
            rebased=False,
        )

    def absorb(self, mask: Mask) -> None:
        """Take what stays inside `mask` into the background: it is explained and no longer new."""
        inside = mask & (self.stayed > 0)
        self.background[inside] = self.candidate[inside]
        self.forget(mask)

    def forget(self, mask: Mask) -> None:
        """Drop candidates inside `mask`."""
        self.stayed[mask] = 0
        self.candidate[mask] = 0

    def shift(self, dx_px: float, dy_px: float) -> None:
        """Follow a view that was pushed a little: all that is remembered lies so many grid pixels further.

        Args:
            dx_px: To the right.
            dy_px: Downwards.
        """
        move = np.array([[1.0, 0.0, dx_px], [0.0, 1.0, dy_px]])
        for name, how in (
            ("background", cv2.INTER_LINEAR),
            ("candidate", cv2.INTER_NEAREST),
            ("stayed", cv2.INTER_NEAREST),
        ):
            plane = getattr(self, name)
            moved = cv2.warpAffine(plane, move, self.size_wh, flags=how, borderMode=cv2.BORDER_REPLICATE)
            setattr(self, name, np.asarray(moved, np.uint8))

    def restart(self, luma: U8) -> None:
        """Begin anew from this look: the view has moved."""
        self.background = luma.copy()
        self.candidate[:] = 0
        self.stayed[:] = 0
        self.looks = 1
        self.odd_looks = 0

    def pack(self) -> bytes:
        """The memory as bytes, compressed; `unpack` gives exactly this memory back."""
        height, width = self.background.shape
        head = np.array([width, height, self.persist_looks, self.looks, self.odd_looks], "<u4").tobytes()
        if self._begun is None or not np.array_equal(self._begun.background, self.background):
            self._begun = _Begun.of(self.background)
        squeezed = self._begun.squeezed.copy()
        rest = squeezed.compress(_differences(self.candidate) + _differences(self.stayed))
        return MAGIC + head + self._begun.squeezed_bytes + rest + squeezed.flush()

    @classmethod
    def unpack(cls, stored: bytes) -> "SceneMemory":
        """The memory that `pack` stored.

        Raises:
            BadInput: The bytes are no scene memory.
        """
        if stored[:4] != MAGIC:
            raise BadInput("not a stored scene memory")
        width, height, persist, looks, odd = (int(v) for v in np.frombuffer(stored[4:24], "<u4"))
        flat = np.frombuffer(zlib.decompress(stored[24:]), np.uint8)
        if len(flat) != 3 * width * height:
            raise BadInput("the stored scene memory is cut off")
        planes = np.cumsum(flat.reshape(3, height, width), axis=2, dtype=np.uint8)
        memory = cls((width, height), persist)
        memory.background, memory.candidate, memory.stayed = (plane.copy() for plane in planes)
        memory.looks, memory.odd_looks = looks, odd
        return memory

    def _shows_candidate(self, picture: U8, tolerance: int) -> Mask:
        """Where the look shows the candidate; only candidates count as neighbours of a candidate."""
        held = self.stayed > 0
        # Where nothing is held the candidate is 0, which is no neighbour's greatest; 255 is none's least.
        low, high = _neighbour_range(self.candidate | (held.view(np.uint8) - np.uint8(1)), self.candidate)
        return held & _between(picture, low, high, tolerance)

    def _nearer_to_candidate(self, picture: U8) -> Mask:
        """Where an old candidate explains the look better than the background does."""
        old = self.stayed >= self.persist_looks
        return old & (cv2.absdiff(picture, self.candidate) < cv2.absdiff(picture, self.background))

    def _learn(self, picture: U8, shows_background: Mask, shows_candidate: Mask) -> None:
        """Update the three integers of every pixel."""
        before = self.stayed
        only_background = shows_background & ~shows_candidate
        # An occluder wears an old candidate down slowly; seen background ends any fast.
        wears = before > 0 if self.looks % 4 == 0 else (before > 0) & (before < self.persist_looks)
        stayed = before - wears.view(np.uint8)
        fallen = before - np.minimum(before, np.maximum(before >> np.uint8(2), np.uint8(1)))
        np.copyto(stayed, fallen, where=only_background)
        np.copyto(stayed, np.minimum(before, STAY_CAP - 1) + np.uint8(1), where=shows_candidate)
        fresh = (stayed == 0) & ~shows_background & ~shows_candidate
        stayed |= fresh.view(np.uint8)
        np.copyto(self.candidate, picture, where=fresh)
        np.copyto(self.candidate, np.uint8(0), where=stayed == 0)
        self.stayed = stayed
        _follow(self.candidate, picture, shows_candidate)
        if self.looks % 4 == 0:
            _follow(self.background, picture, only_background)

    def _odd_look(self, luma: U8, picture: U8, changed: float) -> SceneLook:
        """A look in which almost everything differs: wait, then take the background anew.

        What stays is kept: its candidate is read from the new light, so that a lamp that goes on
        neither closes an incident nor opens one.
        """
        self.odd_looks += 1
        rebased = self.odd_looks >= REBASE_AFTER
        old = self.stayed >= self.persist_looks
        if rebased:
            self.odd_looks = 0
            gain_only = _plain_match(self.background, luma)
            self.background = np.where(old, gain_only, luma).astype(np.uint8)
            self.candidate = np.where(old, luma, 0).astype(np.uint8)
            self.stayed = np.where(old, self.stayed, 0).astype(np.uint8)
        self.looks += 1
        nothing = np.zeros(luma.shape, bool)
        return SceneLook(old, nothing, nothing, picture, changed, admitted=False, rebased=rebased)


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """The first part of a packed memory: most looks leave the background as it is, and it takes longest.

    Args:
        background: (h, w) uint8, what was packed.
        squeezed: The compressor after it; to be copied, never used.
        squeezed_bytes: What it gave so far.
    """

    background: U8
    squeezed: "zlib._Compress"
    squeezed_bytes: bytes

    @classmethod
    def of(cls, background: U8) -> "_Begun":
        """The first part for this background."""
        # Runs of zeros and skewed differences are all there is to gain; a search for longer matches is not.
        squeezed = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
        return cls(background.copy(), squeezed, squeezed.compress(_differences(background)))


def _differences(plane: U8) -> bytes:
    """Differences along each row: they compress far better than levels; the sum restores them exactly."""
    return np.diff(plane, axis=1, prepend=np.uint8(0)).astype(np.uint8).tobytes()


def _within(picture: U8, reference: U8, tolerance: int) -> Mask:
    """Where the picture lies within the reference's neighbourhood range, widened by `tolerance`."""
    low, high = _neighbour_range(reference, reference)
    return _between(picture, low, high, tolerance)


def _neighbour_range(low: U8, high: U8) -> tuple[U8, U8]:
    """Least and greatest level in each 3x3 neighbourhood.

    It absorbs a shake of one grid pixel: about six pixels of a 1080p picture.
    """
    kernel = np.ones((3, 3), np.uint8)
    return np.asarray(cv2.erode(low, kernel), np.uint8), np.asarray(cv2.dilate(high, kernel), np.uint8)


def _between(picture: U8, low: U8, high: U8, tolerance: int) -> Mask:
    """Where the picture lies between two planes, widened by `tolerance` grey levels."""
    margin = np.full_like(low, tolerance)
    inside = cv2.inRange(picture, cv2.subtract(low, margin), cv2.add(high, margin))
    return np.asarray(inside).astype(np.bool_)


def _follow(plane: U8, picture: U8, where: Mask) -> None:
    """Move `plane` by one level towards `picture`, in place: drift, never a jump."""
    rises, falls = where & (picture > plane), where & (picture < plane)
    plane += rises.view(np.uint8)
    plane -= falls.view(np.uint8)


def _plain_match(background: U8, luma: U8) -> U8:
    """The background in a new light, by mean and spread alone."""
    past, now = background.astype(np.float32), luma.astype(np.float32)
    scale = float(now.std()) / max(1.0, float(past.std()))
    matched = (past - past.mean()) * scale + now.mean()
    return np.asarray(np.clip(np.rint(matched), 0, 255), dtype=np.uint8)
