"""What the rules say of a thing that stays, as a table of decisions."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.rules import Candidate
from tests.support.town import GARBAGE, NIGHT, STALL, STREET, Town, permit, square

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


METRE_NORTH = 1 / 111_320.0


@pytest.mark.parametrize(
    ("beyond_m", "error_m", "outcome"),
    [(0.8, 0.0, "raised"), (0.8, 1.0, "permitted"), (2.5, 1.0, "raised"), (2.5, 40.0, "permitted"),
     (4.0, 40.0, "raised")],
)  # fmt: skip
def test_who_may_be_there_has_the_benefit_of_the_doubt_but_no_more_than_three_metres(
    beyond_m: float, error_m: float, outcome: str
) -> None:
    town = Town(market=FREE)
    zone = next(zone for zone in town.site().zones if zone.id == "night-market")
    assert zone.polygon_lonlat is not None
    north = max(lat for _, lat in zone.polygon_lonlat)
    middle = sum(lon for lon, _ in zone.polygon_lonlat) / len(zone.polygon_lonlat)
    stall = replace(STALL, lonlat=(middle, north + beyond_m * METRE_NORTH), error_m=error_m)
    assert town.says(stall).outcome == outcome


def test_an_error_reaches_into_no_restricted_zone() -> None:
    street = {"id": "street", "kind": "restricted", "polygon_lonlat": square(104.01, 30.0)}
    town = Town({"zones": ["street"]}, zones=[street])
    beside = replace(STALL, lonlat=(104.00999, 30.0005), error_m=1e6)
    assert town.says(beside).outcome == "outside_zones"
    assert town.says(replace(beside, lonlat=(104.01001, 30.0005))).outcome == "raised"
