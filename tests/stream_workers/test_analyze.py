"""Analysis of recordings: results on disk, resumable, and clear about everything that it cannot read."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from rich.progress import Progress

from models import registry
from models.registry import load_manifest
from stream_workers.analyze import RunSummary, run_analysis
from stream_workers.build import open_models
from stream_workers.errors import SourceRefused
from stream_workers.inputs import AnalyzeOptions
from stream_workers.masking import DeadlineMask
from tests.support.scripted_api import scripted_api
from tests.support.street import Street
from tests.support.waiting import wait_until
from vision.privacy.mask import Masked
from vision.types import Box

pytestmark = pytest.mark.slow

THING = (150, 110, 185, 140, 30)
SECONDS = 40


def film(path: Path, thing_from_s: float = 10.0, seconds: int = SECONDS, seed: int = 1) -> Path:
    """A drawn street in which something is left: 320x180, 5 fps, a keyframe a second."""
    street = Street(seed=seed)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height = street.size_wh
        stream.pix_fmt = "yuv420p"
        stream.options = {"g": "5", "bf": "0", "crf": "20", "preset": "ultrafast", "sc_threshold": "0"}
        for number in range(seconds * 5):
            things = (THING,) if number / 5 >= thing_from_s else ()
            luma = street.look(number, things=things)
            planes = np.concatenate([luma, np.full((luma.shape[0] // 2, luma.shape[1]), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def analyse(inputs: list[Path], out: Path, **options: object) -> RunSummary:
    facts = {"look_every_s": 1.0, "dwell_s": 8.0, "explain": True} | options
    return run_analysis(inputs, AnalyzeOptions(out=out, **facts), Progress(disable=True))  # type: ignore[arg-type]


def data_of(event: dict[str, object]) -> dict[str, object]:
    return cast("dict[str, object]", event["data"])


def events_of(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]


def test_a_left_thing_becomes_one_incident_in_every_result(tmp_path: Path) -> None:
    summary = analyse([film(tmp_path / "left.mp4")], tmp_path / "out")
    out = tmp_path / "out"
    assert (summary.exit_code, summary.incidents) == (0, 1)
    (event,) = events_of(out)
    incident = cast("dict[str, object]", event["data"])
    assert incident["category"] == "unattended_object"
    assert incident["input"] == "left.mp4"
    features = json.loads((out / "incidents.geojson").read_text())["features"]
    assert [feature["id"] for feature in features] == [incident["incident_id"]]
    assert str(incident["incident_id"]) in (out / "incidents.csv").read_text()
    for reference in cast("list[dict[str, str]]", incident["evidence"]):
        assert (out / reference["href"]).is_file()
    page = (out / "report.html").read_text()
    assert "Unattended object" in page and "http" not in page.replace("http-equiv", "")
    facts = json.loads((out / "run.json").read_text())
    assert facts["inputs"][0]["sha256"] and facts["looks"] == SECONDS


def test_without_a_detector_an_analysis_marks_persons_as_unchecked_and_gives_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "models" / "manifest.yaml"
    manifest.parent.mkdir()
    manifest.write_bytes(registry.MANIFEST.read_bytes())
    monkeypatch.setattr(registry, "MANIFEST", manifest)
    analyse([film(tmp_path / "left.mp4")], tmp_path / "out")
    (event,) = events_of(tmp_path / "out")
    incident = cast("dict[str, object]", event["data"])
    assert (incident["category"], incident["persons_checked"]) == ("unattended_object", False)
    assert (incident["model"], incident["evidence"]) == (None, [])
    assert incident["evidence_note"] == "no mask model is installed"


def test_the_same_analysis_again_is_the_same_run_with_the_same_events(tmp_path: Path) -> None:
    source = film(tmp_path / "left.mp4")
    analyse([source], tmp_path / "one")
    analyse([source], tmp_path / "two")
    analyse([source], tmp_path / "one")
    ids = [
        [(event["id"], event["source"]) for event in events_of(tmp_path / name)] for name in ("one", "two")
    ]
    assert ids[0] == ids[1] and len(ids[0]) == 1


@pytest.mark.slow
def test_an_analysis_that_is_killed_goes_on_and_doubles_nothing(tmp_path: Path) -> None:
    source = film(tmp_path / "left.mp4", seconds=60)
    analyse([source], tmp_path / "whole")
    command = [
        sys.executable,
        "-m",
        "streetkeeper",
        "analyze",
        str(source),
        "--look-every",
        "1",
        "--dwell",
        "8",
    ]
    for delay in (2.5, 3.5):
        process = subprocess.Popen(
            [*command, "--explain", "--out", str(tmp_path / "cut")],
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    analyse([source], tmp_path / "cut")
    assert events_of(tmp_path / "cut") == events_of(tmp_path / "whole")


def site_with_clips(folder: Path) -> Path:
    """A site whose one camera, that of `left.mp4`, makes clips."""
    document = {
        "format": "streetkeeper-site/1",
        "name": "clips",
        "version": "1",
        "time_zone": "UTC",
        "rules": [{"id": "left", "category": "unattended_object", "dwell_s": 8}],
        "cameras": [{"id": "left", "clips": True, "views": [{"id": "left"}]}],
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


class Raises:
    """A mask pass whose run-time gives up."""

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        raise RuntimeError("run-time gave up")


class Hangs:
    """A mask pass that does not come back."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def mask(self, image_bgr: NDArray[np.uint8], keep: Box | None = None) -> Masked:
        self.let_go.wait(60)
        raise RuntimeError("let go")


