"""`streetkeeper responsibility`: check a responsibility document."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Check a responsibility document: who answers for what, in which time, under which codes.\n\n"
        "Begin with config/responsibility.example.yaml; every key is explained in docs/responsibility.md."
    ),
)


@app.callback()
def _group() -> None:
    """Keeps `check` a word of its own while it is the only command."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The responsibility document (YAML).")],
    site: Annotated[Path | None, typer.Option(help="The site that it is used with.")] = None,
) -> None:
    """Say of each fault in a responsibility document where it is, what is wrong and how to mend it.

    With `--site` it also says where the two documents do not fit: areas, cameras, units, time zone.

    **Exit codes:** 0 no fault (there may be warnings); 1 faults; 2 a file cannot be read, or the site has
    faults of its own.

    **Example:** streetkeeper responsibility check my-responsibility.yaml --site my-site.yaml
    """
    from contracts.responsibility_check import check_responsibility, read_responsibility_text
    from contracts.site_check import load_site
    from streetkeeper.console import faults_told, say

    with faults_told():
        text = read_responsibility_text(file)
        used_with = load_site(site) if site is not None else None
    faults = check_responsibility(text, used_with)
    for fault in faults:
        line = f"line {fault.line}, " if fault.line is not None else ""
        say(f"{fault.severity}: {line}{fault.path}: {fault.problem}. {fault.remedy}")
    errors = sum(fault.severity == "error" for fault in faults)
    say(f"{file}: {errors} faults, {len(faults) - errors} warnings" if faults else f"{file}: in order")
    raise typer.Exit(1 if errors else 0)
