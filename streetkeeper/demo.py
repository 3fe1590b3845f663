"""`streetkeeper demo`: the whole product on this machine, with films for cameras."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    seconds: Annotated[
        float | None, typer.Option(min=5, help="Stop after this time; default: run until Ctrl-C.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder for its state; emptied first.")] = Path(".demo"),
) -> None:
    """Replay drawn street films over RTSP and watch events arrive in a case API.

    **Exit codes:** 0 the stall and the heap of the films were stored; 1 they were not.
    """
    from sample_videos.demo import run_demo
    from streetkeeper.console import faults_told, say

    with faults_told():
        code = run_demo(seconds, folder, say)
    raise typer.Exit(code)
