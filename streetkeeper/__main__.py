"""`python -m streetkeeper` is the same as `streetkeeper`."""

from streetkeeper.main import app

app()
