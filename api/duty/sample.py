"""A random sample of a month's cases that anyone with its seed can draw again."""

import hashlib
from collections.abc import Sequence

from api.duty.figures import CaseFact

__all__ = ["draw_sample"]


def draw_sample(facts: Sequence[CaseFact], size: int, seed: str) -> list[CaseFact]:
    """A sample without repeats, every case with the same chance, in the order in which it was drawn.

    The order is that of SHA-256 over seed and case id: it depends on neither the order nor the number of the
    cases, so a case that is counted later shifts nothing else, and a larger sample begins with the smaller.

    Args:
        facts: The cases to draw from.
        size: How many to draw; fewer where there are not so many.
        seed: Any text; the same text draws the same.
    """
    return sorted(facts, key=lambda fact: _lot(seed, fact.case_id))[:size]


def _lot(seed: str, case_id: str) -> bytes:
    return hashlib.sha256(f"{seed}|{case_id}".encode()).digest()
