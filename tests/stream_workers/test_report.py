"""The report of an analysis: where in the film each thing was, and nothing that a file's name could break."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.incident import Incident
from stream_workers.report import FileLine, ReportFacts, write_report
from tests.support.an_incident import INCIDENT

FIRST = Incident.model_validate(INCIDENT).first_seen
SUMMARY = {"looks": 90, "media_s": 90.0, "realtime_factor": 20.0, "resumed": False}


def page_of(folder: Path, *incidents: Incident, name: str = "night.mp4", **summary: object) -> str:
    line = FileLine(name, 90.0, 90, "keyframe", "mtime", "")
    facts = ReportFacts("run-1", incidents, [line], (), {**SUMMARY, **summary})
    return write_report(facts, folder).read_text(encoding="utf-8")


def told(**changes: object) -> Incident:
    """First seen at 0:16 of its film, opened at 0:28."""
    facts = {
        "input": "night.mp4",
        "opened_at": FIRST + timedelta(seconds=12),
        "last_seen": FIRST + timedelta(seconds=12),
        "media_time_s": 28.0,
        "closed_at": None,
    }
    return Incident.model_validate(INCIDENT).model_copy(update={**facts, **changes})


def bar(page: str) -> tuple[float, float]:
    found = re.search(r'class="bar[^>]*left: ([\d.]+)%; width: ([\d.]+)%', page)
    assert found is not None
    return float(found[1]) * 0.9, (float(found[1]) + float(found[2])) * 0.9


def test_an_open_thing_is_shown_from_where_it_came_to_the_end_of_the_film(tmp_path: Path) -> None:
    page = page_of(tmp_path, told())
    assert bar(page) == pytest.approx((16.0, 90.0), abs=0.1)
    assert "night.mp4 at 0:28 min" in page


def test_an_updated_thing_is_shown_from_where_it_came_too(tmp_path: Path) -> None:
    later = told().last_seen + timedelta(seconds=50)
    page = page_of(tmp_path, told(last_seen=later, media_time_s=78.0))
    assert bar(page) == pytest.approx((16.0, 90.0), abs=0.1)
    assert "at 0:28 min" in page


def test_a_closed_thing_is_shown_from_where_it_came_to_where_it_went(tmp_path: Path) -> None:
    closed = FIRST + timedelta(seconds=40)
    page = page_of(tmp_path, told(closed_at=closed, media_time_s=56.0))
    assert bar(page) == pytest.approx((16.0, 56.0), abs=0.1)
    assert "at 0:28 min" in page and "(closed)" in page


def test_a_resumed_run_claims_no_speed(tmp_path: Path) -> None:
    assert "real time per core" in page_of(tmp_path, told())
    assert "real time per core" not in page_of(tmp_path, told(), resumed=True)


def test_where_the_capture_time_comes_from_is_said_in_words(tmp_path: Path) -> None:
    page = page_of(tmp_path)
    assert "the file&#39;s time on disk" in page and ">mtime<" not in page


def test_the_page_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = page_of(tmp_path, told(input="<script>alert(1)</script>"), name="<img src=x onerror=alert(1)>")
    assert "<script" not in page and "<img src=x" not in page
    assert "default-src 'none'" in page
