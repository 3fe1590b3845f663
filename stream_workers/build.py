"""From the site document to running parts: the only place that picks classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import Polygon, make_valid

from contracts.incident import Category, ModelRef
from contracts.site import Camera, Site, View, ZoneKind
from models.registry import OpenModel, open_detector
from stream_workers.attention import Attention, Cadence, CropExaminer, Examiner
from stream_workers.clips import ClipMaker
from stream_workers.evidence import EvidenceFile, EvidenceMaker
from stream_workers.incidents import LIVE_RUN, ClipTaker, IncidentDesk, TakenEvidence, ViewSetup
from stream_workers.look_ring import LookRing
from stream_workers.masking import DeadlineMask
from stream_workers.occupancy import OccupancyDesk, watched_zones
from stream_workers.pipeline import Journal, ViewParts, ViewPipeline
from stream_workers.sources.decode import decode_encoded
from stream_workers.sources.media import DecodedLook, EncodedLook
from stream_workers.stills import BackgroundStills, StillMaker, StillStore
from vision.errors import ModelRejected
from vision.georeference.homography import PlaneGeoreferencer, fit
from vision.georeference.place import Place, place_footprint
from vision.privacy.cover import PrivacyZones
from vision.privacy.mask import PrivacyMask
from vision.tracks.belief import Recall
from vision.tracks.identity import NOTHING_KNOWN
from vision.types import Box

__all__ = [
    "Models",
    "OpenClips",
    "PictureTaker",
    "ViewFolders",
    "build_plain_pipeline",
    "build_view_pipeline",
    "open_models",
    "placer_of",
    "privacy_zones",
    "shortest_dwell",
    "view_setup",
]

OpenClips = Callable[[ClipMaker, Callable[[EvidenceFile], None]], ClipTaker]
"""Gives the clips of a view, from what makes them and what takes their files for the look's commit."""
EDGE_STEPS = 200
"""Steps along each edge of a polygon on the ground: 5 cm on an edge of 10 m."""
PLACES_KEPT = 1024
"""Placed boxes that a view keeps: far more than stand in it at once."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a process, shared by its views; None where there is none."""

    detector: OpenModel | None
    mask: DeadlineMask


@dataclass(frozen=True, slots=True)
class ViewFolders:
    """Where a view's pictures go; no folder for stills means that none are kept."""

    evidence: Path
    stills: Path | None


def open_models(detector: str = "detector", mask: str = "mask") -> Models:
    """Open the models that the manifest names; a missing one is lived without, and events say so.

    Raises:
        ModelRejected: A model file is there but is not what its manifest entry says.
    """
    return Models(_open(detector), DeadlineMask(_masker(mask)))


@dataclass(slots=True)
class PictureTaker:
    """Takes an incident's pictures and remembers the files for the commit of the look."""

    maker: EvidenceMaker[EncodedLook]
    taken: list[EvidenceFile] = field(default_factory=list)

    def take(self, box: Box, first_seen: datetime, now: datetime, category: str) -> TakenEvidence:
        """Before, arrival and now of the thing in `box`."""
        stall = category == Category.STREET_VENDOR
        result = self.maker.for_incident(box, first_seen, now, vehicle_keep=stall)
        self.taken += result.files
        return TakenEvidence([file.evidence_ref() for file in result.files], result.note)

    def keep(self, file: EvidenceFile) -> None:
        """Take in a file that was made elsewhere."""
        self.taken.append(file)

    def collect(self) -> list[EvidenceFile]:
        """The files since the last call."""
        files, self.taken = self.taken, []
        return files


@dataclass(frozen=True, slots=True)
class RingKeeper:
    """Keeps looks for evidence and composes background stills."""

    ring: LookRing[EncodedLook]
    maker: StillMaker[EncodedLook]
    stills: BackgroundStills[EncodedLook] | None

    def keep(self, look: DecodedLook) -> None:
        """Take one look into the ring; compose a background still when one is due."""
        self.ring.add(look.encoded, look.captured_at)
        if look.is_keyframe:  # a JPEG of a picture is not quite that picture
            self.maker.remember(look.encoded, look.planes)
        if self.stills is not None:
            self.stills.keep_if_due(look.captured_at)


