"""The worked month as a page of text: what was made, the month's figures, and where things come back."""

import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from api.configuration import responsibility_of
from api.duty.figures import Figure, Tally
from api.duty.months import Month, month_named
from api.duty.report import Coverage, Evaluation, evaluation_document
from api.store import Store, open_store
from api.store.duty.evaluation import MonthCount, month_count
from api.store.duty.hotspots import Hotspot, HotspotQuery, hotspots
from contracts.responsibility import ResponsibilityDocument
from contracts.responsibility_check import load_responsibility
from sample_videos.district.case_month import MonthMade, make_month
from sample_videos.district.site import site_document

__all__ = ["worked_month"]

SHOWN = (Figure.REPORTED, Figure.FILED, Figure.DUE, Figure.CLOSED, Figure.CLOSED_ON_TIME, Figure.REWORKED)
SHOWN_RATES = ("filing_rate", "closing_rate", "on_time_closing_rate", "rework_rate", "recurrence_rate")
HOTSPOTS_SHOWN = 8
HOUR_MS = 3_600_000
_WHAT = (
    "invented reports and invented behaviour of operators and units, drawn from a seed, taken through the"
    " case API's own functions in the order of time, with the example responsibility document. It shows what"
    " becomes of a month; it measures nothing."
)


def worked_month(name: str, seed: int, responsibility: Path) -> str:
    """A month of the sample district, made anew and evaluated; Markdown.

    Args:
        name: The month, such as 2026-10.
        seed: Draws everything.
        responsibility: The responsibility document's file.

    Raises:
        ValueError: The name is no month.
        ResponsibilityRejected: The document has faults.
    """
    duty = load_responsibility(responsibility)
    month = month_named(name, duty.calendar.time_zone)
    site_text = yaml.safe_dump(site_document(seed))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        try:
            made = make_month(store, month, site_text, responsibility.read_text(encoding="utf-8"), seed)
            return "\n".join(_page(store, month, seed, made)) + "\n"
        finally:
            store.close()


def _page(store: Store, month: Month, seed: int, made: MonthMade) -> Iterator[str]:
    duty = responsibility_of(store)
    counted = store.read(lambda raw: month_count(raw, month, month.cutoff_ms + 1, duty))
    yield f"# A worked month: {month.name}\n"
    command = f"streetkeeper district month --month {month.name} --seed {seed}"
    yield f"Made by `{command}`: {_WHAT}\n"
    yield (
        f"{made.reports} reports were taken, {made.judged} judged, {made.steps} further steps taken, and "
        f"{made.messages} reminders and escalations written. After the month's time for late entries its "
        f"figures were kept ({'final' if counted.is_final else 'not final'}); SHA-256 of the evaluation by "
        f"street, unit and category: `{_digest(counted, duty, month)}`.\n"
    )
    for by in ("street", "unit", "category"):
        yield f"## By {by}\n"
        yield from _table(
            Evaluation(month, (by,), counted.facts, counted.camera_hours, duty, counted.is_final)
        )
    yield "## Where and when things come back\n"
    yield from _hotspots(store.read(lambda raw: _spots(raw, month)))


def _digest(counted: MonthCount, duty: ResponsibilityDocument | None, month: Month) -> str:
    by = ("street", "unit", "category")
    whole = Evaluation(month, by, counted.facts, counted.camera_hours, duty, counted.is_final)
    return hashlib.sha256(json.dumps(evaluation_document(whole), sort_keys=True).encode()).hexdigest()


def _table(evaluation: Evaluation) -> Iterator[str]:
    names = [figure.word.replace("_", " ") for figure in SHOWN]
    rates = [name.removesuffix("_rate").replace("_", " ") + " %" for name in SHOWN_RATES]
    last = ["handling h", "camera-hours", "filed per 1000 camera-hours"]
    yield "| " + " | ".join([evaluation.by[0], *names, *rates, *last]) + " |"
    yield "|---|" + "---:|" * (len(names) + len(rates) + len(last))
    for key, tally, coverage in evaluation.rows():
        yield "| " + " | ".join([key[0] if key else "**all**", *_cells(tally, coverage)]) + " |"
    yield ""


def _cells(tally: Tally, coverage: Coverage) -> Iterator[str]:
    yield from (str(tally.counts[figure]) for figure in SHOWN)
    for name in SHOWN_RATES:
        rate = tally.rate(name)
        yield "-" if rate is None else f"{100 * rate:.1f}"
    yield "-" if tally.mean_handling_h is None else f"{tally.mean_handling_h:.1f}"
    hours = coverage.camera_hours
    yield f"{hours:.0f}"
    yield f"{1000 * tally.counts[Figure.FILED] / hours:.1f}" if hours else "-"


def _spots(raw: sqlite3.Connection, month: Month) -> Sequence[Hotspot]:
    query = HotspotQuery(month.start_ms, month.end_ms, 8 * HOUR_MS)
    return hotspots(raw, query, HOTSPOTS_SHOWN)


def _hotspots(spots: Sequence[Hotspot]) -> Iterator[str]:
    yield "| category | street | hour | cases | days | place |"
    yield "|---|---|---:|---:|---:|---|"
    for spot in spots:
        lon, lat = spot.lonlat
        place = f"{lon:.5f}, {lat:.5f}"
        yield f"| {spot.category} | {spot.street} | {spot.hour} | {spot.cases} | {spot.days} | {place} |"
