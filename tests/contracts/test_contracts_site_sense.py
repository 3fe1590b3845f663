"""What refers to nothing, holds nowhere or never, or may not start is told with its place and remedy."""

import pytest

from contracts.site_check import SiteRejected, check_site, load_site
from tests.support.example_site import ADDRESS, CORNERS, EVENING, POINTS_WEST, changed, told

SENSE = [
    (
        CORNERS,
        "polygon_px: [[845, 585], [1049, 248], [1117, 585], [874, 248]]",
        "zones[3].polygon_px",
        "crosses itself at [",
        "corners in order",
    ),
    (CORNERS, "polygon_px: [[1, 1], [2, 2], [3, 3]]", "zones[3].polygon_px", "no area", "three corners"),
    (CORNERS, "polygon_px: [[5, 5], [5, 5], [5, 5]]", "zones[3].polygon_px", "no area", "three corners"),
    (
        CORNERS,
        "polygon_px: [[1900, 585], [2117, 585], [2049, 248]]",
        "zones[3].polygon_px",
        "lies outside the picture of 1280x720",
        "Draw it on a look",
    ),
    (
        "[104.0817860, 30.6612848]",
        "[104.0819263, 30.6614272]",
        "zones[2].polygon_lonlat",
        "crosses itself",
        "corners in order",
    ),
    (
        CORNERS,
        CORNERS + "\n    polygon_lonlat: [[104, 30], [104.1, 30], [104, 30.1]]",
        "zones[3]",
        "either polygon_px or polygon_lonlat",
        "Keep one",
    ),
    (CORNERS, "needs_permit: false", "zones[3]", "either polygon_px or polygon_lonlat", "Keep one"),
    ("    view: west-corner\n", "", "zones[3].view", "needs the view", "Add view"),
    (
        "kind: restricted\n",
        "kind: restricted\n    view: north-pole\n",
        "zones[2].view",
        "belongs to no view",
        "Remove view",
    ),
    (
        EVENING,
        '      - {start: "18:00", end: "18:00"}',
        "schedules[0].hours",
        "'night-market-hours' never opens",
        "00:00 to 24:00",
    ),
    (
        "unit: sanitation-3",
        "unit: sanitation-9",
        "areas[0].unit",
        "there is no unit 'sanitation-9'",
        "market-office, sanitation-3",
    ),
    (
        "zones: [night-market]",
        "zones: [day-market]",
        "permits[0].zones[0]",
        "there is no zone 'day-market'",
        "night-market",
    ),
    (
        "zones: [school-gate]",
        "zones: [school]",
        "rules[1].zones[0]",
        "there is no zone 'school'",
        "school-gate",
    ),
    (
        "schedule: breakfast-hours",
        "schedule: lunch",
        "zones[1].schedule",
        "there is no schedule 'lunch'",
        "breakfast-hours",
    ),
    (
        "    schedule: night-market-hours\n    valid",
        "    schedule: noon\n    valid",
        "permits[1].schedule",
        "there is no schedule 'noon'",
        "quiet-hours",
    ),
    (
        "view: west-corner",
        "view: east-corner",
        "zones[3].view",
        "there is no view 'east-corner'",
        "north-pole, west-corner",
    ),
    (
        "id: breakfast-corner",
        "id: night-market",
        "zones",
        "the id 'night-market' stands 2 times",
        "its own id",
    ),
    ("- id: cam-west", "- id: cam-north", "cameras", "the id 'cam-north' stands 2 times", "its own id"),
    ("- id: west-corner", "- id: north-pole", "views", "the id 'north-pole' stands 2 times", "its own id"),
    (
        "valid_to: 2026-12-01",
        "valid_to: 2026-08-01",
        "permits[1].valid_to",
        "ends before it begins",
        "later time",
    ),
    (
        "time_zone: Asia/Shanghai",
        "time_zone: Asia/Chengdu",
        "time_zone",
        "'Asia/Chengdu' is no time zone",
        "IANA",
    ),
    ("time_zone: Asia/Shanghai", "time_zone: ../../etc/passwd", "time_zone", "is no time zone", "IANA"),
    ("time_zone: Asia/Shanghai", 'time_zone: ""', "time_zone", "'' is no time zone", "IANA"),
    (
        "      purpose: Keep the way to the school and the market street clear and clean\n",
        "",
        "cameras[0].stream.purpose",
        "live stream without it does not start",
        "why this place is watched",
    ),
    (
        "      authority: District city-management office, order 2026-31\n",
        "",
        "cameras[0].stream.authority",
        "does not start",
        "who may order",
    ),
    (
        "legal_basis: Public video systems regulation, article 7",
        'legal_basis: "  "',
        "cameras[0].stream.legal_basis",
        "does not start",
        "by which law",
    ),
    (
        "      sign_confirmed: true #",
        "      sign_confirmed: false #",
        "cameras[0].stream.sign_confirmed",
        "no sign",
        "write true",
    ),
    (
        ADDRESS,
        "rtsp://admin:Secret1@192.0.2.14/1",
        "cameras[0].stream.url",
        "holds a user or password",
        "credentials: env:NAME",
    ),
    (
        ADDRESS,
        "rtsp://admin@192.0.2.14/1",
        "cameras[0].stream.url",
        "holds a user or password",
        "credentials: env:NAME",
    ),
    (ADDRESS, "file:///etc/passwd", "cameras[0].stream.url", "'file' is no stream address", "rtsp://host"),
    (
        ADDRESS,
        "http://192.0.2.14/video",
        "cameras[0].stream.url",
        "neither in .m3u8 nor in .flv",
        "own address",
    ),
    (ADDRESS, '"rtsp://[192.0.2.14/1"', "cameras[0].stream.url", "is no address", "rtsp://host"),
    (ADDRESS, "rtsp://192.0.2.14:99999/1", "cameras[0].stream.url", "is no address", "rtsp://host"),
    (
        f"url: {ADDRESS}",
        "name_of_nothing: 1",
        "cameras[0].stream.name_of_nothing",
        "unknown key",
        "known here are url",
    ),
    (
        f"      url: {ADDRESS}",
        f"      file: a.mp4\n      url: {ADDRESS}",
        "cameras[0].stream",
        "either url or file",
        "Keep one",
    ),
    (
        POINTS_WEST,
        POINTS_WEST[: POINTS_WEST.index("            - {px: [1001, 343]")],
        "cameras[1].views[0].calibration.control_points",
        "3 control points cannot give a plane",
        "at least 4, better 8",
    ),
    (
        POINTS_WEST,
        "".join(
            f"            - {{px: [{x}, {x}], lonlat: [104.08{x}, 30.66{x % 7}]}}\n"
            for x in (110, 220, 330, 440, 550)
        ),
        "cameras[1].views[0].calibration.control_points",
        "lie on a line (px)",
        "beside that line",
    ),
    (
        POINTS_WEST,
        "".join(
            f"            - {{px: [{x}, {x * x % 700}], lonlat: [104.08{x}, 30.66{x}]}}\n"
            for x in (110, 220, 330, 440, 550)
        ),
        "cameras[1].views[0].calibration.control_points",
        "lie on a line (lonlat)",
        "beside that line",
    ),
    (
        "px: [258, 546]",
        "px: [1258, 846]",
        "cameras[1].views[0].calibration.control_points[0].px",
        "lies outside the picture of 1280x720",
        "correct picture_wh",
    ),
]


