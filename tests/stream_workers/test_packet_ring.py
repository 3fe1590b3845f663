"""The ring of packets: bounded in time and bytes, begins at a keyframe, and gives what can be decoded."""

import threading
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_videos.replay import ReplayProcess
from stream_workers.clip_desk import ClipDesk
from stream_workers.sources.files import FileSource
from stream_workers.sources.packet_ring import HeldPacket, PacketRing, StreamKind
from stream_workers.sources.rtsp import RtspSource
from tests.support.clip_films import AllPackets, coloured_film, packets_of
from tests.support.films import make_film
from tests.support.waiting import wait_until

KIND = StreamKind("h264", b"sets", 0)


def packet(time_s: float, *, key: bool = False, size: int = 10) -> HeldPacket:
    return HeldPacket(time_s, key, bytes(size))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 3), st.booleans(), st.integers(0, 400)), max_size=120),
    st.floats(1, 30),
    st.integers(1, 3000),
)
def test_it_never_holds_more_than_it_may_and_begins_at_a_keyframe(
    steps: list[tuple[float, bool, int]], longest_s: float, most_bytes: int
) -> None:
    ring, now_s = PacketRing(longest_s, most_bytes), 0.0
    for step_s, key, size in steps:
        now_s += step_s
        ring.take(packet(now_s, key=key, size=size), KIND)
        held = ring.cut(-1.0, 1e9).packets
        assert ring.held_bytes == sum(len(one.content) for one in held) <= most_bytes
        if held:
            assert held[0].is_keyframe
            assert now_s - held[0].time_s <= longest_s
            assert held[-1].time_s == now_s


@settings(deadline=None)
@given(st.integers(1, 80), st.floats(0, 40), st.floats(0, 12))
def test_a_cut_begins_at_the_last_keyframe_before_and_ends_in_time(
    gop: int, from_s: float, more: float
) -> None:
    ring = PacketRing()
    for number in range(400):
        ring.take(packet(number / 10, key=number % gop == 0), KIND)
    whole = ring.cut(0.0, 1e9).packets
    cut = ring.cut(from_s, from_s + more).packets
    assert all(one.time_s <= from_s + more for one in cut)
    if cut:
        assert cut[0].is_keyframe
        later = [one for one in whole if one.is_keyframe and cut[0].time_s < one.time_s <= from_s]
        assert later == []
        assert cut[0].time_s <= from_s or cut[0] == whole[0]


def test_twelve_seconds_around_a_moment_are_held_where_keyframes_are_up_to_eight_seconds_apart() -> None:
    for gop_s in (1, 2, 5, 8):
        ring = PacketRing()
        for number in range(100 * 10):
            ring.take(packet(number / 10, key=number % (gop_s * 10) == 0), KIND)
            now_s = number / 10
            if now_s >= 20:
                assert ring.cut(now_s - 12, now_s).packets[0].time_s <= now_s - 12


def test_a_stream_whose_parameters_change_begins_anew() -> None:
    ring = PacketRing()
    ring.take(packet(0, key=True), KIND)
    ring.take(packet(1), StreamKind("h264", b"other sets", 0))
    assert ring.cut(0, 9).packets == ()
    ring.take(packet(2, key=True), StreamKind("h264", b"other sets", 0))
    assert [one.time_s for one in ring.cut(0, 9).packets] == [2]


def test_what_was_cleared_is_gone() -> None:
    ring = PacketRing()
    ring.take(packet(0, key=True), KIND)
    ring.clear()
    assert (ring.cut(0, 9).packets, ring.held_bytes) == ((), 0)


@pytest.mark.parametrize("every_s", [1.0, 7.0])
def test_a_tapped_recording_gives_the_same_looks_each_when_the_seconds_after_it_are_read(
    tmp_path: Path, every_s: float
) -> None:
    film = make_film(tmp_path / "film.mp4", seconds=20)
    with FileSource(film, every_s) as plain:
        expected = [look.media_time_s for look in plain]
    tap = AllPackets()
    looks, read_s = [], []
    with FileSource(film, every_s, tap=tap) as source:
        for look in source:
            looks.append(look.media_time_s)
            read_s.append(tap.packets[-1][0].time_s)
    assert looks == expected
    end_s = tap.packets[-1][0].time_s
    for at_s, reached_s in zip(looks, read_s, strict=True):
        assert min(end_s, at_s + 5.0) - 1e-6 <= reached_s <= at_s + 6.0


def test_keyframes_of_a_ring_are_those_that_decoding_can_begin_at(tmp_path: Path) -> None:
    keys = [
        one.time_s for one, _ in packets_of(coloured_film(tmp_path / "f.mp4", seconds=4)) if one.is_keyframe
    ]
    assert keys == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.slow
def test_a_live_camera_is_held_while_connected_and_forgotten_when_it_is_lost(tmp_path: Path) -> None:
    film = make_film(tmp_path / "street.mp4", seconds=6)
    desk, leave = ClipDesk(), threading.Event()
    with ReplayProcess({"cam": film}) as replay:
        with RtspSource(replay.url("cam"), 1.0, stop=leave) as source, desk.tapped("cam", source):
            ring = desk._rings["cam"]._ring
            wait_until(lambda: ring.now_s > 2.5)
            assert ring.cut(0, 99).packets[0].is_keyframe
            assert ring.held_bytes > 0
        time.sleep(0.5)
        assert desk._rings == {}
        assert ring.held_bytes == 0