@dataclass(frozen=True, slots=True)
class PlanePlacer:
    """Places boxes by a calibrated plane; what stands keeps its box, and is placed once."""

    georeferencer: PlaneGeoreferencer
    picture_wh: tuple[int, int]
    _known: dict[tuple[Box, str, float], Place | None] = field(default_factory=dict, repr=False)

    def place(self, box: Box, category: str, look_px: float) -> Place | None:
        """Place of the footprint, or None beyond horizon or range."""
        key = (box, category, look_px)
        if key not in self._known:
            if len(self._known) >= PLACES_KEPT:
                self._known.clear()
            self._known[key] = place_footprint(box, self.georeferencer, self.picture_wh, category, look_px)
        return self._known[key]


def build_view_pipeline(
    setup: ViewSetup,
    journal: Journal,
    folders: ViewFolders,
    models: Models,
    *,
    explain: bool = False,
    open_clips: OpenClips | None = None,
) -> tuple[ViewPipeline, PictureTaker]:
    """The pipeline of one view, and the taker whose files belong into the journal's commit.

    Args:
        setup: What is fixed for the view.
        journal: Commits its looks.
        folders: Where its pictures go.
        models: The models.
        explain: Whether to keep an explanation of every track that ends.
        open_clips: Gives its clips; None where they are off.

    Raises:
        CalibrationRejected: The view's control points cannot give a plane.
    """
    privacy = privacy_zones(setup.site, setup.view)
    ring: LookRing[EncodedLook] = LookRing()
    maker: StillMaker[EncodedLook] = StillMaker(decode_encoded, models.mask, privacy)
    store = StillStore(folders.stills) if folders.stills is not None else None
    taker = PictureTaker(EvidenceMaker(ring, store, maker, folders.evidence))
    attention = None
    if models.detector is not None:
        info = models.detector.info
        attention = _attention(setup, CropExaminer(models.detector), info.input_px, info.recall)
    clips = None
    if open_clips is not None:
        clips = open_clips(ClipMaker(models.mask.beside(), privacy, folders.evidence), taker.keep)
    parts = ViewParts(
        desk=IncidentDesk(setup, placer_of(setup.view), taker, clips),
        journal=journal,
        attention=attention,
        keeper=RingKeeper(ring, maker, BackgroundStills(ring, maker, store) if store is not None else None),
        privacy=privacy,
        occupancy=_occupancy(setup) if attention is not None and setup.run == LIVE_RUN else None,
    )
    return ViewPipeline(setup, parts, shortest_dwell(setup.site), explain=explain), taker


def _occupancy(setup: ViewSetup) -> OccupancyDesk | None:
    """What counts in the guiding points that the view sees; None where it sees none."""
    zones = watched_zones(setup.site, setup.view, _georeferencer(setup.view))
    return OccupancyDesk(setup.view, setup.camera.id, setup.site.version, zones) if zones else None


def build_plain_pipeline(
    setup: ViewSetup,
    journal: Journal,
    examiner: Examiner | None,
    input_px: int,
    recall: Recall = NOTHING_KNOWN,
    *,
    explain: bool = False,
) -> ViewPipeline:
    """The pipeline of one view without evidence, whose looks need not be encoded.

    Args:
        setup: What is fixed for the view.
        journal: Commits.
        examiner: Stands where the detector stands; None without one.
        input_px: Side of the detector's input.
        recall: Share of things in plain view that are found, by class.
        explain: Whether to keep an explanation of every track that ends.

    Raises:
        CalibrationRejected: The view's control points cannot give a plane.
    """
    parts = ViewParts(
        desk=IncidentDesk(setup, placer_of(setup.view), None),
        journal=journal,
        attention=None if examiner is None else _attention(setup, examiner, input_px, recall),
        privacy=privacy_zones(setup.site, setup.view),
    )
    return ViewPipeline(setup, parts, shortest_dwell(setup.site), explain=explain)


