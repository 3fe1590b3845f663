"""Live looks over RTSP, from our replay server and from GStreamer's, through outages and refusals."""

import logging
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest

from sample_videos.replay import ReplayProcess
from sample_videos.replay_channel import Faults
from stream_workers.errors import SourceRefused, SourceUnavailable
from stream_workers.sources.connection import LiveOptions
from stream_workers.sources.credentials import Credentials, read_credentials
from stream_workers.sources.media import DecodedLook
from stream_workers.sources.reconnect import Backoff, Reconnector, SourceState
from stream_workers.sources.rtsp import RtspSource
from tests.support.films import make_film

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
    assert all(0.5 <= gap <= 2.5 for gap in gaps)
    assert abs((datetime.now(UTC) - looks[-1].captured_at).total_seconds()) < 10


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


def elementary(film: Path, codec: str) -> Path:
    """The film as a bare bitstream, which GStreamer can loop."""
    path = film.with_suffix(f".{codec}")
    with av.open(str(film)) as source, av.open(str(path), "w", format=codec) as output:
        stream = source.streams.video[0]
        target = output.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = target
                output.mux(packet)
    return path


@pytest.mark.peer
def test_gstreamers_h264_and_h265_cameras_are_watched(film: Path, hevc: Path) -> None:
    films = [f"a=h264:{elementary(film, 'h264')}", f"b=h265:{elementary(hevc, 'hevc')}"]
    with gst_server(*films) as port:
        for name in ("a", "b"):
            looks = first_looks(RtspSource(f"rtsp://127.0.0.1:{port}/{name}", 1.0, options=QUICK), 2)
            assert [look.planes.size_wh for look in looks] == [(320, 180)] * 2


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
