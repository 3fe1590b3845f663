"""Analysis of recordings: results on disk, resumable, and clear about everything that it cannot read."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from rich.progress import Progress

from stream_workers.analyze import RunSummary, run_analysis
from stream_workers.build import open_models
from stream_workers.errors import SourceRefused
from stream_workers.inputs import AnalyzeOptions
from stream_workers.masking import DeadlineMask
from tests.support.street import Street
from vision.privacy.mask import Masked
from vision.types import Box

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
        assert (along / ellipse["semi_major_m"]) ** 2 + (across / ellipse["semi_minor_m"]) ** 2 <= 1
    lines = [json.loads(line) for line in (tmp_path / "out" / "explain.jsonl").read_text().splitlines()]
    assert any(line["outcome"] == "permitted" and line["input"] == "drawn-street-1.mp4" for line in lines)


def iou(one: list[float], other: list[float]) -> float:
    from vision.boxes import union_iou

    return union_iou(one, other)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    source = film(tmp_path / "closed.mp4", seconds=2)
    source.chmod(0)
    with pytest.raises(OSError, match=r"closed\.mp4"):
        analyse([source], tmp_path / "out")
