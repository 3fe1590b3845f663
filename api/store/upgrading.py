"""Runs the revisions that a database lacks. The only place that knows Alembic and SQLAlchemy."""

import logging
import sqlite3
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

__all__ = ["upgrade"]

FOLDER = Path(__file__).parent / "migrations"
# Each revision at level INFO is nothing that who runs the API, or makes a key, need read.
logging.getLogger("alembic").setLevel(logging.WARNING)


@lru_cache
def _scripts() -> tuple[Config, ScriptDirectory]:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config, ScriptDirectory.from_config(config)


def upgrade(
    path: Path, wait_s: float, revision_of: Callable[[sqlite3.Connection], str | None], newest: str
) -> None:
    """Bring the database at `path` to the newest revision in one transaction.

    Args:
        path: The file.
        wait_s: How long another process may hold it.
        revision_of: The schema of a database as it is; refuses a newer one.
        newest: The revision to reach.
    """
    _scripts()  # read before the file is held

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(path, timeout=wait_s, isolation_level=None)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    # The driver's own habit of opening transactions would leave schema changes outside of them.
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            raw = connection.connection.dbapi_connection
            if not isinstance(raw, sqlite3.Connection):
                raise TypeError("the engine gave another driver's connection")
            # Read inside the transaction: a second process that starts at once waits, then finds it done.
            revision = revision_of(raw)
            if revision != newest:
                _run(connection, revision, newest)
                connection.exec_driver_sql(f"PRAGMA user_version = {int(newest)}")
    finally:
        engine.dispose()


def _run(connection: Connection, revision: str | None, newest: str) -> None:
    config, scripts = _scripts()
    context = MigrationContext.configure(connection)
    if revision is not None and not context.get_current_heads():
        # Written before Alembic was used here: it is taken over as it stands.
        context.stamp(scripts, revision)

    def steps(_: Any, __: Any) -> Any:
        return scripts._upgrade_revs(newest, revision)  # type: ignore[arg-type]

    with EnvironmentContext(config, scripts, fn=steps, destination_rev=newest) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
