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
def clips(
    file: Annotated[
        Path | None, typer.Option(help="A film of your own; default: one that the command makes.")
    ] = None,
) -> None:
    """What clips cost a camera in memory, and each clip in CPU seconds."""
    from benchmarks.clips import bench_clips
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(bench_clips(file))


@app.command("all")
def all_benches() -> None:
    """Every benchmark, as the documents quote them; one that lacks its data is left out and says so."""
    from benchmarks.analyze import analyze_speed as measure_analyze
    from benchmarks.clips import bench_clips
    from benchmarks.density import density as measure_density
    from benchmarks.density_rtsp import density_rtsp
    from benchmarks.privacy import bench_privacy
    from streetkeeper.console import faults_told, say

    benches: list[Callable[[], str]] = [
        lambda: measure_density(None),
        lambda: density_rtsp(cameras=20, seconds=60.0),
        lambda: measure_analyze(60.0),
        bench_privacy,
        lambda: bench_clips(None),
    ]
    with faults_told():
        for measure in benches:
            try:
                say(measure())
            except FileNotFoundError as error:
                say(f"left out: {error}")
