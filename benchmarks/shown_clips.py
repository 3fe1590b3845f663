"""Frames of fixed cameras as the detector is shown them, with their persons and vehicles, to calibrate by."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.clip_frames import find_clips, read_frames
from benchmarks.privacy import TrueFrame, read_truth
from models.calibrate import Shown, Truth
from vision.errors import BadInput
from vision.types import Box

__all__ = ["shown_clips"]

VEHICLES = ("bicycle", "motorcycle", "car", "bus", "truck")
PERSON_PX, VEHICLE_PX = 40.0, 24.0
"""Lower persons and vehicles were not labelled throughout."""
TILES_PX = (416, 832)
"""A close crop, and a tile of the heartbeat."""


def shown_clips(footage: Path) -> Iterator[Shown]:
    """The labelled frames of the clips in a folder, each at both sizes of tiles; a clip is a group.

    Raises:
        BadInput: The folder has none of the labelled clips.
    """
    truth = read_truth()
    clips = find_clips(footage, set(truth))
    if not clips:
        raise BadInput(f"{footage} has none of the clips whose persons and vehicles are labelled")
    for sha256, path in sorted(clips.items()):
        frames = truth[sha256]
        for frame, image in zip(frames, read_frames(path, [one.time_s for one in frames]), strict=True):
            for tile_px in TILES_PX:
                yield Shown(path.name, image, _truths(frame), tile_px)


def _truths(frame: TrueFrame) -> tuple[Truth, ...]:
    return (
        Truth(("person",), _array(frame.persons), PERSON_PX),
        Truth(VEHICLES, _array(frame.vehicles), VEHICLE_PX),
    )


def _array(boxes: tuple[Box, ...]) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.array(boxes, np.float32).reshape(-1, 4)
