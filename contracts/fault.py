"""One fault of a site document: where it is, what is wrong and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Fault", "path_of"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where, what, and what to do.

    Args:
        path: Key path, such as `cameras[1].views[0].calibration`.
        problem: What is wrong.
        remedy: How to mend it.
        line: Line of the file, where it is known.
        severity: A warning does not reject the site.
    """

    path: str
    problem: str
    remedy: str
    line: int | None = None
    severity: Literal["error", "warning"] = "error"


def path_of(location: Iterable[Any]) -> str:
    """A key path in words: `zones[2].polygon_px`."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
