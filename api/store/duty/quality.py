"""What the public register says of quality and retention, as far as it is kept yet."""

import sqlite3

from api.duty.register import KeptFor, Share

__all__ = ["kept_for_in", "shares_in"]


def shares_in(_: sqlite3.Connection) -> list[Share]:
    """Precision and recall by category and area; none before verdicts are kept."""
    return []


def kept_for_in(_: sqlite3.Connection) -> list[KeptFor]:
    """How long what is kept; none before retention is configured."""
    return []
