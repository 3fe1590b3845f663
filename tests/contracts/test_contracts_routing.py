"""Who leads, who joins, in which time and under which codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.incident import Category
from contracts.responsibility import Limit, LimitUnit, Route, Street
from contracts.responsibility_check import load_responsibility
from contracts.routing import area_for, limit_of, responsible
from tests.support.example_duty import at_en, district_duty, district_site, duty_changed


@pytest.mark.parametrize(
    ("category", "place", "lead", "joint", "street"),
    [
        ("garbage_pile", (25, 15), "sanitation", (), "market"),
        ("garbage_pile", (-60, -50), "sanitation", ("water",), "canal"),
        ("construction_debris", (-60, 0), "urban-management", (), "long-street-west"),
        ("construction_debris", (40, -30), "building-control", (), "works"),
        ("building_change", (-60, 30), "building-control", ("urban-management", "justice"), "lane"),
        ("unattended_object", (25, 15), "street-office", ("public-security",), "market"),
        ("street_vendor", (500, 500), "street-office", (), None),
    ],
)
def test_the_route_of_the_smallest_place_decides(
    category: str, place: tuple[float, float], lead: str, joint: tuple[str, ...], street: str | None
) -> None:
    found = responsible(district_duty(), Category(category), at_en(*place), "district")
    assert (found.lead, found.joint, found.street) == (lead, joint, street)
    assert found.reason.startswith("route ")


def test_a_street_comes_before_an_area_and_that_before_a_category() -> None:
    rubbish = Category.GARBAGE_PILE

    def lead_of(*routes: Route) -> str | None:
        document = district_duty().model_copy(update={"routes": list(routes)})
        return responsible(document, rubbish, at_en(25, 15), "district").lead

    everywhere = Route(id="all", lead="justice")
    category = Route(id="category", lead="sanitation", categories=[rubbish])
    area = Route(id="area", lead="urban-management", areas=["district"])
    street = Route(id="street", lead="water", streets=["market"])
    assert lead_of(everywhere, category, area, street) == "water"
    assert lead_of(everywhere, category, area) == "urban-management"
    assert lead_of(everywhere, category) == "sanitation"
    assert lead_of(everywhere, everywhere.model_copy(update={"lead": "water"})) == "justice"
    assert lead_of(Route(id="lane", lead="water", streets=["lane"])) is None


def test_of_overlapping_streets_the_smaller_counts_and_the_cell_holds_the_place() -> None:
    quarter = [at_en(-50, -50), at_en(50, -50), at_en(50, 50), at_en(-50, 50)]
    streets = [Street(id="quarter", name="Quarter", polygon_lonlat=quarter), *district_duty().streets]
    document = district_duty().model_copy(update={"streets": streets})
    found = responsible(document, Category.STREET_VENDOR, at_en(30, 20), "district")
    assert (found.street, found.grid_cell) == ("market", "990101001001002")
    outside = document.model_copy(update={"streets": streets[:1]})
    assert responsible(outside, Category.STREET_VENDOR, at_en(30, 20), "district").street == "quarter"


def test_a_case_without_a_place_has_neither_street_nor_cell_but_a_lead_and_a_limit() -> None:
    found = responsible(district_duty(), Category.BUILDING_CHANGE, None, None)
    assert (found.lead, found.street, found.grid_cell) == ("building-control", None, None)
    assert found.limit == Limit(value=15, unit=LimitUnit.WORK_DAY)


def test_where_no_route_fits_the_unit_of_the_area_leads_and_without_one_nobody() -> None:
    text = duty_changed("streets: [works]}", "areas: [cleaning]}").replace(
        "{id: debris, lead: urban-management, categories: [construction_debris]}",
        "{id: debris, lead: urban-management, categories: [construction_debris], areas: [cleaning]}",
    )
    document = load_responsibility(text)
    with_site = responsible(
        document, Category.CONSTRUCTION_DEBRIS, at_en(0, 0), "district", site=district_site()
    )
    assert with_site.lead == "street-office"
    assert "area district belongs to street-office" in with_site.reason
    assert responsible(document, Category.CONSTRUCTION_DEBRIS, at_en(0, 0), "district").lead is None


def test_a_limit_for_a_priority_comes_before_the_one_for_all() -> None:
    assert limit_of(district_duty(), Category.GARBAGE_PILE, 1) == Limit(value=2, unit=LimitUnit.URGENT_HOUR)
    assert limit_of(district_duty(), Category.GARBAGE_PILE, 2) == Limit(value=4, unit=LimitUnit.WORK_HOUR)


def test_codes_are_those_of_the_tables_and_nothing_is_guessed() -> None:
    found = responsible(district_duty(), Category.OVERFLOWING_BIN, None, None)
    assert found.codes == {"GB/T 47678.5-2026": "06042"}
    assert responsible(district_duty(), Category.STREET_VENDOR, None, None).codes == {
        "GB/T 30428.2-2013": "0501",
        "GB/T 47678.5-2026": "09006",
    }


def test_of_nested_areas_the_smaller_one_that_takes_the_category_answers() -> None:
    area = area_for(Category.GARBAGE_PILE, at_en(0, 0), district_site())
    assert area is not None
    assert area.unit in {"sanitation", "street-office"}
    vendors = area_for(Category.STREET_VENDOR, at_en(0, 0), district_site())
    assert vendors is not None
    assert vendors.id == "district"
    assert area_for(Category.STREET_VENDOR, at_en(5000, 0), district_site()) is None
    assert area_for(Category.STREET_VENDOR, None, district_site()) is None


@given(st.sampled_from(list(Category)), st.floats(-400, 400), st.floats(-400, 400), st.integers(1, 5))
def test_every_case_of_the_district_has_a_lead_that_takes_it_and_never_joins_itself(
    category: Category, east: float, north: float, priority: int
) -> None:
    document = district_duty()
    found = responsible(document, category, at_en(east, north), None, priority=priority)
    assert found.lead is not None
    lead = document.unit(found.lead)
    assert lead is not None
    assert not lead.categories or category in lead.categories
    assert found.lead not in found.joint
    assert found.limit is not None
