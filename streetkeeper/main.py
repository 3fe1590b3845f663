"""`streetkeeper`: the one command line.

Each group lives in a module of its own and imports what it needs only when it runs, so that
`--help` answers at once.
"""

import typer

from streetkeeper import (
    analyze,
    api,
    audit,
    bench,
    calibrate,
    demo,
    district,
    models,
    responsibility,
    site,
    worker,
)

__all__ = ["app"]

app = typer.Typer(
    name="streetkeeper",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    help=(
        "City-management video analytics: camera streams in, georeferenced events out.\n\n"
        "Start with `streetkeeper demo`, then `streetkeeper analyze FILE --out DIR` on your own recording. "
        "For live cameras write a site file, check it with `streetkeeper site check FILE`, and run "
        "`streetkeeper api` and `streetkeeper worker --site FILE`."
    ),
)
app.command()(demo.demo)
app.command()(worker.worker)
app.add_typer(api.app, name="api")
app.add_typer(audit.app, name="audit")
app.command()(analyze.analyze)
app.command()(calibrate.calibrate)
app.add_typer(site.app, name="site")
app.add_typer(responsibility.app, name="responsibility")
app.add_typer(models.app, name="models")
app.add_typer(bench.app, name="bench")
app.add_typer(district.app, name="district")
