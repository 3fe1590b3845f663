"""How many times faster than real time one core analyses recordings, everything included."""

import json
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.density import default_site
from benchmarks.figures import NotAsPromised, config_sha256, line
from benchmarks.film import measure_film, recording_film

__all__ = ["analyze_figures", "analyze_speed"]


def analyze_speed(minutes: float) -> str:
    """Analyse so many minutes of 1080p film in a fresh folder and give the JSON line.

    The film is a recording of ten minutes in which something is left that becomes an incident. Its copies
    differ in a box that players skip, so that each is a recording of a camera of its own.
    The command runs as a user runs it, so the interpreter's start counts too.

    Raises:
        NotAsPromised: The film is not what it is promised to be, a recording gave no incident with
            pictures, or the command failed.
    """
    film = recording_film()
    facts = measure_film(film).check_default()
    copies = max(1, round(minutes * 60 / facts.seconds))
    with tempfile.TemporaryDirectory(dir=film.parent) as folder:
        recordings, out = Path(folder) / "recordings", Path(folder) / "out"
        recordings.mkdir()
        for number in range(copies):
            copy = recordings / f"film-{number:04}.mp4"
            shutil.copyfile(film, copy)
            with copy.open("ab") as file:
                file.write(_unused_box(number))
        before = _children_cpu_s()
        command = [sys.executable, "-m", "streetkeeper", "analyze", str(recordings), "--out", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        spent = _children_cpu_s() - before
        if done.returncode:
            raise NotAsPromised(f"the analysis ended with {done.returncode}: {done.stderr[-300:]}")
        run = json.loads((out / "run.json").read_text(encoding="utf-8"))
        # Not the files: recordings that are alike give pictures that are alike, and a picture is kept once.
        opened = map(json.loads, (out / "events.jsonl").read_text(encoding="utf-8").splitlines())
        pictures = sum(len(event["data"]["evidence"]) for event in opened if event["type"].endswith("opened"))
    figures = analyze_figures(run, spent, pictures)
    config = config_sha256(default_site().model_dump_json())
    return line("analyze", {**figures, "config_sha256": config, **facts.facts()})


def analyze_figures(run: Mapping[str, Any], cpu_s: float, pictures: int) -> dict[str, float]:
    """The figures of a finished run.

    Args:
        run: What its `run.json` says.
        cpu_s: CPU seconds of the whole command.
        pictures: Pictures of evidence that its opened incidents name.

    Raises:
        NotAsPromised: There are fewer incidents or pictures than recordings.
    """
    files, incidents = len(run["inputs"]), run["incidents"]
    if min(incidents, pictures) < files:
        raise NotAsPromised(
            f"{files} recordings gave {incidents} incidents and {pictures} pictures; evidence is part of "
            "what is measured"
        )
    return {
        "realtime_factor_per_core": round(run["media_s"] / cpu_s, 1),
        "media_s": round(run["media_s"], 1),
        "cpu_s": round(cpu_s, 2),
        "files": files,
        "incidents": incidents,
        "evidence_pictures": pictures,
    }


def _unused_box(number: int) -> bytes:
    """A numbered box of an MP4 file that holds nothing.

    Source: ISO/IEC 14496-12, section 8.1.2 (`free`).
    """
    return struct.pack(">I4sQ", 16, b"free", number)


def _children_cpu_s() -> float:
    """CPU seconds of the processes that this one has ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
