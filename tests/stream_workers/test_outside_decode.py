"""Hostile pictures: whatever comes from outside ends as pixels or as a refusal, never as anything else."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream_workers.outside_decode import NoPicture, decode_apart, picture_size


def encoded(kind: str, size_wh: tuple[int, int] = (64, 48)) -> bytes:
    rng = np.random.default_rng(5)
    picture = cv2.GaussianBlur(rng.integers(0, 255, (size_wh[1], size_wh[0], 3), dtype=np.uint8), (9, 9), 0)
    return cv2.imencode(kind, picture)[1].tobytes()


def png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_bomb(side: int) -> bytes:
    """A PNG of a few kilobytes that claims side x side pixels and has them."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compressobj(9)
    row = b"\0" * (1 + side * 3)
    packed = b"".join(pixels.compress(row) for _ in range(side)) + pixels.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", packed)
        + png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp"])
def test_a_picture_of_each_kind_gives_its_pixels(kind: str) -> None:
    content = encoded(kind)
    assert picture_size(content) == (64, 48)
    assert decode_apart(content).shape == (48, 64, 3)


def test_a_picture_is_upright_by_its_orientation_which_is_then_gone() -> None:
    plain = encoded(".jpg")
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    tiff = b"MM\0*\0\0\0\x08" + struct.pack(">H", 1) + entry + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff
    turned = plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif + plain[2:]
    assert decode_apart(turned).shape == (64, 48, 3)


def test_a_large_picture_is_made_smaller() -> None:
    assert max(decode_apart(encoded(".jpg", (4200, 300))).shape) == 3840


def test_what_follows_a_picture_is_no_part_of_it() -> None:
    polyglot = encoded(".jpg") + b"PK\x03\x04" + b"<script>alert(1)</script>" * 50
    assert np.array_equal(decode_apart(polyglot), decode_apart(encoded(".jpg")))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + bytes(200),
        b"%PDF-1.7 " + bytes(200),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>" + bytes(200),
        b"\xff\xd8\xff" + bytes(200),
        b"RIFF\0\0\0\0WEBPVP9 " + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(NoPicture):
        decode_apart(content)


@pytest.mark.parametrize("kind", [".jpg", ".png"])
def test_one_that_is_cut_off_or_damaged_in_its_middle_is_refused_or_gives_pixels(kind: str) -> None:
    whole = encoded(kind, (320, 240))
    with pytest.raises(NoPicture):
        decode_apart(whole[:80])
    damaged = whole[:200] + bytes(200) + whole[400:]
    try:
        assert decode_apart(damaged).shape == (240, 320, 3)
    except NoPicture as refused:
        assert str(refused)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (60_000, 2), (8_000, 8_000)])
def test_a_bomb_is_refused_by_what_it_claims_before_it_is_decoded(width: int, height: int) -> None:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    claims = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", bytes(64))
    with pytest.raises(NoPicture, match=f"{width}x{height}"):
        decode_apart(claims)


@pytest.mark.slow
def test_a_bomb_within_the_limit_ends_as_a_small_picture() -> None:
    bomb = png_bomb(6000)
    assert len(bomb) < 300_000
    assert max(decode_apart(bomb).shape) == 3840


def test_one_that_lies_about_its_size_is_refused() -> None:
    content = bytearray(encoded(".png"))
    content[16:24] = struct.pack(">II", 32, 32)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    with pytest.raises(NoPicture):
        decode_apart(bytes(content))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\0\0\0\0WEBPVP8X", b""]),
    st.binary(max_size=200),
)
def test_no_header_makes_the_reader_of_sizes_fail(start: bytes, rest: bytes) -> None:
    try:
        width, height = picture_size(start + rest)
    except NoPicture:
        return
    assert 0 < width * height <= 40_000_000
