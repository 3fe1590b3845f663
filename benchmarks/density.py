"""CPU seconds per camera-hour of the shipped default, beside a plain loop and a naive detector loop.

One interleaved run: each round measures a slice of the plain loop, of our looks and gate, of ours
all in, and of the naive loop, so that a busy machine slows all of them alike. The hour's workload is
counted, not assumed: heartbeats, gate firings and incidents with evidence stand in the line, and there
is no line where they are fewer than promised. Painting things into the looks is the benchmark's own
work and is not counted.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import NotAsPromised, config_sha256, cpu_s, line
from benchmarks.film import long_film, measure_film, street_film
from contracts.event import IncidentEvent
from contracts.incident import Category
from contracts.site import Camera, Rule, Site, View
from models.registry import OpenModel
from stream_workers.build import Models, ViewFolders, build_view_pipeline, open_models, view_setup
from stream_workers.incidents import IncidentDesk
from stream_workers.journal import StoreJournal
from stream_workers.pipeline import ViewParts, ViewPipeline, persist_looks_for
from stream_workers.sources.files import FileSource
from stream_workers.sources.media import DecodedLook
from stream_workers.store import WorkerStore
from stream_workers.view_state import ViewState
from vision.types import Detections, Planes

__all__ = [
    "LOOKS",
    "LOOK_EVERY_S",
    "Hour",
    "Loop",
    "MeasuredHour",
    "Tally",
    "Workload",
    "cpu_figures",
    "default_site",
    "density",
    "measure_frames",
]

HOUR_S = 3600.0
LOOK_EVERY_S = 10.0
DWELL_S = 300.0
ROUNDS = 6
LOOPS_PER_FILE = 5
PLAIN_FRAMES = 250
NAIVE_FRAMES = 250
LOOKS = int(HOUR_S / LOOK_EVERY_S)
HEARTBEATS = 12
LEAST_FIRINGS = 30
INCIDENTS = 2
LEFT_FOR_GOOD_S = (600.0, 1500.0)
"""When two things are left that stay: each becomes an incident with pictures."""
COME_AND_GO_S = tuple(range(240, 3600, 360))
"""When something stays for two minutes and goes: each fires the gate and becomes nothing."""

THING_W, THING_H = 130 / 1920, 110 / 1080


@dataclass(slots=True)
class Tally:
    """CPU seconds of so many frames."""

    cpu_s: float = 0.0
    frames: int = 0

    def per_hour(self, fps: float) -> float:
        """CPU seconds per camera-hour at so many frames a second."""
        return self.cpu_s / self.frames * fps * HOUR_S if self.frames else 0.0


@dataclass(slots=True)
class Workload:
    """What an hour of the pipeline was given to do, and what that took.

    Args:
        gate_cpu_s: Looks, scene memory and tracks alone.
        full_cpu_s: The same all in.
        heartbeats: Whole frames that the detector saw.
        firings: Crops around persistent regions that it saw.
        incidents: Incidents opened.
        pictures: Pictures of evidence.
    """

    gate_cpu_s: float = 0.0
    full_cpu_s: float = 0.0
    heartbeats: int = 0
    firings: int = 0
    incidents: int = 0
    pictures: int = 0

    def check(self) -> None:
        """Refuse an hour that had less to do than promised.

        Raises:
            NotAsPromised: The message says what was missing.
        """
        missing = {
            "heartbeats": self.heartbeats < HEARTBEATS,
            "gate firings": self.firings < LEAST_FIRINGS,
            "incidents": self.incidents < INCIDENTS,
            "pictures of evidence": self.pictures < 2 * INCIDENTS,
        }
        if any(missing.values()):
            names = ", ".join(name for name, is_missing in missing.items() if is_missing)
            raise NotAsPromised(f"the hour held too few {names}: {self}")


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
                    yield replace(look, media_time_s=at, captured_at=self.started + timedelta(seconds=at))
            passed += length


class NoJournal:
    """Commits nothing; for the gate alone."""

    def restore(self) -> ViewState | None:
        """There is nothing to restore."""
        return None

    def commit(self, look: DecodedLook, state: ViewState, events: Sequence[IncidentEvent]) -> None:
        """Keep nothing."""


def density(film: Path | None) -> str:
    """Measure on a film (None: the benchmark's own) and give the JSON line.

    Raises:
        NotAsPromised: The default film, or the hour's workload, is not what it is promised to be.
        FileNotFoundError: The detector's file is missing.
    """
    path = long_film(street_film(), LOOPS_PER_FILE) if film is None else film
    facts = measure_film(path)
    if film is None:
        facts.check_default()
    plain, naive = Tally(), Tally()
    plain_film, naive_film = Loop(path), Loop(path)
    with MeasuredHour(path) as hour:
        detector = hour.shipped
        for number in range(ROUNDS):
            measure_frames(plain_film, plain, PLAIN_FRAMES, None)
            hour.go_on(LOOKS // ROUNDS if number < ROUNDS - 1 else LOOKS)
            measure_frames(naive_film, naive, NAIVE_FRAMES, detector)
        workload = hour.workload()
    if film is None:
        workload.check()
    figures = {
        **cpu_figures(plain.per_hour(facts.fps), naive.per_hour(facts.fps), workload),
        "cameras": 1,
        "detector_cpu_ms": round((naive.per_hour(1.0) - plain.per_hour(1.0)) / HOUR_S * 1000, 1),
        "detector_input_px": detector.info.input_px,
        "heartbeats": workload.heartbeats,
        "gate_firings": workload.firings,
        "incidents": workload.incidents,
        "evidence_pictures": workload.pictures,
        "looks": LOOKS,
        "frames_sampled": plain.frames,
        "other_film": film is not None,
        "config_sha256": config_sha256(default_site().model_dump_json()),
    }
    return line("density", {**figures, **facts.facts()})


def cpu_figures(decode_s: float, naive_s: float, workload: Workload) -> dict[str, float]:
    """CPU seconds per camera-hour and their ratios, under the names that every line uses.

    Args:
        decode_s: Of the plain loop, per camera-hour.
        naive_s: Of the loop with the detector on every frame, likewise.
        workload: An hour of ours.
    """
    return {
        "decode_cpu_s_per_camera_hour": round(decode_s, 1),
        "gate_cpu_s_per_camera_hour": round(workload.gate_cpu_s, 2),
        "full_cpu_s_per_camera_hour": round(workload.full_cpu_s, 2),
        "naive_cpu_s_per_camera_hour": round(naive_s, 1),
        "ratio_gate": round(decode_s / workload.gate_cpu_s, 1),
        "ratio_full": round(decode_s / workload.full_cpu_s, 1),
        "ratio_naive": round(naive_s / workload.full_cpu_s, 1),
    }


class MeasuredHour:
    """An hour of one camera, gate alone and all in, measured piece by piece.

    Args:
        film: What the camera shows, looped.

    Raises:
        FileNotFoundError: The detector's file is missing.
    """

    def __init__(self, film: Path) -> None:
        # As a worker does.
        cv2.setNumThreads(1)
        models = open_models()
        if models.detector is None:
            raise FileNotFoundError("the detector's file is missing; see `streetkeeper models list`")
        self.shipped = models.detector
        self._mask = models.mask
        self._detector = CountingDetector(models.detector)
        self._gate_looks, self._full_looks = iter(Hour(film)), iter(Hour(film))
        self._workload = Workload()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        store = self._open.enter_context(WorkerStore(self._folder / "bench.sqlite"))
        site, models = default_site(), Models(self._detector, self._mask)  # type: ignore[arg-type]
        self._gate = _gate_only(site, models)
        self._full = _all_in(site, models, store, self._folder)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def go_on(self, looks: int) -> None:
        """Measure the next looks of both."""
        workload = self._workload
        workload.gate_cpu_s += _measure_looks(self._gate, self._gate_looks, looks, leave_things=False)[0]
        spent, opened = _measure_looks(self._full, self._full_looks, looks, leave_things=True)
        workload.full_cpu_s += spent
        workload.incidents += opened

    def workload(self) -> Workload:
        """What was done so far."""
        pictures = len(list((self._folder / "evidence").glob("*.jpg")))
        detector = self._detector
        return replace(
            self._workload, heartbeats=detector.heartbeats, firings=detector.firings, pictures=pictures
        )


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


def _measure_looks(
    pipeline: ViewPipeline, looks: Iterator[DecodedLook], count: int, *, leave_things: bool
) -> tuple[float, int]:
    """CPU seconds and opened incidents of the next looks."""
    spent, opened = 0.0, 0
    while count:
        count -= 1
        before = cpu_s()
        look = next(looks, None)
        spent += cpu_s() - before
        if look is None:
            break
        if leave_things:
            look = _with_things(look, look.media_time_s)
        before = cpu_s()
        opened += sum(event.type.endswith("opened") for event in pipeline.handle(look))
        spent += cpu_s() - before
    return spent, opened


def _gate_only(site: Site, models: Models) -> ViewPipeline:
    """Looks, scene memory and tracks, without detector, evidence and commit."""
    camera = site.cameras[0]
    setup = view_setup(site, camera, camera.views[0], Models(None, models.mask), run="live")
    return ViewPipeline(setup, ViewParts(IncidentDesk(setup, None, None), NoJournal()), DWELL_S)


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
    """The look with the hour's things painted in."""
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
    size_h, size_w = round(height * THING_H), round(width * THING_W)
    for x, y, level in boxes:
        texture = np.random.default_rng(x).integers(-25, 25, (size_h, size_w))
        luma[y : y + size_h, x : x + size_w] = np.clip(level + texture, 16, 235)
    return replace(look, planes=Planes(luma, look.planes.u, look.planes.v))