@pytest.mark.parametrize(
    ("masker", "said"),
    [
        (None, "no mask model is installed"),
        (Raises(), "the mask pass failed: run-time gave up"),
        (Hangs(), "the mask pass took longer than 0.3 s"),
    ],
    ids=["no model", "raises", "hangs"],
)
def test_without_a_mask_the_event_goes_without_any_picture_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, masker: Raises | Hangs | None, said: str
) -> None:
    unmasked = replace(open_models(), mask=DeadlineMask(masker, 0.3))
    monkeypatch.setattr("stream_workers.analyze.open_models", lambda: unmasked)
    out = tmp_path / "out"
    analyse([film(tmp_path / "left.mp4")], out, site=site_with_clips(tmp_path), camera="left")
    (event,) = events_of(out)
    incident = cast("dict[str, Any]", event["data"])
    assert incident["evidence"] == []
    assert said in incident["evidence_note"]
    assert "no clip: " in incident["evidence_note"]
    assert [path for path in out.rglob("*") if path.suffix in {".jpg", ".mp4", ".partial"}] == []
    assert said in (out / "report.html").read_text()
    if isinstance(masker, Hangs):
        masker.let_go.set()


def test_no_originals_are_kept(tmp_path: Path) -> None:
    """Beside the masked evidence no file holds a picture or a piece of the film."""
    source = film(tmp_path / "left.mp4")
    analyse([source], tmp_path / "out", explain=False)
    content, evidence = source.read_bytes(), tmp_path / "out" / "evidence"
    pieces = [content[at : at + 64] for at in range(len(content) // 4, len(content) - 64, 4096)]
    others = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.parent != evidence]
    assert {path.name.partition("-")[0] for path in others} == {
        *("events.jsonl", "incidents.geojson", "incidents.csv", "report.html", "run.json", "run.sqlite")
    }
    for path in others:
        held = path.read_bytes()
        assert not any(mark in held for mark in (b"\xff\xd8\xff", b"\x89PNG", b"ftypisom"))
        assert not any(piece in held for piece in pieces)


@pytest.mark.slow
def test_where_clips_are_on_the_incident_opens_with_one_and_the_report_plays_it(tmp_path: Path) -> None:
    source = film(tmp_path / "left.mp4")
    options = {"site": site_with_clips(tmp_path), "camera": "left"}
    analyse([source], tmp_path / "out", **options)
    (event,) = events_of(tmp_path / "out")
    incident = cast("dict[str, Any]", event["data"])
    (clip,) = [reference for reference in incident["evidence"] if reference["kind"] == "clip"]
    path = tmp_path / "out" / clip["href"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == clip["sha256"]
    assert clip["masked"] is True
    with av.open(str(path), "r") as container:
        assert len(list(container.decode(video=0))) >= 30
    page = (tmp_path / "out" / "report.html").read_text()
    assert '<video src="data:video/mp4;base64,' in page
    assert "media-src data:" in page
    analyse([source], tmp_path / "again", **options)
    assert events_of(tmp_path / "again") == events_of(tmp_path / "out")
    plain = tmp_path / "plain"
    analyse([source], plain)
    assert "<video" not in (plain / "report.html").read_text()
    assert list((plain / "evidence").glob("*.mp4")) == []


def test_a_folder_of_another_analysis_is_refused(tmp_path: Path) -> None:
    analyse([film(tmp_path / "a.mp4", seconds=4)], tmp_path / "out")
    with pytest.raises(SourceRefused, match="holds another analysis"):
        analyse([film(tmp_path / "b.mp4", seconds=4, seed=2)], tmp_path / "out")


def test_broken_files_are_reported_at_the_end_and_stop_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "night"
    folder.mkdir()
    film(folder / "good.mp4", seconds=6)
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mp4").write_text("this is no film")
    (folder / "list.mp4").write_text(f"ffconcat version 1.0\nfile '{folder / 'good.mp4'}'\n")
    (folder / "play.mp4").write_text("#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n")
    whole = (folder / "good.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 3])
    summary = analyse([folder], tmp_path / "out")
    faults = {file.name: file.fault for file in summary.files}
    assert summary.exit_code == 1
    assert faults["good.mp4"] == ""
    assert all(faults[name] for name in ("empty.mp4", "text.mp4", "list.mp4", "play.mp4", "cut.mp4"))
    assert not any("Traceback" in fault for fault in faults.values())


def test_names_with_markup_and_newlines_do_no_harm(tmp_path: Path) -> None:
    name = '<script>alert(1)</script>\n..\\..\\%2e%2e%2f"onload="x&.mp4'.replace("/", "_")
    folder = tmp_path / "in"
    folder.mkdir()
    summary = analyse([film(folder / ".." / "in" / name)], tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert (summary.exit_code, summary.incidents) == (0, 1)
    assert "<script>alert" not in page
    assert '"onload="' not in page
    assert all(name not in line for line in summary.lines())
    evidence = list((tmp_path / "out" / "evidence").iterdir())
    assert evidence and all(re.fullmatch(r"[0-9a-f]{64}\.jpg", path.name) for path in evidence)
    (event,) = events_of(tmp_path / "out")
    assert cast("dict[str, Any]", event["data"])["input"] == name
    (feature,) = json.loads((tmp_path / "out" / "incidents.geojson").read_text())["features"]
    assert feature["properties"]["input"] == name
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}


def test_a_name_that_is_no_utf_8_is_read_as_gb_18030(tmp_path: Path) -> None:
    folder = tmp_path / "night"
    folder.mkdir()
    film(tmp_path / "film.mp4").rename(os.fsdecode(bytes(folder) + "/路口.mp4".encode("gbk")))
    Path(os.fsdecode(bytes(folder) + "/空.mp4".encode("gbk"))).write_bytes(b"")
    summary = analyse([folder], tmp_path / "out")
    assert (summary.exit_code, summary.incidents) == (1, 1)
    assert data_of(events_of(tmp_path / "out")[0])["input"] == "路口.mp4"
    assert "路口.mp4" in (tmp_path / "out" / "report.html").read_text()
    assert any("'空.mp4' is empty" in line for line in summary.lines())


def test_nothing_that_can_be_read_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    assert analyse([tmp_path / "a.mp4"], tmp_path / "out").exit_code == 3


def test_a_site_names_the_camera_of_a_file_or_asks_for_it(tmp_path: Path) -> None:
    from sample_videos.make_demo_clips import FOLDER

    source = film(tmp_path / "unnamed.mp4", seconds=4)
    with pytest.raises(SourceRefused, match="name it with --camera"):
        analyse([source], tmp_path / "out", site=FOLDER / "site.yaml")
    with pytest.raises(SourceRefused, match="no such camera; it has drawn-street-1, drawn-street-2"):
        analyse([source], tmp_path / "out2", site=FOLDER / "site.yaml", camera="street-9")


@pytest.mark.slow
def test_real_footage_opens_the_left_bag_and_nothing_else(shared_data: Path, tmp_path: Path) -> None:
    summary = analyse([shared_data / "footage"], tmp_path / "out")
    opened = [event for event in events_of(tmp_path / "out") if str(event["type"]).endswith("opened")]
    assert len(summary.files) == 17 and summary.exit_code == 0
    assert [cast("dict[str, object]", event["data"])["input"] for event in opened] == ["aboda_video4.avi"]
    incident = cast("dict[str, object]", opened[0]["data"])
    assert 19 <= cast("float", incident["media_time_s"]) <= 34
    assert iou(cast("list[float]", incident["box_xyxy_px"]), [452, 366, 503, 412]) >= 0.3
    lines = [json.loads(line) for line in (tmp_path / "out" / "explain.jsonl").read_text().splitlines()]
    cars = [
        line for line in lines if line["input"] == "parkinglot_timelapse.mp4" and line["outcome"] == "claimed"
    ]
    assert {line["category"] for line in cars} == {"car"}


@pytest.mark.slow
def test_the_demo_films_raise_what_they_show_at_its_true_place(tmp_path: Path) -> None:
    from sample_videos.make_demo_clips import FOLDER
    from vision.georeference.frame import LocalFrame

    films = sorted(FOLDER.glob("*.mp4"))
    run_analysis(
        films,
        AnalyzeOptions(out=tmp_path / "out", site=FOLDER / "site.yaml", explain=True),
        Progress(disable=True),
    )
    truth = {
        film["film"]: film["things"] for film in json.loads((FOLDER / "truth.json").read_text())["films"]
    }
    opened = {
        data["input"]: data
        for data in (cast("dict[str, object]", event["data"]) for event in events_of(tmp_path / "out"))
    }
    assert {name: data["category"] for name, data in opened.items()} == {
        "drawn-street-1.mp4": "street_vendor",
        "drawn-street-2.mp4": "garbage_pile",
    }
    for name, data in opened.items():
        ellipse = cast("dict[str, float]", data["ellipse"])
        lon, lat = truth[str(name)][0]["lonlat"]
        east, north = LocalFrame(lon, lat).to_metres(np.array([data["lonlat"]], np.float64))[0]
        angle = np.deg2rad(ellipse["azimuth_deg"])
        along, across = (
            east * np.sin(angle) + north * np.cos(angle),
            east * np.cos(angle) - north * np.sin(angle),
        )
        # One true place of twenty lies outside its 95 % ellipse; that of 99 % is 1.24 times as long.
        away = (along / ellipse["semi_major_m"]) ** 2 + (across / ellipse["semi_minor_m"]) ** 2
        assert away <= 9.21 / 5.99
    lines = [json.loads(line) for line in (tmp_path / "out" / "explain.jsonl").read_text().splitlines()]
    assert any(line["outcome"] == "permitted" and line["input"] == "drawn-street-1.mp4" for line in lines)


def iou(one: list[float], other: list[float]) -> float:
    from vision.boxes import union_iou

    return union_iou(one, other)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    source = film(tmp_path / "closed.mp4", seconds=2)
    source.chmod(0)
    summary = analyse([source, film(tmp_path / "open.mp4", seconds=4)], tmp_path / "out")
    assert summary.exit_code == 1
    assert "Permission denied" in summary.files[0].fault


def test_a_missing_file_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    there = film(tmp_path / "there.mp4", seconds=4)
    summary = analyse([tmp_path / "gone.mp4", there], tmp_path / "out")
    assert summary.exit_code == 1
    assert [(file.name, file.looks) for file in summary.files] == [("gone.mp4", 0), ("there.mp4", 4)]
    assert "No such file" in summary.files[0].fault
    assert any("gone.mp4" in line and "check its name" in line for line in summary.lines())


def test_every_file_is_its_own_camera_also_when_it_is_a_copy(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", thing_from_s=5.0)
    shutil.copy(source, tmp_path / "b.mp4")
    (tmp_path / "other").mkdir()
    shutil.copy(source, tmp_path / "other" / "a.mp4")
    summary = analyse([tmp_path], tmp_path / "out")
    cameras = [data_of(event)["camera_id"] for event in events_of(tmp_path / "out")]
    assert (summary.incidents, len(set(cameras))) == (3, 3)
    inputs = json.loads((tmp_path / "out" / "run.json").read_text())["inputs"]
    assert [item["path"] for item in inputs] == [
        str(tmp_path / name) for name in ("a.mp4", "b.mp4", "other/a.mp4")
    ]


def a_site_file(path: Path, time_zone: str = "Asia/Shanghai") -> Path:
    document = {
        "format": "streetkeeper-site/1",
        "name": "one camera",
        "version": "t-1",
        "time_zone": time_zone,
        "rules": [{"id": "left", "category": "unattended_object", "dwell_s": 8, "min_confidence": 0.3}],
        "cameras": [{"id": "cam", "look_every_s": 1, "views": [{"id": "cam"}]}],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_recordings_of_a_camera_are_read_in_order_of_time_on_the_sites_clock(tmp_path: Path) -> None:
    """By name b comes last; by the time in its name it comes first, and the thing comes in a, later."""
    site = a_site_file(tmp_path / "site.yaml")
    films = [
        film(tmp_path / "a_20260302_080100.mp4", thing_from_s=5.0),
        film(tmp_path / "b_20260302_080000.mp4", thing_from_s=99.0),
    ]
    summary = analyse(films, tmp_path / "out", site=site)
    (event,) = events_of(tmp_path / "out")
    assert summary.exit_code == 0
    assert data_of(event)["input"] == "a_20260302_080100.mp4"
    assert str(data_of(event)["first_seen"]).startswith("2026-03-02T00:01:0")


@pytest.mark.parametrize("told", [None, datetime.fromisoformat("2026-03-02T08:00")])
def test_a_recording_never_begins_before_the_one_before_it_has_ended(
    tmp_path: Path, told: datetime | None
) -> None:
    """Copies have any time on disk, and a told start is that of the first."""
    site = a_site_file(tmp_path / "site.yaml")
    films = [film(tmp_path / f"{name}.mp4", thing_from_s=5.0 if name == "b" else 99.0) for name in "ab"]
    os.utime(films[0], (1.75e9, 1.75e9))
    os.utime(films[1], (1.6e9, 1.6e9))
    summary = analyse(films, tmp_path / "out", site=site, start=told)
    assert [file.time_origin for file in summary.files] == [
        "mtime" if told is None else "option",
        "follows the one before",
    ]
    (event,) = events_of(tmp_path / "out")
    first_seen = datetime.fromisoformat(str(data_of(event)["first_seen"]))
    began = (
        datetime.fromtimestamp(1.75e9 - SECONDS, UTC) if told is None else datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert SECONDS + 4 <= (first_seen - began).total_seconds() <= SECONDS + 7


def test_the_explanation_says_each_thing_once_and_the_same_when_the_command_is_run_again(
    tmp_path: Path,
) -> None:
    site = a_site_file(tmp_path / "site.yaml")
    films = [film(tmp_path / f"{name}.mp4", thing_from_s=5.0) for name in "ab"]
    analyse(films, tmp_path / "out", site=site)
    once = (tmp_path / "out" / "explain.jsonl").read_text()
    lines = [json.loads(line) for line in once.splitlines()]
    assert len({line["track_id"] for line in lines}) == len(lines)
    assert {line["input"] for line in lines} <= {"a.mp4", "b.mp4"} and lines
    assert analyse(films, tmp_path / "out", site=site).is_resumed
    assert (tmp_path / "out" / "explain.jsonl").read_text() == once


def test_the_runs_facts_name_what_it_was_made_with(tmp_path: Path) -> None:
    analyse([film(tmp_path / "a.mp4", seconds=4)], tmp_path / "out")
    facts = json.loads((tmp_path / "out" / "run.json").read_text())
    assert {"streetkeeper", "av", "onnxruntime"} <= set(facts["versions"])
    assert {entry.name: entry.sha256 for entry in load_manifest().models} == {
        name: model["sha256"] for name, model in facts["models"].items()
    }
    assert facts["cpu_s"] > 0 and facts["realtime_factor"] > 0 and facts["resumed"] is False


@pytest.mark.slow
def test_a_job_that_is_killed_is_told_and_the_same_command_goes_on(tmp_path: Path) -> None:
    films = [film(tmp_path / f"{name}.mp4", seconds=60, seed=number) for number, name in enumerate("abc")]
    words = ["analyze", *map(str, films), "--look-every", "1", "--dwell", "8", "--jobs", "2"]
    command = [sys.executable, "-m", "streetkeeper", *words, "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: (tmp_path / "out" / "run.sqlite").exists(), 60)
        for child in children_of(process.pid):
            os.kill(child, signal.SIGKILL)
        told, faults = process.communicate(timeout=120)
    assert "ended from outside" in told and "Traceback" not in told, faults
    assert process.returncode in (1, 3)
    again = analyse(films, tmp_path / "out", jobs=2)
    assert again.exit_code == 0
    analyse(films, tmp_path / "whole")
    assert sorted(map(str, events_of(tmp_path / "out"))) == sorted(map(str, events_of(tmp_path / "whole")))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_analysis_ends_at_once_and_says_that_it_goes_on(tmp_path: Path, jobs: str) -> None:
    films = [film(tmp_path / f"{name}.mp4", seconds=120, seed=number) for number, name in enumerate("ab")]
    words = ["analyze", *map(str, films), "--look-every", "0.2", "--dwell", "8", "--jobs", jobs]
    command = [sys.executable, "-m", "streetkeeper", *words, "--out", str(tmp_path / "out")]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    ) as process:
        wait_until(lambda: (tmp_path / "out" / "run.sqlite").exists(), 60)
        os.killpg(process.pid, signal.SIGINT)
        told, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "goes on from there" in told and "Traceback" not in told and "terminate" not in told


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def test_results_are_there_although_the_case_api_is_not_and_the_same_command_sends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREETKEEPER_WORKER_API_KEY", "sk_worker_secret")
    monkeypatch.setattr("stream_workers.sinks.http.TRIES_OF_A_RUN", 1)
    source = film(tmp_path / "left.mp4")
    summary = analyse([source], tmp_path / "out", api_url="http://127.0.0.1:9")
    assert (summary.exit_code, summary.incidents) == (4, 1)
    assert any("not all was sent" in line for line in summary.lines())
    assert (tmp_path / "out" / "report.html").is_file()
    with scripted_api() as api:
        assert analyse([source], tmp_path / "out", api_url=api.url).exit_code == 0
    assert sum(asked.method == "POST" for asked in api.asked) == 1
