"""Killed again and again at random, the processes end with the incidents of an undisturbed run."""

import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from sample_videos.replay import ReplayProcess
from tests.support.machine import Machine, Program, demo_films, demo_site, free_port, kill_replay, machine
from tests.support.waiting import wait_until
from vision.boxes import union_iou

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
KILLS_UNTIL_S = 55.0
"""Film time; the last thing comes at 15 s, the films begin again at 90 s."""


def kill_in_turn(of: Machine, worker: Program, began: float, chance: random.Random) -> int:
    """Kill worker and API at random moments, restarting each; how often.

    None is waited for: on a slow machine some are killed while they start, which must do no harm either.
    """
    kills = 0
    while time.monotonic() - began < KILLS_UNTIL_S:
        time.sleep(chance.uniform(2.0, 8.0))
        if kills % 2 == 0:
            worker.kill()
            worker.start()
        else:
            of.api.kill()
            time.sleep(chance.uniform(0.0, 3.0))
            of.api.start()
        kills += 1
    of.wait_for_api()
    worker.kill()
    starts = len(worker.records("worker_started"))
    worker.start()
    wait_until(lambda: len(worker.records("worker_started")) > starts, 60)
    return kills + 1


def is_online(worker: Program, cameras: int) -> bool:
    return len({record["thread"] for record in worker.records("camera_online")}) == cameras


def told(of: Machine) -> list[dict[str, Any]]:
    return sorted(of.incidents(), key=lambda incident: (incident["view_id"], incident["category"]))


def check_numbers(of: Machine) -> None:
    """Each incident was opened once, and no number is missing or there twice."""
    for incident in of.incidents():
        events = of.events_of(incident["incident_id"])
        assert sorted(event["sequence"] for event in events) == list(range(len(events)))
        assert [event["type"] for event in events].count("org.streetkeeper.incident.opened") == 1
    sequences = defaultdict(list)
    for event in of.get("/v1/events", type="org.streetkeeper.camera.health", limit="500")["events"]:
        sequences[event["subject"]].append(event["sequence"])
    assert sequences
    for found in sequences.values():
        assert sorted(found) == list(range(len(found)))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("seed", [7])
def test_what_is_killed_at_random_ends_like_what_is_not(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - when to kill
    films, port = demo_films(), free_port()
    site = demo_site(tmp_path / "site.yaml", lambda name: f"rtsp://127.0.0.1:{port}/{name}")
    with machine(tmp_path / "calm") as calm, machine(tmp_path / "disturbed") as disturbed:
        workers = []
        for each in (calm, disturbed):
            each.start_api()
            workers.append(each.worker(site))
            workers[-1].start()
        with ReplayProcess(films, port=port) as replay:
            wait_until(lambda: all(is_online(worker, len(films)) for worker in workers), 60)
            time.sleep(chance.uniform(0.5, 4.0))
            kill_replay(replay)
        with ReplayProcess(films, port=port):
            began = time.monotonic()
            kills = kill_in_turn(disturbed, workers[1], began, chance)
            wait_until(lambda: len(calm.incidents()) >= len(films), 25)
            wait_until(lambda: len(disturbed.incidents()) >= len(films), 25)
        assert kills >= 6
        for each, worker in zip((calm, disturbed), workers, strict=True):
            status, _ = worker.end()
            assert status == 0
            check_numbers(each)
        undone, done = told(disturbed), told(calm)
        names = [(incident["view_id"], incident["category"], incident["status"]) for incident in done]
        assert [(one["view_id"], one["category"], one["status"]) for one in undone] == names
        assert {category for _, category, _ in names} == {"street_vendor", "garbage_pile"}
        for one, other in zip(undone, done, strict=True):
            assert union_iou(one["box_xyxy_px"], other["box_xyxy_px"]) > 0.5
            assert one["evidence"] or one["evidence_note"]
            for picture in one["evidence"]:
                assert picture["masked"] is True
                assert disturbed.picture(picture["href"])[:2] == b"\xff\xd8"
