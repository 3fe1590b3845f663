"""A month's evaluation as a document and a table; every figure says where its cases are listed."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from api.duty.figures import BY, NOWHERE, RATES, CaseFact, Figure, Tally, group
from api.duty.months import Month
from contracts.responsibility import ResponsibilityDocument

__all__ = ["CASES_PATH", "Coverage", "Evaluation", "evaluation_csv", "evaluation_document", "figure_href"]

CASES_PATH = "/v1/evaluation/cases"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What cameras watched in a month.

    Args:
        camera_hours: Hours in which cameras watched, together.
        watched_m: Metres of street that they see; None where nobody told it.
    """

    camera_hours: float
    watched_m: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A month's figures, whole and by group.

    Args:
        month: The month.
        by: What the groups are by.
        facts: The cases that the caller may see.
        camera_hours: Hours in which each camera watched.
        duty: The responsibility document, for names and streets; None where there is none.
        is_final: Whether the figures are kept for good.
    """

    month: Month
    by: tuple[str, ...]
    facts: Sequence[CaseFact]
    camera_hours: Mapping[str, float]
    duty: ResponsibilityDocument | None
    is_final: bool

    def rows(self) -> list[tuple[tuple[str, ...], Tally, Coverage]]:
        """The total with an empty key, then the groups in the order of their names."""
        total = group(self.facts, ())[()]
        rows: list[tuple[tuple[str, ...], Tally, Coverage]] = [((), total, self.coverage(()))]
        if self.by:
            rows += [(key, tally, self.coverage(key)) for key, tally in group(self.facts, self.by).items()]
        return rows

    def coverage(self, key: tuple[str, ...]) -> Coverage:
        """What was watched of a group's street; of everything where groups are not by street."""
        streets = self.duty.streets if self.duty is not None else []
        if "street" in self.by and key:
            named = key[self.by.index("street")]
            streets = [street for street in streets if street.id == named]
            hours = sum(self.camera_hours.get(camera, 0.0) for street in streets for camera in street.cameras)
        else:
            hours = sum(self.camera_hours.values())
        told = [street.watched_m for street in streets if street.watched_m is not None]
        return Coverage(hours, sum(told) if told else None)


def figure_href(month: Month, figure: Figure, by: tuple[str, ...], key: tuple[str, ...]) -> str:
    """Path of the list of exactly the cases that a figure counts."""
    chosen = dict(zip(by, key, strict=False)) if key else {}
    return f"{CASES_PATH}?" + urlencode({"month": month.name, "figure": figure.word, **chosen})


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as JSON values."""
    rows = [_row(evaluation, *row) for row in evaluation.rows()]
    return {
        "month": evaluation.month.name,
        "is_final": evaluation.is_final,
        "by": list(evaluation.by),
        "total": rows[0],
        "groups": rows[1:],
    }


def _row(evaluation: Evaluation, key: tuple[str, ...], tally: Tally, coverage: Coverage) -> dict[str, Any]:
    hours, filed = coverage.camera_hours, tally.counts[Figure.FILED]
    return {
        "key": dict(zip(evaluation.by, key, strict=False)) if key else {},
        "figures": {
            figure.word: {
                "count": tally.counts[figure],
                "cases": figure_href(evaluation.month, figure, evaluation.by, key),
            }
            for figure in Figure
        },
        "rates": {name: _rounded(tally.rate(name), 4) for name in RATES},
        "mean_handling_h": _rounded(tally.mean_handling_h, 3),
        "camera_hours": round(hours, 1),
        "watched_m": coverage.watched_m,
        "filed_per_1000_camera_hours": _rounded(1000 * filed / hours if hours else None, 3),
        "filed_per_watched_km": _rounded(
            1000 * filed / coverage.watched_m if coverage.watched_m else None, 3
        ),
    }


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def evaluation_csv(evaluation: Evaluation) -> str:
    """The evaluation as a table with a header; the first row is the total."""
    text = io.StringIO()
    names = [figure.word for figure in Figure]
    last = (
        "mean_handling_h",
        "camera_hours",
        "watched_m",
        "filed_per_1000_camera_hours",
        "filed_per_watched_km",
    )
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["month", *BY, *names, *RATES, *last])
    for key, tally, coverage in evaluation.rows():
        row = _row(evaluation, key, tally, coverage)
        writer.writerow(
            [
                evaluation.month.name,
                *(_cell(row["key"].get(name, "")) for name in BY),
                *(row["figures"][name]["count"] for name in names),
                *("" if row["rates"][name] is None else row["rates"][name] for name in RATES),
                *("" if row[name] is None else row[name] for name in last),
            ]
        )
    return text.getvalue()


def _cell(value: str) -> str:
    """A name that a spreadsheet would run as a formula gets an apostrophe."""
    return f"'{value}" if value.startswith(FORMULA) and value != NOWHERE else value
