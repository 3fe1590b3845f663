"""The report of an analysis: one self-contained page with pictures and a timeline."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts.incident import Incident

__all__ = ["FileLine", "ReportFacts", "write_report"]

CATEGORY_WORDS = {
    "street_vendor": "Street vendor",
    "garbage_pile": "Garbage pile",
    "overflowing_bin": "Overflowing bin",
    "construction_debris": "Construction debris",
    "building_change": "Building change",
    "unattended_object": "Unattended object",
}

ORIGIN_WORDS = {
    "option": "--start",
    "metadata": "the file's own data",
    "name": "the file's name",
    "mtime": "the file's time on disk",
}


@dataclass(frozen=True, slots=True)
class FileLine:
    """One input in the report: `fault` is empty where it was read to its end."""

    name: str
    duration_s: float
    looks: int
    mode: str
    time_origin: str
    fault: str


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the page shows.

    Args:
        run: Name of the run.
        incidents: Its incidents, oldest first.
        files: Its inputs.
        explanations: Per input, the regions that were explained, if asked for.
        summary: Figures of `run.json`.
    """

    run: str
    incidents: Sequence[Incident]
    files: Sequence[FileLine]
    explanations: Sequence[tuple[str, Sequence[Mapping[str, Any]]]] = field(default_factory=tuple)
    summary: Mapping[str, Any] = field(default_factory=dict)


def write_report(facts: ReportFacts, folder: Path) -> Path:
    """Write `report.html` into `folder`; pictures come from its `evidence/` and are put into the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html").render(
        facts=facts,
        words=CATEGORY_WORDS,
        origins=ORIGIN_WORDS,
        cards=[_card(incident, folder) for incident in facts.incidents],
        rows=[_timeline_row(line, facts.incidents) for line in facts.files],
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _card(incident: Incident, folder: Path) -> dict[str, Any]:
    return {
        "incident": incident,
        "opened": _film_time(incident),
        "pictures": [_picture(folder / ref.href, ref.kind) for ref in incident.evidence],
    }


def _picture(path: Path, kind: str) -> dict[str, str]:
    data = base64.b64encode(path.read_bytes()).decode() if path.is_file() else ""
    media = "video/mp4" if kind == "clip" else "image/jpeg"
    return {"kind": kind, "uri": f"data:{media};base64,{data}" if data else ""}


def _timeline_row(line: FileLine, incidents: Sequence[Incident]) -> dict[str, Any]:
    """Bars of one file, in per cent of its duration, each from where its thing was first seen."""
    length = max(line.duration_s, 1e-6)
    bars = []
    for incident in incidents:
        if incident.input != line.name:
            continue
        start, end = _span_s(incident, length)
        bars.append(
            {
                "left": round(100 * min(1.0, start / length), 2),
                "width": round(100 * max(0.005, min(1.0, (end - start) / length)), 2),
                "incident": incident,
            }
        )
    return {"line": line, "bars": bars}


def _span_s(incident: Incident, length_s: float) -> tuple[float, float]:
    """From where to where in the film the thing was there, seconds; an open one was there to the end."""
    start = incident.media_time_s - (_told_at(incident) - incident.first_seen).total_seconds()
    return max(0.0, start), incident.media_time_s if incident.closed_at else length_s


def _film_time(incident: Incident) -> str:
    """Minutes and seconds in the film at which the incident opened."""
    seconds = max(0.0, incident.media_time_s - (_told_at(incident) - incident.opened_at).total_seconds())
    return f"{int(seconds // 60)}:{int(seconds % 60):02}"


def _told_at(incident: Incident) -> datetime:
    """The capture time that belongs to the incident's media time: of its latest event."""
    return incident.closed_at or max(incident.opened_at, incident.last_seen)
