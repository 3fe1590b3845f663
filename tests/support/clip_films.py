"""Films of drawn people and things in colour, as the packets of a ring, and a clip's pictures read back."""

from collections.abc import Callable
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.files import FileSource
from stream_workers.sources.packet_ring import HeldPacket, PacketRing, StreamKind
from tests.support.colour_people import draw, ground

U8 = NDArray[np.uint8]
SIZE = (320, 240)
FPS = 10
HEAP = (100, 100, 140, 130)
HEAP_BGR = (20, 120, 40)
DrawFrame = Callable[[int], U8]


LOOKS_OF = np.repeat(np.repeat(np.random.default_rng(7).integers(0, 2, (21, 6)), 2, axis=0), 2, axis=1)
"""What a passer-by is recognised by: dark and light patches of two pixels."""


def passer_by(image: U8, box: tuple[int, int]) -> U8:
    """A copy with a person of 12x42 px whose upper left corner is at `box`."""
    x, y = box
    drawn = draw(image, "person", (x, y, x + 12, y + 42))
    part = drawn[y : y + 42, x : x + 12]
    part[LOOKS_OF.astype(bool)[:, : part.shape[1]]] = (205, 0, 205)
    return drawn


def where(number: int) -> tuple[int, int]:
    """Where the passer-by of `street` is."""
    return number * 3 % 300, 92


def street(number: int) -> U8:
    """A passer-by who walks through the heap and out of the picture, and a fine pattern on the ground."""
    image = ground(SIZE)
    image[::4] = 90
    image[HEAP[1] : HEAP[3], HEAP[0] : HEAP[2]] = HEAP_BGR
    return passer_by(image, where(number))


def recognised(picture: U8, box: tuple[int, int]) -> float:
    """How well a passer-by at `box` is recognised: correlation with her looks, 1 as she was drawn."""
    x, y = box
    seen = -picture[y : y + 42, x : x + 12].astype(float).mean(axis=2)
    if seen.std() < 1:
        return 0.0
    return float(np.corrcoef(seen.ravel(), LOOKS_OF[: seen.shape[0], : seen.shape[1]].ravel())[0, 1])


def coloured_film(
    path: Path, picture: DrawFrame = street, *, seconds: int = 20, gop: int = 10, b_frames: int = 0
) -> Path:
    """An H.264 film of drawn pictures, 10 fps, a keyframe every `gop` pictures."""
    height, width = picture(0).shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {
            "g": str(gop),
            "keyint_min": str(gop),
            "sc_threshold": "0",
            "bf": str(b_frames),
            "crf": "12",
            "preset": "ultrafast",
            "threads": "1",
        }
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


class AllPackets:
    """A tap that forgets nothing."""

    def __init__(self) -> None:
        self.packets: list[tuple[HeldPacket, StreamKind]] = []

    def take(self, packet: HeldPacket, kind: StreamKind) -> None:
        self.packets.append((packet, kind))


def packets_of(path: Path) -> list[tuple[HeldPacket, StreamKind]]:
    """Every packet of a film, as a worker's tap sees them."""
    tap = AllPackets()
    with FileSource(path, 1000.0, tap=tap, pool=DecoderPool(workers=1)) as source:
        for _ in source:
            pass
    return tap.packets


def ring_of(path: Path, until_s: float = 1e9) -> PacketRing:
    """A ring that has seen a film up to some time."""
    ring = PacketRing()
    for packet, kind in packets_of(path):
        if packet.time_s <= until_s:
            ring.take(packet, kind)
    return ring


def pictures_in(clip: Path | bytes) -> list[U8]:
    """The clip's pictures, (H, W, 3) uint8 BGR."""
    with av.open(BytesIO(clip) if isinstance(clip, bytes) else str(clip), "r") as container:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in container.decode(video=0)]
