"""Live looks over RTSP, from our replay server and from GStreamer's, through outages and refusals."""

import itertools
import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from sample_videos.replay import ReplayProcess
from sample_videos.replay_channel import Faults
from stream_workers.errors import SourceRefused, SourceUnavailable
from stream_workers.sources.connection import LiveOptions
from stream_workers.sources.credentials import Credentials, read_credentials
from stream_workers.sources.media import DecodedLook
from stream_workers.sources.reconnect import Backoff, Reconnector, SourceState
from stream_workers.sources.rtsp import RtspSource
from tests.support.films import elementary, make_film, second_shown

pytestmark = pytest.mark.slow

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).parent.parent / "support" / "gst_rtsp_server.py"
QUICK = LiveOptions(open_timeout_s=5.0, stall_timeout_s=3.0)


def first_looks(source: RtspSource, count: int) -> list[DecodedLook]:
    looks: list[DecodedLook] = []
    with source:
        for look in source:
            looks.append(look)
            if len(looks) == count:
                break
    return looks


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films") / "street.mp4", seconds=6)


@pytest.fixture(scope="module")
def hevc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("films") / "hevc.mp4", codec="libx265", seconds=6)


def test_looks_arrive_with_their_capture_time(film: Path) -> None:
    with ReplayProcess({"cam": film}) as replay:
        looks = first_looks(RtspSource(replay.url("cam"), 1.0, options=QUICK), 4)
    assert all(look.planes.size_wh == (320, 180) for look in looks)
    gaps = [(b.captured_at - a.captured_at).total_seconds() for a, b in pairwise(looks)]
    # The first is dated by arrival, which is late by the opening; the camera's own clock is exact.
    assert 0.0 < gaps[0] <= 2.5
    assert gaps[1:] == pytest.approx([1.0, 1.0], abs=0.05)
    assert abs((datetime.now(UTC) - looks[-1].captured_at).total_seconds()) < 10


def test_the_edge_of_the_cameras_32_bit_clock_is_no_jump(film: Path) -> None:
    """The replay's clock goes over it after eight seconds."""
    with ReplayProcess({"cam": film}, speed=4) as replay:
        source = RtspSource(replay.url("cam"), 1.0, options=QUICK)
        looks = first_looks(source, 16)
    assert [later.media_time_s - earlier.media_time_s for earlier, later in pairwise(looks)] == (
        pytest.approx([1.0] * 15, abs=0.15)
    )


def test_hevc_is_read_like_h264(hevc: Path) -> None:
    with ReplayProcess({"cam": hevc}) as replay:
        assert len(first_looks(RtspSource(replay.url("cam"), 1.0, options=QUICK), 2)) == 2


def test_a_camera_that_is_not_there_may_be_there_later() -> None:
    with pytest.raises(SourceUnavailable, match=r"127\.0\.0\.1"):
        first_looks(RtspSource("rtsp://127.0.0.1:9/cam", 1.0, options=QUICK), 1)


def test_an_unknown_path_needs_a_person(film: Path) -> None:
    with ReplayProcess({"cam": film}) as replay, pytest.raises(SourceRefused):
        first_looks(RtspSource(replay.url("cam").replace("/cam", "/nothing"), 1.0, options=QUICK), 1)


def test_a_camera_that_accepts_and_then_sends_nothing_is_left_in_time(film: Path) -> None:
    for fault in (Faults(is_deaf=True), Faults(is_mute=True)):
        with ReplayProcess({"cam": film}, faults={"cam": fault}) as replay, pytest.raises(SourceUnavailable):
            first_looks(RtspSource(replay.url("cam"), 1.0, options=QUICK), 1)


def test_a_camera_is_opened_by_its_first_second_and_left_when_it_falls_silent(film: Path) -> None:
    faults = {"cam": Faults(mute_after_s=1.0)}
    with ReplayProcess({"cam": film}, faults=faults) as replay:
        source = RtspSource(replay.url("cam"), 0.5, options=QUICK)
        with source, pytest.raises(SourceUnavailable, match="sent nothing for 3 s"):
            looks = iter(source)
            assert next(looks).media_time_s == 0.0
            list(looks)


def test_capture_times_are_the_cameras_while_its_clock_is_near_ours(film: Path) -> None:
    with (
        ReplayProcess({"cam": film}) as replay,
        RtspSource(replay.url("cam"), 1.0, options=QUICK) as source,
    ):
        for number, look in enumerate(source):
            if source.time_origin == "rtcp":
                assert source.clock_error_s is not None
                assert abs(source.clock_error_s) <= QUICK.max_clock_error_s
                assert abs((datetime.now(UTC) - look.captured_at).total_seconds()) < 10
                break
            assert number < 5, "its sender reports were not heeded"


