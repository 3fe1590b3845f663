"""CPU seconds per camera-hour of the shipped default, beside a plain loop and a naive detector loop.

One interleaved run: each round measures a slice of the plain loop, of our looks and gate, of ours
all in, and of the naive loop, so that a busy machine slows all of them alike. The hour's workload is
counted, not assumed: heartbeats, gate firings and incidents with evidence stand in the line.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import config_sha256, cpu_s, line
from benchmarks.film import long_film, measure_film, street_film
from contracts.incident import Category
from contracts.site import Camera, Rule, Site, View
from models.registry import OpenModel
from stream_workers.build import Models, ViewFolders, build_view_pipeline, open_models, view_setup
from stream_workers.incidents import IncidentDesk
from stream_workers.journal import MemoryJournal, StoreJournal
from stream_workers.pipeline import ViewParts, ViewPipeline, persist_looks_for
from stream_workers.sources.files import FileSource
from stream_workers.sources.media import DecodedLook
from stream_workers.store import WorkerStore
from vision.types import Detections, Planes

__all__ = ["LOOK_EVERY_S", "Loop", "Tally", "default_site", "density", "measure_frames"]

HOUR_S = 3600.0
LOOK_EVERY_S = 10.0
DWELL_S = 300.0
ROUNDS = 6
LOOPS_PER_FILE = 5
PLAIN_FRAMES = 250
NAIVE_FRAMES = 250
FPS = 25.0
LEFT_FOR_GOOD_S = (600.0, 1500.0)
"""When two things are left that stay: each becomes an incident with pictures."""
COME_AND_GO_S = tuple(range(240, 3600, 360))
"""When something stays for two minutes and goes: each fires the gate and becomes nothing."""


@dataclass(slots=True)
class Tally:
    """CPU seconds of so many frames."""

    cpu_s: float = 0.0
    frames: int = 0

    def per_hour(self) -> float:
        """CPU seconds per camera-hour at 25 frames a second."""
        return self.cpu_s / self.frames * FPS * HOUR_S if self.frames else 0.0


@dataclass(slots=True)
class CountingDetector:
    """The shipped detector, its calls counted."""

    model: OpenModel
    calls: list[int] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Class names."""
        return self.model.names

    @property
    def info(self) -> object:
        """Its manifest entry."""
        return self.model.info

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        """Detections of each picture; the call is counted."""
        self.calls.append(len(images))
        return self.model.detect(images)

    @property
    def heartbeats(self) -> int:
        """Calls with the whole frame and its tiles."""
        return sum(count > 1 for count in self.calls)

    @property
    def firings(self) -> int:
        """Calls with one crop around a persistent region."""
        return sum(count == 1 for count in self.calls)


@dataclass(slots=True)
class Hour:
    """An hour of looks from a looped film, as packets come: demuxed whole, decoded rarely."""

    film: Path
    leave_things: bool
    started: datetime = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def __iter__(self) -> Iterator[DecodedLook]:
        """The looks; decoding happens inside the iteration and is counted with it."""
        passed = 0.0
        while passed < HOUR_S:
            with FileSource(self.film, LOOK_EVERY_S, self.started) as source:
                length = max(source.info.duration_s or 0.0, LOOK_EVERY_S)
                for look in source:
                    at = passed + look.media_time_s
                    if at >= HOUR_S:
                        return
                    moved = replace(look, media_time_s=at, captured_at=self.started + timedelta(seconds=at))
                    yield _with_things(moved, at) if self.leave_things else moved
            passed += length


def density(film: Path | None) -> str:
    """Measure on a film (None: the benchmark's own) and give the JSON line."""
    path = long_film(street_film(), LOOPS_PER_FILE) if film is None else film
    shipped = open_models()
    if shipped.detector is None:
        raise FileNotFoundError("the detector's file is missing; see `streetkeeper models list`")
    detector = CountingDetector(shipped.detector)
    site = default_site()
    plain, naive = Tally(), Tally()
    gate_cpu = full_cpu = 0.0
    incidents = 0
    with tempfile.TemporaryDirectory() as folder, WorkerStore(Path(folder) / "bench.sqlite") as store:
        gate = _gate_only(site)
        full = _all_in(site, Models(detector, shipped.mask), store, Path(folder))  # type: ignore[arg-type]
        gate_looks = iter(Hour(path, leave_things=False))
        full_looks = iter(Hour(path, leave_things=True))
        plain_film, naive_film = Loop(path), Loop(path)
        looks = int(HOUR_S / LOOK_EVERY_S)
        for number in range(ROUNDS):
            share = looks // ROUNDS if number < ROUNDS - 1 else looks
            measure_frames(plain_film, plain, PLAIN_FRAMES, None)
            gate_cpu += _measure_looks(gate, gate_looks, share)[0]
            spent, opened = _measure_looks(full, full_looks, share)
            full_cpu, incidents = full_cpu + spent, incidents + opened
            measure_frames(naive_film, naive, NAIVE_FRAMES, shipped.detector)
        pictures = len(list((Path(folder) / "evidence").glob("*.jpg")))
    a, d = plain.per_hour(), naive.per_hour()
    figures = {
        "decode_cpu_s_per_camera_hour": round(a, 1),
        "gate_cpu_s_per_camera_hour": round(gate_cpu, 2),
        "full_cpu_s_per_camera_hour": round(full_cpu, 2),
        "naive_cpu_s_per_camera_hour": round(d, 1),
        "ratio_gate": round(a / gate_cpu, 1),
        "ratio_full": round(a / full_cpu, 1),
        "ratio_naive": round(d / full_cpu, 1),
        "cameras": 1,
        "detector_cpu_ms": round((d - a) / FPS / HOUR_S * 1000, 1),
        "detector_input_px": shipped.detector.info.input_px,
        "heartbeats": detector.heartbeats,
        "gate_firings": detector.firings,
        "incidents": incidents,
        "evidence_pictures": pictures,
        "looks": looks,
        "frames_sampled": plain.frames,
        "other_film": film is not None,
        "config_sha256": config_sha256(site.model_dump_json()),
    }
    return line("density", {**figures, **measure_film(path).facts()})


