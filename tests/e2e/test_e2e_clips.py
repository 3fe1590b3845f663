"""Clips through whole processes: they arrive and play, and killing the worker in between loses no event."""

import signal
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from tests.e2e.test_e2e_live import Town, is_the_thing, wait_for
from tests.stream_workers.test_analyze import film


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    for name in ("STREETKEEPER_WORKER_API_KEY", "STREETKEEPER_WORKER_LEASE_S"):
        monkeypatch.setenv(name, "")
    built = Town(tmp_path, film(tmp_path / "cam.mp4", thing_from_s=10.0, seconds=150), clips=True)
    yield built
    for process in built.processes.values():
        process.kill()
        process.wait()


def events_of(town: Town, incident: dict[str, Any]) -> list[dict[str, Any]]:
    page = town.get(f"/v1/incidents/{incident['incident_id']}/events")
    return sorted(page["events"], key=lambda event: int(event["sequence"]))


def clips_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in event["data"]["evidence"] if item["kind"] == "clip"]


@pytest.mark.e2e
@pytest.mark.slow
def test_a_clip_comes_with_an_update_and_plays_from_the_api(town: Town) -> None:
    with town.replay():
        town.start_api()
        town.start_worker()
        (incident,) = wait_for(town.incidents, "an incident")
        assert is_the_thing(incident)
        wait_for(lambda: len(events_of(town, incident)) > 1, "the clip")
        opened, update, *more = events_of(town, incident)
        assert more == []
        assert (clips_of(opened), update["type"].rpartition(".")[2]) == ([], "updated")
        assert update["data"]["evidence_note"] == opened["data"]["evidence_note"]
        (clip,) = clips_of(update)
        url = f"http://127.0.0.1:{town.port}/v1/{clip['href']}"
        headers = {"Authorization": f"Bearer {town.key}"}
        whole = httpx.get(url, headers=headers, timeout=10)
        part = httpx.get(url, headers={**headers, "Range": "bytes=0-99"}, timeout=10)
        assert whole.headers["content-type"] == part.headers["content-type"] == "video/mp4"
        assert (part.status_code, part.content) == (206, whole.content[:100])
        with av.open(BytesIO(whole.content), "r") as container:
            pictures = sum(1 for _ in container.decode(video=0))
        assert 20 <= pictures <= 37
        assert f"/v1/{clip['href']}" in page_of(town)
        assert town.end("worker", signal.SIGTERM) < 6


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_ends_with_a_clip_in_hand_tells_after_its_start_that_there_is_none(
    town: Town, number: signal.Signals
) -> None:
    with town.replay():
        town.start_api()
        town.start_worker()
        (incident,) = wait_for(town.incidents, "an incident")
        assert town.end("worker", number) < 6
        assert len(events_of(town, incident)) == 1
        assert list((town.folder / "worker").rglob("*.mp4*")) == []
        town.start_worker()
        wait_for(lambda: len(events_of(town, incident)) > 1, "the word that there is no clip")
    events = events_of(town, incident)
    assert [event["sequence"] for event in events] == list(range(len(events)))
    assert "no clip: the worker that was making it ended" in events[1]["data"]["evidence_note"]
    assert all(clips_of(event) == [] for event in events)
    assert len({item["incident_id"] for item in town.incidents() if item["status"] == "open"}) <= 1


def page_of(town: Town) -> str:
    with httpx.Client(base_url=f"http://127.0.0.1:{town.port}", timeout=10) as browser:
        assert browser.post("/login", data={"key": town.key, "next": "/"}).status_code == 303
        return browser.get("/").text
