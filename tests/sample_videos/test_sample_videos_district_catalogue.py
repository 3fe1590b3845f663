"""The catalogue keeps what was asked of the district, and its numbers are consistent."""

import math

import numpy as np
import pytest

from contracts.incident import Category
from sample_videos.district.catalogue import CATALOGUE, Asset, assets, views_of

ALL = list(CATALOGUE.values())


def test_there_are_as_many_kinds_as_the_district_promises() -> None:
    assert len(assets("vendor")) == 12
    assert len(assets("pile")) == 10
    assert len(assets("debris")) == 8
    assert len(assets("change")) == 6
    assert all(len(each.variants) >= 4 for each in assets("change"))
    assert all(len(each.variants_of("test")) == 1 for each in assets("change"))
    assert sum(1 for each in assets("change") if not each.category) == 2


@pytest.mark.parametrize("family", ["vendor", "pile", "debris", "bin", "change"])
def test_about_a_quarter_of_each_family_is_held_back(family: str) -> None:
    variants = [variant for each in ALL if each.family == family for variant in each.variants]
    share = sum(variant.split == "test" for variant in variants) / len(variants)
    assert 0.18 <= share <= 0.32


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.kind)
def test_a_footprint_is_a_counter_clockwise_outline_within_the_size(each: Asset) -> None:
    corners = np.array(each.footprint)
    assert each.area_m2 > 0
    assert (abs(corners) <= np.array(each.size_m[:2]) / 2 + 1e-6).all()
    assert each.area_m2 <= each.size_m[0] * each.size_m[1] + 1e-9
    assert not each.category or each.category in set(Category)


@pytest.mark.parametrize("each", ALL, ids=lambda each: each.kind)
def test_variants_have_their_own_letters_and_colours_in_range(each: Asset) -> None:
    names = [variant.name for variant in each.variants]
    assert names == list("abcdefgh"[: len(names)])
    assert all(0 <= c <= 1 for variant in each.variants for paint in variant.colours for c in paint)


def test_mirrored_views_come_in_pairs() -> None:
    for each in ALL:
        if each.family != "change" and views_of(each.kind).mirrored:
            yaws = set(views_of(each.kind).yaws_deg)
            assert all((360 - yaw) % 360 in yaws for yaw in yaws)


def test_later_variants_have_the_first_one_s_turns() -> None:
    for each in ALL:
        if each.family != "change":
            assert views_of(each.kind, "b").yaws_deg == views_of(each.kind).yaws_deg
            assert math.isclose(views_of(each.kind, "b").px_per_m, views_of(each.kind).px_per_m)
