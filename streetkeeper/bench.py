"""`streetkeeper bench`: figures, each a command, one JSON line each."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Measure: each benchmark prints one JSON line.")


@app.command()
def density(
    file: Annotated[
        Path | None, typer.Option(help="A film of your own; default: one that the command makes.")
    ] = None,
    rtsp: Annotated[
        int, typer.Option(min=0, max=200, help="Measure over this many loopback RTSP cameras.")
    ] = 0,
    seconds: Annotated[float, typer.Option(min=10, help="Length of the RTSP measurement.")] = 60.0,
) -> None:
    """CPU seconds per camera-hour, beside a plain full-rate loop and a naive detector loop, in one run."""
    from benchmarks.density import density as measure
    from benchmarks.density_rtsp import density_rtsp
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(density_rtsp(rtsp, seconds) if rtsp else measure(file))


@app.command("analyze")
def analyze_speed(
    minutes: Annotated[float, typer.Option(min=1, help="Minutes of 1080p film; made where missing.")] = 60.0,
) -> None:
    """How many times faster than real time one core analyses recordings, everything included."""
    from benchmarks.analyze import analyze_speed as measure
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(measure(minutes))


@app.command()
def privacy() -> None:
    """How many persons stay recognisable after the mask pass, on real footage."""
    from benchmarks.privacy import bench_privacy
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(bench_privacy())


@app.command()
def truth(
    seed: Annotated[list[int], typer.Option(min=0, help="Of the world; several: name the option again.")],
    days: Annotated[int, typer.Option(min=1, max=1000, help="Simulated days of each camera.")] = 1,
    detector: Annotated[
        str, typer.Option(help="oracle: knows the truth, and errs; model: the shipped one.")
    ] = "oracle",
    split: Annotated[str, typer.Option(help="Cameras and things: train, test or all.")] = "all",
    scenario: Annotated[str, typer.Option(help="What the world is like.")] = "default",
    cameras: Annotated[int, typer.Option(min=1, max=8, help="How many of the split's cameras.")] = 8,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Processes at once.")] = 2,
    out: Annotated[
        Path | None, typer.Option(help="Folder for camera-days and report; a second run goes on in it.")
    ] = None,
) -> None:
    """How good the pipeline is against the sample district's exact truth; simulated.

    Prints one JSON line, a table on standard error, and writes report.html with every miss and every
    false incident.

    **Example:** streetkeeper bench truth --seed 7 --days 1 --detector oracle --out truth-7
    """
    from benchmarks.truth import TruthRun, bench_truth
    from sample_videos.district.district_day import keys_of, open_district_day
    from streetkeeper.console import camera_days_told, faults_told, say
    from streetkeeper.district import detector_kind

    kind = detector_kind(detector)
    folder = out or Path(f"truth-{'-'.join(map(str, seed))}-{detector}-{split}-{scenario}")
    with faults_told():
        keys = [key for each in seed for key in keys_of(each, days, cameras, split, scenario)]
        with camera_days_told(len(keys)) as tell:
            line, table = bench_truth(
                TruthRun(keys, kind, folder, jobs), open_district_day, lambda day: tell(day.name)
            )
        say(line)
        for row in [*table, f"report: {folder / 'report.html'}"]:
            typer.echo(row, err=True)


@app.command("all")
def all_benches() -> None:
    """Every benchmark, short."""
    from benchmarks.analyze import analyze_speed as measure_analyze
    from benchmarks.density import density as measure_density
    from benchmarks.privacy import bench_privacy
    from streetkeeper.console import faults_told, say

    benches: list[Callable[[], str]] = [
        lambda: measure_density(None),
        lambda: measure_analyze(10.0),
        bench_privacy,
    ]
    with faults_told():
        for measure in benches:
            try:
                say(measure())
            except FileNotFoundError as error:
                say(f"left out: {error}")
