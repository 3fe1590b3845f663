"""JPEG files with a name, a hash, and never half of one."""

import errno
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from stream_workers.errors import StorageFull, StreamError

__all__ = ["Jpeg", "encode_jpeg", "write_whole"]

QUALITY = 85
PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Jpeg:
    """An encoded picture.

    Args:
        content: The file's bytes.
        sha256: Their SHA-256, lower-case hexadecimal.
    """

    content: bytes
    sha256: str


def encode_jpeg(image_bgr: NDArray[np.uint8], quality: int = QUALITY) -> Jpeg:
    """The (H, W, 3) picture as JPEG; the same picture gives the same bytes.

    Raises:
        StreamError: The encoder refuses it; a side is longer than 65,500 pixels.
    """
    done, encoded = cv2.imencode(".jpg", image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise StreamError(f"a picture of shape {image_bgr.shape} cannot be encoded as JPEG")
    content = encoded.tobytes()
    return Jpeg(content, hashlib.sha256(content).hexdigest())


def write_whole(path: Path, content: bytes) -> None:
    """Write the file as a whole or not at all, also when the power fails.

    Raises:
        StorageFull: The disk is full or cannot be written; nothing is left behind.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("the disk is full") from error
        raise StorageFull(f"the disk cannot be written: {error.strerror}") from error
