"""`streetkeeper bench`: figures, each a command, one JSON line each."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Measure: each benchmark prints one JSON line.\n\n"
        "They run the shipped default configuration and print its SHA-256, the date and the processor. What "
        "was reached is in docs/results/benchmarks.md. Films are made "
        "by the commands and kept for the next time."
    ),
)


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
    """CPU seconds per camera-hour, beside a plain full-rate loop and a naive detector loop, in one run.

    Compare the ratios: on a busy machine the seconds move, and the ratios of one run hardly do.

    **Example:** streetkeeper bench density --rtsp 20
    """
    from benchmarks.density import density as measure
    from benchmarks.density_rtsp import density_rtsp
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(density_rtsp(rtsp, seconds) if rtsp else measure(file))


@app.command("analyze")
def analyze_speed(
    minutes: Annotated[float, typer.Option(min=1, help="Minutes of 1080p film; made where missing.")] = 60.0,
) -> None:
    """How many times faster than real time one core analyses recordings, everything included.

    **Example:** streetkeeper bench analyze --minutes 60
    """
    from benchmarks.analyze import analyze_speed as measure
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(measure(minutes))


@app.command()
def privacy() -> None:
    """How many persons stay recognisable after the mask pass, on real footage.

    The footage is not in this repository: STREETKEEPER_DATA names its folder, by default ../shared/data.

    **Exit codes:** 0 measured; 2 the footage is not there.

    **Example:** streetkeeper bench privacy
    """
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
    """What clips cost a camera in memory, and each clip in CPU seconds.

    **Exit codes:** 0 measured; 2 the film is too short, or there is no mask model.

    **Example:** streetkeeper bench clips
    """
    from benchmarks.clips import bench_clips
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(bench_clips(file))


@app.command()
def footage(
    to: Annotated[Path | None, typer.Option(help="Markdown file for the table, clip by clip.")] = None,
) -> None:
    """Hits, misses and false incidents on real footage, with the shipped models.

    The footage is not in this repository: STREETKEEPER_DATA names its folder, by default ../shared/data.

    **Exit codes:** 0 measured; 2 the footage is not there.

    **Example:** streetkeeper bench footage --to docs/results/real-footage.md
    """
    from benchmarks.footage import bench_footage
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(bench_footage(to))


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
    false incident. With the scenarios `nudges` (34 pushes a day) and `steady` (none) only the pose watch is
    measured: no detector, no report.

    **Exit codes:** 0 measured, whatever the figures say; 2 wrong options, or the folder holds camera-days of
    other code.

    **Example:** streetkeeper bench truth --seed 7 --days 1 --detector oracle --out truth-7
    """
    from benchmarks.truth import TruthRun, bench_truth
    from benchmarks.truth_nudges import bench_nudges
    from sample_videos.district.district_day import keys_of, open_district_day
    from sample_videos.district.pose_day import POSE_SCENARIOS
    from streetkeeper.console import camera_days_told, faults_told, say
    from streetkeeper.district import detector_kind

    kind = detector_kind(detector)
    measure = bench_nudges if scenario in POSE_SCENARIOS else bench_truth
    folder = out or Path(f"truth-{'-'.join(map(str, seed))}-{detector}-{split}-{scenario}")
    with faults_told():
        keys = [key for each in seed for key in keys_of(each, days, cameras, split, scenario)]
        with camera_days_told(len(keys)) as tell:
            line, table = measure(
                TruthRun(keys, kind, folder, jobs), open_district_day, lambda day: tell(day.name)
            )
        say(line)
        told = [] if scenario in POSE_SCENARIOS else [f"report: {folder / 'report.html'}"]
        for row in [*table, *told]:
            typer.echo(row, err=True)


