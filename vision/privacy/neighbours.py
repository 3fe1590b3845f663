"""Cover each frame of a clip with what was found in it and in the frames beside it."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from vision.privacy.cover import cover

__all__ = ["covered_with_neighbours"]

U8 = NDArray[np.uint8]
PaintedBox = tuple[int, int, int, int]


def covered_with_neighbours(frames: Iterable[tuple[U8, Sequence[PaintedBox]]]) -> Iterator[U8]:
    """Covered copies of the frames, in order.

    Who is missed in one frame is seldom missed in the one before and the one after too, and has hardly
    moved between them; what passes between two frames has passed through the boxes of both.

    Args:
        frames: Each (H, W, 3) frame as it was taken, all of one size, with the boxes that the mask pass
            covered in it; at most three are held at once.
    """
    before: Sequence[PaintedBox] = ()
    held: tuple[U8, Sequence[PaintedBox]] | None = None
    for image, boxes in frames:
        if held is not None:
            yield cover(held[0], [*before, *held[1], *boxes])
            before = held[1]
        held = image, boxes
    if held is not None:
        yield cover(held[0], [*before, *held[1]])
