"""What an analysis is asked to do, and the name that its inputs and options give it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contracts.incident import Category
from contracts.site import Camera, Rule, Site, Stream, View
from stream_workers.errors import SourceRefused
from stream_workers.sources.containers import shown

__all__ = [
    "AnalyzeOptions",
    "CameraWork",
    "Recording",
    "plan_work",
    "recording_at",
    "run_name",
    "site_for_files",
]

DEFAULT_LOOK_EVERY_S = 10.0
DEFAULT_DWELL_S = 300.0
DEFAULT_CONFIDENCE = 0.3
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class AnalyzeOptions:
    """Options of one analysis; `None` means what the site says, or the default.

    Args:
        out: Folder of the results.
        site: Site file.
        camera: Camera that all inputs come from.
        start: Capture time of the first frame; a naive one is on the site's clock.
        look_every_s: Seconds between looks.
        dwell_s: Replaces the dwell of every rule.
        jobs: Processes.
        explain: Whether to explain everything that stayed.
        api_url: Case API to send events and evidence to.
    """

    out: Path
    site: Path | None = None
    camera: str | None = None
    start: datetime | None = None
    look_every_s: float | None = None
    dwell_s: float | None = None
    jobs: int = 1
    explain: bool = False
    api_url: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """One input and the hash of its content.

    Args:
        path: The file, or the folder of pictures.
        sha256: Of its content; empty where it cannot be read.
        fault: Why it cannot be read; empty where it can.
    """

    path: Path
    sha256: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class CameraWork:
    """The recordings of one camera, in the order of their names: they share one scene memory."""

    camera_id: str
    recordings: tuple[Recording, ...]


def recording_at(path: Path) -> Recording:
    """The recording in a file or a folder of pictures; one that cannot be read says why."""
    try:
        return Recording(path, _hash_of(path))
    except OSError as error:
        remedy = "check its name" if isinstance(error, FileNotFoundError) else "see who may read it"
        return Recording(path, "", f"{shown(path)!r} cannot be read: {error.strerror}; {remedy}")


def _hash_of(path: Path) -> str:
    """SHA-256 of a file's content; of a folder of pictures, of its names and contents."""
    digest = hashlib.sha256()
    members = sorted(item for item in path.iterdir() if item.is_file()) if path.is_dir() else [path]
    for member in members:
        if path.is_dir():
            digest.update(member.name.encode(errors="surrogateescape") + b"\0")
        with member.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def run_name(recordings: Sequence[Recording], site_version: str, options: AnalyzeOptions) -> str:
    """The run's name: the same inputs, site version and options give the same run."""
    facts = {
        "inputs": [[shown(Path(recording.path.name)), recording.sha256] for recording in recordings],
        "site": site_version,
        "camera": options.camera,
        "start": options.start.isoformat() if options.start else None,
        "look_every_s": options.look_every_s,
        "dwell_s": options.dwell_s,
    }
    text = json.dumps(facts, sort_keys=True).encode()
    return f"run-{hashlib.sha256(text).hexdigest()[:16]}"


def site_for_files(recordings: Sequence[Recording], options: AnalyzeOptions) -> Site:
    """A site in which every file is its own uncalibrated camera and every category counts everywhere."""
    dwell = options.dwell_s if options.dwell_s is not None else DEFAULT_DWELL_S
    every = options.look_every_s if options.look_every_s is not None else DEFAULT_LOOK_EVERY_S
    categories = [category for category in Category if category is not Category.BUILDING_CHANGE]
    cameras = [
        Camera(
            id=name,
            name=shown(path)[-200:],
            stream=Stream(file=shown(path)[:1000]),
            look_every_s=every,
            heartbeat_every_s=max(1.0, min(300.0, dwell * 2)),
            views=[View(id=name)],
        )
        for path, name in _own_cameras(recordings).items()
    ]
    return Site(
        format="streetkeeper-site/1",
        name="files without a site",
        version="no-site",
        time_zone="UTC",
        rules=[
            Rule(id=f"any-{category}", category=category, dwell_s=dwell, min_confidence=DEFAULT_CONFIDENCE)
            for category in categories
        ],
        cameras=cameras,
    )


def _own_cameras(recordings: Sequence[Recording]) -> dict[Path, str]:
    """Name of each file's own camera, by its content; the second copy of a content is a camera too."""
    copies: dict[str, int] = {}
    names: dict[Path, str] = {}
    for recording in recordings:
        copies[recording.sha256] = number = copies.get(recording.sha256, 0) + 1
        names[recording.path] = f"file-{recording.sha256[:12]}" + (f"-{number}" if number > 1 else "")
    return names


def plan_work(recordings: Sequence[Recording], site: Site, options: AnalyzeOptions) -> list[CameraWork]:
    """Which recordings belong to which camera.

    Raises:
        SourceRefused: With a site, a file's camera cannot be told; the message says how to name it.
    """
    own = _own_cameras(recordings) if options.site is None else {}
    grouped: dict[str, list[Recording]] = {}
    for recording in recordings:
        name = own.get(recording.path) or _camera_of(recording, site, options)
        grouped.setdefault(name, []).append(recording)
    return [CameraWork(camera, tuple(group)) for camera, group in grouped.items()]


def _camera_of(recording: Recording, site: Site, options: AnalyzeOptions) -> str:
    known = [camera.id for camera in site.cameras]
    if options.camera is not None:
        if options.camera not in known:
            raise SourceRefused(
                f"--camera {options.camera}: the site has no such camera; it has {', '.join(known)}"
            )
        return options.camera
    if len(known) == 1:
        return known[0]
    places = [part for part in (recording.path.parent.name, recording.path.name) if part]
    for name in sorted(known, key=len, reverse=True):
        if any(name in place for place in places):
            return name
    raise SourceRefused(
        f"{shown(Path(recording.path.name))!r}: cannot tell its camera; name it with --camera, or put one of "
        f"{', '.join(known)} into the file's or folder's name"
    )
