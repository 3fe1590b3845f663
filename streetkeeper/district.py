"""`streetkeeper district`: the sample district, its parts and its films."""

from pathlib import Path
from typing import Annotated

import typer

from streetkeeper import district_parts

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The sample district: a simulated place with known truth.")
app.command()(district_parts.objects)
app.add_typer(district_parts.parts, name="parts")


@app.callback()
def district() -> None:
    """Make and describe the sample district."""


@app.command()
def plan(
    out: Annotated[Path, typer.Option(help="Where the drawing goes (SVG).")] = Path("plan.svg"),
) -> None:
    """Draw the district: buildings, streets, cameras, and where things are put."""
    from sample_videos.district.drawing import draw_plan
    from streetkeeper.console import faults_told, say

    with faults_told():
        out.write_text(draw_plan(), encoding="utf-8")
    say(f"plan drawn to {out}")
