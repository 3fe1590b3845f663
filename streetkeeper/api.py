"""`streetkeeper api`: the case API and its keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from api.settings import ApiSettings

__all__ = ["app"]

app = typer.Typer(help="Run the case API; make, list and revoke its keys.")
keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys. A key is shown once.")
app.add_typer(keys, name="keys")
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

    **Exit codes:** 0 ended by a signal; 2 wrong settings, a full disk or a database of a newer version.
    """
    if context.invoked_subcommand is not None:
        return
    from api.serve import run
    from streetkeeper.console import faults_told, say

    with faults_told():
        run(_settings(data_dir=data_dir, host=host, port=port), say)


@keys.command("create")
def create(
    role: Annotated[str, typer.Option(help="worker, reader, operator or admin.")],
    name: Annotated[str, typer.Option(help="Whose key it is; no secret.")],
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it. It is not shown again."""
    from api.store import open_store
    from api.store.keys import create_key
    from streetkeeper.console import faults_told, say

    with faults_told():
        store = open_store(_settings(data_dir=data_dir).data_dir)
        try:
            say(create_key(store, role, name))
        finally:
            store.close()


@keys.command("list")
def list_all(data_dir: DataDir = None) -> None:
    """List the keys: id, role, name; never the keys themselves."""
    from api.store import open_store
    from api.store.keys import list_keys
    from streetkeeper.console import say

    store = open_store(_settings(data_dir=data_dir).data_dir)
    try:
        for key in list_keys(store):
            say(str(key))
    finally:
        store.close()


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key; it is refused from the next request on."""
    from api.store import open_store
    from api.store.keys import revoke_key
    from streetkeeper.console import say

    store = open_store(_settings(data_dir=data_dir).data_dir)
    try:
        done = revoke_key(store, key_id)
    finally:
        store.close()
    say(f"{key_id}: revoked" if done else f"{key_id}: there is no such key")
    raise typer.Exit(0 if done else 1)


@app.command("openapi")
def openapi() -> None:
    """Export the OpenAPI document to web/openapi.json."""
    from api.openapi_export import PATH, write_document
    from streetkeeper.console import say

    write_document()
    say(f"written: {PATH}")


def _settings(**given: Any) -> "ApiSettings":
    from api.settings import ApiSettings

    return ApiSettings(**{name: value for name, value in given.items() if value is not None})
