"""What a view makes of what it sees: one incident per thing, none of persons and what is theirs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts.incident import Category
from contracts.judgement import Outcome
from contracts.site import Camera, Permit, Site, View, Zone, ZoneKind
from sample_videos.district.site import site_document
from stream_workers.build import placer_of
from stream_workers.incidents import Decision, IncidentDesk, LookFacts, ViewSetup
from tests.support.pipelines import START, MemoryJournal, Rig, Row, a_site, px
from vision.privacy.cover import PrivacyZones
from vision.tracks.presence import Track

THING = (150, 110, 175, 130, 30)
BOX = px(THING[:4])
STALL: Row = ("street_vendor", 0.7, BOX)
GARBAGE: Row = ("garbage_pile", 0.7, BOX)
CAR: Row = ("car", 0.7, BOX)
OWNER: Row = ("person", 0.6, px((176, 90, 188, 130)))


def test_garbage_that_is_left_opens_once_after_its_dwell_and_closes_when_it_is_gone() -> None:
    rig = Rig()
    rig.watch(8)
    opened = rig.watch(20, (GARBAGE,), things=(THING,))
    closed = rig.watch(15)
    assert [event.type.rsplit(".", 1)[1] for event in opened] == ["opened"]
    incident = opened[0].data
    assert incident.category == "garbage_pile"
    assert 60 <= (incident.opened_at - incident.first_seen).total_seconds() <= 90
    assert [event.type.rsplit(".", 1)[1] for event in closed] == ["closed"]
    assert closed[0].data.incident_id == incident.incident_id
    assert (closed[0].sequence, closed[0].id) == (1, f"{incident.incident_id}:1")


def test_a_bag_that_no_class_claims_is_an_unattended_object() -> None:
    rig = Rig()
    rig.watch(8)
    (event,) = rig.watch(20, things=(THING,))
    assert event.data.category == "unattended_object"


def test_a_parked_car_is_claimed_and_raises_nothing() -> None:
    rig = Rig()
    rig.watch(8)
    assert rig.watch(25, (CAR,), things=(THING,)) == []
    assert "claimed by car" in rig.reasons()


def test_belongings_beside_a_resting_person_never_become_an_incident() -> None:
    rig = Rig()
    rig.watch(8)
    assert rig.watch(60, (OWNER,), things=(THING,)) == []
    assert "a person touches it" in rig.reasons()


def test_belongings_stay_hers_when_she_is_missed_in_a_third_of_the_looks() -> None:
    rig = Rig()
    rig.watch(8)
    assert rig.watch(60, lambda number: () if number % 3 == 0 else (OWNER,), things=(THING,)) == []


def test_a_person_who_lies_still_is_no_incident() -> None:
    rig = Rig()
    rig.watch(8)
    lying: Row = ("person", 0.4, BOX)
    assert rig.watch(60, (lying,), things=(THING,)) == []


def test_a_bag_whose_owner_leaves_opens_only_after_it_was_alone_for_the_dwell() -> None:
    rig = Rig()
    rig.watch(8)
    assert rig.watch(6, (OWNER,), things=(THING,)) == []
    left_at = rig.number
    events = rig.watch(25, things=(THING,))
    assert [event.data.category for event in events] == ["unattended_object"]
    waited = (events[0].data.opened_at - events[0].data.first_seen).total_seconds()
    assert waited >= 60 + 10 * (left_at - 8 - 2)


def test_a_stall_opens_although_its_vendor_stands_at_it_all_day() -> None:
    rig = Rig()
    rig.watch(8)
    (event,) = rig.watch(30, (STALL, OWNER), things=(THING,))
    assert event.data.category == "street_vendor"


def test_a_person_in_front_for_a_minute_makes_no_second_incident() -> None:
    rig = Rig()
    rig.watch(8)
    rig.watch(15, (GARBAGE,), things=(THING,))
    rig.watch(6, (("person", 0.8, px((140, 90, 170, 140))),), things=(THING, (140, 90, 170, 140, 220)))
    rig.watch(15, (GARBAGE,), things=(THING,))
    assert [event.type.rsplit(".", 1)[1] for event in rig.journal.events] == ["opened"]


def test_a_light_jump_makes_no_incident_and_ends_none() -> None:
    rig = Rig()
    rig.watch(8)
    rig.watch(15, (GARBAGE,), things=(THING,))
    rig.watch(15, (GARBAGE,), things=(THING,), gain=0.6, offset=20)
    assert [event.type.rsplit(".", 1)[1] for event in rig.journal.events] == ["opened"]


@pytest.mark.parametrize("looks_a_pixel", [2, 5])
def test_a_shadow_that_creeps_with_the_sun_is_no_incident(looks_a_pixel: int) -> None:
    rig = Rig()
    rig.watch(10)
    for look in range(20 * looks_a_pixel):
        moved = look // looks_a_pixel
        rig.watch(1, shadow=(40 + moved, 70, 110 + moved, 150))
    assert rig.journal.events == []


def test_headlights_and_lamps_are_no_incident_and_hide_none() -> None:
    rig = Rig()
    rig.watch(8)
    rig.watch(20, (GARBAGE,), things=(THING,), lamps=((60, 80, 130, 150, 60),))
    for look in range(20):
        left = 20 + 53 * look % 240
        rig.watch(1, (GARBAGE,), things=(THING,), lamps=((left, 120, left + 36, 150, 70),))
    assert [(event.type.rsplit(".", 1)[1], event.data.category) for event in rig.journal.events] == [
        ("opened", "garbage_pile")
    ]


def test_a_stalls_incident_rests_on_the_stall_and_not_on_the_person_in_front_of_it() -> None:
    """All day: the vendor stands beside it, before it, or sits in it, and is seen better than the stall."""
    rig = Rig()
    rig.watch(8)
    stood = [px((176, 90, 188, 130)), px((155, 95, 170, 132)), px((152, 108, 174, 131))]
    stall: Row = ("street_vendor", 0.5, BOX)
    events = rig.watch(150, lambda look: (stall, ("person", 0.95, stood[look % 3])), things=(THING,))
    assert [event.data.category for event in events] == ["street_vendor"]
    assert events[0].data.box_xyxy_px == BOX


def test_where_no_stall_is_found_the_vendors_goods_are_hers() -> None:
    rig = Rig()
    rig.watch(8)
    seated: Row = ("person", 0.6, px((146, 92, 170, 131)))
    assert rig.watch(80, (seated,), things=(THING,)) == []
    assert "a person touches it" in rig.reasons()


def test_a_garbage_pile_that_someone_sits_in_is_no_incident() -> None:
    rig = Rig()
    rig.watch(8)
    sitting: Row = ("person", 0.4, px((152, 100, 170, 130)))
    assert rig.watch(60, (GARBAGE, sitting), things=(THING,)) == []
    assert "a person touches it" in rig.reasons()


def test_a_bag_behind_a_lorry_opens_once_the_lorry_has_gone() -> None:
    rig = Rig()
    rig.watch(8)
    rig.watch(3, things=(THING,))
    lorry = (130, 80, 200, 145)
    truck: Row = ("truck", 0.8, px(lorry))
    hidden = []
    # Its canvas moves in the wind, so that it is nothing that stays.
    for level in (230, 200, 74, 215, 245, 185, 86, 172, 230, 200, 74, 245):
        hidden += rig.watch(1, (truck,), things=(THING, (*lorry, level)))
    assert hidden == []
    assert [event.data.category for event in rig.watch(12, things=(THING,))] == ["unattended_object"]


@pytest.mark.parametrize(("open_checks", "opens"), [(0.0, False), (1.92, False), (2.76, True)])
def test_checks_in_which_something_stood_in_front_do_not_make_an_incident(
    open_checks: float, opens: bool
) -> None:
    site = a_site()
    setup = ViewSetup(site, site.cameras[0], site.cameras[0].views[0], "test", 10.0, has_detector=True)
    desk = IncidentDesk(setup, None, None)
    track = Track(1, "region", 8, 80.0, 80.0, THING[:4], THING[:4], log_odds=4.0, looks=30, seen=30)
    track.checks, track.weight, track.outline, track.fill = 9, open_checks, 2.0, 1.0
    track.area = track.born_area = track.checked_area = 500
    facts = LookFacts(38, START + timedelta(seconds=380), 380.0, (1280, 720), suspended=False)
    track.born_at, track.last_seen_at = START.timestamp() + 80, START.timestamp() + 380
    assert bool(desk.events(track, BOX, facts, desk.judge(track, BOX, facts, [track]))) is opens


def test_what_was_there_from_the_start_is_found_by_the_heartbeat() -> None:
    rig = Rig()
    (event,) = rig.watch(40, (GARBAGE,), things=(THING,))
    assert event.data.category == "garbage_pile"


def test_a_live_worker_without_a_detector_raises_no_unattended_object() -> None:
    rig = Rig(detector=False, run="live")
    rig.watch(8)
    assert rig.watch(25, things=(THING,)) == []


def test_an_analysis_without_a_detector_says_that_persons_were_not_checked() -> None:
    rig = Rig(detector=False)
    rig.watch(8)
    (event,) = rig.watch(25, things=(THING,))
    assert event.data.persons_checked is False


def test_inside_a_permitted_zone_a_stall_is_explained_and_not_raised() -> None:
    zone = Zone(
        id="corner",
        kind=ZoneKind.PERMITTED,
        view="view",
        polygon_px=[(500, 400), (800, 400), (800, 600), (500, 600)],
    )
    rig = Rig(site=a_site(zones=[zone]))
    rig.watch(8)
    assert rig.watch(30, (STALL,), things=(THING,)) == []
    assert "stays inside permitted zone corner" in rig.reasons()


def test_a_permits_capacity_goes_to_those_in_its_zone_and_not_to_whoever_came_first_to_the_view() -> None:
    elsewhere = (60, 130, 85, 150, 215)
    zone = Zone(
        id="corner",
        kind=ZoneKind.PERMITTED,
        view="view",
        needs_permit=True,
        polygon_px=[(560, 400), (800, 400), (800, 600), (560, 600)],
    )
    permit = Permit(
        id="P-1",
        categories=[Category.STREET_VENDOR],
        zones=["corner"],
        valid_from=START - timedelta(days=1),
        valid_to=START + timedelta(days=1),
    )
    rig = Rig(site=a_site(zones=[zone], permits=[permit]))
    other: Row = ("street_vendor", 0.7, px(elsewhere[:4]))
    rig.watch(8)
    early = rig.watch(15, (other,), things=(elsewhere,))
    late = rig.watch(30, (other, STALL), things=(elsewhere, THING))
    assert [event.data.box_xyxy_px for event in early + late] == [other[2]]
    assert "under permit P-1" in rig.reasons()


def test_what_a_privacy_zone_covers_is_never_seen() -> None:
    rig = Rig(privacy=PrivacyZones([[(560, 400), (760, 400), (760, 560), (560, 560)]]))
    rig.watch(8)
    assert rig.watch(30, things=(THING,)) == []


def test_a_zone_keeps_its_place_where_the_stream_is_smaller_than_the_picture_it_was_drawn_on() -> None:
    """The street's looks are 1280x720; the zone was drawn on 2560x1440."""
    drawn = [(2.0 * x, 2.0 * y) for x, y in ((560, 400), (760, 400), (760, 560), (560, 560))]
    zone = Zone(id="corner", kind=ZoneKind.PERMITTED, view="view", polygon_px=drawn)
    camera = Camera(id="cam", views=[View(id="view", picture_wh=(2560, 1440))])
    rig = Rig(site=a_site(zones=[zone], cameras=[camera]))
    rig.watch(8)
    assert rig.watch(30, (STALL,), things=(THING,)) == []
    assert "stays inside permitted zone corner" in rig.reasons()


