"""Versions of the configuration, commands for workers, leases of cameras, pictures from outside."""

from api.store.migrations.scripts import previous_revision, run_sql_of

revision = "0005"
down_revision = previous_revision(__file__)


def upgrade() -> None:
    """Run the SQL of the same name."""
    run_sql_of(__file__)
