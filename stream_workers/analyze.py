"""Analysis of recordings: the same pipeline as for live cameras, over files, resumable.

A run is named by the hash of its inputs, site version and options. All of its state lies in
`run.sqlite` in the output folder; after a kill the same command goes on from the last committed look.
"""

import contextlib
import json
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.progress import Progress, TaskID

from contracts.site import Site
from stream_workers.build import open_models
from stream_workers.errors import SinkUnavailable, SourceRefused
from stream_workers.inputs import (
    AnalyzeOptions,
    CameraWork,
    plan_work,
    recording_at,
    run_name,
    site_for_files,
)
from stream_workers.recordings import STATE_FILE, FileResult, Undertaking, analyse_camera
from stream_workers.results import RunFacts, RunSummary, write_results
from stream_workers.site_fit import load_fitting_site
from stream_workers.sources.inputs import list_inputs
from stream_workers.store import WorkerStore

__all__ = ["RunSummary", "run_analysis"]

MB = 1e6


def run_analysis(inputs: Sequence[Path], options: AnalyzeOptions, progress: Progress) -> RunSummary:
    """Analyse recordings and write all results into `options.out`.

    Raises:
        SourceRefused: No input, or a file whose camera cannot be told, or a folder of another run.
        SiteRejected: The site has faults.
        StorageFull: There is no room; the same command goes on when there is.
    """
    began = _cpu_s()
    paths = list_inputs(inputs)
    if not paths:
        raise SourceRefused(f"nothing to analyse in {', '.join(str(path) for path in inputs)}")
    recordings = [recording_at(path) for path in paths]
    readable = [recording for recording in recordings if not recording.fault]
    site = (
        load_fitting_site(options.site) if options.site is not None else site_for_files(recordings, options)
    )
    site = _with_options(site, options)
    run = run_name(recordings, site.version, options)
    work = plan_work(readable, site, options)
    options.out.mkdir(parents=True, exist_ok=True)
    _refuse_foreign_folder(options.out, run)
    is_resumed = (options.out / STATE_FILE).exists()
    task = Undertaking(site, run, options.out, _start(options, site), options.explain)
    files = [FileResult.of(recording) for recording in recordings if recording.fault]
    files += _Reading(task, progress, options.jobs).work_through(work)
    files.sort(key=lambda file: paths.index(file.path))
    summary = write_results(RunFacts(run, site, options, is_resumed), files, _cpu_s() - began)
    return replace(summary, unsent=_send(options))


def _with_options(site: Site, options: AnalyzeOptions) -> Site:
    """The site with the look interval and dwell of the command line."""
    changes: dict[str, Any] = {}
    if options.dwell_s is not None:
        changes["rules"] = [rule.model_copy(update={"dwell_s": options.dwell_s}) for rule in site.rules]
    if options.look_every_s is not None:
        every = {"look_every_s": options.look_every_s}
        changes["cameras"] = [camera.model_copy(update=every) for camera in site.cameras]
    return site.model_copy(update=changes)


def _start(options: AnalyzeOptions, site: Site) -> Any:
    """The told capture time of the first frame, on the site's clock where it names no zone."""
    start = options.start
    if start is None or start.utcoffset() is not None:
        return start
    return start.replace(tzinfo=ZoneInfo(site.time_zone))


def _refuse_foreign_folder(out: Path, run: str) -> None:
    marker = out / "run.json"
    if not marker.is_file():
        marker.write_text(json.dumps({"run": run, "state": "running"}), encoding="utf-8")
        return
    with contextlib.suppress(json.JSONDecodeError, KeyError):
        known = json.loads(marker.read_text(encoding="utf-8"))["run"]
        if known != run:
            raise SourceRefused(
                f"{out} holds another analysis ({known}): other inputs, site or options. "
                "Name another folder with --out, or empty this one"
            )