@app.command()
def doubles(
    seed: Annotated[list[int], typer.Option(min=0, help="Of the world; several: name the option again.")],
    days: Annotated[int, typer.Option(min=1, max=100, help="Simulated days of each world.")] = 1,
    wait_minutes: Annotated[
        float, typer.Option(min=0, max=1440, help="How long an item waits for its verdict at most.")
    ] = 30.0,
) -> None:
    """One thing, one case: how often the district's overlapping cameras give a thing two cases; simulated.

    Prints one JSON line. What each camera tells of a thing goes through the case API's own store, and a
    person accepts the nearest proposal.

    **Exit codes:** 0 measured, whatever the figures say; 1 too few things were seen by two cameras; 2 wrong
    options.

    **Example:** streetkeeper bench doubles --seed 41 --seed 42
    """
    from benchmarks.doubles import DoublesRun, bench_doubles
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(bench_doubles(DoublesRun(seed, days, wait_minutes)))


@app.command()
def api(
    incidents: Annotated[int, typer.Option(min=1000, help="Incidents of the made-up year.")] = 1_000_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long to send under load.")] = 300.0,
    store: Annotated[str, typer.Option(help="Where the API keeps them: sqlite.")] = "sqlite",
    kills: Annotated[int, typer.Option(min=0, help="Instead: kill API and worker so often under load.")] = 0,
) -> None:
    """The case API over a district's year: history, clusters, evaluation, and sending under load.

    The year is made at the first run (minutes for a million) and kept in .work/bench-api; an interrupted
    first run goes on. Real HTTP, the API as a process of its own, times taken at the client. `--kills N`
    sends from a worker's spool instead, kills both with SIGKILL at random moments, and counts what is lost or
    doubled.

    **Exit codes:** 0 measured; 1 something was lost or doubled; 2 wrong options.

    **Example:** streetkeeper bench api --incidents 100000 --seconds 30
    """
    from benchmarks.api_bench import bench_api
    from benchmarks.api_kills import bench_kills
    from streetkeeper.console import faults_told, say, work_told

    if store != "sqlite":
        typer.echo(f"there is no store '{store}'; sqlite is the one there is", err=True)
        raise typer.Exit(2)
    with faults_told():
        with work_told() as tell:
            line, is_whole = bench_kills(kills, tell) if kills else bench_api(incidents, seconds, tell)
        say(line)
    raise typer.Exit(0 if is_whole else 1)


@app.command()
def places(
    seed: Annotated[list[int], typer.Option(min=0, help="Of the world; several: name the option again.")],
    days: Annotated[int, typer.Option(min=1, max=100, help="Simulated days of each world.")] = 5,
    split: Annotated[str, typer.Option(help="Drawings: train, test or all; all cameras.")] = "all",
    boxes: Annotated[int, typer.Option(min=1, max=100, help="Boxes of each thing, each with its error.")] = 1,
) -> None:
    """How far places are off and how many lie in their 95 % ellipse, without composing a picture.

    Boxes are the true ones with the oracle's errors; every camera-day has a calibration of its own. A day
    takes about ten seconds. Simulated.

    **Exit codes:** 0 measured, whatever the figures say; 2 wrong options.

    **Example:** streetkeeper bench places --seed 31 --days 8 --split test
    """
    from benchmarks.places import bench_places
    from streetkeeper.console import faults_told, say

    with faults_told():
        say(bench_places(seed, days, split, boxes))


@app.command("all")
def all_benches() -> None:
    """Every benchmark, short; one whose data is missing is left out and named.

    **Example:** streetkeeper bench all
    """
    from benchmarks.analyze import analyze_speed as measure_analyze
    from benchmarks.clips import bench_clips
    from benchmarks.density import density as measure_density
    from benchmarks.density_rtsp import density_rtsp
    from benchmarks.footage import bench_footage
    from benchmarks.privacy import bench_privacy
    from streetkeeper.console import faults_told, say

    benches: list[Callable[[], str]] = [
        lambda: measure_density(None),
        lambda: density_rtsp(cameras=20, seconds=60.0),
        lambda: measure_analyze(60.0),
        bench_privacy,
        lambda: bench_clips(None),
        bench_footage,
    ]
    with faults_told():
        for measure in benches:
            try:
                say(measure())
            except FileNotFoundError as error:
                say(f"left out: {error}")
