"""The recordings of one camera, one after the other: a faulty one does not stop the rest."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self
from zoneinfo import ZoneInfo

import cv2

from contracts.site import Site
from stream_workers.build import Models, ViewFolders, build_view_pipeline, shortest_dwell, view_setup
from stream_workers.clip_desk import FileClips
from stream_workers.errors import DecodeFailed, StorageBusy, StorageFull, StreamError
from stream_workers.inputs import CameraWork, Recording
from stream_workers.journal import StoreJournal
from stream_workers.pipeline import ViewPipeline, persist_looks_for
from stream_workers.sources.containers import shown
from stream_workers.sources.files import FileSource
from stream_workers.sources.images import ImageSequenceSource
from stream_workers.sources.inputs import open_input
from stream_workers.sources.packet_ring import PacketRing
from stream_workers.store import WorkerStore
from vision.errors import VisionError

__all__ = ["STATE_FILE", "FileResult", "Ticker", "Undertaking", "analyse_camera"]

STATE_FILE = "run.sqlite"
CERTAIN_ORIGINS = frozenset({"metadata", "name"})
"""Origins of a capture time that tell the order of recordings; a time on disk may be that of a copy."""


@dataclass(slots=True)
class FileResult:
    """What became of one recording; `fault` is empty where it was read to its end."""

    path: Path
    sha256: str
    looks: int = 0
    duration_s: float = 0.0
    mode: str = ""
    time_origin: str = ""
    fault: str = ""
    explanations: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, recording: Recording, fault: str = "") -> Self:
        """The result of a recording of which nothing is read yet."""
        return cls(recording.path, recording.sha256, fault=fault or recording.fault)

    @property
    def name(self) -> str:
        """The name of the file, as it stands in incidents."""
        return shown(Path(self.path.name))


class Ticker(Protocol):
    """Shows how far the reading is."""

    def tell(self, path: Path, media_s: float, share: float) -> None:
        """A look was taken in at `media_s` of a recording, of which `share` (0 to 1) is read."""
        ...


@dataclass(frozen=True, slots=True)
class Undertaking:
    """What all cameras of an analysis share.

    Args:
        site: The site.
        run: Name of the run.
        out: Folder of the results.
        start: Capture time of each camera's first frame, aware; None reads it from the recordings.
        explain: Whether to explain everything that stayed.
    """

    site: Site
    run: str
    out: Path
    start: datetime | None
    explain: bool


def analyse_camera(
    item: CameraWork, task: Undertaking, models: Models, tick: Ticker | None = None
) -> Iterator[FileResult]:
    """Analyse the recordings of one camera in order of time; explanations are there after the last.

    Raises:
        StorageFull: There is no room for the run's state; what is committed stays.
        StorageBusy: Another process analyses into the same folder.
    """
    # `--jobs` shares the cores among cameras; threads that wait for work within one picture burn CPU.
    cv2.setNumThreads(1)
    site, camera = task.site, task.site.camera(item.camera_id)
    view = camera.views[0]
    folders = ViewFolders(task.out / "evidence", None)
    persist = persist_looks_for(shortest_dwell(site), camera.look_every_s)
    results: list[FileResult] = []
    pipeline: ViewPipeline | None = None
    clock = _CaptureClock(task.start, ZoneInfo(site.time_zone))
    with WorkerStore(task.out / STATE_FILE) as store:
        for recording in _in_time(item.recordings, clock.zone):
            result = FileResult.of(recording)
            setup = view_setup(site, camera, view, models, run=task.run, input_name=result.name[:1000])
            journal = StoreJournal(store, view.id, task.run, persist)
            ring = PacketRing() if camera.clips else None
            results.append(result)
            try:
                pipeline, taker = build_view_pipeline(
                    setup,
                    journal,
                    folders,
                    models,
                    explain=task.explain,
                    open_clips=partial(FileClips, ring) if ring is not None else None,
                )
            except VisionError as error:
                result.fault = f"view {view.id}: {error}"
            else:
                journal.collect = taker.collect
                base = sum(done.looks for done in results)
                opened = open_input(
                    recording.path, pipeline.look_every_s, clock.start, zone=clock.zone, tap=ring
                )
                _read(opened, pipeline, base, clock, result, tick)
            yield result
    if task.explain and pipeline is not None:
        _share_out([explanation.to_json() for explanation in pipeline.explanations()], results)


@dataclass(slots=True)
class _CaptureClock:
    """Capture times of one camera's recordings: they go forward from each recording to the next.

    Args:
        start: Capture time of the first picture of all, where it was told.
        zone: Time zone of times in file names.
        reached: Where the next recording may begin at the earliest.
    """

    start: datetime | None
    zone: ZoneInfo
    reached: datetime | None = None

    def shift(self, begins: datetime) -> timedelta:
        """By how much a recording's own times are moved so that none lies before what was read already.

        A thing cannot have gone before it came; copies have new times on disk, recorders overlap by
        seconds, and with a told start each recording follows the one before.
        """
        if self.reached is None or begins >= self.reached:
            return timedelta()
        return self.reached - begins


def _in_time(recordings: Sequence[Recording], zone: ZoneInfo) -> Sequence[Recording]:
    """In the order in which they were captured where all of them say so, else by their names."""
    if len(recordings) == 1:
        return recordings
    begun: dict[Path, datetime] = {}
    for recording in recordings:
        # A file that cannot be opened says so when it is read.
        with suppress(StreamError), open_input(recording.path, zone=zone) as source:
            if source.time_origin not in CERTAIN_ORIGINS:
                return recordings
            begun[recording.path] = source.origin.start
    if not begun:
        return recordings
    last = max(begun.values())
    return sorted(recordings, key=lambda recording: begun.get(recording.path, last))


def _read(
    opened: FileSource | ImageSequenceSource,
    pipeline: ViewPipeline,
    base: int,
    clock: _CaptureClock,
    result: FileResult,
    tick: Ticker | None,
) -> None:
    """Feed one recording to a pipeline; looks that are committed already are not judged again."""
    every = pipeline.look_every_s
    try:
        with opened as source:
            shift = clock.shift(source.origin.start)
            result.time_origin = source.time_origin if not shift else "follows the one before"
            length = source.info.duration_s or 0.0
            for number, look in enumerate(source):
                at = look.captured_at + shift
                pipeline.handle(replace(look, captured_at=at), base + number)
                clock.reached = at + timedelta(seconds=every)
                result.looks = number + 1
                result.duration_s = look.media_time_s
                if tick is not None:
                    tick.tell(result.path, look.media_time_s, look.media_time_s / length if length else 0.0)
            result.mode = source.mode
            result.duration_s = max(result.duration_s, length)
            ends = source.origin.start + shift + timedelta(seconds=result.duration_s)
            clock.reached = max(clock.reached or ends, ends)
    except (StorageFull, StorageBusy):
        # It is not this recording's fault, and the next one would fare no better.
        raise
    except (StreamError, VisionError, OSError) as error:
        result.fault = str(error)
        if isinstance(error, DecodeFailed) and result.looks:
            result.fault += "; what came before is analysed"


def _share_out(explanations: Sequence[dict[str, Any]], results: Sequence[FileResult]) -> None:
    """Give each recording the explanations of what was last judged in it."""
    for line in explanations:
        looks = 0
        for result in results:
            looks += result.looks
            if line["last_look"] < looks:
                result.explanations.append(line)
                break
