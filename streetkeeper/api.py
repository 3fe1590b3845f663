"""`streetkeeper api`: the case API, its keys and its users."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from streetkeeper import api_keeping, api_users
from streetkeeper.api_store import DataDir, api_settings, known_store

__all__ = ["app"]

app = typer.Typer(rich_markup_mode="markdown")
keys = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Make, list and revoke keys.\n\n"
        "A **worker** sends events and pictures, a **reader** reads them; docs/api.md has all roles. Keys "
        "are for machines, `api users` for people; the first start of the API makes an admin's key."
    ),
)
app.add_typer(keys, name="keys")
app.add_typer(api_users.app, name="users")
app.command()(api_keeping.purge)
app.command()(api_keeping.backup)
app.command()(api_keeping.restore)


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
        run(api_settings(data_dir=data_dir, host=host, port=port), say)


@keys.command("create")
def create(
    role: Annotated[str, typer.Option(help="worker, reader, operator, ... or admin.")],
    name: Annotated[str, typer.Option(help="Whose key it is; no secret.")],
    area: Annotated[
        list[str] | None, typer.Option(help="Area that it is limited to; may be repeated.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit that it works for.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="Part of what the role may, such as read; may be repeated.")
    ] = None,
    days: Annotated[float | None, typer.Option(help="Days after which it ends by itself.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it. It is not shown again.

    **Exit codes:** 0 made; 2 an unknown role, or no such folder.

    **Example:** streetkeeper api keys create --role worker --name worker-1 --data-dir DIR
    """
    from api.store import open_store
    from api.store.keys import create_key
    from api.store.rights import checked_rights
    from streetkeeper.console import faults_told, say

    with faults_told():
        store = open_store(api_settings(data_dir=data_dir).data_dir)
        try:
            rights = checked_rights(role, area or None, unit, scope or None)
            expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
            say(create_key(store, rights, name, expires_at=expires_at))
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

    with known_store(data_dir) as store:
        for key in list_keys(store):
            limits = "".join(
                f"  {word} {', '.join(sorted(values))}"
                for word, values in (
                    ("areas", key.rights.areas),
                    ("scopes", {scope.name.lower() for scope in key.rights.scopes or ()}),
                )
                if values
            )
            ends = f"  ends {key.expires_at:%Y-%m-%d %H:%M} UTC" if key.expires_at else ""
            used = f"  used {key.used_at:%Y-%m-%d %H:%M} UTC" if key.used_at else ""
            revoked = f"  revoked {key.revoked_at:%Y-%m-%d %H:%M} UTC" if key.revoked_at else ""
            say(
                f"{key.key_id}  {key.role:10}  made {key.created_at:%Y-%m-%d %H:%M} UTC  {key.name}"
                f"{limits}{used}{ends}{revoked}"
            )


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

    with known_store(data_dir) as store:
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
