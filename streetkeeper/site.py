"""`streetkeeper site`: check a site file and export the schemas."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Check a site file; export the JSON Schemas.\n\n"
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
