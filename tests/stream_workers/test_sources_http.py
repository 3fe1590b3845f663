"""Live looks over HTTP: HLS and FLV, through outages, and playlists that point where they may not."""

import itertools
import logging
import shutil
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_workers.errors import SourceRefused, SourceUnavailable, StreamError
from stream_workers.sources.connection import LiveOptions
from stream_workers.sources.credentials import Credentials
from stream_workers.sources.even_reading import EvenReading
from stream_workers.sources.files import FileSource
from stream_workers.sources.media import DecodedLook
from stream_workers.sources.reconnect import Backoff, Reconnector, SourceState
from stream_workers.sources.rtsp import RtspSource
from tests.support.films import make_film, second_shown
from tests.support.http_cameras import HttpCameras, as_flv, cut_into_segments, http_cameras

pytestmark = pytest.mark.slow

SECONDS = 8
QUICK = LiveOptions(open_timeout_s=5.0, stall_timeout_s=2.0)
PASSWORD = "N0bodyShouldSeeThis"  # noqa: S105 - of a test


def looks_of(url: str, count: int, credentials: Credentials | None = None) -> list[DecodedLook]:
    with RtspSource(url, 1.0, credentials=credentials, options=QUICK) as source:
        looks = list(itertools.islice(source, count))
        assert source.dropped_looks == 0
    return looks


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film as segments, as fragments and as FLV; another, smaller, as segments."""
    folder = tmp_path_factory.mktemp("http")
    film = make_film(folder / "film.mp4", seconds=SECONDS)
    cut_into_segments(film, folder, "cam")
    cut_into_segments(film, folder, "fragments", "fmp4")
    as_flv(film, folder, "cam")
    cut_into_segments(make_film(folder / "s.mp4", seconds=SECONDS, size_wh=(160, 90)), folder, "small")
    return folder


@pytest.fixture
def folder(films: Path, tmp_path: Path) -> Path:
    """A test's own copy, whose requests are its own."""
    return Path(shutil.copytree(films, tmp_path / "served"))


@pytest.fixture
def cameras(folder: Path) -> Iterator[HttpCameras]:
    with http_cameras(folder) as running:
        yield running


@pytest.mark.parametrize("path", ["live/cam.m3u8", "live/cam.flv"])
def test_a_live_camera_is_watched_and_goes_on_behind_the_end_of_its_film(
    cameras: HttpCameras, path: str
) -> None:
    looks = looks_of(cameras.url(path), SECONDS + 3)
    assert [round(later.media_time_s - earlier.media_time_s) for earlier, later in pairwise(looks)] == (
        [1] * (SECONDS + 2)
    )
    first = second_shown(looks[0].planes.y)
    assert [second_shown(look.planes.y) for look in looks] == [
        (first + number) % SECONDS for number in range(SECONDS + 3)
    ]
    assert all(later.captured_at > earlier.captured_at for earlier, later in pairwise(looks))
    assert all(look.is_keyframe for look in looks)


def test_a_playlist_of_mp4_fragments_is_watched_too(cameras: HttpCameras) -> None:
    looks = looks_of(cameras.url("fragments/index.m3u8"), 3)
    assert [second_shown(look.planes.y) for look in looks] == [0, 1, 2]


def test_segments_may_be_encrypted_by_a_key_that_the_playlist_names(
    cameras: HttpCameras, folder: Path
) -> None:
    cut_into_segments(folder / "film.mp4", folder, "locked", encrypted=True)
    looks = looks_of(cameras.url("locked/index.m3u8"), 3)
    assert [second_shown(look.planes.y) for look in looks] == [0, 1, 2]
    assert "locked/key.bin" in [request["path"] for request in cameras.requests()]


def test_flv_may_hold_h265(cameras: HttpCameras, folder: Path) -> None:
    as_flv(make_film(folder / "hevc.mp4", codec="libx265", seconds=3), folder, "hevc")
    looks = looks_of(cameras.url("live/hevc.flv"), 3)
    assert [second_shown(look.planes.y) for look in looks] == [0, 1, 2]


