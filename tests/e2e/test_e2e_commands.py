"""A real API and real workers: the site from the API, commands, and each of the two killed in the middle."""

import hashlib
import io
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
import yaml

from sample_videos.replay import ReplayProcess
from tests.support.machine import ROOT, Machine, Program, demo_films, machine
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
FILM = next(iter(demo_films().values()))


def document(port: int, version: str, *cameras: str, every_s: float = 1.0) -> dict[str, Any]:
    return {
        "format": "streetkeeper-site/1",
        "name": "commands",
        "version": version,
        "time_zone": "UTC",
        "rules": [{"id": "heaps", "category": "garbage_pile", "dwell_s": 12, "min_confidence": 0.3}],
        "cameras": [
            {
                "id": name,
                "look_every_s": every_s,
                "heartbeat_every_s": 600,
                "stream": {
                    "url": f"rtsp://127.0.0.1:{port}/{name}",
                    "purpose": "test",
                    "authority": "test",
                    "legal_basis": "test: a simulated film",
                    "sign_confirmed": True,
                },
                "views": [{"id": name}],
            }
            for name in cameras
        ],
    }


def import_site(
    one: Machine, site: dict[str, Any], reason: str = "a test"
) -> subprocess.CompletedProcess[str]:
    path = one.folder / "to-import.yaml"
    path.write_text(yaml.safe_dump(site), encoding="utf-8")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "streetkeeper",
            "site",
            "import",
            str(path),
            "--api",
            one.url,
            "--reason",
            reason,
        ],
        cwd=ROOT,
        env={"STREETKEEPER_KEY": one.key_of("admin"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ask(one: Machine, kind: str, camera: str | None = None, body: dict[str, Any] | None = None) -> str:
    role = "admin" if kind in ("calibrate-preview", "capture-baseline") else "operator"
    wish = {"kind": kind, "camera": camera, "body": body or {}}
    return str(one.post("/v1/commands", wish, role)["command_id"])


def ended(one: Machine, command_id: str, within_s: float = 150) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def is_over() -> bool:
        try:
            found.update(one.get(f"/v1/commands/{command_id}"))
        except httpx.HTTPError:
            return False
        return found["state"] in ("done", "failed", "expired")

    wait_until(is_over, within_s)
    return found


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Machine, Program, ReplayProcess]]:
    """An API that owns the site, and a worker that has taken it from there and watches its camera."""
    with ReplayProcess({"only": FILM, "other": FILM}) as replay, machine(folder) as one:
        one.start_api()
        assert import_site(one, document(replay.port, "1", "only")).returncode == 0
        (folder / "drop").mkdir()
        worker = one.worker(None, drop_dir=folder / "drop")
        worker.start()
        wait_until(lambda: one.health().get("only") == "ok", 90)
        yield one, worker, replay


def test_a_worker_follows_the_site_of_the_api_and_starts_from_the_kept_one_while_it_is_away(
    tmp_path: Path,
) -> None:
    with watched(tmp_path) as (one, worker, replay):
        told = import_site(one, document(replay.port, "2", "only", "other"), "another camera")
        assert "cameras[other]: added" in told.stdout and 'version: "1" -> "2"' in told.stdout
        wait_until(lambda: one.health() == {"only": "ok", "other": "ok"}, 90)
        views = one.get("/v1/cameras")["views"]
        wait_until(
            lambda: any(view["health"]["site_version"] == "2" for view in views if view["view_id"] == "other")
        )
        # The first camera was never disconnected.
        online = [record["thread"] for record in worker.records("camera_online")]
        assert sorted(online) == ["camera-only", "camera-other"]
        worker.kill()
        one.api.kill()
        worker.start()
        wait_until(lambda: worker.records("site_of_before_is_used"), 60)
        wait_until(lambda: len(worker.records("camera_online")) == 4, 60)
        one.start_api()
        status, took_s = worker.end()
        assert (status, took_s < 7) == (0, True)
        assert "Traceback" not in worker.log.read_text(encoding="utf-8")