@pytest.mark.parametrize(
    ("box", "opened"), [((150, 110, 175, 130, 30), ["unattended_object"]), ((150, 4, 175, 18, 30), [])]
)
def test_nothing_is_left_behind_where_a_calibrated_view_sees_no_ground(
    box: tuple[int, int, int, int, int], opened: list[str]
) -> None:
    lane = Site.model_validate(site_document(1, camera_ids=["lane"])).cameras[0].views[0]
    rig = Rig(site=a_site(cameras=[Camera(id="cam", views=[lane])]))
    rig.watch(8)
    assert [event.data.category for event in rig.watch(30, things=(box,))] == opened
    assert opened or "no ground is seen there" in rig.reasons()


def test_a_moved_view_suspends_its_places_and_takes_them_up_again_when_it_comes_back() -> None:
    rig = Rig()
    rig.watch(8)
    rig.watch(15, (GARBAGE,), things=(THING,))
    rig.watch(8, (GARBAGE,), things=(THING,), shift=(9.0, 4.0))
    assert rig.pipeline.suspended
    rig.watch(6, (GARBAGE,), things=(THING,))
    assert not rig.pipeline.suspended
    assert [event.type.rsplit(".", 1)[1] for event in rig.journal.events] == ["opened"]


def test_a_push_that_the_memory_absorbs_as_shake_is_told_within_five_looks_and_ends() -> None:
    rig = Rig()
    rig.watch(30)
    rig.watch(5, shift=(0.5, 0.3))
    assert rig.pipeline.moved and not rig.pipeline.suspended
    rig.watch(20, shift=(0.5, 0.3))
    assert rig.pipeline.moved, "it is a place of its own, not home"
    rig.watch(5)
    assert not rig.pipeline.moved


