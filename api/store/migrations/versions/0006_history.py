"""History: what lists ask by, live changes, runs, holds, and which evidence is named."""

import sqlite3

from alembic import op

from api.store.migrations.scripts import previous_revision, run_sql_of
from api.store.words import spaced_words

revision = "0006"
down_revision = previous_revision(__file__)

CASES_ARE_TOLD = """
CREATE TRIGGER case_steps_are_told AFTER INSERT ON case_steps
BEGIN
    INSERT INTO changes (at_ms, kind, subject, run, area, category, sequence)
        SELECT NEW.at_ms, 'case', NEW.case_id, run, area, category, NEW.step_key
        FROM cases WHERE case_id = NEW.case_id;
END
"""
CASES_IN_TIME = "CREATE INDEX cases_in_time ON cases (run, reported_ms, case_key)"


def upgrade() -> None:
    """Run the SQL of the same name, and tell the steps of cases where there are cases."""
    connection = op.get_bind()
    raw = connection.connection.dbapi_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError("this revision is for SQLite")
    raw.create_function("spaced_words", 1, spaced_words, deterministic=True)
    raw.create_function("unhexed", 1, bytes.fromhex, deterministic=True)
    run_sql_of(__file__)
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'case_steps'").fetchone():
        connection.exec_driver_sql(CASES_ARE_TOLD)
        connection.exec_driver_sql(CASES_IN_TIME)
