"""Which incident belongs to which true thing: the matching rule of `streetkeeper bench truth`.

In words, with reasons: docs/methods/bench-truth.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sample_videos.district.camera_day import CameraDay, IncidentRecord, ThingRecord, box_of
from vision.boxes import union_iou

__all__ = ["DayMatch", "Pair", "Verdict", "counts_for_recall", "match_day", "visible_while_due_s"]

LEAST_IOU: Final = 0.3
RECALL_WITHIN_M: Final = 60.0
RECALL_MARGIN_S: Final = 120.0
"""A thing counts for recall when it was visible for the dwell and so much more."""


class Verdict(StrEnum):
    """What an incident turned out to be."""

    MATCHED = "matched"
    DOUBLE = "double"
    WRONG_CATEGORY = "wrong_category"
    LEGAL = "legal"
    SLEEPER = "sleeper"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Pair:
    """An incident and what it was about.

    Args:
        incident: The incident.
        verdict: What it turned out to be.
        thing: The true thing; None where there was nothing.
    """

    incident: IncidentRecord
    verdict: Verdict
    thing: ThingRecord | None = None

    @property
    def is_false(self) -> bool:
        """Whether nobody should have been told: not against a rule, or nothing there at all."""
        return self.verdict in (Verdict.LEGAL, Verdict.SLEEPER, Verdict.NOTHING)


@dataclass(frozen=True, slots=True)
class DayMatch:
    """A camera-day, matched.

    Args:
        day: The camera-day.
        pairs: Every incident, in order of opening.
        expected: Things that count for recall: of the split that was run.
    """

    day: CameraDay
    pairs: Sequence[Pair]
    expected: Sequence[ThingRecord] = field(default_factory=tuple)

    def of(self, thing: ThingRecord, *verdicts: Verdict) -> list[Pair]:
        """The pairs of a thing with one of some verdicts."""
        return [
            pair
            for pair in self.pairs
            if pair.thing is not None and pair.thing.thing_id == thing.thing_id and pair.verdict in verdicts
        ]

    @property
    def missed(self) -> list[ThingRecord]:
        """Things that count for recall and have no incident of their category."""
        return [thing for thing in self.expected if not self.of(thing, Verdict.MATCHED)]


def match_day(day: CameraDay) -> DayMatch:
    """Match the incidents of a camera-day, in order of opening."""
    taken: set[str] = set()
    pairs = []
    for incident in sorted(day.incidents, key=lambda each: (each.opened, each.incident_id)):
        pair = _judge(incident, day.things, taken)
        if pair.verdict is Verdict.MATCHED and pair.thing is not None:
            taken.add(pair.thing.thing_id)
        pairs.append(pair)
    own = [thing for thing in day.things if day.split in ("all", thing.split)]
    return DayMatch(day, pairs, [thing for thing in own if counts_for_recall(thing)])


def counts_for_recall(thing: ThingRecord) -> bool:
    """Whether a thing must become an incident: near enough, and visible for long enough while it is due."""
    if thing.due is None or not thing.category or thing.distance_m > RECALL_WITHIN_M:
        return False
    return visible_while_due_s(thing) >= thing.dwell_s + RECALL_MARGIN_S


def visible_while_due_s(thing: ThingRecord) -> float:
    """Seconds in which at least half of the thing showed while it stood against a rule, in all."""
    if thing.due is None:
        return 0.0
    begin, end = thing.due
    return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in thing.seen)


def _judge(incident: IncidentRecord, things: Sequence[ThingRecord], taken: set[str]) -> Pair:
    near = [(overlap, thing) for thing in things if (overlap := _overlap(incident, thing)) > 0]
    near.sort(key=lambda pair: (-pair[0], pair[1].thing_id))
    due = [thing for _, thing in near if _is_due(incident, thing)]
    same = [thing for thing in due if thing.category == incident.category]
    free = [thing for thing in same if thing.thing_id not in taken]
    sleepers = [thing for _, thing in near if thing.is_sleeper]
    if sleepers and near[0][1].is_sleeper:
        return Pair(incident, Verdict.SLEEPER, sleepers[0])
    if free:
        return Pair(incident, Verdict.MATCHED, free[0])
    if sleepers:
        # Whatever else is near: not even a mistaken second incident may touch a person at rest.
        return Pair(incident, Verdict.SLEEPER, sleepers[0])
    if same:
        return Pair(incident, Verdict.DOUBLE, same[0])
    if due:
        return Pair(incident, Verdict.WRONG_CATEGORY, due[0])
    return Pair(incident, Verdict.LEGAL, near[0][1]) if near else Pair(incident, Verdict.NOTHING)


def _overlap(incident: IncidentRecord, thing: ThingRecord) -> float:
    """How well place and time fit, 0 where they do not.

    The boxes must overlap by at least 0.3 of their union, or the incident's middle must lie in the
    thing's box.
    """
    # Before it comes it has no box.
    if incident.first_seen >= thing.there[1]:
        return 0.0
    box = box_of(thing, incident.opened)
    if box is None:
        return 0.0
    overlap = union_iou(incident.box, box)
    middle = (incident.box[0] + incident.box[2]) / 2, (incident.box[1] + incident.box[3]) / 2
    inside = box[0] <= middle[0] < box[2] and box[1] <= middle[1] < box[3]
    return max(overlap, 0.001) if inside or overlap >= LEAST_IOU else 0.0


def _is_due(incident: IncidentRecord, thing: ThingRecord) -> bool:
    """Whether the thing stood against a rule when the incident was opened, or until shortly before."""
    return thing.due is not None and thing.due[0] <= incident.opened and incident.first_seen < thing.due[1]
