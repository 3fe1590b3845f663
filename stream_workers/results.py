"""The results of an analysis on disk: events, a map file, a table, a report and the run's facts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contracts.event import IncidentEvent
from contracts.geojson import incidents_to_csv, incidents_to_geojson
from contracts.incident import Incident
from contracts.site import Site
from models.registry import FOLDER, load_manifest
from stream_workers.inputs import AnalyzeOptions
from stream_workers.recordings import STATE_FILE, FileResult
from stream_workers.report import FileLine, ReportFacts, write_report
from stream_workers.sources.containers import shown
from stream_workers.store import WorkerStore

__all__ = ["RunFacts", "RunSummary", "write_results"]

PACKAGES = ("streetkeeper", "av", "numpy", "onnxruntime", "opencv-python-headless")
"""What an incident may depend on: the same versions and models give the same incidents."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run beside its files.

    Args:
        run: Name of the run.
        site: The site that judged.
        options: What was asked for.
        is_resumed: Whether a part was read before: its CPU seconds are not counted again.
    """

    run: str
    site: Site
    options: AnalyzeOptions
    is_resumed: bool


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The end of an analysis; `unsent` says why the case API did not take everything."""

    run: str
    out: Path
    files: Sequence[FileResult]
    incidents: int
    media_s: float
    cpu_s: float
    is_resumed: bool = False
    unsent: str = ""

    @property
    def exit_code(self) -> int:
        """0 all read, 1 some faulty, 3 nothing read, 4 not all sent."""
        if self.unsent:
            return 4
        faults = sum(bool(file.fault) for file in self.files)
        if not faults:
            return 0
        return 1 if any(file.looks for file in self.files) else 3

    def lines(self) -> Iterator[str]:
        """What is said at the end."""
        rate = self.media_s / self.cpu_s if self.cpu_s else 0.0
        yield (
            f"{_count(self.incidents, 'incident')} in {self.media_s / 60:.1f} min "
            f"from {_count(len(self.files), 'file')}; {self.cpu_s:.1f} CPU s, "
            + ("resumed" if self.is_resumed else f"{rate:.0f}x real time per core")
        )
        for file in self.files:
            if file.fault:
                yield f"fault: {file.name!r}: {file.fault}"
        if self.unsent:
            yield f"not all was sent: {self.unsent}; it waits in {self.out}, the same command sends it"
        yield f"report: {self.out / 'report.html'}"


def write_results(facts: RunFacts, files: Sequence[FileResult], cpu_s: float) -> RunSummary:
    """Write everything into the folder of results; `run.json` last, since it says that the run is done."""
    out = facts.options.out
    with WorkerStore(out / STATE_FILE) as store:
        events = [event for event in store.events(facts.run) if isinstance(event, IncidentEvent)]
    latest: dict[str, Incident] = {}
    for event in events:
        latest[event.data.incident_id] = event.data
    incidents = sorted(latest.values(), key=lambda incident: (incident.opened_at, incident.incident_id))
    _write(out / "events.jsonl", "".join(event.model_dump_json() + "\n" for event in events))
    _write(out / "incidents.geojson", json.dumps(incidents_to_geojson(incidents), indent=1))
    _write(out / "incidents.csv", incidents_to_csv(incidents))
    if facts.options.explain:
        lines = [{"input": file.name, **line} for file in files for line in file.explanations]
        _write(out / "explain.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    media_s = sum(file.duration_s for file in files)
    summary = RunSummary(facts.run, out, files, len(incidents), media_s, cpu_s, facts.is_resumed)
    document = _document(facts, summary)
    write_report(_report(facts, summary, incidents, document), out)
    _write(out / "run.json", json.dumps(document, indent=1))
    return summary


def _report(
    facts: RunFacts, summary: RunSummary, incidents: Sequence[Incident], document: Mapping[str, Any]
) -> ReportFacts:
    return ReportFacts(
        facts.run,
        incidents,
        [
            FileLine(file.name, file.duration_s, file.looks, file.mode, file.time_origin, file.fault)
            for file in summary.files
        ],
        [(file.name, file.explanations) for file in summary.files] if facts.options.explain else (),
        document,
    )


def _document(facts: RunFacts, summary: RunSummary) -> Mapping[str, Any]:
    return {
        "run": summary.run,
        "state": "done",
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in PACKAGES},
        "models": _models(),
        "site_version": facts.site.version,
        "look_every_s": facts.options.look_every_s,
        "dwell_s": facts.options.dwell_s,
        "inputs": [
            {
                "name": file.name,
                "path": shown(file.path),
                "sha256": file.sha256,
                "looks": file.looks,
                "duration_s": file.duration_s,
                "mode": file.mode,
                "time_origin": file.time_origin,
                "fault": file.fault,
            }
            for file in summary.files
        ],
        "incidents": summary.incidents,
        "looks": sum(file.looks for file in summary.files),
        "media_s": round(summary.media_s, 3),
        "cpu_s": round(summary.cpu_s, 3),
        "resumed": summary.is_resumed,
        "realtime_factor": round(summary.media_s / summary.cpu_s, 1) if summary.cpu_s else 0.0,
    }


def _models() -> Mapping[str, Any]:
    """Version and hash of each shipped model whose file is there."""
    return {
        entry.name: {"version": entry.version, "sha256": entry.sha256}
        for entry in load_manifest().models
        if (FOLDER / entry.file).is_file()
    }


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
