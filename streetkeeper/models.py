"""`streetkeeper models`: what is shipped, how good it is, how it is made."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "List, measure and train the models.\n\n"
        "Each model of models/manifest.yaml has a card in models/cards/ that says what it was trained on and "
        "where it fails."
    ),
)


@app.command("list")
def list_models() -> None:
    """Name the models of the manifest, with their classes and whether their files are in order.

    **Example:** streetkeeper models list
    """
    from models.registry import load_manifest
    from streetkeeper.console import say

    for line in load_manifest().lines():
        say(line)


@app.command("eval")
def evaluate(
    data: Annotated[Path, typer.Argument(help="Folder of pictures and labels (data.yaml of YOLO).")],
    model: Annotated[str, typer.Option(help="Name in the manifest.")] = "detector",
) -> None:
    """Measure a model on labelled pictures: AP50 per class with intervals and counts, as one JSON line.

    **Exit codes:** 0 measured; 2 no such model, or no pictures there.

    **Example:** streetkeeper models eval ../shared/data/images
    """
    import json

    from models.evaluate import evaluate as measure
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(json.dumps(measure(model, data)))


@app.command()
def calibrate(
    data: Annotated[
        list[Path],
        typer.Argument(help="Folders of pictures and labels (data.yaml of YOLO); their val split."),
    ],
    footage: Annotated[
        Path | None,
        typer.Option(help="Folder of clips whose persons and vehicles are labelled in benchmarks/."),
    ] = None,
    model: Annotated[str, typer.Option(help="Name in the manifest.")] = "detector",
) -> None:
    """Fit the maps from a model's scores to probabilities and say how good they are, as one JSON line.

    Use pictures that the model was not trained on. `calibration` of the line goes into models/manifest.yaml.

    **Exit codes:** 0 fitted; 2 no such model, or the pictures cannot be read.

    **Example:** streetkeeper models calibrate ../shared/data/images ../shared/data/images-vd
    """
    import itertools
    import json

    from benchmarks.shown_clips import shown_clips
    from models.calibrate import calibrate as fit
    from models.calibrate import labelled_pictures
    from models.registry import load_manifest
    from streetkeeper.console import faults_told, say

    with faults_told():
        classes = load_manifest().entry(model).classes
        shown = [labelled_pictures(folder, "val", classes) for folder in data]
        clips = [shown_clips(footage)] if footage is not None else []
        say(json.dumps(fit(model, itertools.chain(*shown, *clips))))


@app.command()
def train(
    recipe: Annotated[Path, typer.Option(help="Recipe file; see models/recipes/.")],
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted run goes on in it.")],
) -> None:
    """Fine-tune a model by a recipe. Needs the packages of requirements-train.txt.

    **Exit codes:** 0 trained; 2 the recipe or its data cannot be read.

    **Example:** streetkeeper models train --recipe models/recipes/detector.yaml --out .work/detector
    """
    from models.train import train as run
    from sample_videos import drawn
    from streetkeeper.console import faults_told

    with faults_told():
        run(recipe, out, drawn)
