"""What is true of a camera-day of the district, as it is kept beside what was told."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sample_videos.district.built_truth import built_record, changes_of_box
from sample_videos.district.camera_day import BoxPx, Cut, Nudge, Span, ThingRecord
from sample_videos.district.cameras import DistrictCamera
from sample_videos.district.catalogue import CATALOGUE
from sample_videos.district.day_stage import StageTruth
from sample_videos.district.episodes.building import Change
from sample_videos.district.plan import FRAME
from sample_videos.district.site import DWELL_S
from sample_videos.district.things import Episode, Part
from sample_videos.district.timeline import World
from sample_videos.district.truth import TruthThing, box_of, exposure, things

__all__ = ["DayTruth"]

SEEN_EVERY_S: Final = 60.0
"""How often it is asked how much of a thing shows."""
SEEN_SHARE: Final = 0.5
NO_DWELL_S: Final = 300.0
LEAST_STAY_S: Final = 60.0
"""What stands for less is no thing that could be mistaken."""


@dataclass(frozen=True, slots=True)
class DayTruth:
    """The truth of a span of a camera.

    Args:
        world: The world.
        camera: The camera.
        day: Number of the day, for the count of traps.
        span: From when to when the camera is watched.
    """

    world: World
    camera: DistrictCamera
    day: int
    span: Span

    def records(self) -> StageTruth:
        """Every thing and trap of the day, and what befell the camera."""
        told = things(self.world, self.camera.id)
        return replace(
            self.faults(),
            things=[
                *(self._record(thing) for thing in told),
                *self._bystanders({thing.thing_id for thing in told}),
                *(
                    built_record(self.camera, change, self._times(self.span, _steps_of(change)), self.world)
                    for change in self.world.changes(self.camera.id)
                ),
            ],
            exposure=exposure(self.world, self.camera.id, self.day),
        )

    def faults(self) -> StageTruth:
        """What befell the camera and its light."""
        faults = self.world.faults(self.camera.id)
        return StageTruth(
            nudges=[
                Nudge(
                    at=max(self.span[0], nudge.from_t),
                    until=min(self.span[1], nudge.to_t),
                    shift_px=round(max(abs(nudge.dx_px), abs(nudge.dy_px)), 1),
                    width_px=self.camera.size_wh[0],
                )
                for nudge in faults.nudges
                if nudge.from_t < self.span[1] and nudge.to_t > self.span[0]
            ],
            cuts=[
                Cut(at=max(self.span[0], start), until=min(self.span[1], end)) for start, end in faults.cuts
            ],
            conditions=self._conditions(),
        )

    def _conditions(self) -> dict[str, list[Span]]:
        """What lies on nothing and may still be mistaken for a thing when it begins or ends."""
        rain = [
            (start, end) for day in (self.day - 1, self.day) for start, end, _ in self.world.day(day).sky.rain
        ]
        dirt = [(dirt.from_t, dirt.to_t) for dirt in self.world.faults(self.camera.id).dirt]
        return {"dirty lens": dirt, "shower": rain}

    def _record(self, thing: TruthThing) -> ThingRecord:
        due = None
        if thing.due_from_t is not None and thing.due_to_t is not None:
            due = (thing.due_from_t, thing.due_to_t)
        span = max(self.span[0], thing.from_t), min(self.span[1], thing.to_t)
        times = self._times(span, (stage.from_t for stage in thing.episode.stages))
        return ThingRecord(
            thing_id=thing.thing_id,
            kind=thing.episode.stages[-1].asset,
            category=thing.category,
            trap=thing.trap,
            is_sleeper=thing.trap == "sleeper",
            there=(thing.from_t, thing.to_t),
            due=due,
            dwell_s=DWELL_S.get(thing.category, NO_DWELL_S),
            lonlat=thing.lonlat,
            area_m2=thing.area_m2,
            distance_m=round(thing.distance_m, 2),
            split=self._split(thing),
            seen=self._seen(thing, span) if due else [],
            boxes=changes_of_box((t, thing.box_at(t)) for t in times),
        )

    def _bystanders(self, told: Collection[str]) -> Iterator[ThingRecord]:
        """What stands there and is in no list of the truth: a seller, a van, belongings, a bin.

        None of it is an incident; each is named, so that a false incident on it can be.
        """
        for episode in self.world.all_episodes():
            parts = episode.others if episode.id in told else episode.parts
            for number, part in enumerate(parts):
                begin, end = max(self.span[0], part.from_t), min(self.span[1], part.to_t)
                if part.way or end - begin < LEAST_STAY_S:
                    continue
                boxes = changes_of_box(
                    (t, box_of(self.camera, part, self.world.nudge_at(self.camera.id, t)))
                    for t in self._times((begin, end))
                )
                if any(box is not None for _, box in boxes):
                    yield self._bystander(episode, f"{episode.id}.{number}", part, boxes)

    def _bystander(
        self, episode: Episode, thing_id: str, part: Part, boxes: list[tuple[float, BoxPx | None]]
    ) -> ThingRecord:
        lon, lat = FRAME.to_lonlat(np.array([[part.east_m, part.north_m]]))[0]
        return ThingRecord(
            thing_id=thing_id,
            kind=part.asset,
            trap=episode.trap or f"{part.asset} of {episode.kind}",
            is_sleeper=episode.trap == "sleeper",
            there=(part.from_t, part.to_t),
            lonlat=(float(lon), float(lat)),
            area_m2=CATALOGUE[part.asset].area_m2 * part.scale**2,
            distance_m=round(self.camera.distance_m(part.east_m, part.north_m), 2),
            split="mixed",
            boxes=boxes,
        )

    def _split(self, thing: TruthThing) -> str:
        """The side of the split that camera and drawing are both on; `mixed` where they are not."""
        return self.camera.split if self.camera.split == thing.episode.split else "mixed"

    def _seen(self, thing: TruthThing, span: Span) -> list[Span]:
        """When at least half of it shows."""
        times = [*np.arange(span[0], span[1], SEEN_EVERY_S).tolist(), span[1]]
        return _spans(times, [thing.visible_share(t) >= SEEN_SHARE for t in times[:-1]])

    def _times(self, span: Span, extra: Iterable[float] = ()) -> list[float]:
        """Moments at which boxes may change within a span: its ends, nudges, and what else is named."""
        begin, end = span
        nudges = self.world.faults(self.camera.id).nudges
        moments = [*extra, *(t for nudge in nudges for t in (nudge.from_t, nudge.to_t))]
        return sorted({begin, end, *(t for t in moments if begin < t < end)})


def _steps_of(change: Change) -> list[float]:
    """Moments at which it looks different."""
    return [*(moment for moment, _ in change.steps), change.to_t]


def _spans(times: Sequence[float], seen: Sequence[bool]) -> list[Span]:
    """The spans in which something is seen, each moment standing for the time until the next."""
    spans: list[Span] = []
    for t, until, is_seen in zip(times[:-1], times[1:], seen, strict=True):
        if not is_seen:
            continue
        if spans and spans[-1][1] == t:
            spans[-1] = (spans[-1][0], until)
        else:
            spans.append((t, until))
    return spans
