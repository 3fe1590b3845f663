"""The example site, with one thing changed in it."""

from pathlib import Path

from contracts.site_check import Fault, check_site

EXAMPLE = (Path(__file__).parents[2] / "config" / "site.example.yaml").read_text(encoding="utf-8")
CORNERS = "polygon_px: [[845, 585], [1117, 585], [1049, 248], [874, 248]]"
EVENING = '      - {start: "18:00", end: "22:00"}'
POINTS_WEST = EXAMPLE[EXAMPLE.index("            - {px: [258, 546]") :]
ADDRESS = "rtsp://192.0.2.14:554/Streaming/Channels/101"


def changed(old: str, new: str) -> str:
    assert old in EXAMPLE, old
    return EXAMPLE.replace(old, new, 1)


def told(text: str, path: str) -> Fault:
    """The fault at a path; the test fails with all faults where there is none."""
    faults = check_site(text)
    found = [fault for fault in faults if fault.path == path]
    assert found, faults
    return found[0]
