"""A test against a real peer that is not installed says why it is skipped, and in CI it fails instead."""

import sys

import pytest

from tests.stream_workers import test_sources_rtsp


@pytest.fixture(autouse=True)
def no_gstreamer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own Python sees no GStreamer, as the system's does where it is not installed."""
    monkeypatch.setattr(test_sources_rtsp, "SYSTEM_PYTHON", sys.executable)


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_without_the_peer_a_test_is_skipped_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CI", value)
    with (
        pytest.raises(pytest.skip.Exception, match=r"not installed \(gir1.2-gst-rtsp-server"),
        test_sources_rtsp.gst_server(),
    ):
        pass


@pytest.mark.parametrize("value", ["1", "true", "True"])
def test_in_ci_it_fails(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CI", value)
    with pytest.raises(pytest.fail.Exception, match="not installed"), test_sources_rtsp.gst_server():
        pass