def test_a_site_that_only_a_worker_can_refuse_stays_out_and_health_says_so(tmp_path: Path) -> None:
    with watched(tmp_path) as (one, worker, replay):
        broken = document(replay.port, "bad", "only")
        points = [
            {
                "px": [100 + 300 * (i % 3), 100 + 200 * (i // 3) * (-1) ** i + 400],
                "lonlat": [104 + 1e-4 * i, 30 + 1e-4 * (i % 2)],
            }
            for i in range(8)
        ]
        broken["cameras"][0]["views"][0]["calibration"] = {
            "picture_wh": [1920, 1080],
            "control_points": points,
        }
        refused = import_site(one, broken)
        assert refused.returncode == 2 and "control_points" in refused.stderr
        # Past the command's own check: the API cannot know, the worker does.
        text = yaml.safe_dump(broken)
        one.post("/v1/config/site", {"text": text, "reason": "a mistake", "base": 1})
        wait_until(lambda: worker.records("site_refused_running_one_stays"), 60)

        def told() -> bool:
            (view,) = one.get("/v1/cameras")["views"]
            return "a newer site was refused" in view["health"]["detail"]

        wait_until(told, 60)
        assert one.get("/v1/cameras")["views"][0]["health"]["site_version"] == "1"


def test_every_quick_command_is_done_with_masked_pictures(tmp_path: Path) -> None:
    with watched(tmp_path) as (one, _, _):
        snapshot = ended(one, ask(one, "snapshot", "only"))
        assert snapshot["state"] == "done", snapshot
        picture = one.picture(snapshot["evidence"][0]["href"])
        shown = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
        assert shown is not None
        height, width = shown.shape[:2]
        baseline = ended(one, ask(one, "capture-baseline", "only"))
        assert baseline["state"] == "done" and baseline["answer"]["stills"]
        points = [
            {"px": [x * width, y * height], "lonlat": [104 + x * 4e-4, 30 - y * 3e-4]}
            for x, y in [(0.1, 0.5), (0.9, 0.5), (0.1, 0.9), (0.9, 0.9), (0.5, 0.7), (0.3, 0.6)]
        ]
        body = {"control_points": points, "picture_wh": [width, height]}
        preview = ended(one, ask(one, "calibrate-preview", "only", body))
        assert preview["state"] == "done", preview
        assert len(preview["answer"]["points"]) == 6 and preview["evidence"]
        too_few = ended(one, ask(one, "calibrate-preview", "only", {**body, "control_points": points[:3]}))
        assert too_few["state"] == "failed" and "4" in too_few["reason"]
        again = ended(
            one,
            ask(
                one,
                "recheck",
                "only",
                {
                    "category": "garbage_pile",
                    "first_seen": "2026-01-01T00:00:00Z",
                    "last_seen": "2026-01-01T01:00:00Z",
                    "box_xyxy_px": [10, 10, 60, 60],
                    "picture_wh": [width, height],
                },
            ),
        )
        assert (again["state"], again["answer"]["answer"]) == ("done", "cannot_tell")
        assert again["answer"]["why"] and again["evidence"]


def test_a_picture_from_outside_is_masked_without_its_metadata_and_a_hostile_one_refused(
    tmp_path: Path,
) -> None:
    with watched(tmp_path) as (one, _, _):
        rng = np.random.default_rng(7)
        plain = cv2.imencode(".jpg", rng.integers(0, 255, (300, 400, 3), dtype=np.uint8))[1].tobytes()
        exif = b"Exif\0\0MM\0*\0\0\0\x08 GPS 31.2304N 121.4737E"
        sent = (
            plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif + plain[2:] + b"PK\x03\x04 <script>"
        )
        good, bad = bring(one, sent), bring(one, sent[: len(sent) // 3])
        released = outside(one, good, "released")
        shown = one.picture(released["evidence"])
        assert b"GPS" not in shown and b"script" not in shown and shown != sent
        assert hashlib.sha256(shown).hexdigest() in released["evidence"]
        refused = outside(one, bad, "refused")
        assert refused["evidence"] is None and refused["reason"]
        wait_until(lambda: not list((tmp_path / "api" / "quarantine").iterdir()))


def test_an_analysis_survives_kill_9_of_worker_and_api_and_doubles_nothing(tmp_path: Path) -> None:
    with watched(tmp_path) as (one, worker, _):
        shutil.copy(FILM, tmp_path / "drop" / "night.mp4")
        wait_until(lambda: one.get("/v1/drop-folders")["folders"], 60)
        body = {"file": "night.mp4", "camera": "only", "look_every_s": 10}
        command_id = ask(one, "analyse-recording", None, body)
        wait_until(lambda: worker.records("command_begun"), 60)
        wait_until(lambda: list((tmp_path / "worker" / "analyses").glob("*/results/run.sqlite")), 60)
        worker.kill()
        one.api.kill()
        wait_until(lambda: not analyses_of(tmp_path), 30)  # none goes on without its worker
        one.start_api()
        worker.start()
        done = ended(one, command_id, 280)
        assert done["state"] == "done", done
        assert done["attempts"] == 2
        run = done["answer"]["run"]
        runs = {entry["run"]: entry for entry in one.get("/v1/runs")["runs"]}
        assert runs[run]["state"] == "done" and runs[run]["inputs"] == ["night.mp4"]
        incidents = one.get("/v1/incidents", run=run, limit="1000")["features"]
        assert len(incidents) == done["answer"]["incidents"]


def test_a_command_waits_while_the_api_is_away_and_its_result_is_handed_in_once(tmp_path: Path) -> None:
    with watched(tmp_path) as (one, worker, _):
        command_id = ask(one, "snapshot", "only")
        wait_until(lambda: worker.records("command_begun"), 60)
        one.api.kill()
        wait_until(lambda: worker.records("commands_not_asked_for"), 60)
        one.start_api()
        done = ended(one, command_id)
        assert (done["state"], len(done["evidence"])) == ("done", 1)


def test_two_workers_with_folders_of_their_own_share_the_cameras_through_the_api(tmp_path: Path) -> None:
    with watched(tmp_path) as (one, first, _):
        second = one.worker(None, data="second", name="second")
        second.start()
        wait_until(lambda: second.records("camera_watched_elsewhere"), 60)
        assert not second.records("camera_online")
        first.kill()
        wait_until(lambda: second.records("camera_online"), 60)
        done = ended(one, ask(one, "snapshot", "only"))
        assert done["state"] == "done"


def analyses_of(folder: Path) -> list[str]:
    """Analyses that run in a folder: Linux tells which files a process has open."""
    found = []
    for process in Path("/proc").iterdir():
        with suppress(OSError):
            links = [link.readlink() for link in (process / "fd").iterdir()] if process.name.isdigit() else []
            if any(str(link).startswith(f"{folder}/worker/analyses") for link in links):
                found.append(process.name)
    return found


def bring(one: Machine, content: bytes) -> str:
    headers = {"Authorization": f"Bearer {one.key_of('operator')}", "Content-Type": "image/jpeg"}
    answer = httpx.post(
        f"{one.url}/v1/outside-pictures", content=io.BytesIO(content).read(), headers=headers, timeout=30
    )
    answer.raise_for_status()
    return str(answer.json()["picture_id"])


def outside(one: Machine, picture_id: str, state: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def is_so() -> bool:
        found.update(one.get(f"/v1/outside-pictures/{picture_id}"))
        return bool(found["state"] == state)

    wait_until(is_so, 120)
    return found
