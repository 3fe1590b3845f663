"""Why something was missed or falsely told, in a word or two, from the pipeline's own explanations."""

from typing import Final

from benchmarks.truth_match import DayMatch, Pair
from sample_videos.district.camera_day import ExplainedRecord, ThingRecord, box_of
from vision.boxes import intersection, share_inside
from vision.tracks.tracker import PART_OF

__all__ = ["cause_of", "cause_of_miss", "explanations_at"]

AT_ONCE_S: Final = 300.0
"""A supposed thing that came so near to the beginning or end of a shower or of dirt came of it."""


def cause_of(match: DayMatch, pair: Pair) -> str:
    """What a false incident was about, in a word or two."""
    if pair.thing is None:
        return f"nothing ({_near_condition(match, pair) or pair.incident.category_opened})"
    if pair.thing.due is not None:
        return f"{pair.thing.category} outside its due time"
    return pair.thing.trap or pair.thing.kind


def cause_of_miss(match: DayMatch, thing: ThingRecord) -> str:
    """What became of the region that covered most of a missed thing."""
    told = explanations_at(match, thing)
    if not told:
        return "not noticed"
    if any(each.reason.startswith(PART_OF) for each in told):
        return "taken in by another track"
    first = told[0]
    return f"{first.outcome} as {first.category}" if first.category else first.outcome


def explanations_at(match: DayMatch, thing: ThingRecord) -> list[ExplainedRecord]:
    """What the pipeline says of what stayed where and while the thing was there, the nearest first."""
    found = []
    for each in match.day.explained:
        box = box_of(thing, max(each.from_t, thing.there[0]))
        if box is None or each.from_t >= thing.there[1] or each.to_t <= thing.there[0]:
            continue
        if (
            intersection(box, each.box) > 0
            and max(share_inside(box, each.box), share_inside(each.box, box)) > 0.3
        ):
            found.append((intersection(box, each.box), each))
    found.sort(key=lambda pair: -pair[0])
    return [each for _, each in found]


def _near_condition(match: DayMatch, pair: Pair) -> str:
    """The condition that began or ended when the supposed thing came; empty without one."""
    for name, spans in match.day.conditions.items():
        if any(abs(pair.incident.first_seen - t) <= AT_ONCE_S for span in spans for t in span):
            return name
    return ""