@pytest.mark.parametrize(("old", "new", "path", "problem", "remedy"), SENSE)
def test_a_fault_of_sense_names_its_place_the_problem_and_the_remedy(
    old: str, new: str, path: str, problem: str, remedy: str
) -> None:
    fault = told(changed(old, new), path)
    assert problem in fault.problem
    assert remedy in fault.remedy
    assert fault.severity == "error"
    with pytest.raises(SiteRejected):
        load_site(changed(old, new))


WARNINGS = [
    (
        CORNERS,
        "polygon_px: [[845, 585], [1317, 585], [1049, 248]]",
        "zones[3].polygon_px",
        "reaches beyond the picture",
    ),
    ("dwell_s: 300", "dwell_s: 15", "rules[0].dwell_s", "15 s is less than two looks of camera 'cam-north'"),
    ("kind: restricted\n", "kind: restricted\n    needs_permit: true\n", "zones", "only in permitted zones"),
    ("[104.0815, 30.6607]", "[0, 0]", "areas[0].polygon_lonlat", "lies far from the rest"),
]


@pytest.mark.parametrize(("old", "new", "path", "problem"), WARNINGS)
def test_what_may_be_meant_is_a_warning_and_does_not_reject_the_site(
    old: str, new: str, path: str, problem: str
) -> None:
    fault = told(changed(old, new), path)
    assert problem in fault.problem
    assert fault.remedy
    assert fault.severity == "warning"
    load_site(changed(old, new))


