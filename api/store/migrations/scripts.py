"""What every revision does: names the one before it and runs the SQL that lies beside it."""

import re
import sqlite3
from pathlib import Path

from alembic import op

__all__ = ["previous_revision", "run_sql_of", "statements_of"]

NUMBERED = re.compile(r"^(\d{4})_[a-z0-9_]+\.py$")


def previous_revision(revision_file: str) -> str | None:
    """Number of the revision before this file's, None for the first; numbers may have gaps."""
    own = Path(revision_file)
    found = [NUMBERED.match(path.name) for path in own.parent.iterdir()]
    earlier = [matched.group(1) for matched in found if matched and matched.group(1) < own.name[:4]]
    return max(earlier, default=None)


def statements_of(script: str) -> list[str]:
    """The single statements of a script; `executescript` would commit before it runs."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    if pending.strip():
        raise ValueError(f"the script does not end with a whole statement: {pending.strip()[:80]}")
    return statements


def run_sql_of(revision_file: str) -> None:
    """Run the SQL file of the same name, in the transaction of the whole upgrade."""
    connection = op.get_bind()
    for statement in statements_of(Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")):
        # As it stands: a colon in SQL is no parameter here.
        connection.exec_driver_sql(statement)
