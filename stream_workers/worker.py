"""The worker process: its parts, its threads, and an orderly end."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, Final

import cv2

from contracts.site import Site, Stream
from stream_workers import metrics
from stream_workers.api_leases import ApiLeaseBook
from stream_workers.build import Models, open_models
from stream_workers.camera_loop import CameraSource, WorkerParts, WorkPlaces
from stream_workers.clip_desk import ClipDesk
from stream_workers.command_kinds.workbench import Workbench
from stream_workers.command_threads import CommandThreads
from stream_workers.errors import SourceRefused, StreamError
from stream_workers.fleet import Fleet
from stream_workers.housekeeping import Housekeeper
from stream_workers.leases import LeaseBook, worker_name
from stream_workers.live_view import CountedModel, ViewMaker
from stream_workers.logging_setup import set_up_logging
from stream_workers.returned_memory import return_freed_memory
from stream_workers.settings import WorkerSettings, unknown_settings
from stream_workers.sight import Sights
from stream_workers.sinks.client import ApiClient
from stream_workers.sinks.commands import CommandApi
from stream_workers.sinks.http import Sender
from stream_workers.site_origins import ApiSite, FileSite, SiteOrigin
from stream_workers.site_watch import SiteWatch
from stream_workers.sources.credentials import read_credentials
from stream_workers.sources.rtsp import RtspSource
from stream_workers.store import WorkerStore

__all__ = ["run_worker"]

LOG = logging.getLogger(__name__)
END_WITHIN_S: Final = 4.0
BEGIN_ANEW: Final = os.EX_TEMPFAIL
"""Exit status that asks the service manager for a fresh process: too many threads were stuck."""


@dataclass(slots=True)
class _Ending:
    """Whether the worker should end, and how."""

    stop: threading.Event = field(default_factory=threading.Event)
    status: int = 0

    def give_up(self) -> None:
        self.status = BEGIN_ANEW
        self.stop.set()

    def on_signals(self) -> None:
        def end(number: int, frame: FrameType | None) -> None:
            del number, frame
            self.stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)


def run_worker(given: Mapping[str, Any], cameras: Sequence[str] = ()) -> None:
    """Run until SIGTERM or SIGINT, and end within 5 seconds with everything committed.

    Args:
        given: Settings that the command line names; they win over the environment.
        cameras: Only these cameras; empty means all with a stream.

    Raises:
        SiteRejected: The site file has faults at the start.
        SourceRefused: The site has no camera to watch.
        StoreDamaged: The store cannot be used; the message says what helps.
        OSError: The metrics' port is taken, or the key's file cannot be read.
    """
    settings = WorkerSettings(**given)
    set_up_logging(settings.log_format)
    for name in unknown_settings():
        LOG.warning("setting_unknown", extra={"variable": name})
    cv2.setNumThreads(1)
    return_freed_memory()
    ending = _Ending()
    ending.on_signals()
    client = _client(settings)
    api = CommandApi(client, worker_name()) if client is not None else None
    origin = _origin(settings, api, ending.stop)
    try:
        site_watch = SiteWatch(origin)
    except StreamError:
        if not ending.stop.is_set():
            raise
        return  # ended while it waited for a site
    _check_cameras(site_watch.site, cameras, may_come=isinstance(origin, ApiSite))
    if settings.metrics_port is not None:
        port = metrics.serve_metrics(settings.metrics_port)
        LOG.info("metrics_served", extra={"port": port})
    store = WorkerStore(settings.data_dir / "worker.sqlite")
    links = _Links(client, api, origin)
    stuck = _work(settings, store, site_watch, cameras, links, ending)
    LOG.info("worker_stopped", extra={"left_behind": stuck})
    if stuck or ending.status:
        # A thread that never returns must not keep the process; what it holds is not committed.
        logging.shutdown()
        os._exit(ending.status)
    store.close()


def _work(
    settings: WorkerSettings,
    store: WorkerStore,
    site_watch: SiteWatch,
    cameras: Sequence[str],
    links: "_Links",
    ending: _Ending,
) -> list[str]:
    """Run all threads until the end; returns the names of those that did not come back."""
    stop, commands = ending.stop, None
    models = open_models()
    sights = Sights()
    parts = _parts(settings, store, site_watch, models, (stop, sights, links.api))
    fleet = Fleet(parts, cameras, settings.stuck_after_s, ending.give_up)
    housekeeper = Housekeeper(settings, store.spool, fleet, site_watch)
    threads = [
        _thread("leases", lambda: parts.leases.run(stop, fleet.interrupt)),
        _thread("housekeeper", lambda: housekeeper.run(stop)),
        _thread("clips", lambda: parts.clips.run(stop)),
    ]
    if links.client is not None and links.api is not None:
        sender = Sender(store.spool, links.client)
        threads.append(_thread("sender", lambda: sender.run(stop)))
        commands = CommandThreads(_bench(settings, links.api, site_watch, models, (stop, sights)), store)
        commands.begin()
        if isinstance(links.origin, ApiSite):
            waiting = links.origin
            # Not waited for at the end: it hangs in a long poll and holds nothing.
            _thread("site", lambda: waiting.run(stop)).start()
    else:
        LOG.warning("no_api_events_wait_in_spool")
    fleet.begin()
    for thread in threads:
        thread.start()
    LOG.info("worker_started", extra={"cameras": len(fleet), "site_version": site_watch.site.version})
    # The main thread touches neither disk nor network, so that a signal is always heard.
    stop.wait()
    LOG.info("worker_stopping")
    deadline = time.monotonic() + END_WITHIN_S
    stuck = fleet.end(deadline)
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    stuck += [thread.name for thread in threads if thread.is_alive()]
    return stuck + (commands.end(deadline) if commands is not None else [])


def _bench(
    settings: WorkerSettings,
    api: CommandApi,
    site_watch: SiteWatch,
    models: Models,
    shared: tuple[threading.Event, Sights],
) -> Workbench:
    stop, sights = shared
    folders = settings.data_dir, settings.drop_dir
    return Workbench(sights, models, lambda: site_watch.site, api, str(settings.api_url), *folders, stop)


@dataclass(frozen=True, slots=True)
class _Links:
    """What leads out of this machine, and where the site comes from."""

    client: ApiClient | None
    api: CommandApi | None
    origin: SiteOrigin


def _origin(settings: WorkerSettings, api: CommandApi | None, stop: threading.Event) -> SiteOrigin:
    if api is not None and settings.takes_site_from_api:
        return ApiSite(api, settings.data_dir / "site-of-api.json", stop)
    return FileSite(settings.site)


def _parts(
    settings: WorkerSettings,
    store: WorkerStore,
    site_watch: SiteWatch,
    models: Models,
    shared: tuple[threading.Event, Sights, CommandApi | None],
) -> WorkerParts:
    stop, sights, api = shared
    if models.detector is not None:
        models = replace(models, detector=CountedModel(models.detector))
    clips = ClipDesk()
    maker = ViewMaker(store, models, settings.data_dir, stop, clips, sights)
    return WorkerParts(
        store=store,
        leases=(
            LeaseBook(store.database, settings.lease_s)
            if api is None
            else ApiLeaseBook(store.database, settings.lease_s, api)
        ),
        open_source=_open_source,
        open_view=maker.make,
        places=WorkPlaces(settings.threads or max(1, os.cpu_count() or 1)),
        stop=stop,
        site=site_watch.site,
        has_detector=models.detector is not None,
        clips=clips,
        site_note=lambda: site_watch.note,
    )


def _open_source(
    stream: Stream, every_s: float, leave: threading.Event
) -> AbstractContextManager[CameraSource]:
    credentials = read_credentials(stream.credentials) if stream.credentials else None
    return RtspSource(str(stream.url), every_s, credentials=credentials, stop=leave)


def _check_cameras(site: Site, only: Sequence[str], *, may_come: bool) -> None:
    """Refuse names that the site does not have, and a site with nothing to watch.

    A site of the API may get its cameras later, from a person who does not see this machine.
    """
    if may_come:
        return
    unknown = set(only) - {camera.id for camera in site.cameras}
    if unknown:
        raise SourceRefused(f"the site has no camera {', '.join(sorted(unknown))}")
    live = [camera for camera in site.cameras if camera.stream is not None and camera.stream.url]
    if not any(not only or camera.id in only for camera in live):
        raise SourceRefused("the site has no camera with a live stream (stream.url) to watch")


def _client(settings: WorkerSettings) -> ApiClient | None:
    if settings.api_url is None:
        return None
    return ApiClient(settings.api_url, settings.read_api_key())


def _thread(name: str, work: Callable[[], None]) -> threading.Thread:
    return threading.Thread(target=work, name=name, daemon=True)
