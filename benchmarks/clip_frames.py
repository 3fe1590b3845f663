"""Frames of recorded clips, found by the file's SHA-256 and the frame's time."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["find_clips", "read_frames"]

SAME_FRAME_S = 0.005


def find_clips(folder: Path, wanted: set[str]) -> dict[str, Path]:
    """The files of a folder whose SHA-256 is in `wanted`, by that hash."""
    found = {}
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.is_file():
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 in wanted:
                found[sha256] = path
    return found


def read_frames(path: Path, times_s: Sequence[float]) -> Iterator[NDArray[np.uint8]]:
    """The displayed frames at `times_s`, (H, W, 3) uint8 BGR.

    Args:
        path: The clip.
        times_s: Seconds after the first frame, rising.

    Raises:
        ValueError: The clip has no frame at one of the times.
    """
    waiting = list(times_s)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        first_s: float | None = None
        for frame in container.decode(stream):
            if not waiting:
                return
            if frame.time is None:
                continue
            first_s = frame.time if first_s is None else first_s
            if frame.time - first_s >= waiting[0] - SAME_FRAME_S:
                waiting.pop(0)
                yield _displayed(frame)
    if waiting:
        raise ValueError(f"{path.name} has no frame at {waiting[0]} s")


def _displayed(frame: av.VideoFrame) -> NDArray[np.uint8]:
    image = frame.to_ndarray(format="bgr24")
    return np.ascontiguousarray(np.rot90(image, frame.rotation // 90 % 4), dtype=np.uint8)