def default_site() -> Site:
    """One camera with all defaults, and a rule of every category with the default dwell."""
    categories = [category for category in Category if category is not Category.BUILDING_CHANGE]
    return Site(
        format="streetkeeper-site/1",
        name="benchmark",
        version="bench-1",
        time_zone="UTC",
        rules=[Rule(id=f"any-{category}", category=category, min_confidence=0.3) for category in categories],
        cameras=[Camera(id="bench", views=[View(id="bench")])],
    )


class Loop:
    """A film that begins again at its end, read by OpenCV as most programs read it."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._capture = cv2.VideoCapture(self._path)

    def read(self) -> NDArray[np.uint8]:
        """The next frame, (h, w, 3) uint8 BGR.

        Raises:
            FileNotFoundError: OpenCV cannot read the film.
        """
        done, frame = self._capture.read()
        if not done:
            self._capture.open(self._path)
            done, frame = self._capture.read()
        if not done:
            raise FileNotFoundError(f"OpenCV cannot read {self._path}")
        return np.asarray(frame, np.uint8)


def measure_frames(film: Loop, tally: Tally, frames: int, detector: OpenModel | None) -> None:
    """Read and resize at full rate; with a detector, detect on every frame too."""
    before = cpu_s()
    for _ in range(frames):
        small = np.asarray(cv2.resize(film.read(), (640, 360)), np.uint8)
        if detector is not None:
            detector.detect([small])
    tally.cpu_s += cpu_s() - before
    tally.frames += frames


def _measure_looks(pipeline: ViewPipeline, looks: Iterator[DecodedLook], count: int) -> tuple[float, int]:
    """CPU seconds and opened incidents of the next looks."""
    before, opened = cpu_s(), 0
    for look in islice(looks, count):
        opened += sum(event.type.endswith("opened") for event in pipeline.handle(look))
    return cpu_s() - before, opened


def _gate_only(site: Site) -> ViewPipeline:
    """Looks, scene memory and tracks, without detector, evidence and commit."""
    camera = site.cameras[0]
    setup = view_setup(site, camera, camera.views[0], Models(None, open_models().mask), run="live")
    return ViewPipeline(setup, ViewParts(IncidentDesk(setup, None, None), MemoryJournal()), DWELL_S)


def _all_in(site: Site, models: Models, store: WorkerStore, folder: Path) -> ViewPipeline:
    """The pipeline as a worker runs it, with stills, evidence and commits."""
    camera = site.cameras[0]
    setup = view_setup(site, camera, camera.views[0], models, run="live")
    journal = StoreJournal(store, "bench", "live", persist_looks_for(DWELL_S, LOOK_EVERY_S))
    folders = ViewFolders(folder / "evidence", folder / "stills")
    pipeline, taker = build_view_pipeline(setup, journal, folders, models)
    journal.collect = taker.collect
    return pipeline


def _with_things(look: DecodedLook, at: float) -> DecodedLook:
    """The look with the hour's things painted in; the painting costs a copy of the luma plane."""
    height, width = look.planes.y.shape
    boxes = [
        (int(width * x), int(height * 0.6), 40)
        for start, x in zip(LEFT_FOR_GOOD_S, (0.12, 0.8), strict=True)
        if at >= start
    ]
    boxes += [
        (int(width * (0.25 + 0.5 * (number % 5) / 5)), int(height * 0.42), 210)
        for number, start in enumerate(COME_AND_GO_S)
        if start <= at < start + 120
    ]
    if not boxes:
        return look
    luma = look.planes.y.copy()
    for x, y, level in boxes:
        texture = np.random.default_rng(x).integers(-25, 25, (110, 130))
        luma[y : y + 110, x : x + 130] = np.clip(level + texture, 16, 235)
    return replace(look, planes=Planes(luma, look.planes.u, look.planes.v))