@dataclass(slots=True)
class _Reading:
    """Reads all cameras, in this process or in several, and shows how far it is.

    Args:
        task: What all cameras share.
        progress: The bar; it counts bytes, so that the remaining time is that of long and short files.
        jobs: Processes.
    """

    task: Undertaking
    progress: Progress
    jobs: int
    began: float = field(default_factory=time.monotonic)
    media_s: float = 0.0

    def work_through(self, work: Sequence[CameraWork]) -> list[FileResult]:
        """What became of every recording."""
        sizes = [_size_mb(path) for item in work for path in _paths(item)]
        bar = self.progress.add_task("analysing", total=sum(sizes) or 1.0, rate="")
        read = self._here if self.jobs == 1 or len(work) == 1 else self._in_processes
        return read(work, bar)

    def _here(self, work: Sequence[CameraWork], bar: TaskID) -> list[FileResult]:
        models = open_models()
        results: list[FileResult] = []
        tick = _BarTicker(self, bar)
        for item in work:
            for result in analyse_camera(item, self.task, models, tick):
                results.append(result)
                self.media_s += result.duration_s
                tick.done_mb += _size_mb(result.path)
                self.progress.update(bar, completed=tick.done_mb, rate=self.rate(0.0))
        return results

    def _in_processes(self, work: Sequence[CameraWork], bar: TaskID) -> list[FileResult]:
        results: list[FileResult] = []
        # A forked child would inherit locks that threads of this process hold: decoders, the progress bar.
        with ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn")) as pool, _ended_at_once():
            futures = {pool.submit(_camera_in_process, item, self.task): item for item in work}
            for future in as_completed(futures):
                item = futures[future]
                try:
                    done = future.result()
                except BrokenProcessPool:
                    done = [FileResult.of(recording, ENDED_FROM_OUTSIDE) for recording in item.recordings]
                results += done
                self.media_s += sum(result.duration_s for result in done)
                self.progress.update(
                    bar, advance=sum(_size_mb(path) for path in _paths(item)), rate=self.rate(0.0)
                )
        return results

    def rate(self, media_s: float) -> str:
        """How many times faster than real time it goes."""
        wall_s = max(1e-3, time.monotonic() - self.began)
        return f"{(self.media_s + media_s) / wall_s:.0f}x"


ENDED_FROM_OUTSIDE = (
    "a process of this analysis was ended from outside (was the memory full?); the same command, "
    "perhaps with fewer --jobs, goes on from the last committed look"
)


@dataclass(slots=True)
class _BarTicker:
    """Moves the bar inside one recording."""

    reading: _Reading
    bar: TaskID
    done_mb: float = 0.0

    def tell(self, path: Path, media_s: float, share: float) -> None:
        """A look was taken in at `media_s` of a recording, of which `share` (0 to 1) is read."""
        shown = path.name if len(path.name) <= 32 else f"{path.name[:29]}..."
        self.reading.progress.update(
            self.bar,
            description=f"{shown!r} {media_s:.0f} s",
            completed=self.done_mb + _size_mb(path) * min(1.0, share),
            rate=self.reading.rate(media_s),
        )


@contextlib.contextmanager
def _ended_at_once() -> Iterator[None]:
    """Where a person interrupts, the processes are ended: what they have committed stays."""
    try:
        yield
    except KeyboardInterrupt:
        for child in active_children():
            child.terminate()
        raise


def _camera_in_process(item: CameraWork, task: Undertaking) -> list[FileResult]:
    return list(analyse_camera(item, task, open_models()))


def _paths(item: CameraWork) -> list[Path]:
    return [recording.path for recording in item.recordings]


def _size_mb(path: Path) -> float:
    """Megabytes to be read; of a folder of pictures, of all of them."""
    members = [entry for entry in path.iterdir() if entry.is_file()] if path.is_dir() else [path]
    return sum(entry.stat().st_size for entry in members) / MB


def _send(options: AnalyzeOptions) -> str:
    """Send the run's events and pictures through the same spool as a worker's; gives why not all went."""
    from stream_workers.sinks.http import send_all

    if options.api_url is None:
        return ""
    with WorkerStore(options.out / STATE_FILE) as store:
        try:
            send_all(store, options.api_url)
        except SinkUnavailable as error:
            return f"the case API {error}"
    return ""


def _cpu_s() -> float:
    """CPU seconds of this process and of those it has ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
