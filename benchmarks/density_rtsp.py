"""The same density over loopback RTSP: many cameras in one process, as a worker runs them."""

import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import cv2

from benchmarks.density import LOOK_EVERY_S, Loop, Tally, default_site, measure_frames
from benchmarks.figures import config_sha256, cpu_s, line
from benchmarks.film import measure_film, street_film
from contracts.site import Camera, Site, View
from sample_videos.replay import ReplayProcess
from stream_workers.build import Models, ViewFolders, build_view_pipeline, open_models, view_setup
from stream_workers.journal import StoreJournal
from stream_workers.pipeline import ViewPipeline, persist_looks_for
from stream_workers.returned_memory import return_freed_memory
from stream_workers.sources.rtsp import RtspSource
from stream_workers.store import WorkerStore

__all__ = ["density_rtsp"]

DWELL_S = 300.0
PLAIN_FRAMES = 750
OPEN_WITHIN_S = 60.0


@dataclass(slots=True)
class Watch:
    """What one camera did during the measurement."""

    lags_s: list[float] = field(default_factory=list)
    open_s: float = 0.0
    opened: threading.Event = field(default_factory=threading.Event)


def density_rtsp(cameras: int, seconds: float) -> str:
    """Watch so many loopback cameras for so long and give the JSON line."""
    cv2.setNumThreads(1)
    return_freed_memory()
    film = street_film()
    facts = measure_film(film)
    plain = Tally()
    measure_frames(Loop(film), plain, PLAIN_FRAMES, None)
    site, models = _site(cameras), open_models()
    before_mb = _rss_mb()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        store = running.enter_context(WorkerStore(folder / "bench.sqlite"))
        replay = running.enter_context(ReplayProcess({"film": film}))
        stop = threading.Event()
        url = f"rtsp://127.0.0.1:{replay.port}/film"
        watches = [Watch() for _ in site.cameras]
        threads = [
            threading.Thread(
                target=_watch, args=(_pipeline(site, camera, models, store, folder), url, watch, stop)
            )
            for camera, watch in zip(site.cameras, watches, strict=True)
        ]
        for thread in threads:
            thread.start()
        _wait_until_open(watches)
        for watch in watches:
            watch.lags_s.clear()
        cpu_before, began = cpu_s(), time.monotonic()
        time.sleep(seconds)
        spent, passed = cpu_s() - cpu_before, time.monotonic() - began
        rss_mb = (_rss_mb() - before_mb) / cameras
        stop.set()
        for thread in threads:
            thread.join()
    due = cameras * int(passed / LOOK_EVERY_S)
    done = sum(sum(lag <= LOOK_EVERY_S for lag in watch.lags_s) for watch in watches)
    full = spent / (cameras * passed / 3600)
    figures = {
        "cameras": cameras,
        "seconds": round(passed, 1),
        "decode_cpu_s_per_camera_hour": round(plain.per_hour(), 1),
        "full_cpu_s_per_camera_hour": round(full, 2),
        "ratio_full": round(plain.per_hour() / full, 1),
        "looks_due": due,
        "looks_done": done,
        "looks_on_time": round(min(1.0, done / due), 4) if due else None,
        "open_s_median": round(median(watch.open_s for watch in watches), 2),
        "open_s_most": round(max(watch.open_s for watch in watches), 2),
        "rss_mb_per_camera": round(rss_mb, 1),
        "config_sha256": config_sha256(site.model_dump_json()),
    }
    return line("density-rtsp", {**figures, **facts.facts()})


def _site(cameras: int) -> Site:
    base = default_site()
    listed = [Camera(id=f"cam-{number}", views=[View(id=f"cam-{number}")]) for number in range(cameras)]
    return base.model_copy(update={"cameras": listed})


def _pipeline(site: Site, camera: Camera, models: Models, store: WorkerStore, folder: Path) -> ViewPipeline:
    setup = view_setup(site, camera, camera.views[0], models, run="live")
    journal = StoreJournal(store, camera.id, "live", persist_looks_for(DWELL_S, LOOK_EVERY_S))
    folders = ViewFolders(folder / "evidence", folder / "stills" / camera.id)
    pipeline, taker = build_view_pipeline(setup, journal, folders, models)
    journal.collect = taker.collect
    return pipeline


def _watch(pipeline: ViewPipeline, url: str, watch: Watch, stop: threading.Event) -> None:
    began = time.monotonic()
    with RtspSource(url, LOOK_EVERY_S, stop=stop) as source:
        watch.open_s = time.monotonic() - began
        for look in source:
            arrived = datetime.now(UTC)
            pipeline.handle(look)
            waited = (datetime.now(UTC) - arrived).total_seconds()
            watch.lags_s.append(waited + max(0.0, (arrived - look.captured_at).total_seconds()))
            watch.opened.set()


def _wait_until_open(watches: list[Watch]) -> None:
    deadline = time.monotonic() + OPEN_WITHIN_S
    for watch in watches:
        if not watch.opened.wait(max(0.0, deadline - time.monotonic())):
            raise FileNotFoundError("a loopback camera gave no look within a minute")


def _rss_mb() -> float:
    """Resident memory of this process, MB."""
    for text in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if text.startswith("VmRSS"):
            return int(text.split()[1]) / 1024
    return 0.0
