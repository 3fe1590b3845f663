"""The same density over loopback RTSP: many cameras in one process, as a worker runs them.

The measured minute is mere watching. What an hour's heartbeats, gate firings, background stills and
incidents cost is measured from the film and added, so that all in means all in.
"""

import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import cv2

from benchmarks.density import (
    LOOK_EVERY_S,
    LOOKS,
    Loop,
    MeasuredHour,
    Tally,
    Workload,
    default_site,
    measure_frames,
)
from benchmarks.figures import config_sha256, cpu_s, line
from benchmarks.film import long_film, measure_film, street_film
from contracts.site import Camera, Site, View
from sample_videos.replay import ReplayProcess
from stream_workers.build import Models, ViewFolders, build_view_pipeline, open_models, view_setup
from stream_workers.journal import StoreJournal
from stream_workers.pipeline import ViewPipeline, persist_looks_for
from stream_workers.returned_memory import return_freed_memory
from stream_workers.sources.rtsp import RtspSource
from stream_workers.store import WorkerStore

__all__ = ["density_rtsp", "rtsp_figures", "timeliness"]

DWELL_S = 300.0
PLAIN_FRAMES = 750
"""Before and again after: the machine may be busier at one time than at another."""
OPEN_WITHIN_S = 60.0
LOOPS_PER_FILE = 5


@dataclass(slots=True)
class Watch:
    """What one camera did during the measurement."""

    lags_s: list[float] = field(default_factory=list)
    open_s: float = 0.0
    opened: threading.Event = field(default_factory=threading.Event)


def density_rtsp(cameras: int, seconds: float) -> str:
    """Watch so many loopback cameras for so long and give the JSON line.

    Raises:
        NotAsPromised: The film, or the hour's workload, is not what it is promised to be.
        FileNotFoundError: A model's file is missing, or a camera gave no look.
    """
    cv2.setNumThreads(1)
    return_freed_memory()
    film = street_film()
    facts = measure_film(film).check_default()
    plain, plain_film = Tally(), Loop(film)
    measure_frames(plain_film, plain, PLAIN_FRAMES, None)
    with MeasuredHour(long_film(film, LOOPS_PER_FILE)) as hour:
        hour.go_on(LOOKS)
        workload = hour.workload()
    workload.check()
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
    measure_frames(plain_film, plain, PLAIN_FRAMES, None)
    lags_s = [lag for watch in watches for lag in watch.lags_s]
    figures = {
        "cameras": cameras,
        "seconds": round(passed, 1),
        **rtsp_figures(plain.per_hour(facts.fps), spent / (cameras * passed / 3600), workload),
        **timeliness(lags_s, cameras * int(passed / LOOK_EVERY_S)),
        "open_s_median": round(median(watch.open_s for watch in watches), 2),
        "open_s_most": round(max(watch.open_s for watch in watches), 2),
        "rss_mb_per_camera": round(rss_mb, 1),
        "frames_sampled": plain.frames,
        "config_sha256": config_sha256(site.model_dump_json()),
    }
    return line("density-rtsp", {**figures, **facts.facts()})


def rtsp_figures(decode_s: float, watching_s: float, workload: Workload) -> dict[str, float]:
    """CPU seconds per camera-hour: watching as measured, and all in with the hour's workload added.

    Args:
        decode_s: Of the plain loop, per camera-hour.
        watching_s: Of watching over RTSP, likewise.
        workload: An hour from the film: what it took all in beyond looks and gate is the workload.
    """
    extra_s = workload.full_cpu_s - workload.gate_cpu_s
    return {
        "decode_cpu_s_per_camera_hour": round(decode_s, 1),
        "watching_cpu_s_per_camera_hour": round(watching_s, 2),
        "workload_cpu_s_per_camera_hour": round(extra_s, 2),
        "full_cpu_s_per_camera_hour": round(watching_s + extra_s, 2),
        "ratio_full": round(decode_s / (watching_s + extra_s), 1),
    }


def timeliness(lags_s: Sequence[float], due: int) -> dict[str, float | None]:
    """How many looks were due and done, and the share done within one interval of being due.

    Args:
        lags_s: Of every look that was done, the time from its capture until it was committed.
        due: Looks that were due.
    """
    timely = sum(lag <= LOOK_EVERY_S for lag in lags_s)
    return {
        "looks_due": due,
        "looks_done": len(lags_s),
        "looks_on_time": round(min(1.0, timely / due), 4) if due else None,
    }


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
