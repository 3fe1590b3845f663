"""`streetkeeper analyze`: recordings in, a folder of results out."""

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["analyze"]


def analyze(
    inputs: Annotated[
        list[Path], typer.Argument(help="Files, folders, or quoted globs such as 'night/*.mp4'.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; an interrupted analysis goes on in it.")],
    site: Annotated[Path | None, typer.Option(help="Site file: zones, hours, permits, calibration.")] = None,
    camera: Annotated[str | None, typer.Option(help="The site's camera that all inputs come from.")] = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="Capture time of each camera's first frame, such as 2026-11-24T18:00:00+08:00; without a "
            "zone: on the site's clock. Default: from the file's metadata, its name, or its time on disk."
        ),
    ] = None,
    look_every: Annotated[
        float | None,
        typer.Option(min=0.2, max=3600, help="Seconds between looks. Default: the site's, or 10."),
    ] = None,
    dwell: Annotated[
        float | None, typer.Option(min=0, help="Seconds that a thing must stay. Default: the rules', or 300.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, max=64, help="Processes; one camera is always one process.")
    ] = 1,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say of everything that stayed why it is or is not an incident.")
    ] = False,
    api: Annotated[
        str | None, typer.Option(help="Also send to this case API; its key from STREETKEEPER_WORKER_API_KEY.")
    ] = None,
) -> None:
    """Analyse recordings: events, a map file, a table, masked pictures and a report.

    Without `--site` every file is its own uncalibrated camera and all rules hold everywhere.

    **Writes** events.jsonl, incidents.geojson, incidents.csv, evidence/, report.html, run.json and,
    with `--explain`, explain.jsonl.

    **Exit codes:** 0 all inputs read; 1 some inputs had a fault (named at the end, the rest is done);
    2 wrong options or site, or no room on the disk; 3 nothing could be read; 4 analysed, but the case API
    did not take everything; 130 interrupted. After 2, 4 and 130 the same command goes on from there.

    **Example:** streetkeeper analyze night/*.mp4 --dwell 120 --explain --out results
    """
    from stream_workers.analyze import run_analysis
    from stream_workers.inputs import AnalyzeOptions
    from streetkeeper.console import faults_told, make_progress, say

    options = AnalyzeOptions(
        out=out,
        site=site,
        camera=camera,
        start=_start(start),
        look_every_s=look_every,
        dwell_s=dwell,
        jobs=jobs,
        explain=explain,
        api_url=api,
    )
    try:
        with faults_told(), make_progress() as progress:
            summary = run_analysis(inputs, options, progress)
    except KeyboardInterrupt:
        say("Interrupted. What is done is kept; the same command goes on from there.")
        # A decoder or detector may still run in a thread: to end the interpreter under it aborts.
        sys.stdout.flush()
        os._exit(130)
    for line in summary.lines():
        say(line)
    raise typer.Exit(summary.exit_code)


def _start(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time; write it as 2026-11-24T18:00:00+08:00", param_hint="--start"
        ) from None
