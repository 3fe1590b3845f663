"""Looks of recordings: the right pictures at the right times, and a clear word about what is no recording."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from stream_workers.errors import DecodeFailed, SourceRefused, StreamError
from stream_workers.sources.decode import decode_encoded
from stream_workers.sources.files import FileSource
from stream_workers.sources.inputs import list_inputs, open_input
from stream_workers.sources.media import DecodedLook
from tests.support.films import make_film, second_shown

START = datetime(2026, 5, 4, 7, 30, tzinfo=UTC)


def looks_of(path: Path, every_s: float = 1.0) -> list[DecodedLook]:
    with FileSource(path, every_s, START) as source:
        return list(source)


@pytest.mark.parametrize(
    ("codec", "gop", "b_frames"),
    [("libx264", 10, 0), ("libx264", 10, 2), ("libx265", 10, 0), ("mpeg4", 10, 0), ("libx264", 250, 0)],
    ids=["h264", "h264 open gop", "hevc", "mpeg4", "keyframes too rare"],
)
def test_a_look_a_second_shows_that_second(tmp_path: Path, codec: str, gop: int, b_frames: int) -> None:
    looks = looks_of(make_film(tmp_path / "a.mp4", codec=codec, gop=gop, b_frames=b_frames))
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
