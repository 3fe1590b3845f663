"""What a judgement tells besides its outcome: zones, permits, unit, and which rule speaks."""

from dataclasses import replace

from contracts.incident import Category
from contracts.rules import Outcome, rules_for, unit_for, zones_at
from tests.support.town import GARBAGE, MARKET, STALL, STREET, VENDOR, Town, permit, square

OUTSIDE = replace(STALL, lonlat=STREET)
FREE = {"needs_permit": False}
PICTURE = [[0, 120], [300, 120], [300, 160], [0, 160]]


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
