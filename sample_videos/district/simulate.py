"""Looks of the sample district at look cadence into the worker's own pipeline, without a film in between.

A camera-day begins with an empty memory and a calibration of its own, as on the day when a camera is set up.
Each is one file in the output folder; those that are there already are not run again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

import cv2

from sample_videos.district.camera_day import CameraDay
from sample_videos.district.day_stage import DayKey, DayStage
from sample_videos.district.pose_day import POSE_SCENARIOS, run_pose_day
from sample_videos.district.run_day import DetectorKind, run_day
from stream_workers.errors import SourceRefused

__all__ = ["DetectorKind", "OpenStage", "code_sha256", "simulate"]

OpenStage = Callable[[DayKey], DayStage]
"""Makes the stage of a camera-day; a module's function, since other processes must find it."""
MADE_BY = (".py", ".yaml", ".json")
"""Code, and the manifests of models and renders, which hold their hashes."""
HOUSES = ("contracts", "models", "sample_videos", "stream_workers", "vision")


def simulate(
    keys: Sequence[DayKey], open_stage: OpenStage, detector: DetectorKind, out: Path, jobs: int = 1
) -> Iterator[CameraDay]:
    """Run camera-days that are not there yet, and give every one as it is there.

    Args:
        keys: The camera-days.
        open_stage: Makes their stages.
        detector: What examines.
        out: Folder of the results.
        jobs: Processes at once.

    Raises:
        SourceRefused: The folder holds days of other code or of another detector.
    """
    out.mkdir(parents=True, exist_ok=True)
    _refuse_foreign_folder(out, detector)
    waiting = [key for key in sorted(keys) if not _path(out, key).is_file()]
    for key in sorted(set(keys) - set(waiting)):
        yield _read(_path(out, key))
    if jobs == 1:
        for key in waiting:
            yield _read(_run_and_keep(key, open_stage, detector, out))
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        running: set[Future[Path]] = set()
        try:
            for key in waiting:
                running.add(pool.submit(_run_and_keep, key, open_stage, detector, out))
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield _read(future.result())
        finally:
            pool.shutdown(cancel_futures=True)


def code_sha256() -> str:
    """Hash of all that makes a camera-day, so that results of other code are not taken for its own."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[2]
    for house in HOUSES:
        for path in sorted(path for path in (root / house).rglob("*") if path.suffix in MADE_BY):
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _run_and_keep(key: DayKey, open_stage: OpenStage, detector: DetectorKind, out: Path) -> Path:
    """Run a day and write its file, whole or not at all."""
    # As in a worker: threads over so small pictures cost more than they bring.
    cv2.setNumThreads(1)
    stage = open_stage(key)
    day = run_pose_day(key, stage) if key.scenario in POSE_SCENARIOS else run_day(key, stage, detector)
    path = _path(out, key)
    part = path.with_suffix(".part")
    part.write_text(day.model_dump_json(), encoding="utf-8")
    part.replace(path)
    return path


def _path(out: Path, key: DayKey) -> Path:
    return out / f"{key.scenario}-{key.split}-s{key.seed}of{key.days}-{key.camera_id}-d{key.day}.json"


def _read(path: Path) -> CameraDay:
    return CameraDay.model_validate_json(path.read_text(encoding="utf-8"))


def _refuse_foreign_folder(out: Path, detector: DetectorKind) -> None:
    marker = out / "simulation.json"
    ours = {"code": code_sha256(), "detector": detector}
    if marker.is_file():
        known = json.loads(marker.read_text(encoding="utf-8"))
        if known != ours:
            raise SourceRefused(
                f"{out} holds camera-days of other code or of another detector ({known.get('detector')}): "
                "name another folder with --out, or empty this one"
            )
        return
    marker.write_text(json.dumps(ours), encoding="utf-8")
