"""Analysis of recordings: the same pipeline as for live cameras, over files, resumable.

A run is named by the hash of its inputs, site version and options. All of its state lies in
`run.sqlite` in the output folder; after a kill the same command goes on from the last committed look.
"""

import contextlib
import json
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cv2
from rich.progress import Progress, TaskID

from contracts.event import IncidentEvent
from contracts.geojson import incidents_to_csv, incidents_to_geojson
from contracts.incident import Incident
from contracts.site import Site
from contracts.site_check import load_site
from stream_workers.build import ViewFolders, build_view_pipeline, open_models, shortest_dwell, view_setup
from stream_workers.clip_desk import FileClips
from stream_workers.errors import DecodeFailed, SourceRefused, StreamError
from stream_workers.inputs import (
    AnalyzeOptions,
    CameraWork,
    Recording,
    hash_file,
    plan_work,
    run_name,
    site_for_files,
)
from stream_workers.journal import StoreJournal
from stream_workers.pipeline import ViewPipeline, persist_looks_for
from stream_workers.report import FileLine, ReportFacts, write_report
from stream_workers.sources.files import FileSource
from stream_workers.sources.images import ImageSequenceSource
from stream_workers.sources.inputs import list_inputs, open_input
from stream_workers.sources.packet_ring import PacketRing
from stream_workers.store import WorkerStore
from vision.errors import VisionError

__all__ = ["RunSummary", "run_analysis"]

STATE_FILE = "run.sqlite"


