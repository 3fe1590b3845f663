"""How many times faster than real time one core analyses recordings, everything included."""

import os
import tempfile
from pathlib import Path

from rich.progress import Progress

from benchmarks.density import default_site
from benchmarks.figures import config_sha256, line
from benchmarks.film import measure_film, street_film
from stream_workers.analyze import run_analysis
from stream_workers.inputs import AnalyzeOptions

__all__ = ["analyze_speed"]


def analyze_speed(minutes: float) -> str:
    """Analyse so many minutes of 1080p film in a fresh folder and give the JSON line.

    The film is one minute under as many names (hard links) as needed: each is hashed, opened and
    analysed as a recording of its own.
    """
    film = street_film()
    facts = measure_film(film)
    copies = max(1, round(minutes * 60 / facts.seconds))
    with tempfile.TemporaryDirectory(dir=film.parent) as folder:
        recordings = Path(folder) / "recordings"
        recordings.mkdir()
        for number in range(copies):
            os.link(film, recordings / f"film-{number:04}.mp4")
        summary = run_analysis([recordings], AnalyzeOptions(out=Path(folder) / "out"), Progress(disable=True))
    figures = {
        "realtime_factor_per_core": round(summary.media_s / summary.cpu_s, 1),
        "media_s": round(summary.media_s, 1),
        "cpu_s": round(summary.cpu_s, 2),
        "files": copies,
        "incidents": summary.incidents,
        "config_sha256": config_sha256(default_site().model_dump_json()),
    }
    return line("analyze", {**figures, **facts.facts()})
