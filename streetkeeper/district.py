"""`streetkeeper district`: the sample district, its parts and its films."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from streetkeeper import district_parts

__all__ = ["app", "detector_kind"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "The sample district: a simulated place with known truth.\n\n"
        "Everything that stands on its streets follows from a seed, so that what is measured in it can be "
        "compared with what was there; see docs/methods/sample-district.md."
    ),
)
app.command()(district_parts.objects)
app.add_typer(district_parts.parts, name="parts")


@app.command()
def world(
    seed: Annotated[int, typer.Option(min=0, help="Of everything that happens.")] = 7,
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 1,
    scenario: Annotated[
        str, typer.Option(help="default, quiet, market, nudges or changes (of buildings).")
    ] = "default",
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
def month(
    name: Annotated[str, typer.Option("--month", help="Which month, such as 2026-10.")] = "2026-10",
    seed: Annotated[int, typer.Option(min=0, help="Of everything that happens.")] = 7,
    responsibility: Annotated[Path, typer.Option(help="Who acts, in which time.")] = Path(
        "config/responsibility.example.yaml"
    ),
    out: Annotated[Path | None, typer.Option(help="Where the page goes (Markdown); left out: shown.")] = None,
) -> None:
    """Make a month of the district's cases through the case API's functions, and evaluate it.

    Reports, verdicts and what units do are invented, drawn from a seed. It shows what becomes of a month:
    clocks, reminders, rates by street, unit and category, and where things come back. Takes about a minute.

    **Exit codes:** 0 made; 2 no such month, or the responsibility document has faults.

    **Example:** streetkeeper district month --month 2026-10 --seed 7 --out worked-month.md
    """
    from sample_videos.district.case_month_page import worked_month
    from streetkeeper.console import faults_told, say

    with faults_told():
        try:
            page = worked_month(name, seed, responsibility)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        if out is not None:
            out.write_text(page, encoding="utf-8")
    say(page if out is None else f"{out}: written")


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


@app.command()
def films(
    only: Annotated[
        list[str] | None, typer.Option(help="A camera's film; may be repeated. Default: what is missing.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; default: sample_videos/films.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes at once.")] = 2,
) -> None:
    """Compose the sample district's films from the committed renders, with truth, site and base map.

    Truth, site and map come out the same to the last byte; films differ where the encoder does. A film takes
    four to ten minutes of one core.

    **Exit codes:** 0 all are there; 2 no such film, or renders are missing.

    **Example:** streetkeeper district films --only lane --out /tmp/films
    """
    from sample_videos.district.clips import FOLDER, make_contact_sheet, make_films, write_documents
    from sample_videos.district.films import film_of
    from sample_videos.district.parts import Parts
    from streetkeeper.console import faults_told, say

    folder = out or FOLDER
    try:
        for name in only or ():
            film_of(name)
    except KeyError as error:
        raise typer.BadParameter(str(error.args[0])) from error
    with faults_told():
        write_documents(folder)
        make_films(folder, only or (), jobs, say)
        make_contact_sheet(folder / "contact-sheet.jpg", Parts())
    say(f"films, truth.json, site.yaml, base_map.geojson and contact-sheet.jpg are in {folder}")


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the camera-days; a second run goes on in it.")],
    seed: Annotated[int, typer.Option(min=0, help="Of the world, the calibrations and the oracle.")] = 7,
    cameras: Annotated[int, typer.Option(min=1, max=8, help="How many of the split's cameras.")] = 8,
    days: Annotated[int, typer.Option(min=1, max=1000, help="Simulated days of each camera.")] = 1,
    detector: Annotated[
        str, typer.Option(help="oracle: knows the truth, and errs; model: the shipped one.")
    ] = "oracle",
    split: Annotated[str, typer.Option(help="Cameras: train, test or all.")] = "all",
    scenario: Annotated[
        str, typer.Option(help="default, quiet, market, nudges or changes (of buildings).")
    ] = "default",
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes at once.")] = 1,
) -> None:
    """Compose looks of the district and feed the worker's own pipeline, without films.

    **Writes** one JSON file per camera-day: what was true, what was told, and why.

    **Exit codes:** 0 all camera-days are there; 2 wrong options, or the folder holds camera-days of
    other code.

    **Example:** streetkeeper district simulate --seed 7 --cameras 2 --days 1 --jobs 2 --out simulated
    """
    from sample_videos.district.district_day import keys_of, open_district_day
    from sample_videos.district.simulate import simulate as run
    from streetkeeper.console import camera_days_told, faults_told, say

    looks = incidents = 0
    with faults_told():
        keys = keys_of(seed, days, cameras, split, scenario)
        with camera_days_told(len(keys)) as tell:
            for day in run(keys, open_district_day, detector_kind(detector), out, jobs):
                looks, incidents = looks + day.looks, incidents + len(day.incidents)
                tell(day.name)
    say(f"{len(keys)} camera-days, {looks} looks, {incidents} incidents in {out}; simulated")


def detector_kind(name: str) -> Literal["oracle", "model"]:
    """What stands in the detector's place.

    Raises:
        typer.BadParameter: It is neither.
    """
    if name == "oracle":
        return "oracle"
    if name == "model":
        return "model"
    raise typer.BadParameter(f"'{name}': oracle or model")
