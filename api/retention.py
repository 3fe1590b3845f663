"""How long what is kept: days by what it is and by category."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.incident import Category

__all__ = ["DEFAULT_DAYS", "Retention", "read_retention"]

DEFAULT_DAYS: Final[dict[str, float]] = {
    "rejected": 7,
    "unreviewed": 90,
    "analysis": 30,
    "closed_case": 1095,
    "rejected_case": 7,
    "rejected_report": 7,
    "health": 30,
    "occupancy": 400,
    "unnamed_file": 7,
}
"""Days by state; a `state/category` of its own goes before the state.

rejected: an incident after a person rejected it. unreviewed: an incident without a case, after it was last
seen. analysis: an incident of a run that nobody admitted, after the run's last incident came. closed_case,
rejected_case: a case after it was closed, or rejected or voided, with what belongs to it. rejected_report: a
citizen's or staff member's report that was rejected, after it came. health: a camera's health events.
occupancy: counts of guiding points.
unnamed_file: evidence that nothing names, after it came.
"""
BY_CATEGORY: Final = ("rejected", "unreviewed", "analysis", "closed_case", "rejected_case")
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Retention:
    """The policy in force.

    Args:
        days: By `state` or `state/category`.
    """

    days: Mapping[str, float]

    def cut_ms(self, state: str, now_ms: int, category: str | None = None) -> int:
        """What is older than this time may go, milliseconds since 1970."""
        days = self.days.get(f"{state}/{category}", self.days[state])
        return now_ms - int(days * DAY_MS)

    def digest(self) -> str:
        """Names this policy in the audit log."""
        return hashlib.sha256(json.dumps(dict(self.days), sort_keys=True).encode()).hexdigest()[:16]


def read_retention(changed: Mapping[str, float]) -> Retention:
    """The defaults with what an installation changes.

    Raises:
        ValueError: A name is none of ours, or a number of days is below 0.
    """
    for name, days in changed.items():
        state, _, category = name.partition("/")
        if state not in DEFAULT_DAYS or (
            category and (state not in BY_CATEGORY or category not in list(Category))
        ):
            raise ValueError(f"'{name}' is not kept by days; states: {', '.join(DEFAULT_DAYS)}")
        if not 0 <= days < 36_500:
            raise ValueError(f"'{name}': between 0 and 36500 days")
    return Retention({**DEFAULT_DAYS, **changed})
