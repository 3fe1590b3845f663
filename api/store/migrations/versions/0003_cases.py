"""Review items, verdicts, cases with their steps and sources, reports, audit looks, dispatch budgets."""

from api.store.migrations.scripts import previous_revision, run_sql_of

revision = "0003"
down_revision = previous_revision(__file__)


def upgrade() -> None:
    """Run the SQL of the same name."""
    run_sql_of(__file__)
