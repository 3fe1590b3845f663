"""`streetkeeper district`: the sample district, its parts and its films."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "The sample district: a simulated place with known truth.\n\n"
        "Everything that stands on its streets follows from a seed, so that what is measured in it can be "
        "compared with what was there; see docs/methods/sample-district.md."
    ),
)


@app.command()
def world(
    seed: Annotated[int, typer.Option(min=0, help="Of everything that happens.")] = 7,
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 1,
    scenario: Annotated[str, typer.Option(help="default, quiet, market or nudges.")] = "default",
) -> None:
    """Say what happens in some days of the district: incidents due and traps, a camera-day.

    For each camera: what is against a rule for long enough, near enough and seen well, and how many traps it
    meets; then each kind of trap. `easy` means fewer traps than a bench may boast of.

    **Exit codes:** 0 told; 2 no such scenario.

    **Example:** streetkeeper district world --seed 7 --days 2
    """
    from sample_videos.district.figures import world_figures
    from sample_videos.district.timeline import World
    from streetkeeper.console import say

    try:
        made = World(seed, 0, days, scenario)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    for line in world_figures(made):
        say(line)


@app.command()
def plan(
    out: Annotated[Path, typer.Option(help="Where the drawing goes (SVG).")] = Path("plan.svg"),
) -> None:
    """Draw the district: buildings, streets, cameras, and where things are put.

    **Exit codes:** 0 drawn; 2 the file cannot be written.

    **Example:** streetkeeper district plan --out plan.svg
    """
    from sample_videos.district.drawing import draw_plan
    from streetkeeper.console import faults_told, say

    with faults_told():
        out.write_text(draw_plan(), encoding="utf-8")
    say(f"plan drawn to {out}")
