"""What the district's cameras would tell of a day, from its truth, without a picture being drawn.

As in the bench against the district: control points read anew for each camera and day, boxes off by what
the oracle's are, two of a hundred in a wrong class. The place and its ellipse are those of the worker.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from contracts.event import IncidentEvent, event_id, incident_id
from contracts.incident import Category, Ellipse, Incident, RuleRef
from contracts.site import Site
from sample_videos.district.cameras import CAMERAS, DistrictCamera
from sample_videos.district.oracle import JITTER_PX, JITTER_SHARE, WRONG_CLASS
from sample_videos.district.site import DWELL_S, site_document
from sample_videos.district.things import clock
from sample_videos.district.timeline import World
from sample_videos.district.truth import TruthThing, things
from stream_workers.build import PlanePlacer, placer_of
from vision.types import Box

__all__ = ["ToldEvent", "ToldThing", "told_day"]

RANGE_M: Final = 60.0
LEAST_SHOWN: Final = 0.5
EVERY_S: Final = 60.0
"""How often it is asked whether enough of a thing shows."""
AGAIN: Final = 0.15
"""Share of heaps and left things that end half way and open once more, as where a van stood before them."""
AWAY_S: Final = 900.0
"""They were out of sight for up to so long, evenly drawn."""
LOOK_PX: Final = 1.0


@dataclass(frozen=True, slots=True)
class ToldThing:
    """Which true thing a camera tells of."""

    thing_id: str
    camera_id: str
    category: str


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An incident's event at a world time, and what it is truly about."""

    at: float
    kind: str
    incident_id: str
    thing: ToldThing
    event: IncidentEvent


def told_day(seed: int, day: int) -> list[ToldEvent]:
    """Every event of a day, in order of time."""
    world = World(seed, day, 1, "default")
    events = [event for camera in CAMERAS for event in _told_by(world, camera, seed, day)]
    return sorted(events, key=lambda event: (event.at, event.incident_id, event.kind != "opened"))


def _told_by(world: World, camera: DistrictCamera, seed: int, day: int) -> Iterator[ToldEvent]:
    site = Site.model_validate(site_document(seed, day, [camera.id]))
    placer = placer_of(site.cameras[0].views[0])
    if placer is None:
        return
    for thing in things(world, camera.id):
        if not thing.category or thing.due_from_t is None or thing.distance_m > RANGE_M:
            continue
        chance = np.random.default_rng([seed, day, zlib.crc32(f"{camera.id}|{thing.thing_id}".encode())])
        opened = _first_shown(thing)
        if opened is not None:
            yield from _told(thing, opened, placer, chance)


def _first_shown(thing: TruthThing) -> float | None:
    """When the camera first tells of a thing: once its rule holds it and half of it shows, unmoved."""
    span = thing.raised_span(DWELL_S.get(thing.category, 300.0))
    if span is None:
        return None
    t, until = span
    while t < min(until, thing.to_t):
        is_moved = thing.world.nudge_at(thing.camera_id, t) is not None
        if not is_moved and thing.box_at(t) is not None and thing.visible_share(t) >= LEAST_SHOWN:
            return t
        t += EVERY_S
    return None


def _told(
    thing: TruthThing, opened: float, placer: PlanePlacer, chance: np.random.Generator
) -> Iterator[ToldEvent]:
    ends = min(thing.to_t, thing.due_to_t or thing.to_t)
    spans = [(thing.from_t, opened, ends)]
    half = (opened + ends) / 2
    seen = half + chance.uniform(0.0, AWAY_S)
    again = seen + DWELL_S.get(thing.category, 300.0)
    if thing.category != Category.STREET_VENDOR and chance.uniform() < AGAIN and again < ends:
        spans = [(thing.from_t, opened, half), (seen, again, ends)]
    for number, (first, start, end) in enumerate(spans):
        box = thing.box_at(start)
        if box is None:
            continue
        incident = _incident(thing, number, (first, start), _off(box, chance), placer)
        if chance.uniform() < WRONG_CLASS:
            others = sorted(DWELL_S.keys() - {thing.category})
            incident = incident.model_copy(update={"category": Category(str(chance.choice(others)))})
        yield _event(thing, incident, 0, start)
        gone = incident.model_copy(update={"last_seen": clock(end), "closed_at": clock(end)})
        yield _event(thing, gone, 1, end)


def _off(box: Box, chance: np.random.Generator) -> Box:
    """A box whose edges are off as the oracle's are."""
    x1, y1, x2, y2 = box
    across = max(JITTER_PX, JITTER_SHARE * (x2 - x1))
    along = max(JITTER_PX, JITTER_SHARE * (y2 - y1))
    errors = chance.normal(0.0, 1.0, 4) * np.array([across, along, across, along])
    left, top, right, bottom = (float(edge + error) for edge, error in zip(box, errors, strict=True))
    return left, top, max(right, left + 1.0), max(bottom, top + 1.0)


def _incident(
    thing: TruthThing, number: int, times: Sequence[float], box: Box, placer: PlanePlacer
) -> Incident:
    first, opened = times
    place = placer.place(box, thing.category, LOOK_PX)
    grid = (int(box[0]), int(box[1]), int(box[2]), int(box[3]) + number)
    category = Category(thing.category)
    return Incident(
        incident_id=incident_id(thing.camera_id, "live", category, int(opened), grid),
        view_id=thing.camera_id,
        camera_id=thing.camera_id,
        run="live",
        category=category,
        first_seen=clock(first),
        last_seen=clock(opened),
        opened_at=clock(opened),
        lonlat=place.lonlat if place else None,
        ellipse=Ellipse(
            semi_major_m=place.ellipse.semi_major_m,
            semi_minor_m=place.ellipse.semi_minor_m,
            azimuth_deg=place.ellipse.azimuth_deg % 180,
        )
        if place
        else None,
        rule=RuleRef(id=f"no-{thing.category}", version=1, reason="against a rule of the district"),
        confidence=0.9,
        box_xyxy_px=box,
        media_time_s=0.0,
        site_version="bench",
    )


def _event(thing: TruthThing, incident: Incident, sequence: int, at: float) -> ToldEvent:
    kind = "opened" if sequence == 0 else "closed"
    event = IncidentEvent.model_validate(
        {
            "id": event_id(incident.incident_id, sequence),
            "source": f"/views/{incident.view_id}",
            "subject": incident.incident_id,
            "time": clock(at),
            "sequence": sequence,
            "type": f"org.streetkeeper.incident.{kind}",
            "data": incident.model_dump(),
        }
    )
    told = ToldThing(thing.thing_id, thing.camera_id, thing.category)
    return ToldEvent(at, kind, incident.incident_id, told, event)
