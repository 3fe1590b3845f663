"""Which packets become looks, also where keyframes cannot be decoded alone."""

import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.video.stream import VideoStream

from stream_workers.errors import DecodeFailed
from stream_workers.sources.containers import VideoPacket
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.files import FileSource
from stream_workers.sources.media import EncodedLook
from stream_workers.sources.picker import LookPicker, PickedLook, PickerOptions
from tests.support.films import make_film, second_shown
from vision.types import Planes

LIVE = PickerOptions(every_s=1.0, keyframe_limit_s=10.0, hold_bytes=0, max_gap_s=20.0)


class FailingPool(DecoderPool):
    """Decoders that fail with keyframes alone, as with streams that need the pictures before."""

    def __init__(self, failures: int) -> None:
        super().__init__(workers=1)
        self.failures = failures

    def decode(self, encoded: EncodedLook) -> Planes:
        self.failures -= 1
        if self.failures >= 0:
            raise DecodeFailed("cannot be decoded alone")
        return super().decode(encoded)


def packets(path: Path) -> Iterator[tuple[VideoStream, VideoPacket]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.size:
                yield stream, packet


def picked(path: Path, pool: DecoderPool) -> tuple[list[PickedLook], LookPicker]:
    """The looks of a film as of a live stream, which holds no packets."""
    looks: list[PickedLook] = []
    picker: LookPicker | None = None
    for stream, packet in packets(path):
        picker = picker or LookPicker(stream, LIVE, pool, 0)
        looks += picker.feed(packet)
    assert picker is not None
    return looks + list(picker.finish()), picker


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_keyframes_that_fail_thrice_are_given_up_and_all_pictures_decoded(
    tmp_path: Path, suffix: str
) -> None:
    looks, picker = picked(make_film(tmp_path / f"a.{suffix}", seconds=9), FailingPool(failures=99))
    assert picker.mode == "sparse"
    assert picker.keys_fail
    # Sparse decoding begins with the third keyframe itself, and keyframe mode never returns.
    assert [second_shown(look.planes.y) for look in looks] == [2, 3, 4, 5, 6, 7, 8]
    assert not any(look.is_keyframe for look in looks)
    assert picker.failed_looks == 3
    assert picker.keyframe_interval_s == pytest.approx(1.0)


def test_one_damaged_keyframe_changes_nothing(tmp_path: Path) -> None:
    looks, picker = picked(make_film(tmp_path / "a.mp4", seconds=6), FailingPool(failures=2))
    assert picker.mode == "keyframe"
    assert not picker.keys_fail
    assert [second_shown(look.planes.y) for look in looks] == [2, 3, 4, 5]


def test_a_recording_whose_keyframes_fail_loses_no_more_than_the_looks_that_failed(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", seconds=6)
    with FileSource(film, 1.0, pool=FailingPool(failures=99)) as source:
        looks = list(source)
    assert [second_shown(look.planes.y) for look in looks] == [2, 3, 4, 5]


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_a_look_has_its_own_timestamp_and_not_that_of_the_packet_that_completed_it(
    tmp_path: Path, suffix: str
) -> None:
    film = make_film(tmp_path / f"a.{suffix}", seconds=4, gop=1)
    stamps: list[int] = []
    picker: LookPicker | None = None
    for stream, packet in packets(film):
        picker = picker or LookPicker(stream, LIVE, DecoderPool(workers=1), 0)
        fed = packet.pts
        for look in picker.feed(packet):
            assert picker.stamp_ticks is not None and fed is not None and stream.time_base is not None
            held_s = float((fed - picker.stamp_ticks) * stream.time_base)
            # A transport stream has start codes: a keyframe waits there for the packet behind it.
            assert held_s == pytest.approx(0.1 if suffix == "ts" else 0.0)
            assert picker.now_s == pytest.approx(look.media_time_s)
            stamps.append(picker.stamp_ticks)
    assert all(later > earlier for earlier, later in pairwise(stamps))


@pytest.mark.parametrize(("hold_bytes", "fewest", "most"), [(0, 0, 1), (64_000_000, 9, 11)])
def test_a_live_stream_holds_no_packet_but_the_keyframe_that_waits(
    tmp_path: Path, hold_bytes: int, fewest: int, most: int
) -> None:
    """A recording, for comparison, holds those behind the last keyframe."""
    film = make_film(tmp_path / "a.ts", seconds=4)
    options = PickerOptions(every_s=1.0, keyframe_limit_s=10.0, hold_bytes=hold_bytes, max_gap_s=20.0)
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        fed = [packet for packet in container.demux(stream) if packet.size]
        unused = sys.getrefcount(fed[0])
        picker = LookPicker(stream, options, DecoderPool(workers=1), 0)
        looks = sum(len(list(picker.feed(packet))) for packet in fed)
        held = sum(sys.getrefcount(fed[index]) > unused for index in range(len(fed)))
    assert looks == 4
    assert fewest <= held <= most


def test_keyframes_become_rare_and_frequent_again_with_the_stream(tmp_path: Path) -> None:
    """One stream of two films, as when the camera's settings are changed while it runs."""
    film = make_film(tmp_path / "often.ts", seconds=8, gop=10)
    options = PickerOptions(every_s=1.0, keyframe_limit_s=1.0, hold_bytes=0, max_gap_s=20.0)
    rare = make_film(tmp_path / "rare.ts", seconds=8, gop=80)
    picker: LookPicker | None = None
    modes: list[str] = []
    looks: list[PickedLook] = []
    offset = 0
    for path in (film, rare, film):
        last = 0
        for stream, packet in packets(path):
            picker = picker or LookPicker(stream, options, DecoderPool(workers=1), 0)
            assert packet.pts is not None and packet.dts is not None
            last = packet.pts
            packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
            looks += picker.feed(packet)
        offset += last
        assert picker is not None
        modes.append(picker.mode)
    assert modes == ["keyframe", "sparse", "keyframe"]
    gaps = [later.media_time_s - earlier.media_time_s for earlier, later in pairwise(looks)]
    # A live stream holds no packets: decoding everything begins with the keyframe after the rare one.
    assert sorted(gaps)[-2] <= 2.0
    assert max(gaps) <= 9.0
