"""Laws that hold for every judgement, whatever the site and the thing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.incident import Category
from contracts.rules import Candidate, Outcome
from tests.support.town import EVENING, Town, permit

THINGS = st.builds(
    Candidate,
    category=st.sampled_from(Category),
    confidence=st.floats(0, 1),
    box_xyxy_px=st.builds(
        lambda x, y, w, h: (x, y, x + w, y + h),
        st.floats(0, 400),
        st.floats(0, 300),
        st.floats(1, 200),
        st.floats(1, 200),
    ),
    lonlat=st.none() | st.tuples(st.floats(103.999, 104.003), st.floats(29.999, 30.002)),
    footprint=st.none(),
    area_m2=st.none() | st.floats(0, 50),
    view_id=st.sampled_from(["v", "other"]),
    first_seen=st.just(EVENING),
    now=st.datetimes(datetime(2026, 11, 20), datetime(2026, 12, 5), timezones=st.just(UTC)),  # noqa: DTZ001
    present_s=st.floats(0, 90000),
)
PERMITS = st.builds(
    permit,
    number=st.uuids().map(str),
    categories=st.lists(st.sampled_from(Category), min_size=1, max_size=3),
    schedule=st.sampled_from([None, "evening", "early"]),
    capacity=st.integers(1, 4),
    valid_from=st.sampled_from(["2026-11-01T00:00:00+08:00", "2026-11-24T00:00:00+08:00"]),
    valid_to=st.sampled_from(["2026-11-25T00:00:00+08:00", "2026-12-01T00:00:00+08:00"]),
)
TOWNS = st.builds(
    Town,
    rule=st.fixed_dictionaries(
        {
            "dwell_s": st.floats(0, 80000),
            "grace_s": st.floats(0, 7200),
            "min_box_px": st.floats(0, 100),
            "min_area_m2": st.floats(0, 10),
            "zones": st.sampled_from([[], ["night-market"]]),
            "schedule": st.sampled_from([None, "evening"]),
        }
    ),
    market=st.fixed_dictionaries(
        {"needs_permit": st.booleans(), "schedule": st.sampled_from([None, "evening"])}
    ),
    permits=st.lists(PERMITS, max_size=3),
    holidays=st.sampled_from([[], ["2026-11-24"]]),
)
RANKS = st.integers(0, 6)


@given(THINGS, TOWNS, RANKS)
def test_every_judgement_gives_a_reason_of_at_most_500_characters(
    thing: Candidate, town: Town, rank: int
) -> None:
    judged = town.says(thing, rank)
    assert 0 < len(judged.reason) <= 500
    assert (judged.rule is None) == (judged.outcome is Outcome.NO_RULE)


@given(THINGS, TOWNS, RANKS, PERMITS)
def test_one_permit_more_never_takes_away_what_was_permitted(
    thing: Candidate, town: Town, rank: int, more: dict[str, Any]
) -> None:
    if town.says(thing, rank).outcome is Outcome.PERMITTED:
        assert replace(town, permits=[*town.permits, more]).says(thing, rank).outcome is Outcome.PERMITTED


@given(THINGS, TOWNS, RANKS, st.floats(0, 100000))
def test_who_stays_longer_is_never_there_too_shortly_after_all(
    thing: Candidate, town: Town, rank: int, more: float
) -> None:
    if town.says(thing, rank).outcome is Outcome.RAISED:
        later = replace(thing, present_s=thing.present_s + more)
        assert town.says(later, rank).outcome is Outcome.RAISED


@given(THINGS, TOWNS, RANKS)
def test_who_came_earlier_is_permitted_where_a_later_one_is(thing: Candidate, town: Town, rank: int) -> None:
    if town.says(thing, rank + 1).outcome is Outcome.PERMITTED:
        assert town.says(thing, rank).outcome is Outcome.PERMITTED


@given(THINGS, TOWNS, RANKS)
def test_the_same_facts_give_the_same_judgement(thing: Candidate, town: Town, rank: int) -> None:
    assert town.says(thing, rank) == town.says(thing, rank)
