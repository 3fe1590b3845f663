"""`streetkeeper api users`: the people who sign in."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streetkeeper.api_store import DataDir, known_store

if TYPE_CHECKING:
    from api.store import Store

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Make, list and disable users, and give them passwords.\n\n"
        "Whoever may read the data folder may use these, also when nobody can sign in any more. What they do "
        "stands in the audit log as done by `command`."
    ),
)
Name = Annotated[str, typer.Argument(help="What the user signs in with.")]
PasswordFile = Annotated[
    Path | None,
    typer.Option(help="File whose first line is the password; without it, it is asked for, or piped in."),
]


@app.command("create")
def create(
    name: Name,
    role: Annotated[str, typer.Option(help="reader, operator, dispatcher, unit, supervisor, ... or admin.")],
    area: Annotated[
        list[str] | None, typer.Option(help="Area that he is limited to; may be repeated.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit that he works for.")] = None,
    password_file: PasswordFile = None,
    data_dir: DataDir = None,
) -> None:
    """Make a user who signs in with a password of 12 characters or more.

    **Exit codes:** 0 made; 2 an unknown role, a name that is taken, a password too weak, or no such folder.

    **Example:** streetkeeper api users create wang.li --role operator --area east-street --data-dir DIR
    """
    from api.passwords import check_password_rules, hash_password
    from api.store.rights import checked_rights
    from api.store.users import create_user
    from streetkeeper.console import say

    with known_store(data_dir) as store:
        rights = checked_rights(role, area or None, unit)
        password = _password(password_file)
        check_password_rules(password, name)
        create_user(store, name, rights, password=hash_password(password))
        say(f"{name}: made, {role}, {', '.join(sorted(rights.areas)) if rights.areas else 'everywhere'}")


@app.command("list")
def list_all(data_dir: DataDir = None) -> None:
    """List the users: name, role, areas, how they sign in and when they last did.

    **Exit codes:** 0 listed; 2 the folder holds no database of the case API.

    **Example:** streetkeeper api users list --data-dir DIR
    """
    from api.store.users import list_users
    from streetkeeper.console import say

    with known_store(data_dir) as store:
        for user in list_users(store):
            where = ", ".join(sorted(user.rights.areas)) if user.rights.areas else "everywhere"
            how = "password" if user.issuer is None else "provider"
            last = f"{user.signed_in_at:%Y-%m-%d %H:%M} UTC" if user.signed_in_at else "never signed in"
            disabled = "  disabled" if user.disabled_at else ""
            say(f"{user.name:20}  {user.rights.role:10}  {where}  {how}  {last}{disabled}")


@app.command("disable")
def disable(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Let the user sign in again.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Let a user sign in no more, and end the sessions at once. Users are never deleted: histories name them.

    **Exit codes:** 0 done; 1 there is no such user; 2 the folder holds no database of the case API.

    **Example:** streetkeeper api users disable wang.li --data-dir DIR
    """
    from api.store.users import change_user
    from streetkeeper.console import say

    with known_store(data_dir) as store:
        change_user(store, _known(store, name), is_disabled=not undo)
    say(f"{name}: {'may sign in again' if undo else 'disabled'}")


@app.command("password")
def password(name: Name, password_file: PasswordFile = None, data_dir: DataDir = None) -> None:
    """Give a user a new password; the user's sessions end.

    **Exit codes:** 0 done; 1 there is no such user; 2 a password too weak, or no such folder.

    **Example:** streetkeeper api users password wang.li --data-dir DIR
    """
    from api.passwords import check_password_rules, hash_password
    from api.store.users import set_password
    from streetkeeper.console import say

    with known_store(data_dir) as store:
        user_id = _known(store, name)
        given = _password(password_file)
        check_password_rules(given, name)
        set_password(store, user_id, hash_password(given))
    say(f"{name}: has a new password")


def _known(store: "Store", name: str) -> str:
    """The id of a user; ends with code 1 where there is none."""
    from api.store.users import find_user_by_name
    from streetkeeper.console import say

    user = find_user_by_name(store, name)
    if user is None:
        say(f"{name}: there is no such user; `api users list` shows the names")
        raise typer.Exit(1)
    return user.user_id


def _password(file: Path | None) -> str:
    """A password from a file, a pipe, or a person, who types it twice; never from the command's own words."""
    if file is not None:
        return (file.read_text(encoding="utf-8").splitlines() or [""])[0]
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
