"""The worker process: cameras, sender, site file, and an orderly end."""

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import cv2

from contracts.site import Site
from contracts.site_check import SiteRejected, load_site
from stream_workers import metrics
from stream_workers.build import open_models
from stream_workers.camera_loop import CameraLoop, WorkerParts
from stream_workers.errors import SourceRefused
from stream_workers.leases import LeaseBook
from stream_workers.logging_setup import set_up_logging
from stream_workers.settings import WorkerSettings
from stream_workers.sinks.http import ApiClient, Sender
from stream_workers.store import WorkerStore

__all__ = ["run_worker"]

LOG = logging.getLogger(__name__)
LOOK_AT_SITE_S = 2.0
END_WITHIN_S = 4.5
CLEAN_EVERY_S = 600.0


def run_worker(given: Mapping[str, Any], cameras: Sequence[str] = ()) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        given: Settings that the command line names; they win over the environment.
        cameras: Only these cameras; empty means all with a stream.

    Raises:
        SiteRejected: The site file has faults at the start.
        SourceRefused: No camera is left to watch.
    """
    settings = WorkerSettings(**given)
    set_up_logging(settings.log_format)
    cv2.setNumThreads(1)
    site = load_site(settings.site)
    stop = threading.Event()
    _end_on_signals(stop)
    with WorkerStore(settings.data_dir / "worker.sqlite") as store:
        parts = WorkerParts(
            store,
            LeaseBook(store, settings.lease_s),
            open_models(),
            settings.data_dir,
            threading.BoundedSemaphore(max(1, os.cpu_count() or 1)),
            stop,
            site,
        )
        threads = _start_cameras(parts, cameras)
        threads += _start_sender(settings, store, stop)
        if settings.metrics_port is not None:
            metrics.serve_metrics(settings.metrics_port)
        LOG.info("worker_started", extra={"cameras": len(threads), "site_version": site.version})
        _keep_house(settings, parts)
        LOG.info("worker_stopping")
        deadline = time.monotonic() + END_WITHIN_S
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        stuck = [thread.name for thread in threads if thread.is_alive()]
        if stuck:
            LOG.warning("threads_left_behind", extra={"threads": stuck})
    LOG.info("worker_stopped")
    if stuck:
        # A decoder or connection that never returns must not keep the process; all is committed.
        os._exit(0)


def _start_cameras(parts: WorkerParts, only: Sequence[str]) -> list[threading.Thread]:
    wanted = [camera for camera in parts.site.cameras if camera.stream is not None and camera.stream.url]
    if only:
        wanted = [camera for camera in wanted if camera.id in only]
    if not wanted:
        raise SourceRefused("the site has no camera with a live stream (stream.url) to watch")
    threads = []
    for camera in wanted:
        loop = CameraLoop(camera.id, parts)
        thread = threading.Thread(target=loop.run, name=f"camera-{camera.id}", daemon=True)
        thread.start()
        threads.append(thread)
    return threads


def _start_sender(
    settings: WorkerSettings, store: WorkerStore, stop: threading.Event
) -> list[threading.Thread]:
    if settings.api_url is None:
        LOG.warning("no_api_events_wait_in_spool")
        return []
    sender = Sender(store, ApiClient(settings.api_url, settings.read_api_key()))
    thread = threading.Thread(target=sender.run, args=(stop,), name="sender", daemon=True)
    thread.start()
    return [thread]


def _keep_house(settings: WorkerSettings, parts: WorkerParts) -> None:
    """Until the end: take a changed site file, show the spool's depth, drop what was sent long ago."""
    seen = _stamp(settings.site)
    next_clean = time.monotonic() + CLEAN_EVERY_S
    while not parts.stop.wait(LOOK_AT_SITE_S):
        stamp = _stamp(settings.site)
        if stamp is not None and stamp != seen:
            seen = stamp
            _take_site(settings.site, parts)
        counts = parts.store.counts()
        for state, count in (("pending", counts.pending), ("rejected", counts.rejected)):
            metrics.SPOOL_DEPTH.labels(state).set(count)
        if time.monotonic() >= next_clean:
            next_clean = time.monotonic() + CLEAN_EVERY_S
            for path in parts.store.forget_sent(time.time() - settings.keep_sent_s):
                path.unlink(missing_ok=True)


def _take_site(path: Path, parts: WorkerParts) -> None:
    """Run a changed site file, or keep the running one where the new one has faults."""
    try:
        site: Site = load_site(path)
    except SiteRejected as error:
        metrics.SITE_REFUSED.inc()
        LOG.error(
            "site_refused_running_one_stays",
            extra={
                "version": parts.site.version,
                "faults": [f"{f.path}: {f.problem}" for f in error.faults[:10]],
            },
        )
        return
    parts.site = site
    LOG.info("site_taken", extra={"site_version": site.version})


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _end_on_signals(stop: threading.Event) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
