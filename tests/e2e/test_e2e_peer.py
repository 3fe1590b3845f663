"""The whole flow from cameras that we did not write: GStreamer's RTSP server."""

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.stream_workers.test_sources_rtsp import gst_server
from tests.support.films import elementary
from tests.support.machine import Machine, demo_films, demo_site, machine
from tests.support.waiting import wait_until


def found(of: Machine) -> set[tuple[str, str]]:
    return {(incident["view_id"], incident["category"]) for incident in of.incidents()}


@pytest.mark.e2e
@pytest.mark.peer
@pytest.mark.slow
def test_what_gstreamers_camera_shows_is_stored_although_the_worker_is_killed_on_the_way(
    tmp_path: Path,
) -> None:
    film = Path(shutil.copy(demo_films()["drawn-street-2"], tmp_path))
    word = f"drawn-street-2=h265:{elementary(film, 'hevc')}"

    def only_that(document: dict[str, Any]) -> None:
        document["cameras"] = [camera for camera in document["cameras"] if camera["id"] == "drawn-street-2"]

    with gst_server(word, arguments=("--fps", "25")) as port, machine(tmp_path / "m") as one:
        site = demo_site(tmp_path / "site.yaml", lambda name: f"rtsp://127.0.0.1:{port}/{name}", only_that)
        one.start_api()
        worker = one.worker(site)
        worker.start()
        wait_until(lambda: worker.records("camera_online"), 60)
        threading.Event().wait(20)  # the heap has come, and does not lie long enough yet
        assert one.incidents() == []
        worker.kill()
        worker.start()
        wait_until(lambda: found(one) == {("drawn-street-2", "garbage_pile")}, 180)
        assert one.health() == {"drawn-street-2": "ok"}
        for incident in one.incidents():
            assert incident["ellipse"] is not None
            assert all(picture["masked"] for picture in incident["evidence"])
