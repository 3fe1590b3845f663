"""History: what lists ask by, live changes, runs, holds, and which evidence is named."""

import sqlite3

from alembic import op

from api.store.migrations.scripts import previous_revision, run_sql_of
from api.store.words import spaced_words

revision = "0006"
down_revision = previous_revision(__file__)


def upgrade() -> None:
    """Run the SQL of the same name."""
    connection = op.get_bind()
    raw = connection.connection.dbapi_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError("this revision is for SQLite")
    raw.create_function("spaced_words", 1, spaced_words, deterministic=True)
    run_sql_of(__file__)