def test_of_several_sizes_the_largest_is_watched_and_the_others_are_fetched_no_more(
    cameras: HttpCameras, folder: Path
) -> None:
    (folder / "main.m3u8").write_text(
        "#EXTM3U\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=90000,RESOLUTION=160x90\nsmall/index.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180\ncam/index.m3u8\n"
    )
    looks = looks_of(cameras.url("main.m3u8"), SECONDS)
    assert {look.planes.size_wh for look in looks} == {(320, 180)}
    fetched = [request["path"] for request in cameras.requests() if request["path"].endswith(".ts")]
    assert sum(path.startswith("cam/") for path in fetched) == SECONDS
    assert sum(path.startswith("small/") for path in fetched) <= 3


@pytest.mark.parametrize("path", ["live/cam.m3u8", "live/cam.flv"])
def test_a_server_that_is_killed_and_comes_back_is_an_outage(cameras: HttpCameras, path: str) -> None:
    states: list[SourceState] = []
    stop = threading.Event()
    reconnector = Reconnector(
        lambda: RtspSource(cameras.url(path), 0.5, options=QUICK, stop=stop),
        stop,
        backoff=Backoff(0.2, 0.5),
        on_state=states.append,
    )
    looks: list[DecodedLook] = []
    for look in reconnector:
        looks.append(look)
        if len(looks) == 3:
            cameras.kill()
            threading.Timer(3.0, cameras.start).start()
        if reconnector.connections == 2:
            stop.set()
    assert [state.is_online for state in states][:2] == [True, False]
    assert states[-1].is_online
    assert all(later.captured_at > earlier.captured_at for earlier, later in pairwise(looks))


def test_a_playlist_that_slides_no_further_is_left_in_time(cameras: HttpCameras, folder: Path) -> None:
    whole = (folder / "cam" / "index.m3u8").read_text()
    (folder / "cam" / "stuck.m3u8").write_text(whole.replace("#EXT-X-ENDLIST\n", ""))
    source = RtspSource(cameras.url("cam/stuck.m3u8"), 1.0, options=QUICK)
    with source, pytest.raises(SourceUnavailable, match="sent nothing for 6 s"):
        list(source)


def test_a_film_that_ends_is_an_outage_and_not_the_end(cameras: HttpCameras) -> None:
    source = RtspSource(cameras.url("cam/index.m3u8"), 1.0, options=QUICK)
    with source, pytest.raises(SourceUnavailable, match="ended the connection"):
        list(source)


def test_the_password_is_asked_for_sent_to_nobody_else_and_shown_nowhere(
    folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    elsewhere = folder.parent / "elsewhere"
    shutil.copytree(folder / "cam", elsewhere / "cam")
    with (
        caplog.at_level(logging.DEBUG),
        http_cameras(folder, f"viewer:{PASSWORD}") as locked,
        http_cameras(elsewhere) as other,
    ):
        lines = (folder / "cam" / "index.m3u8").read_text().replace("00", f"{other.url('cam')}/00")
        (folder / "elsewhere.m3u8").write_text(lines)
        right = Credentials("viewer", PASSWORD)
        for path in ("live/cam.m3u8", "live/cam.flv", "cam/index.m3u8", "elsewhere.m3u8"):
            assert looks_of(locked.url(path), 2, right)
            for wrong in (None, Credentials("viewer", f"{PASSWORD}x")):
                with pytest.raises(SourceRefused, match="401") as error:
                    looks_of(locked.url(path), 1, wrong)
                told.append(str(error.value))
        assert other.requests()
        assert not any(request["authorization"] for request in other.requests())
        told.append(repr(RtspSource(locked.url("live/cam.flv"), credentials=right)))
    output = capfd.readouterr()
    assert PASSWORD not in "".join(told) + caplog.text + output.out + output.err


SEGMENT = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n{line}\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "line",
    [
        "#EXTINF:1,\nfile://{secret}/000.ts",
        "#EXTINF:1,\nfile:{secret}/000.ts",
        "#EXTINF:1,\nFILE:{secret}/000.ts",
        "#EXTINF:1,\n{secret}/000.ts",
        "#EXTINF:1,\nconcat:{secret}/000.ts|{secret}/001.ts",
        "#EXTINF:1,\nsubfile,,start,0,end,0,,:{secret}/000.ts",
        "#EXTINF:1,\ncrypto:{secret}/000.ts",
        "#EXTINF:1,\ncrypto+file:{secret}/000.ts",
        "#EXTINF:1,\ncache:{secret}/000.ts",
        "#EXTINF:1,\nhttp://127.0.0.1:{port}/moved.ts",
        "#EXTINF:1,\ntcp://127.0.0.1:{canary}/000.ts",
        "#EXTINF:1,\nrtsp://127.0.0.1:{canary}/000.ts",
        "#EXTINF:1,\nftp://127.0.0.1:{canary}/000.ts",
        '#EXT-X-MAP:URI="file://{secret}/000.ts"\n#EXTINF:1,\nnothing.m4s',
        '#EXT-X-KEY:METHOD=AES-128,URI="file://{secret}/key.bin"\n#EXTINF:1,\ncam/000.ts',
        "#EXT-X-STREAM-INF:BANDWIDTH=9\nfile://{secret}/index.m3u8",
        "#EXTINF:1,\ndata:video/mp2t;base64,R0A=",
    ],
)
def test_a_playlist_may_name_nothing_but_http(
    cameras: HttpCameras, folder: Path, films: Path, line: str
) -> None:
    """The files are good segments, and the canary is a port that somebody listens on."""
    secret = films / "cam"
    (secret / "key.bin").write_bytes(bytes(16))
    (folder / "moved.ts.moved").write_text(f"file://{secret}/000.ts")
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.0)
        facts = {"secret": secret, "port": cameras.port, "canary": canary.getsockname()[1]}
        (folder / "evil.m3u8").write_text(SEGMENT.format(line=line.format(**facts)))
        with pytest.raises(StreamError):
            looks_of(cameras.url("evil.m3u8"), 1)
        with pytest.raises(BlockingIOError):
            canary.accept()


