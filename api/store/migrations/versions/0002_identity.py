"""Users, sessions, limits of keys, and the audit log."""

from api.store.migrations.scripts import previous_revision, run_sql_of

revision = "0002"
down_revision = previous_revision(__file__)


def upgrade() -> None:
    """Run the SQL of the same name."""
    run_sql_of(__file__)
