"""`streetkeeper api`: the case API and its keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streetkeeper import api_store

if TYPE_CHECKING:
    from api.settings import ApiSettings
    from api.store import Store

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="markdown")
keys = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Make, list and revoke keys.\n\n"
        "A **worker** sends events and pictures, a **reader** and an **operator** read them, an **admin** "
        "may do everything. Keys are needed from the start; the first start of the API makes an admin's."
    ),
)
app.add_typer(keys, name="keys")
app.command()(api_store.purge)
app.command()(api_store.backup)
app.command()(api_store.restore)
DataDir = Annotated[Path | None, typer.Option(help="Folder of the data. [env: STREETKEEPER_API_DATA_DIR]")]


@app.callback(invoke_without_command=True)
def api(
    context: typer.Context,
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address. [env: STREETKEEPER_API_HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="Port. [env: STREETKEEPER_API_PORT]")] = None,
) -> None:
    """Run the case API: events and pictures in, history and the page of the newest incidents out.

    The first start makes an admin key and says in which file it lies: sign in with it on the page at `/`.
    Routes, settings and roles: docs/api.md, and `/openapi.json` of the running API.

    **Exit codes:** 0 ended by a signal; 2 wrong settings, a full disk or a database of a newer version.

    **Example:** streetkeeper api --data-dir /var/lib/streetkeeper/api --port 8600
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
    """Make a key and print it. It is not shown again.

    **Exit codes:** 0 made; 2 an unknown role, or no such folder.

    **Example:** streetkeeper api keys create --role worker --name worker-1 --data-dir DIR
    """
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
    """List the keys: id, role, name; never the keys themselves.

    **Exit codes:** 0 listed; 2 the folder holds no database of the case API.

    **Example:** streetkeeper api keys list --data-dir DIR
    """
    from api.store.keys import list_keys
    from streetkeeper.console import say

    with _known_store(data_dir) as store:
        for key in list_keys(store):
            revoked = f"  revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC" if key.revoked_at else ""
            say(f"{key.key_id}  {key.role:8}  made {key.created_at:%Y-%m-%d %H:%M} UTC  {key.name}{revoked}")


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key; it is refused from the next request on.

    **Exit codes:** 0 revoked; 1 there is no such key; 2 the folder holds no database of the case API.

    **Example:** streetkeeper api keys revoke b2991c408b89 --data-dir DIR
    """
    from api.store.keys import revoke_key
    from streetkeeper.console import say

    with _known_store(data_dir) as store:
        done = revoke_key(store, key_id)
    say(f"{key_id}: revoked" if done else f"{key_id}: there is no such key; `api keys list` shows the ids")
    raise typer.Exit(0 if done else 1)


@app.command("openapi")
def openapi() -> None:
    """Export the OpenAPI document to web/openapi.json.

    **Example:** streetkeeper api openapi
    """
    from api.openapi_export import PATH, write_document
    from streetkeeper.console import say

    write_document()
    say(f"written: {PATH}")


@contextmanager
def _known_store(data_dir: Path | None) -> "Iterator[Store]":
    """The store of an API that has run before: a mistyped folder is told, not filled with a new database."""
    from api.store import open_store
    from streetkeeper.console import faults_told

    with faults_told():
        folder = _settings(data_dir=data_dir).data_dir
        if not (folder / "streetkeeper.sqlite3").is_file():
            raise FileNotFoundError(
                f"{folder} holds no database of the case API; name its folder with --data-dir"
            )
        store = open_store(folder)
        try:
            yield store
        finally:
            store.close()


def _settings(**given: Any) -> "ApiSettings":
    from api.settings import ApiSettings

    return ApiSettings(**{name: value for name, value in given.items() if value is not None})