def test_a_camera_whose_clock_was_once_too_far_off_is_dated_by_arrival_to_the_end(film: Path) -> None:
    """Ours is off at the third look only; a look that leaps to and fro would be worse than either."""
    asked: list[datetime] = []

    def now() -> datetime:
        asked.append(datetime.now(UTC) + timedelta(seconds=3600 if len(asked) == 2 else 0))
        return asked[-1]

    origins: list[str] = []
    with (
        ReplayProcess({"cam": film}) as replay,
        RtspSource(replay.url("cam"), 1.0, options=QUICK, now=now) as source,
    ):
        for look in source:
            origins.append(source.time_origin)
            if len(origins) > 3:
                # Less the picture's wait for the next one, which shows that it is whole.
                assert any(0.0 <= (at - look.captured_at).total_seconds() <= 0.2 for at in asked)
            if len(origins) == 6:
                break
    assert origins[-4:] == ["arrival"] * 4


def test_a_slow_cameras_picture_is_not_dated_by_the_one_after_it(tmp_path: Path) -> None:
    """Each picture waits a second for the next, which shows that it is whole."""
    slow = make_film(tmp_path / "slow.mp4", seconds=6, fps=1, gop=1)
    asked: list[datetime] = []

    def now() -> datetime:
        asked.append(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=len(asked)))
        return asked[-1]

    with ReplayProcess({"cam": slow}) as replay:
        looks = first_looks(RtspSource(replay.url("cam"), 1.0, options=QUICK, now=now), 3)
    # The first packet of a connection has no timestamp, so that its wait is unknown.
    for look, at in list(zip(looks, asked, strict=False))[1:]:
        assert look.captured_at == at - timedelta(seconds=1)


def test_a_dropped_connection_is_taken_up_again_and_looks_go_on(film: Path) -> None:
    states: list[SourceState] = []
    stop = threading.Event()
    with ReplayProcess({"cam": film}, faults={"cam": Faults(drop_after_s=2.5)}) as replay:
        reconnector = Reconnector(
            lambda: RtspSource(replay.url("cam"), 0.5, options=QUICK, stop=stop),
            stop,
            backoff=Backoff(0.2, 1.0),
            on_state=states.append,
        )
        looks = []
        for look in reconnector:
            looks.append(look)
            if reconnector.connections >= 3:
                stop.set()
    assert reconnector.connections >= 3
    assert [state.is_online for state in states[:3]] == [True, False, True]
    assert all(b.captured_at > a.captured_at for a, b in pairwise(looks))


def test_stopping_ends_a_source_within_two_seconds(film: Path) -> None:
    stop = threading.Event()
    with ReplayProcess({"cam": film}) as replay, RtspSource(replay.url("cam"), 1.0, stop=stop) as source:
        threading.Timer(0.5, stop.set).start()
        began = time.monotonic()
        list(source)
        assert time.monotonic() - began < 3


def test_credentials_come_from_environment_or_file_and_show_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CAM_LOGIN", "viewer:s3cret/@:x")
    (tmp_path / "login").write_text("viewer:s3cret/@:x\n")
    for reference in ("env:CAM_LOGIN", f"file:{tmp_path / 'login'}"):
        credentials = read_credentials(reference)
        assert (credentials.user, credentials.password) == ("viewer", "s3cret/@:x")
        assert "s3cret" not in repr(credentials)
    source = RtspSource("rtsp://127.0.0.1:9/cam", 1.0, credentials=credentials, options=QUICK)
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceUnavailable) as error:
        first_looks(source, 1)
    assert "s3cret" not in repr(source) + str(error.value) + caplog.text
    with pytest.raises(SourceRefused, match="without user and password"):
        first_looks(RtspSource("rtsp://viewer:s3cret@127.0.0.1:9/cam", 1.0), 1)


