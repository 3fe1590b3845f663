"""Analyses one recording for a worker, in a process of its own that gives way to everything else.

Run as `python -m stream_workers.analysis_process`: the task as JSON on standard input, progress and the end
as JSON lines on standard output.
"""

import json
import os
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import Progress

from contracts.site_check import SiteRejected
from stream_workers.analyze import run_analysis
from stream_workers.errors import StorageBusy, StorageFull, StreamError
from stream_workers.inputs import AnalyzeOptions
from vision.errors import VisionError

__all__ = ["main"]

ROUND_S: Final = 1.0
NICEST: Final = 19
TRY_AGAIN: Final = 75


def main() -> int:
    """Analyse what standard input says."""
    os.nice(NICEST)
    task = json.loads(sys.stdin.read())
    progress = Progress(console=Console(file=sys.stderr, quiet=True), disable=True)
    threading.Thread(target=_follow, args=(progress, os.getppid()), daemon=True).start()
    try:
        summary = run_analysis([Path(task["input"])], _options(task), progress)
    except (StorageFull, StorageBusy):
        return TRY_AGAIN
    except (StreamError, SiteRejected, VisionError) as error:
        _say({"fault": str(error)})
        return 0
    faults = [file.fault for file in summary.files if file.fault]
    if faults:
        _say({"fault": faults[0]})
        return 0
    _say(
        {
            "run": summary.run,
            "incidents": summary.incidents,
            "looks": sum(file.looks for file in summary.files),
            "media_s": round(summary.media_s, 1),
            "cpu_s": round(summary.cpu_s, 1),
            "unsent": summary.unsent,
        }
    )
    return 0


def _options(task: dict[str, Any]) -> AnalyzeOptions:
    return AnalyzeOptions(
        out=Path(task["out"]),
        site=Path(task["site"]),
        camera=task["camera"],
        start=datetime.fromisoformat(task["start"]) if task["start"] else None,
        look_every_s=task["look_every_s"],
        dwell_s=task["dwell_s"],
        api_url=task["api_url"],
    )


def _follow(progress: Progress, parent: int) -> None:
    """Tell how far it is; end with the worker, also where that was killed."""
    told = -1.0
    while True:
        time.sleep(ROUND_S)
        if os.getppid() != parent:
            os._exit(TRY_AGAIN)
        for task in progress.tasks:
            share = round(task.completed / task.total, 3) if task.total else 0.0
            if share != told:
                told = share
                _say({"progress": share, "note": task.description})


def _say(document: dict[str, Any]) -> None:
    try:
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()
    except OSError:
        # The worker is gone: its next start goes on from the last committed look, and two must not at once.
        os._exit(TRY_AGAIN)


if __name__ == "__main__":
    sys.exit(main())
