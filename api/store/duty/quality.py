"""What the public register says of quality and retention."""

import sqlite3
from collections.abc import Iterator

from api.duty.register import KeptFor, Share
from api.store.cases.quality import Quality, QualityQuery, measure_quality
from contracts.site import Site

__all__ = ["kept_for_in", "shares_in"]

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


def kept_for_in(_: sqlite3.Connection) -> list[KeptFor]:
    """How long what is kept; none before retention is configured."""
    return []
