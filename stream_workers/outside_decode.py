"""Decodes one picture from outside in a process of its own: whatever is in it can only end that process.

Run as `python -m stream_workers.outside_decode`: the file on standard input, and on standard output its
width and height as two big-endian numbers of four bytes, then its pixels, (H, W, 3) uint8 BGR. Exit status
3: it is no picture that is taken, and standard error says why in one line.
"""

import resource
import struct
import subprocess
import sys
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NoPicture", "decode_apart", "picture_size"]

MOST_PIXELS: Final = 40_000_000
MOST_SIDE: Final = 20_000
LONGEST_SIDE_KEPT: Final = 3840
MOST_BYTES: Final = 1_500_000_000
MOST_CPU_S: Final = 30
REFUSED: Final = 3
SHORTEST: Final = 64
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class NoPicture(Exception):
    """The bytes are no picture that is taken; the message says why."""


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height that a JPEG, PNG or WebP file claims, before anything is decoded.

    Raises:
        NoPicture: It is none of these, is cut off, or claims more pixels than are taken.
    """
    size = _claimed(content)
    if size is None:
        raise NoPicture("it is no JPEG, PNG or WebP, or is cut off")
    width, height = size
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE) or width * height > MOST_PIXELS:
        raise NoPicture(f"it claims {width}x{height} pixels; at most 40 million are taken")
    return size


def _claimed(content: bytes) -> tuple[int, int] | None:
    if len(content) < SHORTEST:
        return None
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(content)
    if content.startswith(_PNG) and content[12:16] == b"IHDR":
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp_size(content)
    return None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """From the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 < len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _FRAMES:
            return int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        if marker in (0xD9, 0xDA):
            return None
        at += 2 if marker == 0x01 or 0xD0 <= marker <= 0xD8 else 2 + int.from_bytes(content[at + 2 : at + 4])
    return None


def _webp_size(content: bytes) -> tuple[int, int] | None:
    """From the first chunk (WebP Container Specification; RFC 6386, 9.1; WebP lossless, 3)."""
    kind, body = content[12:16], content[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return (
            int.from_bytes(body[6:8], "little") & 0x3FFF,
            int.from_bytes(body[8:10], "little") & 0x3FFF,
        )
    return None


def decode_apart(content: bytes, timeout_s: float = 60.0) -> NDArray[np.uint8]:
    """The (H, W, 3) BGR pixels of a picture, upright, at most 3840 on a side; all else stays behind.

    Raises:
        NoPicture: It is none, claims too much, or its decoder ran out of memory or time.
    """
    picture_size(content)
    command = [sys.executable, "-m", "stream_workers.outside_decode"]
    try:
        done = subprocess.run(  # noqa: S603  our own module
            command, input=content, capture_output=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoPicture("its decoder did not come to an end") from None
    if done.returncode != 0:
        told = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
        reason = told[0] if done.returncode == REFUSED else "its decoder failed on it"
        raise NoPicture(reason[:200])
    width, height = struct.unpack(">II", done.stdout[:8])
    if len(done.stdout) != 8 + width * height * 3:
        raise NoPicture("its decoder failed on it")
    return np.frombuffer(done.stdout, np.uint8, offset=8).reshape(height, width, 3).copy()


def _decode() -> int:
    """In the process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    import cv2

    cv2.setNumThreads(1)
    try:
        size = picture_size(content)
        # Turned as it is to be shown, by the orientation in its metadata; the pixels are all that is left.
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except (NoPicture, cv2.error) as error:
        return _refuse(str(error) if isinstance(error, NoPicture) else "its decoder failed on it")
    if image is None or sorted(image.shape[:2]) != sorted(size):
        return _refuse("it is damaged or cut off")
    scale = LONGEST_SIDE_KEPT / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    sys.stdout.buffer.write(struct.pack(">II", width, height) + image.tobytes())
    sys.stdout.buffer.flush()
    return 0


def _refuse(reason: str) -> int:
    sys.stderr.write(reason + "\n")
    return REFUSED


if __name__ == "__main__":
    sys.exit(_decode())
