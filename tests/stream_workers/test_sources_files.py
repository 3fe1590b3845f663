"""Looks of recordings: the right pictures at the right times, and a clear word about what is no recording."""

import shutil
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from stream_workers.errors import DecodeFailed, SourceRefused, StreamError
from stream_workers.sources.decode import decode_encoded
from stream_workers.sources.files import FileSource
from stream_workers.sources.inputs import list_inputs, open_input
from stream_workers.sources.media import DecodedLook
from stream_workers.sources.nal import BitstreamReader
from tests.support.films import make_film, second_shown, turned

pytestmark = pytest.mark.slow

START = datetime(2026, 5, 4, 7, 30, tzinfo=UTC)


def looks_of(path: Path, every_s: float = 1.0) -> list[DecodedLook]:
    with FileSource(path, every_s, START) as source:
        return list(source)


@pytest.mark.parametrize(
    ("name", "codec", "mode", "changes"),
    [
        ("a.mp4", "libx264", "keyframe", {}),
        ("a.mp4", "libx264", "keyframe", {"b_frames": 2}),
        ("a.mp4", "libx264", "keyframe", {"b_frames": 2, "open_gop": 1}),
        ("a.ts", "libx264", "keyframe", {"b_frames": 2, "open_gop": 1}),
        ("a.mkv", "libx264", "keyframe", {"slices": 4}),
        ("a.mp4", "libx265", "keyframe", {}),
        ("a.mp4", "libx265", "keyframe", {"b_frames": 2, "open_gop": 1}),
        ("a.ts", "libx265", "keyframe", {"b_frames": 2, "open_gop": 1}),
        ("a.mp4", "mpeg4", "keyframe", {}),
        ("a.avi", "mpeg4", "keyframe", {}),
        ("a.avi", "mjpeg", "keyframe", {}),
        ("a.gif", "gif", "sparse", {}),
        ("a.mp4", "libx264", "sparse", {"gop": 250}),
        ("a.mp4", "libx264", "sparse", {"intra_refresh": 1}),
        ("a.ts", "libx264", "sparse", {"intra_refresh": 1}),
    ],
)
def test_a_look_a_second_shows_that_second(
    tmp_path: Path, name: str, codec: str, mode: str, changes: dict[str, int]
) -> None:
    with FileSource(make_film(tmp_path / name, codec=codec, **changes), 1.0, START) as source:
        looks = list(source)
        assert source.mode == mode
    assert len(looks) == 6
    for number, look in enumerate(looks):
        assert abs(look.media_time_s - number) <= 0.15
        assert abs((look.captured_at - START - timedelta(seconds=number)).total_seconds()) <= 0.15
        assert second_shown(look.planes.y) in {number, max(0, number - 1)}


def test_keyframes_are_used_where_they_are_frequent_and_all_is_decoded_elsewhere(
    tmp_path: Path,
) -> None:
    modes = {}
    for gop in (10, 250):
        with FileSource(make_film(tmp_path / f"{gop}.mp4", gop=gop), 1.0, START) as source:
            list(source)
            modes[gop] = source.mode
    assert modes == {10: "keyframe", 250: "sparse"}


def test_a_recovery_point_is_flagged_as_a_keyframe_and_is_none(tmp_path: Path) -> None:
    """What the container says of a film with intra refresh, and why it is not believed."""
    film = make_film(tmp_path / "a.ts", intra_refresh=1)
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        reader = BitstreamReader("h264", stream.codec_context.extradata or b"")
        flagged = [bytes(packet) for packet in container.demux(stream) if packet.size and packet.is_keyframe]
    assert len(flagged) > 3
    assert [reader.is_keyframe(data) for data in flagged] == [True] + [False] * (len(flagged) - 1)


