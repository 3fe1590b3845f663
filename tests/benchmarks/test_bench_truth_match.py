"""The matching rule, on cases made by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.truth_match import Verdict, counts_for_recall, match_day, visible_while_due_s
from sample_videos.district.camera_day import CameraDay, IncidentRecord, ThingRecord, box_of
from vision.types import Box

STALL: Box = (100.0, 100.0, 200.0, 180.0)
ELSEWHERE: Box = (600.0, 300.0, 700.0, 380.0)


def thing(**changes: Any) -> ThingRecord:
    facts: dict[str, Any] = {
        "thing_id": "stall",
        "kind": "fruit_stall",
        "category": "street_vendor",
        "there": (1000.0, 5000.0),
        "due": (1000.0, 5000.0),
        "dwell_s": 300.0,
        "lonlat": (118.917, 31.938),
        "area_m2": 3.0,
        "distance_m": 20.0,
        "seen": [(1000.0, 5000.0)],
        "boxes": [(1000.0, STALL), (5000.0, None)],
    }
    return ThingRecord(**(facts | changes))


def incident(**changes: Any) -> IncidentRecord:
    facts: dict[str, Any] = {
        "incident_id": "i-1",
        "category": "street_vendor",
        "category_opened": "street_vendor",
        "first_seen": 1000.0,
        "last_seen": 4990.0,
        "opened": 1310.0,
        "closed": 5030.0,
        "box": STALL,
    }
    return IncidentRecord(**(facts | changes))


def a_day(things: list[ThingRecord], incidents: list[IncidentRecord], **changes: Any) -> CameraDay:
    facts: dict[str, Any] = {
        "seed": 1, "camera_id": "cam", "day": 0, "detector": "oracle", "split": "all", "scenario": "default",
        "begins": 0.0, "ends": 86400.0, "looks": 8640,
    }  # fmt: skip
    return CameraDay(things=things, incidents=incidents, **(facts | changes))


def verdicts(things: list[ThingRecord], incidents: list[IncidentRecord]) -> list[tuple[str, str | None]]:
    pairs = match_day(a_day(things, incidents)).pairs
    return [(pair.verdict.value, pair.thing.thing_id if pair.thing else None) for pair in pairs]


def test_an_incident_of_the_same_category_time_and_place_matches() -> None:
    assert verdicts([thing()], [incident()]) == [("matched", "stall")]


@pytest.mark.parametrize(
    ("box", "matches"),
    [
        ((100.0, 100.0, 200.0, 180.0), True),
        ((150.0, 100.0, 250.0, 180.0), True),  # a third of the union
        ((160.0, 100.0, 260.0, 180.0), False),  # a quarter, and the middle outside
        ((110.0, 110.0, 130.0, 130.0), True),  # a small part, but inside
        ((0.0, 0.0, 290.0, 270.0), True),  # far larger, its middle inside
        (ELSEWHERE, False),
    ],
)
def test_place_means_overlap_or_middle(box: Box, matches: bool) -> None:
    found = verdicts([thing()], [incident(box=box)])
    assert found == ([("matched", "stall")] if matches else [("nothing", None)])


def test_the_second_incident_on_a_thing_is_a_double_and_not_false() -> None:
    second = incident(incident_id="i-2", opened=3000.0, first_seen=2600.0)
    match = match_day(a_day([thing()], [second, incident()]))
    assert [pair.verdict for pair in match.pairs] == [Verdict.MATCHED, Verdict.DOUBLE]
    assert [pair.incident.incident_id for pair in match.pairs] == ["i-1", "i-2"], "in order of opening"
    assert not any(pair.is_false for pair in match.pairs) and match.missed == []


def test_two_incidents_on_two_things_side_by_side_are_no_doubles() -> None:
    beside = thing(thing_id="other", boxes=[(1000.0, (150.0, 100.0, 250.0, 180.0)), (5000.0, None)])
    first = incident(box=(110.0, 100.0, 210.0, 180.0))
    second = incident(incident_id="i-2", opened=1320.0, box=(112.0, 100.0, 212.0, 180.0))
    assert verdicts([thing(), beside], [first, second]) == [("matched", "stall"), ("matched", "other")]


def test_a_wrong_category_is_counted_apart_and_leaves_the_thing_to_be_found() -> None:
    unattended = incident(category="unattended_object", opened=1305.0)
    right = incident(incident_id="i-2")
    found = verdicts([thing()], [unattended, right])
    assert found == [("wrong_category", "stall"), ("matched", "stall")]
    match = match_day(a_day([thing()], [unattended]))
    assert [each.thing_id for each in match.missed] == ["stall"] and not match.pairs[0].is_false


def test_the_last_category_counts() -> None:
    corrected = incident(category_opened="unattended_object")
    assert verdicts([thing()], [corrected]) == [("matched", "stall")]


def test_nothing_matches_over_time() -> None:
    late = incident(first_seen=5100.0, opened=5400.0)
    early = incident(first_seen=100.0, opened=400.0, last_seen=500.0)
    assert verdicts([thing()], [late]) == [("nothing", None)]
    assert verdicts([thing()], [early]) == [("nothing", None)]


def test_an_opening_shortly_after_the_thing_has_left_still_matches() -> None:
    assert verdicts([thing()], [incident(opened=5010.0)]) == [("matched", "stall")]


def test_incidents_of_legal_things_are_false_and_name_the_trap() -> None:
    legal = thing(due=None, trap="permitted_vendor")
    match = match_day(a_day([legal], [incident()]))
    assert match.pairs[0].verdict is Verdict.LEGAL and match.pairs[0].is_false
    assert match.pairs[0].thing is not None and match.pairs[0].thing.trap == "permitted_vendor"
    assert match.expected == []


def test_a_thing_is_legal_before_its_hour_and_not_after() -> None:
    later = thing(due=(3000.0, 5000.0))
    assert verdicts([later], [incident(opened=2990.0)]) == [("legal", "stall")]
    assert verdicts([later], [incident(opened=3000.0)]) == [("matched", "stall")]


def test_any_incident_on_the_sleeper_is_told_apart() -> None:
    sleeper = thing(thing_id="sleeper", category="", due=None, trap="sleeper", is_sleeper=True)
    for category in ("unattended_object", "garbage_pile"):
        assert verdicts([sleeper], [incident(category=category)]) == [("sleeper", "sleeper")]
    near = thing(boxes=[(1000.0, (140.0, 100.0, 240.0, 180.0)), (5000.0, None)])
    assert verdicts([sleeper, near], [incident()]) == [("sleeper", "sleeper")], "she is nearer than the stall"
    on_stall = incident(box=(139.0, 100.0, 239.0, 180.0))
    assert verdicts([sleeper, near], [on_stall]) == [("matched", "stall")]
    again = incident(incident_id="i-2", opened=2000.0, box=(139.0, 100.0, 239.0, 180.0))
    assert verdicts([sleeper, near], [on_stall, again])[1] == ("sleeper", "sleeper"), (
        "a double may not touch her"
    )


def test_recall_asks_for_what_is_near_visible_and_due() -> None:
    assert counts_for_recall(thing())
    assert not counts_for_recall(thing(due=None))
    assert not counts_for_recall(thing(distance_m=60.1))
    assert not counts_for_recall(thing(category=""))
    assert not counts_for_recall(thing(seen=[(1000.0, 1419.0)]))
    assert counts_for_recall(thing(seen=[(1000.0, 1210.0), (4000.0, 4210.0)])), "hidden in between"
    assert not counts_for_recall(thing(due=(4700.0, 5000.0))), "visible for hours, but due for 300 s only"
    assert visible_while_due_s(thing(due=(2000.0, 2500.0))) == 500.0


def test_only_the_splits_own_things_count_for_recall() -> None:
    things = [thing(split="test"), thing(thing_id="known", split="mixed")]
    expected = {
        split: [each.thing_id for each in match_day(a_day(things, [], split=split)).expected]
        for split in ("test", "train", "all")
    }
    assert expected == {"test": ["stall"], "train": [], "all": ["stall", "known"]}


def test_a_box_follows_a_nudge_and_outlives_the_thing() -> None:
    moved = thing(boxes=[(1000.0, STALL), (3000.0, ELSEWHERE), (5000.0, None)])
    assert box_of(moved, 999.0) is None and box_of(moved, 2999.0) == STALL
    assert box_of(moved, 3000.0) == ELSEWHERE and box_of(moved, 5020.0) == ELSEWHERE
    hidden = thing(boxes=[(1000.0, STALL), (2000.0, None), (3000.0, STALL), (5000.0, None)])
    assert box_of(hidden, 2500.0) is None, "turned out of the picture while it is there"


boxes = st.tuples(st.floats(0, 500), st.floats(0, 300), st.floats(30, 200), st.floats(30, 200)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


some_things = st.lists(st.tuples(boxes, st.sampled_from(["street_vendor", "garbage_pile"])), max_size=6)
some_incidents = st.lists(
    st.tuples(boxes, st.floats(900, 5200), st.sampled_from(["street_vendor", "garbage_pile"])), max_size=8
)


@given(some_things, some_incidents)
def test_each_thing_is_matched_once_at_most_and_each_incident_is_judged_once(
    true: list[tuple[Box, str]], told: list[tuple[Box, float, str]]
) -> None:
    things = [
        thing(thing_id=f"t{place}", category=category, boxes=[(1000.0, box), (5000.0, None)])
        for place, (box, category) in enumerate(true)
    ]
    incidents = [
        incident(incident_id=f"i{place}", box=box, opened=at, first_seen=at - 300, category=category)
        for place, (box, at, category) in enumerate(told)
    ]
    match = match_day(a_day(things, incidents))
    assert len(match.pairs) == len(incidents)
    matched = [pair.thing.thing_id for pair in match.pairs if pair.verdict is Verdict.MATCHED and pair.thing]
    assert len(matched) == len(set(matched))
    doubles = {pair.thing.thing_id for pair in match.pairs if pair.verdict is Verdict.DOUBLE and pair.thing}
    assert doubles <= set(matched)
    assert match_day(a_day(things[::-1], incidents[::-1])).missed[::-1] == match.missed, (
        "order does not matter"
    )
