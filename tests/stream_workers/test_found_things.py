"""From changed ground to things: who owns what is found, since when it is there, and when it is told of."""

from collections.abc import Sequence

import pytest

from contracts.event import IncidentEvent
from tests.support.pipelines import Rig, Row, a_site, px

LEFT = (100, 110, 130, 140, 30)
RIGHT = (133, 110, 163, 140, 200)
"""Closer to each other than two gaps of the grid: the memory sees one region."""
DWELL_LOOKS = 30
LATE_LOOKS = 2


def a_rig() -> Rig:
    return Rig(site=a_site(dwell_s=10.0 * DWELL_LOOKS))


def row(name: str, thing: Sequence[int], score: float = 0.8) -> Row:
    x1, y1, x2, y2 = thing[:4]
    return name, score, px((x1, y1, x2, y2))


def told(events: Sequence[IncidentEvent], what: str = "opened") -> list[str]:
    return [event.data.category for event in events if event.type.endswith(what)]


def test_two_things_that_come_as_one_region_are_two_incidents_in_time() -> None:
    rig = a_rig()
    rig.watch(20)
    both = (row("street_vendor", LEFT), row("garbage_pile", RIGHT))
    early = rig.watch(DWELL_LOOKS, both, things=(LEFT, RIGHT))
    late = rig.watch(LATE_LOOKS + 1, both, things=(LEFT, RIGHT))
    assert early == []
    assert sorted(told(late)) == ["garbage_pile", "street_vendor"]


def test_what_comes_beside_changed_ground_that_nobody_knows_opens_in_time() -> None:
    rig = a_rig()
    rig.watch(20)
    rig.watch(25, things=(LEFT,))
    pile = (row("garbage_pile", RIGHT),)
    events = rig.watch(DWELL_LOOKS + LATE_LOOKS + 1, pile, things=(LEFT, RIGHT))
    assert told(events).count("garbage_pile") == 1
    assert told(rig.watch(60, pile, things=(LEFT, RIGHT))).count("garbage_pile") == 0


@pytest.mark.parametrize("before_heartbeat", [1, 4, 8])
def test_what_a_heartbeat_finds_first_is_dated_back_to_when_its_ground_became_new(
    before_heartbeat: int,
) -> None:
    rig = a_rig()
    pile = (row("garbage_pile", LEFT),)
    # Heartbeats come every twelve looks, from look 0 on.
    rig.watch(24 - before_heartbeat)
    came = rig.number
    rig.watch(DWELL_LOOKS, pile, things=(LEFT,))
    opened = rig.watch(LATE_LOOKS + 1, pile, things=(LEFT,))
    assert told(opened) == ["garbage_pile"]
    assert (opened[0].data.first_seen - rig.look().captured_at).total_seconds() == pytest.approx(
        -10.0 * (rig.number - came), abs=20.0
    )


def test_a_thing_that_only_the_detector_sees_opens_by_its_dwell_although_it_is_missed_now_and_then() -> None:
    rig = a_rig()
    pile = row("garbage_pile", LEFT)
    rig.watch(DWELL_LOOKS, lambda look: () if look % 10 == 9 else (pile,))
    events = rig.watch(LATE_LOOKS + 1, lambda look: () if look % 10 == 9 else (pile,))
    assert told(events) == ["garbage_pile"]


def test_a_bag_in_front_of_what_stood_there_from_the_start_is_noticed() -> None:
    rig = a_rig()
    wide = row("street_vendor", (60, 60, 320, 180))
    bag = (120, 130, 132, 142, 30)
    rig.watch(20, (wide,))
    events = rig.watch(DWELL_LOOKS + LATE_LOOKS + 1, (wide,), things=(bag,))
    assert told(events) == ["unattended_object"]


def test_shade_and_goods_beside_a_stall_are_no_unattended_object() -> None:
    rig = a_rig()
    stall = (row("street_vendor", LEFT),)
    goods = (LEFT[2] + 3, LEFT[3] - 8, LEFT[2] + 9, LEFT[3], 220)
    rig.watch(20)
    events = rig.watch(60, stall, things=(LEFT, goods))
    assert told(events) == ["street_vendor"]


def test_a_stall_whose_ground_stays_changed_closes_when_it_is_found_no_more() -> None:
    rig = a_rig()
    rig.watch(20)
    opened = rig.watch(60, (row("street_vendor", LEFT),), things=(LEFT,))
    closed = rig.watch(400, (), things=(LEFT,))
    assert (told(opened), told(closed, "closed")) == (["street_vendor"], ["street_vendor"])
    assert "it is found no more" in next(e for e in closed if e.type.endswith("closed")).data.rule.reason


def test_a_new_stall_in_the_place_of_one_that_left_is_another_incident() -> None:
    rig = a_rig()
    stall = (row("street_vendor", LEFT),)
    rig.watch(20)
    first = rig.watch(60, stall, things=(LEFT,))
    gap = rig.watch(20)
    second = rig.watch(DWELL_LOOKS + LATE_LOOKS + 1, stall, things=((*LEFT[:4], 220),))
    assert (told(first), told(gap, "closed"), told(second)) == (["street_vendor"],) * 3


def test_changed_ground_that_is_nothing_becomes_the_background() -> None:
    rig = a_rig()
    sliver = (100, 110, 104, 150, 30)
    rig.watch(20)
    rig.watch(60, things=(sliver,))
    assert rig.pipeline.state.tracker.tracks == []
    assert "the ground has changed" in rig.reasons()
