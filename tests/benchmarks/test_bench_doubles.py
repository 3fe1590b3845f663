"""The bench of doubles counts what it says: cases per thing, and joins that should not be."""

import json

import pytest

from benchmarks.doubles import DoublesRun, Tally, bench_doubles, count_doubles
from benchmarks.doubles_told import ToldEvent, ToldThing, told_day
from benchmarks.figures import NotAsPromised
from contracts.event import IncidentEvent, parse_event
from sample_videos.district.things import clock
from tests.support.api_events import make_event, named
from tests.support.case_events import place

HOUR = 3600.0


def told(number: int, thing: str, camera: str, east_m: float, hours: float = 10.0) -> ToldEvent:
    at = hours * HOUR
    document = make_event(
        number,
        camera_id=camera,
        view_id=camera,
        lonlat=place(east_m),
        first_seen=clock(at - 900).isoformat(),
        last_seen=clock(at).isoformat(),
        opened_at=clock(at).isoformat(),
    )
    event = parse_event(document)
    assert isinstance(event, IncidentEvent)
    return ToldEvent(at, "opened", named(number), ToldThing(thing, camera, "garbage_pile"), event)


@pytest.mark.parametrize("wait_min", [0.0, 30.0])
def test_one_thing_in_two_cameras_is_one_case_before_and_after_the_verdict(wait_min: float) -> None:
    events = [
        told(1, "pile", "east", 0.0),
        told(2, "far pile", "east", 25.0, 10.1),
        told(3, "pile", "west", 0.7, 10.3),
    ]
    groups = count_doubles(events, 1, wait_min)
    assert sorted(map(sorted, groups)) == [["far pile"], ["pile", "pile"]]


def test_what_is_told_too_far_off_is_a_double_and_what_is_too_near_a_wrong_join() -> None:
    events = [
        told(1, "pile", "east", 0.0),
        told(2, "pile", "west", 9.0, 10.1),
        told(3, "other", "west", 50.0, 10.2),
        told(4, "neighbour", "east", 50.4, 10.3),
    ]
    tally = Tally()
    tally.add(events, count_doubles(events, 1))
    assert (tally.incidents, tally.things, tally.overlapping) == (4, 3, 1)
    assert (tally.cases, tally.cases_of_things) == (3, 4)
    assert (tally.joins, tally.wrong) == (1, 1)


@pytest.mark.slow
def test_a_day_of_the_district_is_told_by_cameras_that_overlap() -> None:
    events = told_day(7, 0)
    assert [event.at for event in events] == sorted(event.at for event in events)
    opened = [event for event in events if event.kind == "opened"]
    assert len(events) == 2 * len(opened) > 200
    views: dict[str, set[str]] = {}
    for event in opened:
        assert event.event.data.lonlat is None or event.event.data.ellipse is not None
        views.setdefault(event.thing.thing_id, set()).add(event.thing.camera_id)
    assert sum(len(seen) > 1 for seen in views.values()) > 20


def test_too_few_overlaps_give_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.doubles.told_day", lambda seed, day: [told(1, "pile", "east", 0.0)])
    with pytest.raises(NotAsPromised, match="two cameras"):
        bench_doubles(DoublesRun([1], 1))


def test_the_line_says_what_was_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [
        told(2 * n + side, f"pile {n}", camera, 100.0 * n + side / 2)
        for n in range(25)
        for side, camera in enumerate(("east", "west"))
    ]
    monkeypatch.setattr("benchmarks.doubles.told_day", lambda seed, day: events)
    line = json.loads(bench_doubles(DoublesRun([1], 1)))
    assert (line["doubles_joined"], line["wrong_joins"]) == (1.0, 0.0)
    assert line["incidents_per_thing"] == 2.0
    assert line["n"] == {
        "things": 25, "seen_by_two": 25, "incidents": 50, "cases": 25, "extra_cases": 0,
        "joins": 25, "wrong": 0,
    }  # fmt: skip
    assert line["interval95"]["wrong_joins"][1] == pytest.approx(0.1332, abs=1e-3)
