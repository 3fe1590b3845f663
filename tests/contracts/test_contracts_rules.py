"""What the rules say of a thing that stays, as a table of decisions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.incident import Category
from contracts.rules import Candidate, Outcome, rules_for, unit_for, zones_at
from tests.support.town import GARBAGE, MARKET, NIGHT, STALL, STREET, VENDOR, Town, permit, square

LATE = replace(STALL, now=NIGHT, first_seen=NIGHT - timedelta(minutes=10))
OUTSIDE = replace(STALL, lonlat=STREET)
HEAP = replace(STALL, category=GARBAGE)
FREE = {"needs_permit": False}
PICTURE = [[0, 120], [300, 120], [300, 160], [0, 160]]


@pytest.mark.parametrize(
    ("thing", "town", "rank", "outcome", "reason"),
    [
        # place and hours of permitted zones
        (OUTSIDE, Town(), 0, "raised", "sells outside every permitted zone, for 10 min"),
        (STALL, Town(market=FREE), 0, "permitted", "stays inside permitted zone night-market"),
        (
            LATE,
            Town(market=FREE),
            0,
            "raised",
            "sells outside permitted hours 18:00-22:00 in zone night-market, for 10 min",
        ),
        (
            STALL,
            Town(market=FREE, holidays=["2026-11-24"]),
            0,
            "raised",
            "sells outside permitted hours 18:00-22:00 in zone night-market, for 10 min",
        ),
        (
            LATE,
            Town(market={**FREE, "schedule": None}),
            0,
            "permitted",
            "stays inside permitted zone night-market",
        ),
        (LATE, Town({"grace_s": 3601}, FREE), 0, "permitted", "stays inside permitted zone night-market"),
        (
            LATE,
            Town({"grace_s": 3600}, FREE),
            0,
            "raised",
            "sells outside permitted hours 18:00-22:00 in zone night-market, for 10 min",
        ),
        (
            replace(STALL, lonlat=None),
            Town(market=FREE),
            0,
            "raised",
            "sells outside every permitted zone, for 10 min",
        ),
        (HEAP, Town({"category": "garbage_pile"}, FREE), 0, "raised", "garbage pile lies for 10 min"),
        # permits
        (STALL, Town(), 0, "raised", "sells without a permit in permitted zone night-market, for 10 min"),
        (
            STALL,
            Town(permits=[permit()]),
            0,
            "permitted",
            "stays inside permitted zone night-market under permit P-1",
        ),
        (
            STALL,
            Town(permits=[permit()]),
            1,
            "raised",
            "sells beyond the capacity of 1 of permitted zone night-market, for 10 min",
        ),
        (
            STALL,
            Town(permits=[permit(), permit("P-2")]),
            1,
            "permitted",
            "stays inside permitted zone night-market under permit P-2",
        ),
        (
            STALL,
            Town(permits=[permit(capacity=3), permit("P-2")]),
            2,
            "permitted",
            "stays inside permitted zone night-market under permit P-1",
        ),
        (
            STALL,
            Town(permits=[permit(valid_to="2026-11-24T20:00:00+08:00")]),
            0,
            "raised",
            "sells with no permit valid now in permitted zone night-market, for 10 min",
        ),
        (
            STALL,
            Town(permits=[permit(valid_from="2026-11-24T20:00:00+08:00")]),
            0,
            "permitted",
            "stays inside permitted zone night-market under permit P-1",
        ),
        (
            STALL,
            Town(permits=[permit(schedule="early")]),
            0,
            "raised",
            "sells with no permit valid now in permitted zone night-market, for 10 min",
        ),
        (
            STALL,
            Town(permits=[permit(categories=["garbage_pile"])]),
            0,
            "raised",
            "sells without a permit in permitted zone night-market, for 10 min",
        ),
        (
            LATE,
            Town({"grace_s": 4000}, permits=[permit(schedule="evening")]),
            0,
            "permitted",
            "stays inside permitted zone night-market under permit P-1",
        ),
        (
            STALL,
            Town(market=FREE, permits=[permit(schedule="early")]),
            7,
            "permitted",
            "stays inside permitted zone night-market",
        ),
        # ignored zones win
        (
            STALL,
            Town(zones=[{"id": "depot", "kind": "ignored", "polygon_lonlat": square(104.0, 30.0)}]),
            0,
            "ignored",
            "stands in ignored zone depot",
        ),
        (
            OUTSIDE,
            Town(zones=[{"id": "depot", "kind": "ignored", "view": "v", "polygon_px": PICTURE}]),
            0,
            "ignored",
            "stands in ignored zone depot",
        ),
        (
            OUTSIDE,
            Town(zones=[{"id": "depot", "kind": "ignored", "view": "other", "polygon_px": PICTURE}]),
            0,
            "raised",
            "sells outside every permitted zone, for 10 min",
        ),
        (
            OUTSIDE,
            Town(
                zones=[
                    {
                        "id": "depot",
                        "kind": "ignored",
                        "view": "v",
                        "polygon_px": PICTURE,
                        "categories": ["garbage_pile"],
                    }
                ]
            ),
            0,
            "raised",
            "sells outside every permitted zone, for 10 min",
        ),
        (
            OUTSIDE,
            Town(
                zones=[
                    {
                        "id": "depot",
                        "kind": "ignored",
                        "view": "v",
                        "polygon_px": PICTURE,
                        "schedule": "early",
                    }
                ]
            ),
            0,
            "raised",
            "sells outside every permitted zone, for 10 min",
        ),
        # zones and hours of the rule
        (
            OUTSIDE,
            Town({"zones": ["night-market"]}),
            0,
            "outside_zones",
            "stands in none of the zones of rule vendors (night-market)",
        ),
        (
            replace(STALL, lonlat=None),
            Town({"zones": ["night-market"]}),
            0,
            "outside_zones",
            "stands in none of the zones of rule vendors (night-market); "
            "without a place, zones on the map cannot hold",
        ),
        (OUTSIDE, Town({"schedule": "early"}), 0, "outside_hours", "rule vendors holds only 05:00-07:00"),
        (
            LATE,
            Town(
                {"zones": ["gate"]},
                zones=[
                    {
                        "id": "gate",
                        "kind": "restricted",
                        "view": "v",
                        "polygon_px": PICTURE,
                        "schedule": "evening",
                    }
                ],
            ),
            0,
            "outside_hours",
            "zone gate holds only 18:00-22:00",
        ),
        (
            OUTSIDE,
            Town(
                {"zones": ["gate"]},
                zones=[
                    {
                        "id": "gate",
                        "kind": "restricted",
                        "view": "v",
                        "polygon_px": PICTURE,
                        "categories": ["garbage_pile"],
                    }
                ],
            ),
            0,
            "outside_hours",
            "zone gate does not speak of it",
        ),
        (
            OUTSIDE,
            Town(
                {"zones": ["gate"]},
                zones=[{"id": "gate", "kind": "restricted", "view": "v", "polygon_px": PICTURE}],
            ),
            0,
            "raised",
            "sells outside every permitted zone in restricted zone gate, for 10 min",
        ),
        # the thing itself
        (
            replace(OUTSIDE, present_s=299.9),
            Town(),
            0,
            "too_short",
            "there for 5 min, the rule asks for 5 min",
        ),
        (
            replace(OUTSIDE, present_s=300.0),
            Town(),
            0,
            "raised",
            "sells outside every permitted zone, for 5 min",
        ),
        (replace(OUTSIDE, present_s=20.0), Town(), 0, "too_short", "there for 20 s, the rule asks for 5 min"),
        (OUTSIDE, Town({"min_box_px": 51}), 0, "too_small", "50 px high, the rule asks for 51"),
        (OUTSIDE, Town({"min_box_px": 50}), 0, "raised", "sells outside every permitted zone, for 10 min"),
        (OUTSIDE, Town({"min_area_m2": 3.5}), 0, "too_small", "3.0 m2, the rule asks for 3.5"),
        (
            replace(OUTSIDE, area_m2=None),
            Town({"min_area_m2": 3.5}),
            0,
            "raised",
            "sells outside every permitted zone, for 10 min",
        ),
        (
            OUTSIDE,
            Town({"min_confidence": 0.95}),
            0,
            "low_confidence",
            "confidence 0.90, the rule asks for 0.95",
        ),
        (HEAP, Town(), 0, "no_rule", "no rule speaks of garbage pile"),
    ],
)
def test_the_table_of_decisions(thing: Candidate, town: Town, rank: int, outcome: str, reason: str) -> None:
    judged = town.says(thing, rank)
    assert (judged.outcome.value, judged.reason) == (outcome, reason)


def test_a_bin_overflows_and_debris_lies() -> None:
    full = Town({"category": "overflowing_bin"}).says(
        replace(OUTSIDE, category=Category.OVERFLOWING_BIN, present_s=7200.0)
    )
    assert full.reason == "overflowing bin overflows for 2.0 h"
    debris = Town({"category": "construction_debris"}).says(
        replace(OUTSIDE, category=Category.CONSTRUCTION_DEBRIS)
    )
    assert debris.reason == "construction debris lies for 10 min"


def test_a_judgement_names_rule_zones_permits_unit_priority_and_codes() -> None:
    town = Town({"priority": 2, "codes": {"GB/T": "0101"}}, permits=[permit()])
    judged = town.says(STALL)
    assert judged.rule is not None
    assert judged.rule.id == "vendors"
    assert (judged.zones, judged.permits, judged.unit) == (("night-market",), ("P-1",), "office")
    assert (judged.priority, judged.codes) == (2, {"GB/T": "0101"})


def test_privacy_zones_are_not_told() -> None:
    private = {"id": "windows", "kind": "privacy", "view": "v", "polygon_px": PICTURE}
    assert Town(market=FREE, zones=[private]).says(STALL).zones == ("night-market",)


def test_of_several_rules_the_one_nearest_to_raising_is_heard_and_of_those_the_most_urgent() -> None:
    urgent = {"id": "urgent", "category": "street_vendor", "dwell_s": 60, "priority": 1}
    town = Town(rules=[urgent])
    assert [rule.id for rule in rules_for(VENDOR, town.site())] == ["urgent", "vendors"]
    both = town.says(OUTSIDE)
    assert both.rule is not None
    assert both.rule.id == "urgent"
    slow = Town(rules=[urgent | {"dwell_s": 6000}]).says(OUTSIDE)
    assert slow.rule is not None
    assert (slow.rule.id, slow.outcome) == ("vendors", Outcome.RAISED)


def test_a_thing_stands_where_its_foot_is_and_not_where_its_top_is() -> None:
    low = {"id": "kerb", "kind": "restricted", "view": "v", "polygon_px": PICTURE}
    high = {
        "id": "wall",
        "kind": "restricted",
        "view": "v",
        "polygon_px": [[0, 90], [300, 90], [300, 110], [0, 110]],
    }
    site = Town(zones=[low, high]).site()
    assert [zone.id for zone in zones_at(OUTSIDE, site)] == ["kerb"]


def test_of_nested_areas_the_smallest_that_speaks_of_the_category_answers() -> None:
    site = Town().site()
    assert unit_for(VENDOR, MARKET, site) == "office"
    assert unit_for(GARBAGE, MARKET, site) == "district"
    assert unit_for(VENDOR, (104.0009, 30.0009), site) == "district"
    assert unit_for(VENDOR, STREET, site) is None
    assert unit_for(VENDOR, None, site) is None


def test_long_names_are_cut_and_not_refused() -> None:
    names = [f"{'z' * 120}-{index}" for index in range(9)]
    zones = [{"id": name, "kind": "restricted", "polygon_lonlat": square(105.0, 30.0)} for name in names]
    judged = Town({"zones": names}, zones=zones).says(OUTSIDE)
    assert len(judged.reason) == 500