def test_small_pushes_that_add_up_are_a_large_one() -> None:
    rig = Rig()
    rig.watch(30)
    rig.watch(20, shift=(0.9, 0.0))
    assert rig.pipeline.moved and not rig.pipeline.suspended
    rig.watch(12, shift=(1.8, 0.0))
    assert rig.pipeline.suspended
    rig.watch(6)
    assert not rig.pipeline.moved


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"area": 29, "born_area": 29}, "too few to tell a thing from light"),
        ({"area": 200, "born_area": 50}, "light that creeps"),
        ({"outline": 1.0}, "not that of a thing that came"),
        ({"fill": 0.2}, "scattered"),
        ({"checked_area": 300}, "since it was last examined"),
        ({}, ""),
    ],
)
def test_what_may_be_light_or_someone_who_has_just_come_is_no_unattended_object(
    changed: dict[str, object], why: str
) -> None:
    site = a_site()
    camera = site.cameras[0]
    setup = ViewSetup(site, camera, camera.views[0], "test", 10.0, has_detector=True)
    facts = LookFacts(38, START + timedelta(seconds=380), 380.0, (1280, 720), suspended=False)
    track = Track(1, "region", 8, START.timestamp() + 80, 80.0, THING[:4], THING[:4], 4.0, 30, 30)
    track.checks, track.weight, track.outline, track.fill = 9, 9.0, 2.0, 1.0
    track.area = track.born_area = track.checked_area = 500
    for name, value in changed.items():
        setattr(track, name, value)
    decision = IncidentDesk(setup, None, None).judge(track, px(track.box), facts, [track])
    assert why in decision.identity.reason
    assert (decision.category is Category.UNATTENDED_OBJECT) is not bool(why)


