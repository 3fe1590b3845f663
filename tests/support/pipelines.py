"""Builders for pipeline tests: looks of the drawn street, a detector that is told what to see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.event import AnyEvent, IncidentEvent
from contracts.incident import Category
from contracts.site import Camera, Rule, Site, View
from stream_workers.attention import Attention, Cadence, CropExaminer
from stream_workers.build import placer_of
from stream_workers.incidents import IncidentDesk, ViewSetup
from stream_workers.pipeline import ViewParts, ViewPipeline, persist_looks_for
from stream_workers.sources.media import DecodedLook, EncodedLook, Look
from stream_workers.view_state import ViewState
from tests.support.street import Street
from vision.privacy.cover import PrivacyZones
from vision.types import Detections, Planes

NAMES = ("street_vendor", "garbage_pile", "overflowing_bin", "garbage_bin", "person", "car", "truck", "bus")
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SCALE = 4
"""Picture pixels per grid pixel: the street is drawn small and enlarged, so that looks stay cheap."""
Row = tuple[str, float, tuple[float, float, float, float]]


@dataclass
class ToldDetector:
    """Sees, in each picture that it is shown, the rows that it was told are in the scene.

    It stands in for the model because a test must decide what is seen; the shipped model is tested elsewhere.
    """

    rows: Sequence[Row] = ()
    offset: tuple[float, float] = (0.0, 0.0)
    calls: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return NAMES

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Detections]:
        self.calls += 1
        return [self._in(image) for image in images]

    def _in(self, image: NDArray[np.uint8]) -> Detections:
        height, width = image.shape[:2]
        # A crop does not say where it was cut; tests use a picture no larger than one crop.
        kept = [row for row in self.rows if row[2][0] < width and row[2][1] < height]
        return Detections(
            np.array([row[2] for row in kept], np.float32).reshape(-1, 4),
            np.array([row[1] for row in kept], np.float32),
            np.array([NAMES.index(row[0]) for row in kept], np.int64),
            NAMES,
        )


@dataclass
class MemoryJournal:
    """Keeps what is committed, packed as the store keeps it."""

    packed: tuple[bytes, str] | None = None
    persist_looks: int = 3
    events: list[IncidentEvent] = field(default_factory=list)

    def restore(self) -> ViewState | None:
        return ViewState.unpack(*self.packed, self.persist_looks) if self.packed else None

    def commit(self, look: Look, state: ViewState, events: Sequence[AnyEvent]) -> None:
        self.packed = state.pack()
        self.events += [event for event in events if isinstance(event, IncidentEvent)]


def a_site(dwell_s: float = 60.0, **changes: Any) -> Site:
    categories = [category for category in Category if category is not Category.BUILDING_CHANGE]
    facts: dict[str, Any] = {
        "format": "streetkeeper-site/1",
        "name": "test street",
        "version": "t-1",
        "time_zone": "UTC",
        "rules": [
            Rule(id=f"no-{category}", category=category, dwell_s=dwell_s, min_confidence=0.3)
            for category in categories
        ],
        "cameras": [Camera(id="cam", views=[View(id="view")])],
    }
    return Site(**(facts | changes))


class Rig:
    """A pipeline over the drawn street, one look every ten seconds."""

    def __init__(
        self,
        *,
        site: Site | None = None,
        detector: bool = True,
        run: str = "test",
        journal: MemoryJournal | None = None,
        privacy: PrivacyZones | None = None,
    ) -> None:
        self.street = Street()
        self.site = site or a_site()
        self.detector = ToldDetector()
        dwell = min(rule.dwell_s for rule in self.site.rules)
        self.journal = journal or MemoryJournal(persist_looks=persist_looks_for(dwell, 10.0))
        camera = self.site.cameras[0]
        setup = ViewSetup(self.site, camera, camera.views[0], run, 10.0, has_detector=detector)
        cadence = Cadence.of(dwell, 10.0, 120.0)
        parts = ViewParts(
            IncidentDesk(setup, placer_of(camera.views[0]), None),
            self.journal,
            # A crop as large as the picture, so that a told row keeps its pixels.
            Attention(CropExaminer(self.detector), cadence, input_px=4096) if detector else None,
            privacy=privacy or PrivacyZones(),
        )
        self.pipeline = ViewPipeline(setup, parts, dwell, explain=True)
        self.number = 0

    def watch(
        self, looks: int, rows: Sequence[Row] | Callable[[int], Sequence[Row]] = (), **drawn: Any
    ) -> list[IncidentEvent]:
        events = []
        for _ in range(looks):
            self.detector.rows = rows(self.number) if callable(rows) else rows
            events += self.pipeline.handle(self.look(**drawn))
            self.number += 1
        return events

    def look(self, **drawn: Any) -> DecodedLook:
        luma = np.repeat(np.repeat(self.street.look(self.number, **drawn), SCALE, axis=0), SCALE, axis=1)
        height, width = luma.shape
        grey = np.full((height // 2, width // 2), 128, np.uint8)
        at = 10.0 * self.number
        encoded = EncodedLook("jpeg", b"", b"", 0)
        return DecodedLook(
            at, START + timedelta(seconds=at), Planes(luma, grey, grey), encoded, is_keyframe=True
        )

    def reasons(self) -> str:
        return "; ".join(f"{line.outcome}: {line.reason}" for line in self.pipeline.explanations())


def px(box: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
    """A grid box in picture pixels."""
    return box[0] * SCALE, box[1] * SCALE, box[2] * SCALE, box[3] * SCALE