@contextmanager
def gst_server(*films: str, arguments: tuple[str, ...] = ()) -> Iterator[int]:
    """GStreamer's RTSP server, a peer that we did not write."""
    probe = subprocess.run(
        [SYSTEM_PYTHON, "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"],
        capture_output=True,
        check=False,
    )
    if probe.returncode != 0:
        reason = "GStreamer's RTSP server is not installed (gir1.2-gst-rtsp-server-1.0, python3-gst-1.0)"
        if os.environ.get("CI", "").lower() not in ("", "0", "false"):
            pytest.fail(reason)
        pytest.skip(reason)
    process = subprocess.Popen(
        [SYSTEM_PYTHON, str(SERVER), *films, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.peer
def test_gstreamers_h264_and_h265_cameras_are_watched(film: Path, hevc: Path) -> None:
    films = [f"a=h264:{elementary(film, 'h264')}", f"b=h265:{elementary(hevc, 'hevc')}"]
    with gst_server(*films) as port:
        for name in ("a", "b"):
            looks = first_looks(RtspSource(f"rtsp://127.0.0.1:{port}/{name}", 1.0, options=QUICK), 2)
            assert [look.planes.size_wh for look in looks] == [(320, 180)] * 2


@pytest.mark.peer
def test_gstreamers_keyframes_in_parts_are_put_together(tmp_path: Path) -> None:
    """It repeats the parameter sets before each slice, as some cameras do."""
    film = make_film(tmp_path / "slices.mp4", seconds=6, slices=4)
    arguments = ("--every-keyframe", "--fps", "10")
    with gst_server(f"a=h264:{elementary(film, 'h264')}", "b=h264:live", arguments=arguments) as port:
        for name in ("a", "b"):
            with RtspSource(f"rtsp://127.0.0.1:{port}/{name}", 1.0, options=QUICK) as source:
                looks = list(itertools.islice(source, 3))
                assert source.mode == "keyframe", name
                assert source.failed_looks == 0, name
            assert all(look.is_keyframe for look in looks), name
            assert all(look.planes.size_wh == (320, 180) for look in looks), name


@pytest.mark.peer
def test_a_camera_whose_clock_stands_still_is_timed_by_its_pictures(tmp_path: Path) -> None:
    """GStreamer gives a looped bitstream no times at all."""
    film = make_film(tmp_path / "a.mp4", seconds=8, fps=25, gop=25)
    with (
        gst_server(f"a=h264:{elementary(film, 'h264')}", arguments=("--fps", "25")) as port,
        RtspSource(f"rtsp://127.0.0.1:{port}/a", 1.0, options=QUICK) as source,
    ):
        shown = [second_shown(look.planes.y) for look in itertools.islice(source, 5)]
    # The first eight pictures of one time are taken for slices of one: the second look may be late.
    assert [(later - earlier) % 8 for earlier, later in pairwise(shown[1:])] == [1, 1, 1]


@pytest.mark.peer
def test_gstreamers_mpeg4_camera_is_watched(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", codec="mpeg4", seconds=20)
    with (
        gst_server(f"a=mp4v:{film}", arguments=("--once",)) as port,
        RtspSource(f"rtsp://127.0.0.1:{port}/a", 1.0, options=QUICK) as source,
    ):
        looks = list(itertools.islice(source, 3))
        assert source.mode == "keyframe"
    assert [look.planes.size_wh for look in looks] == [(320, 180)] * 3


@pytest.mark.peer
def test_gstreamers_live_camera_dates_its_pictures(film: Path) -> None:
    with (
        gst_server("a=h264:live") as port,
        RtspSource(f"rtsp://127.0.0.1:{port}/a", 1.0, options=QUICK) as source,
    ):
        for number, look in enumerate(source):
            if source.time_origin == "rtcp":
                assert abs((datetime.now(UTC) - look.captured_at).total_seconds()) < 10
                break
            assert number < 10, "its sender reports were not heeded"


@pytest.mark.peer
def test_gstreamers_camera_asks_for_a_password(film: Path) -> None:
    films = [f"a=h264:{elementary(film, 'h264')}"]
    with gst_server(*films, arguments=("--user", "viewer", "--password", "right")) as port:
        url = f"rtsp://127.0.0.1:{port}/a"
        assert first_looks(RtspSource(url, 1.0, credentials=Credentials("viewer", "right"), options=QUICK), 1)
        for credentials in (None, Credentials("viewer", "wrong")):
            with pytest.raises(SourceRefused):
                first_looks(RtspSource(url, 1.0, credentials=credentials, options=QUICK), 1)


@pytest.mark.peer
def test_a_gstreamer_film_that_ends_is_an_outage_and_not_the_end(film: Path) -> None:
    with gst_server(f"a=h264:{film}", arguments=("--once",)) as port:
        source = RtspSource(f"rtsp://127.0.0.1:{port}/a", 1.0, options=QUICK)
        with pytest.raises(SourceUnavailable):
            first_looks(source, 1000)
