"""A responsibility document says what it means, and each fault of it is told with its place and remedy."""

import jsonschema
import pytest

from contracts.incident import Category
from contracts.responsibility import LimitUnit
from contracts.responsibility_check import (
    ResponsibilityRejected,
    check_responsibility,
    load_responsibility,
    read_responsibility_text,
)
from contracts.schema_export import responsibility_schema
from tests.contracts.test_contracts_schema import as_json
from tests.support.example_duty import (
    DUTY_PATH,
    DUTY_TEXT,
    district_duty,
    district_site,
    duty_changed,
    duty_fault,
)


def test_the_example_fits_the_schema_and_the_sample_district_without_a_fault() -> None:
    jsonschema.validate(as_json(DUTY_PATH), responsibility_schema())
    assert check_responsibility(DUTY_TEXT, district_site()) == []
    assert load_responsibility(DUTY_PATH, district_site()).calendar.time_zone == "Asia/Shanghai"


def test_what_no_city_ordered_is_marked_as_an_example_and_says_where_it_comes_from() -> None:
    document = district_duty()
    assert all(rule.is_example and rule.provenance for rule in document.limits)
    assert all(table.is_example and table.provenance for table in document.code_tables)
    assert {rule.category for rule in document.limits} == set(Category)
    assert {rule.limit.unit for rule in document.limits} == set(LimitUnit)


def test_a_code_that_is_not_known_stays_empty() -> None:
    new = next(table for table in district_duty().code_tables if table.standard_ref == "GB/T 47678.5-2026")
    coded = {entry.category for entry in new.entries}
    assert Category.BUILDING_CHANGE not in coded
    assert Category.CONSTRUCTION_DEBRIS not in coded


@pytest.mark.parametrize(
    ("old", "new", "path", "problem"),
    [
        ("Asia/Shanghai", "Asia/Peking", "calendar.time_zone", "is no time zone"),
        ('end: "12:00"', 'end: "08:00"', "calendar.hours[0].end", "ends before it starts"),
        ('start: "13:30"', 'start: "11:30"', "calendar.hours[1].start", "before the span above"),
        ("2026-01-04,", "2026-01-03,", "calendar.extra_working_days", "under holidays too"),
        ("{id: justice,", "{id: water,", "units", "'water' stands 2 times"),
        ("cameras: [lane]", "cameras: [canal]", "streets[5].cameras", "'canal' stands in 2 places"),
        ("length_m: 42", "length_m: 41", "streets[3].watched_m", "more is watched than there is"),
        ("lead: sanitation", "lead: sanitaton", "routes[0].lead", "there is no unit 'sanitaton'"),
        ("streets: [works]", "streets: [work]", "routes[3].streets[0]", "there is no street 'work'"),
        ("lead: street-office, categories: [street_vendor]", "lead: sanitation, categories: [street_vendor]",
         "routes[1].lead", "does not take street_vendor"),
        ("joint: [urban-management]", "joint: [building-control]", "routes[4].joint", "leads already"),
        ("units: [water], ", "units: [waters], ", "joint[0].units[0]", "there is no unit 'waters'"),
        ("    priorities: [1]\n", "", "limits[1]", "a limit above already speaks"),
        ('"0102"', '"0101"', "code_tables[0].entries[0]", "event 0101 stands twice"),
        ('0103", name: ', '0103", category: garbage_pile, name: ', "code_tables[0].entries[1].category",
         "more than one code"),
        ('"990101001001001"', '"99010100100100"', "grid_cells[0].code", "is no such code"),
        ("warn_at_share", "warn_at_shares", "warn_at_shares", "unknown key"),
        ("soon-due, at_share: 0.75", "soon-due, at_share: 0", "escalation[0].at_share", "is out of range"),
        ("unit: urgent_hour", "unit: hour", "limits[0].limit.unit", "is not known here"),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place_and_remedy(old: str, new: str, path: str, problem: str) -> None:
    fault = duty_fault(duty_changed(old, new), path)
    assert problem in fault.problem
    assert fault.remedy
    assert fault.line is not None
    assert fault.severity == "error"
    with pytest.raises(ResponsibilityRejected):
        load_responsibility(duty_changed(old, new))


def test_a_polygon_that_crosses_itself_is_told() -> None:
    start = DUTY_TEXT.index("polygon_lonlat: [[") + len("polygon_lonlat: [")
    first = DUTY_TEXT[start : DUTY_TEXT.index("]", start) + 1]
    second = DUTY_TEXT[start + len(first) + 2 : DUTY_TEXT.index("]", start + len(first) + 2) + 1]
    swapped = DUTY_TEXT.replace(f"{first}, {second}", f"{second}, {first}", 1)
    assert "crosses itself" in duty_fault(swapped, "streets[0].polygon_lonlat").problem


def test_a_category_without_limit_and_a_unit_without_route_are_warnings() -> None:
    no_limit = DUTY_TEXT.replace(
        "category: unattended_object\n    limit", "category: garbage_pile\n    limit"
    )
    assert "unattended_object" in duty_fault(no_limit, "limits").problem
    unused = duty_changed("units: [justice]", "units: [water]")
    fault = duty_fault(unused, "units[5]")
    assert fault.severity == "warning"
    assert load_responsibility(unused)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("time_zone: Asia/Shanghai", "time_zone: Asia/Urumqi", "calendar.time_zone"),
        ("streets: [works]}", "areas: [nowhere]}", "routes[3].areas[0]"),
        ("cameras: [lane]", "cameras: [lanes]", "streets[5].cameras[0]"),
        ("{id: street-office,", "{id: street-bureau,", "units"),
    ],
)
def test_what_does_not_fit_the_site_is_told_only_with_the_site(old: str, new: str, path: str) -> None:
    text = duty_changed(old, new).replace("lead: street-office", "lead: street-bureau")
    text = text if "bureau" in new else duty_changed(old, new)
    assert duty_fault(text, path, district_site()).remedy
    assert path not in {fault.path for fault in check_responsibility(text)}


def test_a_file_that_cannot_be_read_is_a_fault_of_the_file() -> None:
    with pytest.raises(ResponsibilityRejected, match="readable"):
        read_responsibility_text(DUTY_PATH.with_name("missing.yaml"))
    (fault,) = check_responsibility("- a list\n")
    assert "config/responsibility.example.yaml" in fault.remedy
