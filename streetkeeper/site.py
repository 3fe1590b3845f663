"""`streetkeeper site`: check a site file and export the schemas."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

ApiUrl = Annotated[str, typer.Option(help="Address of the case API.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(help="File that holds the key of an administrator. Default: STREETKEEPER_KEY."),
]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Check a site file, give it to the case API, fetch it from there; export the JSON Schemas.\n\n"
        "A site file says what is watched, where rules hold, who may be there and who is responsible. Begin "
        "with config/site.example.yaml; every key is explained in docs/configure.md."
    ),
)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The site file (YAML).")],
) -> None:
    """Say of each fault in a site file where it is, what is wrong and how to mend it.

    A line names the key path, such as `zones[2].polygon_px`, then what is wrong, then the remedy. A worker
    does not start with faults; it starts with warnings.

    **Exit codes:** 0 no fault (there may be warnings); 1 faults; 2 the file cannot be read.

    **Example:** streetkeeper site check my-site.yaml
    """
    from contracts.site_check import check_site, load_site, read_site_text
    from stream_workers.site_fit import fit_faults
    from streetkeeper.console import faults_told, say

    with faults_told():
        text = read_site_text(file)
    faults = check_site(text)
    if not any(fault.severity == "error" for fault in faults):
        faults += fit_faults(load_site(text))
    for fault in faults:
        line = f"line {fault.line}, " if fault.line is not None else ""
        say(f"{fault.severity}: {line}{fault.path}: {fault.problem}. {fault.remedy}")
    errors = sum(fault.severity == "error" for fault in faults)
    say(f"{file}: {errors} faults, {len(faults) - errors} warnings" if faults else f"{file}: in order")
    raise typer.Exit(1 if errors else 0)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The site file (YAML).")],
    api: ApiUrl,
    reason: Annotated[str, typer.Option(help="Why; it stands in the history with your name.")],
    key_file: KeyFile = None,
) -> None:
    """Make a site file the site that holds in the case API; workers that take it from there follow.

    It becomes a new version, and what it changes is told key path by key path. One with faults is refused
    as by `site check`. From then on the API owns the site: export it, change it, import it again.

    **Exit codes:** 0 it holds (it may have held before); 2 faults in it, or the API refused it or was away.

    **Example:** streetkeeper site import my-site.yaml --api http://127.0.0.1:8600 --reason "first import"
    """
    from contracts.site_check import read_site_text
    from stream_workers.sinks.site_transfer import import_site
    from streetkeeper.console import faults_told, read_key, say

    with faults_told():
        made = import_site(api, read_key(key_file), read_site_text(file), reason)
    if not made.is_new:
        say(f"nothing changed: version {made.version} ({made.label}) holds")
        return
    for change in made.changes:
        say(change)
    say(f"version {made.version} ({made.label}) holds")


@app.command("export")
def export_(
    out: Annotated[Path, typer.Argument(help="File for the site (YAML).")],
    api: ApiUrl,
    version: Annotated[
        int | None, typer.Option(help="An earlier version. Default: the one that holds.")
    ] = None,
    key_file: KeyFile = None,
) -> None:
    """Write the site that holds in the case API, or an earlier version, into a file.

    **Exit codes:** 0 written; 2 there is no such version, or the API refused or was away.

    **Example:** streetkeeper site export my-site.yaml --api http://127.0.0.1:8600
    """
    from stream_workers.sinks.site_transfer import export_site
    from streetkeeper.console import faults_told, read_key, say

    with faults_told():
        out.write_text(export_site(api, read_key(key_file), version), encoding="utf-8")
    say(f"{out}: written")


@app.command()
def schema(
    out: Annotated[Path, typer.Option(help="Folder for the schemas.")] = Path("contracts/schema"),
) -> None:
    """Export the JSON Schemas of the event, the site and the responsibility document.

    **Example:** streetkeeper site schema --out contracts/schema
    """
    from contracts.schema_export import export
    from streetkeeper.console import say

    export(out)
    say(f"schemas written to {out}")
