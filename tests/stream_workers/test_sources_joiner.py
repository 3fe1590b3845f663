"""Keyframes that arrive in parts, and which packets of a bitstream are keyframes at all."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet
from hypothesis import given
from hypothesis import strategies as st

from stream_workers.sources.containers import VideoPacket
from stream_workers.sources.decode import decode_encoded
from stream_workers.sources.joiner import PictureJoiner
from stream_workers.sources.media import EncodedLook
from stream_workers.sources.nal import BitstreamReader, split_units
from tests.support.films import elementary, make_film

PICTURE_TICKS = 9000
START_CODE = b"\x00\x00\x00\x01"
SETS = {"h264": {7, 8}, "hevc": {32, 33, 34}}


@dataclass(frozen=True)
class Stream:
    """A bare bitstream, picture by picture, with start codes."""

    codec: str
    pictures: list[bytes]
    is_key: list[bool]

    def kind(self, unit: bytes) -> int:
        return unit[0] & 0x1F if self.codec == "h264" else (unit[0] >> 1) & 0x3F

    def units(self, data: bytes) -> list[bytes]:
        return list(split_units(data, None))

    def is_set(self, unit: bytes) -> bool:
        return self.kind(unit) in SETS[self.codec]

    def is_slice(self, unit: bytes) -> bool:
        return self.kind(unit) in (range(1, 6) if self.codec == "h264" else range(32))

    def content(self, data: bytes) -> list[bytes]:
        """The units without parameter sets, which may be repeated at will."""
        return [unit for unit in self.units(data) if not self.is_set(unit)]

    def reader(self) -> BitstreamReader:
        return BitstreamReader(self.codec, b"")


def read(path: Path, codec: str) -> Stream:
    with av.open(str(path), format=codec) as container:
        packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
        return Stream(codec, [bytes(packet) for packet in packets], [p.is_keyframe for p in packets])


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stream]:
    """Two seconds each, four slices a picture, a keyframe every half second."""
    folder = tmp_path_factory.mktemp("films")
    found = {}
    for codec, encoder in (("h264", "libx264"), ("hevc", "libx265")):
        # x265 takes no slice narrower than two rows of blocks.
        film = make_film(
            folder / f"{codec}.mp4", codec=encoder, seconds=2, gop=5, slices=4, size_wh=(320, 512)
        )
        found[codec] = read(elementary(film, codec), codec)
    return found


def packet_of(data: bytes, *, pts: int | None, is_key: bool) -> VideoPacket:
    packet: VideoPacket = Packet(data)  # type: ignore[assignment]
    packet.pts = pts
    packet.is_keyframe = is_key
    return packet


def cut(stream: Stream, picture: bytes, before: set[int]) -> list[bytes]:
    """The picture as a sender gives it that repeats the parameter sets before these slices."""
    units = stream.units(picture)
    sets = [unit for unit in units if stream.is_set(unit)]
    parts: list[list[bytes]] = [[]]
    slices = 0
    for unit in units:
        if stream.is_slice(unit):
            if slices and slices in before:
                parts.append(list(sets))
            slices += 1
        parts[-1].append(unit)
    return [b"".join(START_CODE + unit for unit in part) for part in parts]


def joined(stream: Stream, packets: list[VideoPacket]) -> list[VideoPacket]:
    joiner = PictureJoiner(stream.reader())
    return [whole for packet in packets for whole in joiner.push(packet)] + list(joiner.finish())


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_the_films_of_this_test_have_several_slices(streams: dict[str, Stream], codec: str) -> None:
    stream = streams[codec]
    assert len(stream.pictures) == 20
    assert sum(stream.is_key) == 4
    for picture in stream.pictures:
        assert sum(stream.is_slice(unit) for unit in stream.units(picture)) == 4


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@given(
    cuts=st.lists(st.sets(st.integers(1, 3)), min_size=4, max_size=4),
    stamps=st.sampled_from(["whole", "first is missing", "all are missing", "standing still"]),
)
def test_however_keyframes_are_cut_the_same_pictures_come_out_in_order(
    streams: dict[str, Stream], codec: str, cuts: list[set[int]], stamps: str
) -> None:
    stream = streams[codec]
    waiting = iter(cuts)
    packets: list[VideoPacket] = []
    expected: list[int | None] = []
    for number, (picture, is_key) in enumerate(zip(stream.pictures, stream.is_key, strict=True)):
        pts = {"all are missing": None, "standing still": 0}.get(stamps, number * PICTURE_TICKS)
        parts = cut(stream, picture, next(waiting)) if is_key else [picture]
        packets += [packet_of(part, pts=pts, is_key=is_key) for part in parts]
        expected.append(pts)
    if stamps == "first is missing":
        packets[0].pts = None
        expected[0] = 0 if cuts[0] else None
    whole = joined(stream, packets)
    assert [packet.is_keyframe for packet in whole] == stream.is_key
    assert [packet.pts for packet in whole] == expected
    for packet, picture in zip(whole, stream.pictures, strict=True):
        assert stream.content(bytes(packet)) == stream.content(picture)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_joined_keyframe_shows_what_the_whole_one_shows(streams: dict[str, Stream], codec: str) -> None:
    stream = streams[codec]
    picture = stream.pictures[0]
    parts = [packet_of(part, pts=0, is_key=True) for part in cut(stream, picture, {1, 2, 3})]
    assert len(parts) == 4
    (packet,) = joined(stream, parts)
    one, other = (
        decode_encoded(EncodedLook(codec, b"", stream.reader().standalone(data), 0))
        for data in (picture, bytes(packet))
    )
    assert np.array_equal(one.y, other.y)
    assert np.array_equal(one.u, other.u)


def test_parts_of_different_times_are_not_one_picture(streams: dict[str, Stream]) -> None:
    stream = streams["h264"]
    first, second = cut(stream, stream.pictures[0], {2})
    packets = [packet_of(first, pts=0, is_key=True), packet_of(second, pts=9000, is_key=True)]
    assert [bytes(packet) for packet in joined(stream, packets)] == [first, second]


def test_what_has_lengths_in_place_of_start_codes_and_other_codecs_wait_for_nothing(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4", seconds=1)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        reader = BitstreamReader("h264", stream.codec_context.extradata or b"")
        for joiner in (PictureJoiner(reader), PictureJoiner(None)):
            container.seek(0)
            for packet in container.demux(stream):
                if packet.size:
                    assert list(joiner.push(packet)) == [packet]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_keyframes_are_told_by_their_slices_and_bring_their_parameter_sets(
    streams: dict[str, Stream], codec: str
) -> None:
    stream, reader = streams[codec], streams[codec].reader()
    assert [reader.is_keyframe(picture) for picture in stream.pictures] == stream.is_key
    sets = [unit for unit in stream.units(stream.pictures[0]) if stream.is_set(unit)]
    assert reader.parameter_sets == sets
    # A keyframe that comes without them, as behind a long pause of some cameras, gets them.
    bare = b"".join(START_CODE + unit for unit in stream.content(stream.pictures[0]))
    assert reader.is_keyframe(bare)
    assert stream.units(reader.standalone(bare))[: len(sets)] == sets
    assert decode_encoded(EncodedLook(codec, b"", reader.standalone(bare), 0)).size_wh == (320, 512)


def test_a_recovery_point_in_front_of_predicted_slices_is_no_keyframe(streams: dict[str, Stream]) -> None:
    stream, reader = streams["h264"], streams["h264"].reader()
    recovery_point = START_CODE + bytes([6, 6, 1, 0xC4, 0x80])
    assert not reader.is_keyframe(recovery_point + stream.pictures[1])


@given(st.binary(max_size=200), st.sampled_from(["h264", "hevc"]), st.booleans())
def test_damaged_packets_raise_nothing(data: bytes, codec: str, has_lengths: bool) -> None:
    record = bytes([1, 100, 0, 30, 255, 0]) if has_lengths else b""
    reader = BitstreamReader(codec, record if codec == "h264" else record.ljust(23, b"\x03"))
    reader.is_keyframe(data)
    reader.continues(data)
    reader.joined(data, data)
    reader.standalone(data)
