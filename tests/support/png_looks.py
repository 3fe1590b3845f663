"""Encoded looks for tests: PNG, so that nothing is lost on the way."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stream_workers.errors import DecodeFailed
from vision.types import Planes


@dataclass(frozen=True)
class PngLook:
    """A look as PNG bytes."""

    data: bytes


def encode(image: NDArray[np.uint8]) -> PngLook:
    """The picture as a look."""
    done, encoded = cv2.imencode(".png", image)
    assert done
    return PngLook(encoded.tobytes())


def decode(look: PngLook) -> Planes:
    """The picture of a look."""
    image = cv2.imdecode(np.frombuffer(look.data, np.uint8), cv2.IMREAD_COLOR) if look.data else None
    if image is None:
        raise DecodeFailed("no PNG")
    return Planes.from_bgr(np.asarray(image, dtype=np.uint8))
