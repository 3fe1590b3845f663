"""`streetkeeper api`: the case API and its keys."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(help="Run the case API; make, list and revoke its keys.")
DataDir = Annotated[Path | None, typer.Option(help="Folder of the data. [env: STREETKEEPER_API_DATA_DIR]")]


@app.callback(invoke_without_command=True)
def api(
    context: typer.Context,
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address. [env: STREETKEEPER_API_HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="Port. [env: STREETKEEPER_API_PORT]")] = None,
) -> None:
    """Run the case API: events and pictures in, history and the page of the newest incidents out.

    The first start makes an admin key and says in which file it lies.
    """
    if context.invoked_subcommand is not None:
        return
    from api.__main__ import run
    from api.settings import ApiSettings

    given = {"data_dir": data_dir, "host": host, "port": port}
    run(ApiSettings(**{name: value for name, value in given.items() if value is not None}))