def calibrated() -> tuple[Site, ViewSetup]:
    site = Site.model_validate(site_document(3, camera_ids=["waste-point"]))
    camera = site.cameras[0]
    return site, ViewSetup(site, camera, camera.views[0], "test", 10.0, has_detector=True)


def told(
    track: Track, box: tuple[float, float, float, float], zones: list[Zone] | None = None, **facts: Any
) -> Decision:
    """What a desk with a calibrated view makes of a track that nothing hides."""
    site, setup = calibrated()
    setup = replace(setup, site=site.model_copy(update={"zones": zones})) if zones else setup
    when = START + timedelta(seconds=2000)
    look = LookFacts(200, when, 2000.0, (1280, 720), **({"suspended": False} | facts))
    track.born_at, track.last_seen_at = START.timestamp(), when.timestamp()
    track.log_odds, track.looks, track.seen, track.checks, track.weight = 4.0, 30, 30, 9, 9.0
    track.outline, track.fill, track.area, track.born_area, track.checked_area = 2.0, 1.0, 500, 500, 500
    return IncidentDesk(setup, placer_of(setup.view), None).judge(track, box, look, [track])


def a_track(**fields: Any) -> Track:
    return Track(1, "region", 8, 0.0, 0.0, (150, 110, 160, 120), (150, 110, 160, 120), **fields)


