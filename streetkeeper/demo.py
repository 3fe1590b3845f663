"""`streetkeeper demo`: the whole product on this machine, with films for cameras."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    seconds: Annotated[
        float | None, typer.Option(min=5, help="Stop after this time; default: run until Ctrl-C.")
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Folder for its state; a former demo in it is removed.")
    ] = Path(".demo"),
) -> None:
    """Replay films of the sample district over RTSP and watch events arrive in a case API.

    Cameras, worker and case API are processes of their own on this machine; only the streets are simulated.
    Each incident is told as it is stored, with its category, place, error and a link to the page.
    It needs no GPU, no camera and no internet.

    **Exit codes:** 0 the stall and the heap of the films were stored, or the demo was ended by hand;
    1 they were not; 2 it could not start, or a part of it ended (its log is named).

    **Example:** streetkeeper demo --seconds 90
    """
    from sample_videos.demo import run_demo
    from streetkeeper.console import faults_told, say

    with faults_told():
        code = run_demo(seconds, folder, say)
    raise typer.Exit(code)