@pytest.mark.parametrize("gop", [10, 250])
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_rotation_tag_is_honoured_by_keyframes_and_by_all_others(
    tmp_path: Path, gop: int, degrees: int
) -> None:
    upright = make_film(tmp_path / "a.mp4", gop=gop, seconds=3)
    for straight, look in zip(looks_of(upright), looks_of(turned(upright, degrees)), strict=True):
        assert np.array_equal(look.planes.y, np.rot90(straight.planes.y, -degrees // 90))
        assert np.array_equal(look.planes.u, np.rot90(straight.planes.u, -degrees // 90))
        assert decode_encoded(look.encoded).size_wh == look.planes.size_wh


def test_timestamps_that_jump_back_in_the_middle_lose_no_look(tmp_path: Path) -> None:
    """As of two recordings that were put together byte by byte."""
    film = make_film(tmp_path / "a.ts", seconds=6)
    (tmp_path / "twice.ts").write_bytes(film.read_bytes() * 2)
    looks = looks_of(tmp_path / "twice.ts")
    assert [second_shown(look.planes.y) for look in looks] == [*range(6), *range(6)]
    gaps = [later.media_time_s - earlier.media_time_s for earlier, later in pairwise(looks)]
    assert gaps == pytest.approx([1.0] * 11, abs=0.15)


def test_a_recording_that_changes_its_size_goes_on(tmp_path: Path) -> None:
    first = make_film(tmp_path / "a.ts", seconds=3)
    second = make_film(tmp_path / "b.ts", seconds=3, size_wh=(160, 96))
    (tmp_path / "both.ts").write_bytes(first.read_bytes() + second.read_bytes())
    assert [look.planes.size_wh for look in looks_of(tmp_path / "both.ts")] == [(320, 180)] * 3 + [
        (160, 96)
    ] * 3


def test_the_same_file_gives_the_same_looks_bit_for_bit(tmp_path: Path) -> None:
    path = make_film(tmp_path / "a.mp4")
    for one, other in zip(looks_of(path), looks_of(path), strict=True):
        assert np.array_equal(one.planes.y, other.planes.y) and one.captured_at == other.captured_at


def test_an_undecoded_look_gives_its_picture_again(tmp_path: Path) -> None:
    for look in looks_of(make_film(tmp_path / "a.mp4")):
        assert np.array_equal(decode_encoded(look.encoded).y, look.planes.y)


def test_a_film_that_is_cut_off_gives_what_is_whole_and_then_says_where_it_ends(tmp_path: Path) -> None:
    whole = make_film(tmp_path / "whole.mkv", seconds=8)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    seen: list[DecodedLook] = []
    with FileSource(cut, 1.0, START) as source:
        looks = iter(source)
        with pytest.raises(DecodeFailed, match=r"cut\.mkv' is cut off at 3\.\d s"):
            while True:
                seen.append(next(looks))
    assert len(seen) == 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no film at all",
        b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n",
        b"ffconcat version 1.0\nfile secret.mp4\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    ],
    ids=["empty", "text", "playlist", "concat script", "sdp"],
)
def test_what_is_no_recording_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    make_film(tmp_path / "secret.mp4", seconds=1)
    path = tmp_path / "evil.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceRefused, match=r"evil\.mp4"):
        looks_of(path)


def test_a_film_over_64_megapixels_is_never_decoded(tmp_path: Path) -> None:
    path = make_film(tmp_path / "huge.avi", codec="mjpeg", seconds=1, fps=1, size_wh=(8192, 8000))
    with pytest.raises(StreamError, match="64 megapixels"):
        looks_of(path)


def test_a_film_whose_index_was_never_written_is_called_cut_off(tmp_path: Path) -> None:
    film = make_film(tmp_path / "whole.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    with pytest.raises(SourceRefused, match=r"cut\.mp4' is cut off or damaged: its index \(moov\)"):
        looks_of(cut)


def test_a_picture_over_64_megapixels_is_never_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    cv2.imwrite(str(path), np.zeros((8200, 8200), np.uint8))
    with pytest.raises(StreamError, match=r"huge\.png"), open_input(path, 1.0, START) as source:
        list(source)


def test_a_folder_gives_its_films_in_natural_order(tmp_path: Path) -> None:
    film = make_film(tmp_path / "film2.mp4", seconds=1)
    for name in ("film10.mp4", "film1.mp4"):
        shutil.copy(film, tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    assert [path.name for path in list_inputs([tmp_path])] == ["film1.mp4", "film2.mp4", "film10.mp4"]


def test_a_folder_of_pictures_is_one_recording(tmp_path: Path) -> None:
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"look-{number}.png"), np.full((90, 160), 40 * number, np.uint8))
    (entry,) = list_inputs([tmp_path])
    with open_input(entry, 1.0, START) as source:
        assert len(list(source)) >= 1


@pytest.mark.parametrize("name", ["<b>x</b>.mp4", "new\nline.mp4", "..mp4..mp4", "ünïcode 空.mp4"])
def test_odd_names_are_read_like_others(tmp_path: Path, name: str) -> None:
    film = make_film(tmp_path / "plain.mp4", seconds=2)
    odd = tmp_path / name.replace("/", "_")
    shutil.copy(film, odd)
    assert len(looks_of(odd)) == 2


def test_every_odd_real_clip_gives_looks_or_a_clear_word(shared_data: Path) -> None:
    clips = sorted(path for path in (shared_data / "footage").iterdir() if path.suffix != ".json")
    for clip in clips:
        assert looks_of(clip, 2.0), clip.name


def test_a_stream_without_a_range_inherits_none_from_the_camera_decoded_before_it(tmp_path: Path) -> None:
    plain = make_film(tmp_path / "plain.mp4", seconds=3)
    full = make_film(tmp_path / "full.mp4", seconds=3, full_range=True)
    before = [look.planes.y for look in looks_of(plain)]
    for _ in range(4):
        looks_of(full)
        for one, other in zip(before, looks_of(plain), strict=True):
            assert np.array_equal(one, other.planes.y)