def test_places_are_corrected_by_a_small_push_and_a_little_less_sure() -> None:
    box = (600.0, 400.0, 660.0, 480.0)
    still, pushed = told(a_track(), box), told(a_track(), (604.0, 397.0, 664.0, 477.0), pushed_px=(4.0, -3.0))
    assert still.place is not None and pushed.place is not None
    assert pushed.place.lonlat == pytest.approx(still.place.lonlat, abs=1e-7)  # a centimetre
    assert pushed.place.ellipse.semi_major_m > still.place.ellipse.semi_major_m


def test_what_was_told_of_at_the_edge_of_its_own_error_is_not_closed_and_opened_again_and_again() -> None:
    box = (600.0, 400.0, 660.0, 480.0)
    place = told(a_track(), box).place
    assert place is not None
    lon, lat = place.lonlat
    metre = 1 / 111_320
    edge, far = lat + 0.5 * place.ellipse.semi_minor_m * metre, lat + 20 * metre
    corners = [(lon - 3e-4, edge), (lon + 3e-4, edge), (lon + 3e-4, far), (lon - 3e-4, far)]
    beside = Zone(id="beside", kind=ZoneKind.IGNORED, polygon_lonlat=corners)
    heap = {"named": "garbage_pile", "evidence": {"garbage_pile": 20.0}}
    new, open_ = told(a_track(**heap), box, [beside]), told(a_track(**heap, incident={}), box, [beside])
    assert new.judgement is not None and new.judgement.outcome is Outcome.IGNORED
    assert open_.judgement is not None and open_.judgement.outcome is not Outcome.IGNORED
    inside = Zone(
        id="around", kind=ZoneKind.IGNORED, polygon_lonlat=[(x, y - 10 * metre) for x, y in corners]
    )
    gone = told(a_track(**heap, incident={}), box, [inside]).judgement
    assert gone is not None and gone.outcome is Outcome.IGNORED


def test_what_is_larger_than_anything_left_behind_is_no_unattended_object() -> None:
    large = told(a_track(), (300.0, 300.0, 900.0, 480.0))
    assert large.category is None and "too large" in large.identity.reason
    assert told(a_track(), (600.0, 400.0, 660.0, 480.0)).category is Category.UNATTENDED_OBJECT


def test_a_view_that_moved_far_tells_nothing_that_a_zone_on_the_map_might_let_stay() -> None:
    vendor = a_track(named="street_vendor", evidence={"street_vendor": 20.0})
    assert told(vendor, (600.0, 400.0, 660.0, 480.0)).category is Category.STREET_VENDOR
    moved = told(vendor, (600.0, 400.0, 660.0, 480.0), suspended=True)
    assert moved.category is None and "moved too far" in moved.identity.reason
    debris = a_track(named="construction_debris", evidence={"construction_debris": 20.0})
    _, setup = calibrated()
    assert (
        IncidentDesk(setup, None, None)
        .judge(debris, BOX, LookFacts(1, START, 0.0, (1280, 720), suspended=True), [debris])
        .category
        is Category.CONSTRUCTION_DEBRIS
    ), "without a calibration no zone on the map ever counts"


@pytest.mark.parametrize("killed_after", [1, 9, 14, 20, 30])
def test_a_worker_that_is_killed_goes_on_as_if_nothing_had_happened(killed_after: int) -> None:
    def story(rig: Rig, until: int) -> None:
        while rig.number < until:
            things = (THING,) if rig.number >= 8 else ()
            rig.watch(1, (GARBAGE,) if things else (), things=things)

    whole = Rig()
    story(whole, 40)
    first = Rig()
    story(first, killed_after)
    second = Rig(journal=MemoryJournal(first.journal.packed, first.journal.persist_looks))
    second.number = killed_after
    story(second, 40)
    assert [event.id for event in first.journal.events + second.journal.events] == [
        event.id for event in whole.journal.events
    ]
    assert second.journal.packed == whole.journal.packed


def test_the_same_look_handled_twice_changes_nothing() -> None:
    rig = Rig()
    rig.watch(8)
    before = rig.journal.packed
    assert rig.pipeline.handle(rig.look(), number=3) == []
    assert rig.journal.packed == before


def test_most_looks_wake_no_detector() -> None:
    rig = Rig(site=a_site(dwell_s=300))
    rig.watch(61, passers=4)
    heartbeats = 6
    assert rig.detector.calls <= heartbeats + 3