def view_setup(site: Site, camera: Camera, view: View, models: Models, **facts: Any) -> ViewSetup:
    """The setup of a view; `facts` are `run`, and where they differ `look_every_s` and `input_name`."""
    model = None
    if models.detector is not None:
        info = models.detector.info
        model = ModelRef(name=info.name, version=info.version, sha256=info.sha256)
    facts.setdefault("look_every_s", camera.look_every_s)
    return ViewSetup(
        site=site, camera=camera, view=view, has_detector=models.detector is not None, model=model, **facts
    )


def privacy_zones(site: Site, view: View) -> PrivacyZones:
    """Privacy zones of a view; a zone on the ground is projected by the calibration."""
    polygons: list[Sequence[tuple[float, float]]] = []
    georeferencer = _georeferencer(view)
    for zone in site.zones:
        if zone.kind is not ZoneKind.PRIVACY:
            continue
        if zone.polygon_px is not None and zone.view == view.id:
            polygons.append(zone.polygon_px)
        elif zone.polygon_lonlat is not None and georeferencer is not None:
            polygons += _projected(zone.polygon_lonlat, georeferencer)
    return PrivacyZones(polygons, view.drawn_wh)


def shortest_dwell(site: Site) -> float:
    """The shortest dwell of a site's rules: what is noticed must be noticed in time for it."""
    return min(rule.dwell_s for rule in site.rules)


def _attention(setup: ViewSetup, examiner: Examiner, input_px: int, recall: Recall) -> Attention:
    cadence = Cadence.of(shortest_dwell(setup.site), setup.look_every_s, setup.camera.heartbeat_every_s)
    return Attention(examiner, cadence, input_px, recall)


def _projected(
    ring: Sequence[tuple[float, float]], georeferencer: PlaneGeoreferencer
) -> list[Sequence[tuple[float, float]]]:
    """What of a polygon on the ground lies in front of the camera, in pixels, near the picture.

    A corner behind the camera would turn the polygon inside out, and to leave only the corner out would
    uncover what lies beside it: so each edge is followed in small steps up to where it passes the camera.
    """
    corners = np.array([*ring, ring[0]], np.float64)
    shares = np.linspace(0, 1, EDGE_STEPS, endpoint=False)[:, None]
    steps = [start + shares * (end - start) for start, end in pairwise(corners)]
    points = georeferencer.project(np.concatenate(steps))
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 3:
        return []
    width, height = georeferencer.plane.picture_wh
    shown = make_valid(Polygon(points)).intersection(shapely.box(-width, -height, 2 * width, 2 * height))
    parts = [part for part in shapely.get_parts(shown) if isinstance(part, Polygon) and part.area > 0]
    return [[(float(x), float(y)) for x, y in part.exterior.coords] for part in parts]


def placer_of(view: View) -> PlanePlacer | None:
    """What places the things of a view; None where it is not calibrated.

    Raises:
        CalibrationRejected: The view's control points cannot give a plane.
    """
    georeferencer = _georeferencer(view)
    if georeferencer is None or view.calibration is None:
        return None
    return PlanePlacer(georeferencer, view.calibration.picture_wh)


def _georeferencer(view: View) -> PlaneGeoreferencer | None:
    if view.calibration is None:
        return None
    points = view.calibration.control_points
    return fit(
        np.array([point.px for point in points], np.float64),
        np.array([point.lonlat for point in points], np.float64),
        np.array([(point.sigma_px, point.sigma_m) for point in points], np.float64),
        view.calibration.picture_wh,
        view.calibration.max_range_m,
    )


def _open(name: str) -> OpenModel | None:
    try:
        return open_detector(name)
    except FileNotFoundError:
        return None


def _masker(name: str) -> PrivacyMask | None:
    try:
        return PrivacyMask(open_detector(name))
    except (FileNotFoundError, ModelRejected):
        # Without a mask no picture leaves; the events say so.
        return None