@pytest.mark.parametrize("suffix", ["m3u8", "flv"])
@pytest.mark.parametrize("content", ["film", "page", "empty", "playlist"])
def test_an_address_that_serves_something_else_is_no_stream(
    cameras: HttpCameras, folder: Path, suffix: str, content: str
) -> None:
    served = folder / f"odd.{suffix}"
    whole = {"film": folder / "film.mp4", "playlist": folder / "cam" / "index.m3u8"}
    if content in whole:
        shutil.copy(whole[content], served)
    else:
        served.write_text("<html>log in</html>" * 99 if content == "page" else "")
    with pytest.raises(StreamError, match="127"):
        looks_of(cameras.url(served.name), 1)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/index.html", "file:///etc/passwd", "/etc/passwd", "https://[::1/a.m3u8", "udp://@:1"],
)
def test_what_is_no_kind_of_stream_is_refused_before_anything_is_opened(url: str) -> None:
    with pytest.raises(SourceRefused, match=r"\.m3u8"):
        RtspSource(url)


@pytest.mark.parametrize("name", ["a.mp4", "a.m3u8", "a.ts", "a.txt", "a.flv"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
        "\n\n #EXTM3U\n#EXTINF:1,\n{url}\n",
        "\ufeff#EXTM3U\n#EXTINF:1,\n{url}\n",
        "ffconcat version 1.0\nfile {url}\n",
        "file '{url}'\n",
        "[playlist]\nFile1={url}\n",
        "{url}\n",
    ],
)
def test_a_file_opens_no_address(cameras: HttpCameras, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text.format(url=cameras.url("cam/000.ts")))
    with pytest.raises(StreamError, match=name), FileSource(tmp_path / name) as source:
        list(source)
    assert cameras.requests() == []


class Clock:
    """A clock that goes only while somebody waits."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@given(st.lists(st.tuples(st.floats(0.01, 0.5), st.floats(0.0, 3.0)), min_size=2, max_size=200))
def test_a_burst_is_read_hardly_faster_than_it_was_filmed_and_no_slower(
    packets: list[tuple[float, float]],
) -> None:
    """Each packet is so long, and is blocked for so long before it comes."""
    clock = Clock()
    reading = EvenReading(clock)
    media_s = blocked_s = 0.0
    for length_s, delay_s in packets:
        clock.now_s += delay_s
        blocked_s += delay_s
        media_s += length_s
        clock.now_s += reading.wait_s(media_s)
        passed_s = clock.now_s - 100.0
        assert passed_s >= media_s / 1.1 - 1e-6
        assert passed_s <= media_s / 1.1 + blocked_s + 1e-6


def test_a_hole_in_the_stream_is_not_waited_for() -> None:
    reading = EvenReading(Clock())
    assert reading.wait_s(1.1) == pytest.approx(1.0)
    assert reading.wait_s(500.0) == 0.0
    assert reading.wait_s(501.1) == pytest.approx(1.0)
