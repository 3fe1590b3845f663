"""Numbered changes of the schema, run by Alembic; each is a file in `versions`, its SQL beside it."""
