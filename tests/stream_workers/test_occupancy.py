"""What a worker tells of its guiding points: counts that hold, at changes, and only where it can see."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.event import OccupancyEvent, parse_event
from contracts.incident import Category
from contracts.site import View, Zone, ZoneKind
from stream_workers.occupancy import (
    AGAIN_AFTER_S,
    CHANGED_FOR_S,
    OccupancyDesk,
    WatchedZone,
    watched_zones,
)
from stream_workers.view_state import ViewState
from tests.support.pipelines import MemoryJournal, Rig, Row, a_site, px
from vision.tracks.tracker import Tracker

VIEW = View(id="view", picture_wh=(1280, 720))
START = datetime(2026, 11, 25, 12, tzinfo=UTC)
STALL_AT = (150, 110, 175, 130, 30)
STALL: Row = ("street_vendor", 0.7, px(STALL_AT[:4]))
POINT = Zone(
    id="market",
    kind=ZoneKind.PERMITTED,
    view="view",
    polygon_px=[(0, 0), (1280, 0), (1280, 720), (0, 720)],
    categories=[Category.STREET_VENDOR],
)


class AllWithin:
    """A camera above a field: a tenth of a degree is a thousand pixels; below row 700 it places nothing."""

    def project(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        return lonlat * 10_000.0

    def locate(self, points_px: NDArray[np.float64]) -> Any:
        lonlat = points_px / 10_000.0
        lonlat[points_px[:, 1] > 700] = np.nan
        return SimpleNamespace(lonlat=lonlat)


def square(west: float, east: float) -> list[tuple[float, float]]:
    return [(west, 0.0), (east, 0.0), (east, 0.05), (west, 0.05)]


def test_a_view_counts_in_the_zones_that_it_sees_enough_of() -> None:
    zones = [
        Zone(id="whole", kind=ZoneKind.PERMITTED, polygon_lonlat=square(0.0, 0.1)),
        Zone(id="half", kind=ZoneKind.PERMITTED, polygon_lonlat=square(0.078, 0.178)),
        Zone(id="beyond", kind=ZoneKind.PERMITTED, polygon_lonlat=[(0, 0.0702), (0.1, 0.0702), (0.1, 0.072)]),
        Zone(id="far", kind=ZoneKind.PERMITTED, polygon_lonlat=square(0.5, 0.6)),
        Zone(
            id="litter",
            kind=ZoneKind.PERMITTED,
            polygon_lonlat=square(0, 0.1),
            categories=[Category.GARBAGE_PILE],
        ),
        Zone(id="gate", kind=ZoneKind.RESTRICTED, polygon_lonlat=square(0.0, 0.1)),
        POINT,
        POINT.model_copy(update={"id": "other", "view": "elsewhere"}),
    ]
    site = a_site(zones=zones)
    seen = {zone.zone: zone.seen_share for zone in watched_zones(site, VIEW, AllWithin())}
    assert set(seen) == {"whole", "half", "market"}
    assert seen["whole"] == seen["market"] == 1.0
    assert seen["half"] == pytest.approx(0.5, abs=0.08)
    assert [zone.zone for zone in watched_zones(site, VIEW, None)] == ["market"]


def rig_with_point() -> tuple[Rig, list[OccupancyEvent]]:
    told: list[OccupancyEvent] = []

    class Listening(MemoryJournal):
        def commit(self, look: Any, state: Any, events: Any) -> None:
            super().commit(look, state, events)
            told.extend(event for event in events if isinstance(event, OccupancyEvent))

    site = a_site(zones=[POINT])
    rig = Rig(site=site, journal=Listening(persist_looks=3))
    desk = OccupancyDesk(VIEW, "cam", "t-1", watched_zones(site, VIEW, None))
    rig.pipeline._parts.occupancy = desk
    return rig, told


def test_a_stall_that_may_stand_there_raises_nothing_and_is_counted() -> None:
    rig, told = rig_with_point()
    rig.watch(12)
    assert rig.watch(40, (STALL,), things=(STALL_AT,)) == []
    rig.watch(40)
    assert [event.data.standing for event in told] == [0, 1, 0]
    assert [event.data.zone for event in told] == ["market"] * 3
    for event in told:
        assert parse_event(event.model_dump(mode="json")) == event


def test_an_event_tells_a_number_and_nothing_of_who_stands_there() -> None:
    rig, told = rig_with_point()
    rig.watch(12)
    assert set(told[0].data.model_dump()) == {
        "zone", "view_id", "camera_id", "run", "category", "standing", "seen_share", "site_version",
    }  # fmt: skip


def test_what_was_told_survives_a_restart() -> None:
    rig, told = rig_with_point()
    rig.watch(12)
    state = ViewState.unpack(*rig.pipeline.state.pack(), 3)
    assert state.occupancy == rig.pipeline.state.occupancy
    assert state.occupancy["market"]["told"] == 0
    memory, facts = ViewState(Tracker(3)).pack()
    assert ViewState.unpack(memory, facts.replace(',"occupancy":{}', ""), 3).occupancy == {}
    assert len(told) == 1


@pytest.mark.parametrize(
    ("changed", "count"),
    [
        ({}, 1),
        ({"is_present": False}, 0),
        ({"named": "garbage_pile"}, 0),
        ({"zones": ["elsewhere"]}, 0),
        ({"settled": "ground that a car left"}, 0),
        ({"settled": "incident closed: stands within permitted hours"}, 1),
    ],
)
def test_what_counts_is_a_vendor_that_is_present_in_the_zone(changed: dict[str, Any], count: int) -> None:
    facts = {"named": "street_vendor", "is_present": True, "zones": ["market"], "settled": "", **changed}
    track: Any = SimpleNamespace(**facts)
    kept: dict[str, Any] = {}
    for look in range(8):
        at = START + timedelta(seconds=10 * look)
        desk().events([track], look, at, kept, suspended=False)
    assert kept["market"]["told"] == count


def desk() -> OccupancyDesk:
    return OccupancyDesk(VIEW, "cam", "t-1", [WatchedZone("market", 0.9)])


def counts(moved: list[bool]) -> list[int | None]:
    """What is told over looks every ten seconds, in which the view has moved or not."""
    kept: dict[str, Any] = {}
    told = []
    for look, suspended in enumerate(moved):
        at = START + timedelta(seconds=10 * look)
        told += [event.data.standing for event in desk().events([], look, at, kept, suspended=suspended)]
    return told


def test_a_view_that_has_moved_says_that_it_cannot_tell() -> None:
    assert counts([False] * 10 + [True] * 10 + [False] * 10) == [0, None, 0]


def test_a_count_that_flickers_is_not_told_and_one_that_holds_is_told_again_as_a_sign_of_life() -> None:
    looks = int(3 * AGAIN_AFTER_S / 10)
    assert counts([look % 3 == 0 for look in range(looks)]) == []
    assert counts([False] * looks) == [0, 0, 0]


@given(st.lists(st.booleans(), min_size=1, max_size=120))
def test_no_two_messages_are_nearer_than_a_count_must_hold(moved: list[bool]) -> None:
    kept: dict[str, Any] = {}
    times, ids = [], set()
    for look, suspended in enumerate(moved):
        at = START + timedelta(seconds=10 * look)
        for event in desk().events([], look, at, kept, suspended=suspended):
            times.append(event.time)
            ids.add(event.id)
    assert len(ids) == len(times)
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert all(gap >= CHANGED_FOR_S for gap in gaps)