@dataclass(slots=True)
class FileResult:
    """What became of one recording."""

    name: str
    sha256: str
    looks: int = 0
    duration_s: float = 0.0
    mode: str = ""
    time_origin: str = ""
    fault: str = ""
    explanations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The end of an analysis."""

    run: str
    out: Path
    files: Sequence[FileResult]
    incidents: int
    media_s: float
    cpu_s: float

    @property
    def exit_code(self) -> int:
        """0 all read, 1 some faulty, 3 nothing read."""
        faults = sum(bool(file.fault) for file in self.files)
        if not faults:
            return 0
        return 1 if any(file.looks for file in self.files) else 3

    def lines(self) -> Iterator[str]:
        """What is said at the end."""
        rate = self.media_s / self.cpu_s if self.cpu_s else 0.0
        yield (
            f"{self.incidents} incidents in {self.media_s / 60:.1f} min from {len(self.files)} files; "
            f"{self.cpu_s:.1f} CPU s, {rate:.0f}x real time per core"
        )
        for file in self.files:
            if file.fault:
                yield f"fault: {file.name!r}: {file.fault}"
        yield f"report: {self.out / 'report.html'}"


def run_analysis(inputs: Sequence[Path], options: AnalyzeOptions, progress: Progress) -> RunSummary:
    """Analyse recordings and write all results into `options.out`.

    Raises:
        SourceRefused: No input, or a file whose camera cannot be told, or a folder of another run.
        SiteRejected: The site has faults.
    """
    began = _cpu_s()
    paths = list_inputs(inputs)
    if not paths:
        raise SourceRefused(f"nothing to analyse in {', '.join(str(path) for path in inputs)}")
    recordings = [Recording(path, hash_file(path)) for path in paths]
    site = load_site(options.site) if options.site is not None else site_for_files(recordings, options)
    site = _with_options(site, options)
    run = run_name(recordings, site.version, options)
    work = plan_work(recordings, site, options)
    options.out.mkdir(parents=True, exist_ok=True)
    _refuse_foreign_folder(options.out, run)
    files = _work_through(work, site, run, options, progress)
    summary = _write_results(run, site, files, options, began)
    if options.api_url is not None:
        _send(options)
    return summary


def _with_options(site: Site, options: AnalyzeOptions) -> Site:
    """The site with the look interval and dwell of the command line."""
    changes: dict[str, Any] = {}
    if options.dwell_s is not None:
        changes["rules"] = [rule.model_copy(update={"dwell_s": options.dwell_s}) for rule in site.rules]
    if options.look_every_s is not None:
        every = {"look_every_s": options.look_every_s}
        changes["cameras"] = [camera.model_copy(update=every) for camera in site.cameras]
    return site.model_copy(update=changes)


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


def _work_through(
    work: Sequence[CameraWork], site: Site, run: str, options: AnalyzeOptions, progress: Progress
) -> list[FileResult]:
    total = sum(len(item.recordings) for item in work)
    task = progress.add_task("analysing", total=total, rate="")
    results: list[FileResult] = []
    if options.jobs == 1 or len(work) == 1:
        models = open_models()
        for item in work:
            for result in analyse_camera(
                item, site, run, options, models=models, tick=_ticker(progress, task)
            ):
                results.append(result)
                progress.update(task, advance=1, description="analysing")
        return results
    with ProcessPoolExecutor(max_workers=options.jobs) as pool:
        futures = [pool.submit(_camera_in_process, item, site, run, options) for item in work]
        for future in as_completed(futures):
            done = future.result()
            results += done
            progress.update(task, advance=len(done))
    return sorted(results, key=lambda result: result.name)


def _ticker(progress: Progress, task: TaskID) -> "Ticker":
    return Ticker(progress, task)


@dataclass(slots=True)
class Ticker:
    """Shows which file is read and how fast."""

    progress: Progress
    task: TaskID
    began: float = field(default_factory=time.monotonic)
    media_s: float = 0.0

    def tell(self, name: str, media_s: float) -> None:
        """Show progress inside one file; `media_s` is the film time of its last look."""
        wall = max(1e-3, time.monotonic() - self.began)
        shown = name if len(name) <= 32 else f"{name[:29]}..."
        self.progress.update(
            self.task,
            description=f"{shown!r} {media_s:.0f} s",
            rate=f"{(self.media_s + media_s) / wall:.0f}x",
        )


def _camera_in_process(item: CameraWork, site: Site, run: str, options: AnalyzeOptions) -> list[FileResult]:
    return list(analyse_camera(item, site, run, options, models=open_models(), tick=None))


def analyse_camera(
    item: CameraWork,
    site: Site,
    run: str,
    options: AnalyzeOptions,
    *,
    models: Any,
    tick: Ticker | None,
) -> Iterator[FileResult]:
    """Analyse the recordings of one camera in order; a faulty one does not stop the rest."""
    # `--jobs` shares the cores among cameras; threads that wait for work within one picture burn CPU.
    cv2.setNumThreads(1)
    camera = site.camera(item.camera_id)
    view = camera.views[0]
    folders = ViewFolders(options.out / "evidence", None)
    persist = persist_looks_for(shortest_dwell(site), camera.look_every_s)
    with WorkerStore(options.out / STATE_FILE) as store:
        base = 0
        for recording in item.recordings:
            setup = view_setup(site, camera, view, models, run=run, input_name=recording.path.name[:1000])
            journal = StoreJournal(store, view.id, run, persist)
            ring = PacketRing() if camera.clips else None
            pipeline, taker = build_view_pipeline(
                setup,
                journal,
                folders,
                models,
                explain=options.explain,
                open_clips=partial(FileClips, ring) if ring is not None else None,
            )
            journal.collect = taker.collect
            result = FileResult(recording.path.name, recording.sha256)
            opened = open_input(recording.path, pipeline.look_every_s, options.start, tap=ring)
            _read(recording, opened, pipeline, base, result, tick)
            base += result.looks
            if options.explain:
                result.explanations = [explanation.to_json() for explanation in pipeline.explanations()]
            if tick is not None:
                tick.media_s += result.duration_s
            yield result


def _read(
    recording: Recording,
    opened: FileSource | ImageSequenceSource,
    pipeline: ViewPipeline,
    base: int,
    result: FileResult,
    tick: Ticker | None,
) -> None:
    """Feed one recording to a pipeline; looks that are committed already are not judged again."""
    try:
        with opened as source:
            result.time_origin = source.time_origin
            for number, look in enumerate(source):
                pipeline.handle(look, base + number)
                result.looks = number + 1
                result.duration_s = look.media_time_s
                if tick is not None:
                    tick.tell(recording.path.name, look.media_time_s)
            result.mode = source.mode
            result.duration_s = max(result.duration_s, source.info.duration_s or 0.0)
    except (StreamError, VisionError) as error:
        result.fault = str(error)
        if isinstance(error, DecodeFailed) and result.looks:
            result.fault += "; what came before is analysed"


def _write_results(
    run: str, site: Site, files: Sequence[FileResult], options: AnalyzeOptions, began: float
) -> RunSummary:
    with WorkerStore(options.out / STATE_FILE) as store:
        events = [event for event in store.events(run) if isinstance(event, IncidentEvent)]
    latest: dict[str, Incident] = {}
    for event in events:
        latest[event.data.incident_id] = event.data
    incidents = sorted(latest.values(), key=lambda incident: (incident.opened_at, incident.incident_id))
    out = options.out
    _write(out / "events.jsonl", "".join(event.model_dump_json() + "\n" for event in events))
    _write(out / "incidents.geojson", json.dumps(incidents_to_geojson(incidents), indent=1))
    _write(out / "incidents.csv", incidents_to_csv(incidents))
    if options.explain:
        lines = [{"input": file.name, **line} for file in files for line in file.explanations]
        _write(out / "explain.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    summary = RunSummary(
        run, out, files, len(incidents), sum(file.duration_s for file in files), _cpu_s() - began
    )
    facts = _run_facts(summary, site, options)
    write_report(
        ReportFacts(
            run,
            incidents,
            [
                FileLine(file.name, file.duration_s, file.looks, file.mode, file.time_origin, file.fault)
                for file in files
            ],
            [(file.name, file.explanations) for file in files] if options.explain else (),
            facts,
        ),
        out,
    )
    _write(out / "run.json", json.dumps(facts, indent=1))
    return summary


def _run_facts(summary: RunSummary, site: Site, options: AnalyzeOptions) -> Mapping[str, Any]:
    return {
        "run": summary.run,
        "state": "done",
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "site_version": site.version,
        "look_every_s": options.look_every_s,
        "dwell_s": options.dwell_s,
        "inputs": [
            {name: value for name, value in asdict(file).items() if name != "explanations"}
            for file in summary.files
        ],
        "incidents": summary.incidents,
        "looks": sum(file.looks for file in summary.files),
        "media_s": round(summary.media_s, 3),
        "cpu_s": round(summary.cpu_s, 3),
        "realtime_factor": round(summary.media_s / summary.cpu_s, 1) if summary.cpu_s else 0.0,
    }


def _send(options: AnalyzeOptions) -> None:
    """Send the run's events and pictures through the same spool as a worker's."""
    from stream_workers.sinks.http import send_all

    if options.api_url is not None:
        with WorkerStore(options.out / STATE_FILE) as store:
            send_all(store, options.api_url)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _cpu_s() -> float:
    """CPU seconds of this process and of those it has ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
