"""When a recording or a folder of pictures begins, and where that is known from."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_workers.errors import SourceRefused
from stream_workers.sources.files import FileSource
from stream_workers.sources.images import ImageSequenceSource, natural_key
from stream_workers.sources.origin import recording_start, time_in_name
from tests.support.films import make_film

TOLD = datetime(2026, 5, 4, 7, 30, tzinfo=timezone(timedelta(hours=8)))
MOMENTS = st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)).map(  # noqa: DTZ001 - a zone follows
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@given(
    MOMENTS,
    st.sampled_from(
        [
            "%Y%m%d_%H%M%S",
            "%Y%m%d%H%M%S",
            "%Y-%m-%d %H-%M-%S",
            "%Y.%m.%dT%H.%M.%S",
            "%Y_%m_%d-%H_%M_%S",
            "%Y-%m-%d_%Hh%Mm%Ss",
        ]
    ),
    st.sampled_from(["", "cam3 ", "ch01-", "2_"]),
    st.sampled_from([".mp4", "_main.mkv", " (1).avi"]),
)
def test_a_time_in_a_name_is_read_in_the_recorders_zone(
    moment: datetime, form: str, before: str, behind: str
) -> None:
    local = moment.astimezone(SHANGHAI).replace(fold=0)
    assert time_in_name(before + moment.strftime(form) + behind) == moment
    read = time_in_name(before + local.strftime(form) + behind, SHANGHAI)
    assert read is not None
    assert read.astimezone(SHANGHAI).replace(tzinfo=None) == local.replace(tzinfo=None)
    assert time_in_name(f"{before}{moment.strftime(form)}Z{behind}", SHANGHAI) == moment


@given(st.integers(1_000_000_000, 1_999_999_999), st.integers(0, 999))
def test_seconds_and_milliseconds_since_1970_are_read_too(seconds: int, milliseconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert time_in_name(f"look-{seconds}.jpg") == moment
    precise = time_in_name(f"look-{seconds}{milliseconds:03d}.jpg")
    assert precise is not None
    assert abs((precise - moment).total_seconds() - milliseconds / 1000) < 1e-3


@pytest.mark.parametrize(
    "name", ["street.mp4", "2026-02-31 10-00-00.mp4", "img_0001.jpg", "19040101_000000.mp4", "12345678.mp4"]
)
def test_a_name_without_a_time_has_none(name: str) -> None:
    assert time_in_name(name) is None


def test_told_wins_over_metadata_over_name_over_disk(tmp_path: Path) -> None:
    path = tmp_path / "20260131_235959.mp4"
    path.write_bytes(b"x")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    tags = {"creation_time": "2026-02-03T04:05:06.000000Z"}
    found = [
        recording_start(path, tags, 10.0, TOLD),
        recording_start(path, tags, 10.0),
        recording_start(path, {"creation_time": "1904-01-01T00:00:00Z"}, 10.0),
        recording_start(path.rename(tmp_path / "a.mp4"), {"creation_time": "yesterday"}, 10.0),
    ]
    assert [origin.source for origin in found] == ["option", "metadata", "name", "mtime"]
    assert [origin.start for origin in found] == [
        TOLD.astimezone(UTC),
        datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC),
        # The time on disk is that of the recording's end.
        datetime.fromtimestamp(1_700_000_000 - 10, UTC),
    ]


def test_a_film_is_dated_by_its_name_and_says_so(tmp_path: Path) -> None:
    path = make_film(tmp_path / "gate_20260131_080000.mp4", seconds=3)
    with FileSource(path, 1.0, zone=SHANGHAI) as source:
        looks = list(source)
        assert source.time_origin == "name"
    assert [look.captured_at for look in looks] == [
        datetime(2026, 1, 31, 0, 0, second, tzinfo=UTC) for second in range(3)
    ]


def pictures(folder: Path, names: list[str], every_s: float = 0.0) -> Path:
    """Pictures of growing brightness, written so far apart."""
    folder.mkdir()
    for number, name in enumerate(names):
        cv2.imwrite(str(folder / name), np.full((64, 96), 40 + 20 * number, np.uint8))
        at = 1_700_000_000 + number * every_s
        os.utime(folder / name, (at, at))
    return folder


def times(source: ImageSequenceSource) -> list[float]:
    with source:
        return [look.media_time_s for look in source]


def test_pictures_are_dated_by_their_names_in_natural_order(tmp_path: Path) -> None:
    names = [f"look{number}_20260504_0730{number:02d}.jpg" for number in (2, 4, 10, 30)]
    source = ImageSequenceSource(pictures(tmp_path / "p", names), 2.0)
    assert times(source) == [0.0, 2.0, 8.0, 28.0]
    assert source.time_origin == "name"
    assert source.origin.start == datetime(2026, 5, 4, 7, 30, 2, tzinfo=UTC)


def test_without_names_they_are_dated_by_the_rate_or_the_disk_or_one_a_look(tmp_path: Path) -> None:
    names = [f"img{number}.png" for number in range(4)]
    slow = pictures(tmp_path / "slow", names, every_s=30.0)
    assert times(ImageSequenceSource(slow, 10.0)) == [0.0, 30.0, 60.0, 90.0]
    assert times(ImageSequenceSource(slow, 1.0, fps=2.0)) == [0.0, 1.0]
    copied = pictures(tmp_path / "copied", names)
    told = ImageSequenceSource(copied, 10.0, TOLD)
    assert times(told) == [0.0, 10.0, 20.0, 30.0]
    assert (told.origin.start, told.time_origin) == (TOLD.astimezone(UTC), "option")


def test_a_damaged_picture_is_left_out_and_an_empty_folder_refused(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "p", ["a.png", "b.png", "c.png"])
    (folder / "b.png").write_bytes(b"\x89PNG and nothing more")
    source = ImageSequenceSource(folder, 10.0)
    assert times(source) == [0.0, 20.0]
    assert source.failed_looks == 1
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceRefused, match="holds no JPEG"):
        times(ImageSequenceSource(tmp_path / "empty"))


@given(st.lists(st.integers(0, 10**9), min_size=2, unique=True), st.sampled_from(["img", "", "Straße 7 nr "]))
def test_names_are_sorted_by_their_numbers(numbers: list[int], before: str) -> None:
    paths = [Path(f"{before}{number}.png") for number in numbers]
    assert sorted(paths, key=natural_key) == [Path(f"{before}{number}.png") for number in sorted(numbers)]


@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)))
def test_any_names_can_be_sorted(names: list[str]) -> None:
    assert len(sorted((Path(name) for name in names), key=natural_key)) == len(names)
