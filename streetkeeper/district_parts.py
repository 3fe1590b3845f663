"""`streetkeeper district objects` and `parts`: what Blender's Python draws."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["objects", "parts"]

Blender = Annotated[
    Path | None,
    typer.Option(
        "--blender-python",
        help="Python with the packages of requirements-render.txt; else STREETKEEPER_BLENDER_PYTHON.",
    ),
]

parts = typer.Typer(no_args_is_help=True, help="Remake the committed renders of the district; resumable.")


def objects(
    category: Annotated[str, typer.Option(help="As in events: street_vendor, garbage_pile, ...")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures; a second run goes on in it.")],
    count: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many pictures.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Picture n of a seed is always the same.")] = 1,
    split: Annotated[str, typer.Option(help="train, or test for a final measurement.")] = "train",
    blender_python: Blender = None,
) -> None:
    """Render fresh pictures of things, with alpha, to train a detector on.

    **Writes** PNG files under a uniform sky (255 times the root of the radiance) and `objects.jsonl`.

    **Exit codes:** 0 done; 2 Blender's Python is missing or its run had a fault (run it again, it goes on).

    **Example:** streetkeeper district objects --category garbage_pile --count 200 --seed 3 --out pictures
    """
    from sample_videos.district.blender import blender_python as find
    from sample_videos.district.blender import render
    from sample_videos.district.catalogue import CATALOGUE
    from streetkeeper.console import faults_told, say

    drawn = sorted({each.category for each in CATALOGUE.values() if each.family != "change"} - {""})
    if category not in drawn:
        raise typer.BadParameter(f"'{category}' is not drawn by itself; these are: {', '.join(drawn)}")
    if split not in ("train", "test"):
        raise typer.BadParameter(f"'{split}': train or test")
    with faults_told():
        chosen = ["--category", category, "--count", str(count), "--seed", str(seed), "--split", split]
        render(find(blender_python), ["fresh", *chosen, "--out", str(out.absolute())])
    say(f"{count} pictures of {category} in {out}; drawn, not photographed")


@parts.command("objects")
def part_objects(
    work: Annotated[Path, typer.Option(help="Folder of single views; kept, so that it can go on.")] = Path(
        ".work/render"
    ),
    only: Annotated[list[str] | None, typer.Option(help="Kinds or `kind-variant`; default all.")] = None,
    blender_python: Blender = None,
) -> None:
    """Render the atlases of things, people and vehicles.

    **Exit codes:** 0 done; 2 Blender's Python is missing or its run had a fault (run it again, it goes on).

    **Example:** streetkeeper district parts objects --only sedan --only person-b
    """
    _remake("objects", work, only, blender_python)


@parts.command("plates")
def part_plates(
    work: Annotated[Path, typer.Option(help="Folder of raw renders.")] = Path(".work/render"),
    only: Annotated[list[str] | None, typer.Option(help="Camera ids; default all.")] = None,
    blender_python: Blender = None,
) -> None:
    """Render each camera's empty street: under the sky, under its lamps, normals and depth.

    **Exit codes:** 0 done; 2 Blender's Python is missing or its run had a fault (run it again, it goes on).

    **Example:** streetkeeper district parts plates --only lane
    """
    _remake("plates", work, only, blender_python)


@parts.command("changes")
def part_changes(
    work: Annotated[Path, typer.Option(help="Folder of raw renders, with those of the plates.")] = Path(
        ".work/render"
    ),
    only: Annotated[list[str] | None, typer.Option(help="Ids of places; default all.")] = None,
    blender_python: Blender = None,
) -> None:
    """Render each building change in its place, as a cut of its camera's plate; plates come first.

    **Exit codes:** 0 done; 2 Blender's Python is missing or its run had a fault (run it again, it goes on).

    **Example:** streetkeeper district parts changes --only lane-banner
    """
    _remake("changes", work, only, blender_python)


def _remake(what: str, work: Path, only: list[str] | None, blender_python: Path | None) -> None:
    from sample_videos.district.blender import blender_python as find
    from sample_videos.district.blender import render
    from streetkeeper.console import faults_told, say

    folder = Path(__file__).resolve().parent.parent / "sample_videos" / "district" / "parts"
    with faults_told():
        places = ["--work", str(work.absolute()), "--parts", str(folder)]
        render(find(blender_python), [what, *places, *(["--only", *only] if only else [])])
    say(f"{what} are in {folder}")