def test_a_recording_for_rehearsal_may_stand_without_legal_basis_but_not_silently() -> None:
    text = changed(f"url: {ADDRESS}", "file: rehearsal.mp4")
    text = text.replace("      legal_basis: Public video systems regulation, article 7\n", "", 1)
    assert told(text, "cameras[0].stream.legal_basis").severity == "warning"
    load_site(text)


PRIVATE_PX = "    view: north-pole\n    polygon_px: [[0, 0], [420, 0], [420, 210], [0, 180]]"
PRIVATE_MAP = "    polygon_lonlat: [[104.0818, 30.6613], [104.0819, 30.6613], [104.0819, 30.6614]]"
CALIBRATION_WEST = "        calibration:\n          picture_wh: [1280, 720]"


def test_a_privacy_zone_on_the_map_is_told_of_each_view_that_it_cannot_cover() -> None:
    text = changed(PRIVATE_PX, PRIVATE_MAP)
    assert check_site(text) == []
    half_blind = text[: text.index(CALIBRATION_WEST)]
    fault = told(half_blind, "zones[4].polygon_lonlat")
    assert "holds nowhere in view west-corner, which is not calibrated" in fault.problem
    assert (fault.severity, fault.remedy) == ("warning", "Calibrate the view, or draw the zone in its pixels")


def test_a_privacy_zone_that_covers_nothing_at_all_rejects_the_site() -> None:
    text = changed(PRIVATE_PX, PRIVATE_MAP)
    blind = text[: text.index("        calibration:\n          picture_wh: [1920, 1080]")]
    assert told(blind, "zones[4].polygon_lonlat").severity == "error"
    assert told(blind, "zones[0].polygon_lonlat").severity == "warning"
    with pytest.raises(SiteRejected, match="holds nowhere"):
        load_site(blind)


def test_a_privacy_zone_with_hours_is_told_that_it_holds_at_all_times() -> None:
    text = changed(PRIVATE_PX, PRIVATE_PX + "\n    schedule: quiet-hours")
    fault = told(text, "zones[4]")
    assert "blacked out at all times" in fault.problem
    assert fault.severity == "warning"


UNCALIBRATED = """
format: streetkeeper-site/1
name: one view
version: t-1
time_zone: UTC
rules: [{id: r, category: garbage_pile}]
cameras: [{id: c, views: [{id: v%s}]}]
zones: [{id: z, kind: ignored, view: v, polygon_px: [[900, 500], [1000, 500], [1000, 600]]}]
"""


def test_a_zone_outside_the_picture_is_told_without_a_calibration_too() -> None:
    fault = told(UNCALIBRATED % ", picture_wh: [640, 360]", "zones[0].polygon_px")
    assert (fault.severity, fault.problem) == ("error", "lies outside the picture of 640x360")
    assert check_site(UNCALIBRATED % ", picture_wh: [1280, 720]") == []


def test_a_zone_in_pixels_of_a_picture_of_unknown_size_is_a_warning() -> None:
    fault = told(UNCALIBRATED % "", "zones[0].polygon_px")
    assert fault.severity == "warning" and "nobody told how large the picture of view v was" in fault.problem
    assert "picture_wh: [width, height]" in fault.remedy


def test_a_view_has_one_picture_size() -> None:
    text = changed(CALIBRATION_WEST, "        picture_wh: [1920, 1080]\n" + CALIBRATION_WEST)
    fault = told(text, "cameras[1].views[0].picture_wh")
    assert "[1920, 1080] is another size than that of the calibration's picture" in fault.problem
    assert fault.severity == "error"
