"""Unknown keys, wrong types and ranges are told with their place and remedy."""

import pytest

from contracts.site_check import SiteRejected, load_site
from tests.support.example_site import changed, told

SHAPE = [
    ("grace_s: 900", "grase_s: 900", "rules[0].grase_s", "unknown key", "Did you mean 'grace_s'?"),
    ("name: Lantern Street\n", "nmae: x\n", "nmae", "unknown key", "Did you mean 'name'?"),
    (
        "sigma_m: 0.2",
        "zzz: 0.2",
        "cameras[0].views[0].calibration.control_points[6].zzz",
        "unknown key",
        "px, lonlat",
    ),
    ("name: Lantern Street\n", "", "name", "is missing", "Add it"),
    ("dwell_s: 300", "dwell_s: long", "rules[0].dwell_s", "must be a number", "digits"),
    ("dwell_s: 300", "dwell_s: -1", "rules[0].dwell_s", "'-1' is out of range", "at least 0"),
    ("dwell_s: 300", "dwell_s: .inf", "rules[0].dwell_s", "must be a finite number", "digits"),
    ("priority: 3", "priority: 9", "rules[0].priority", "'9' is out of range", "at most 5"),
    ("priority: 3", "priority: 1.5", "rules[0].priority", "whole number", "digits only"),
    ("kind: ignored", f"kind: 0x{'f' * 6000}", "zones[3].kind", "a number of thousands of digits", "Choose"),
    (
        "kind: ignored",
        "kind: forbidden",
        "zones[3].kind",
        "'forbidden' is not known",
        "'restricted', 'permitted'",
    ),
    (
        "category: garbage_pile",
        "category: trash",
        "rules[2].category",
        "'trash' is not known",
        "'garbage_pile'",
    ),
    ('version: "2026-11-24.1"', "version: 2026.5", "version", "must be a text", "quotes"),
    ("site/1", "site/2", "format", "'streetkeeper-site/2' is not known", "'streetkeeper-site/1'"),
    ('start: "18:00"', "start: 18:00", "schedules[0].hours[0].start", "must be a text", "quotes"),
    ('start: "18:00"', 'start: "25:00"', "schedules[0].hours[0].start", "'25:00' is no clock time", "HH:MM"),
    ("days: [fri, sat]", "days: [fri, caturday]", "schedules[2].hours[0].days[1]", "'caturday'", "'mon'"),
    (
        "valid_from: 2026-01-01T00:00:00+08:00",
        "valid_from: 2026-01-01T00:00:00",
        "permits[0].valid_from",
        "time zone",
        "+08:00",
    ),
    (
        "valid_from: 2026-01-01T00:00:00+08:00",
        "valid_from: soon",
        "permits[0].valid_from",
        "is no time",
        "2026-11-24T",
    ),
    ("2026-10-03, 2027-01-01", "tomorrow", "holidays[2]", "date", ""),
    ("id: school-gate", "id: school gate", "zones[2].id", "'school gate' is not a usable name", "letters"),
    ("rules:", "rules: []\nrulez:", "rules", "is out of range", "at least 1"),
    ("zones: [school-gate]", "zones: school-gate", "rules[1].zones", "must be a list", "dash"),
    (
        "[104.0816, 30.6608]",
        "[194.0816, 30.6608]",
        "areas[1].polygon_lonlat[0][0]",
        "'194.0816' is out of range",
        "180",
    ),
    (
        "env:STREETKEEPER_CAM_NORTH",
        "admin:Secret1",
        "cameras[0].stream.credentials",
        "names no secret",
        "env:NAME or file:PATH",
    ),
    (
        "picture_wh: [1280, 720]",
        "picture_wh: [1280, 0]",
        "cameras[1].views[0].calibration.picture_wh[1]",
        "out of range",
        "at least 1",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "problem", "remedy"), SHAPE)
def test_a_fault_names_its_place_the_problem_and_the_remedy(
    old: str, new: str, path: str, problem: str, remedy: str
) -> None:
    fault = told(changed(old, new), path)
    assert problem in fault.problem
    assert remedy in fault.remedy
    assert fault.severity == "error"
    with pytest.raises(SiteRejected):
        load_site(changed(old, new))
