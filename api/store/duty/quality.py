"""What the public register says of quality and retention."""

import sqlite3
from collections.abc import Iterator

from api.duty.register import KeptFor, Share
from api.page.cards import CATEGORY_WORDS
from api.retention import Retention
from api.store.cases.quality import Quality, QualityQuery, measure_quality
from contracts.site import Site

__all__ = ["KEPT_WORDS", "kept_for", "shares_in"]

SHOWN_DAYS = 90
DAY_MS = 86_400_000


def shares_in(connection: sqlite3.Connection, site: Site | None, now_ms: int) -> list[Share]:
    """Precision and recall of the last 90 days by category, everywhere and in each area of the site."""
    found = []
    areas: list[str | None] = [None, *(area.id for area in site.areas)] if site is not None else [None]
    for area in areas:
        query = QualityQuery(now_ms - SHOWN_DAYS * DAY_MS, now_ms, None if area is None else (area,))
        found += list(_shares(measure_quality(connection, query), area))
    return found


def _shares(quality: Quality, area: str | None) -> Iterator[Share]:
    for item in quality.categories:
        judged = item.right + item.wrong
        if judged:
            yield Share("precision", item.key, area, item.value, item.low, item.high, judged)
    for row in quality.recall:
        if row.count.looked:
            recall = row.recall
            yield Share("recall", row.category, area, recall.value, recall.low, recall.high, row.count.looked)


KEPT_WORDS = {
    "rejected": "An incident that a person rejected",
    "unreviewed": "An incident without a case, after it was last seen",
    "analysis": "An incident of recordings that nobody admitted",
    "closed_case": "A closed case with its pictures",
    "rejected_case": "A case that was rejected or voided",
    "rejected_report": "A report that was rejected",
    "health": "A camera's state of health",
    "occupancy": "Counts of guiding points",
    "unnamed_file": "A picture that nothing names",
}


def kept_for(retention: Retention) -> list[KeptFor]:
    """How long what is kept, in words; a category with days of its own has a line of its own."""
    found = []
    for name, days in retention.days.items():
        state, _, category = name.partition("/")
        told = KEPT_WORDS[state] + (f" ({CATEGORY_WORDS[category].lower()})" if category else "")
        found.append(KeptFor(told, days))
    return found
