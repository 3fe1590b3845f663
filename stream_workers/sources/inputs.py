"""Which recordings the words of a command line name."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from stream_workers.errors import SourceRefused
from stream_workers.sources.containers import file_name
from stream_workers.sources.decode import DecoderPool
from stream_workers.sources.files import FileSource
from stream_workers.sources.images import IMAGE_SUFFIXES, ImageSequenceSource, natural_key
from stream_workers.sources.packet_ring import PacketTap

__all__ = ["list_inputs", "open_input"]

_VIDEO_SUFFIXES: Final = frozenset(
    {
        *(".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".gif", ".flv", ".wmv", ".asf", ".ogv"),
        *(".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".mxf", ".ivf", ".dav"),
        *(".h264", ".264", ".h265", ".265", ".hevc"),
    }
)
_WILDCARDS: Final = frozenset("*?[")


def list_inputs(paths: Iterable[Path | str]) -> list[Path]:
    """The recordings that files, folders and globs name, in natural order, each once.

    A folder gives its videos, those of its folders, and itself where it holds pictures: these
    are one sequence. A file that is named itself is always taken, whatever its suffix.

    Raises:
        SourceRefused: A word names nothing, or a glob only some of a folder's pictures.
    """
    found: dict[Path, None] = {}
    for given in paths:
        named = _named(Path(given))
        for path in sorted(named, key=natural_key):
            found.setdefault(path)
    return list(found)


def open_input(
    path: Path,
    every_s: float = 10.0,
    start: datetime | None = None,
    *,
    zone: tzinfo = UTC,
    pool: DecoderPool | None = None,
    tap: PacketTap | None = None,
) -> FileSource | ImageSequenceSource:
    """The source of one entry of `list_inputs`, not yet entered; arguments as of `FileSource`.

    A sequence of pictures has no packets: `tap` sees none.
    """
    if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageSequenceSource(path, every_s, start, zone=zone, pool=pool)
    return FileSource(path, every_s, start, zone=zone, pool=pool, tap=tap)


def _named(given: Path) -> list[Path]:
    if given.is_dir():
        inside = list(_inside(given))
        if not inside:
            raise SourceRefused(f"the folder {str(given)!r} holds no video and no picture")
        return inside
    if given.exists() or not _WILDCARDS & set(str(given)):
        # A missing file is reported by its own source, so that it does not stop the others.
        return [given]
    matches = list(_matches(given))
    if not matches:
        raise SourceRefused(f"nothing matches {str(given)!r}")
    return [path for match in _grouped(matches) for path in ([match] if match.is_file() else _inside(match))]


def _inside(folder: Path) -> Iterator[Path]:
    """The videos in a folder and its folders, and each folder that holds pictures."""
    holding: dict[Path, None] = {}
    for entry in folder.rglob("*"):
        if any(part.startswith(".") for part in entry.relative_to(folder).parts) or not entry.is_file():
            continue
        if entry.suffix.lower() in _VIDEO_SUFFIXES:
            yield entry
        elif entry.suffix.lower() in IMAGE_SUFFIXES:
            holding.setdefault(entry.parent)
    yield from holding


def _matches(pattern: Path) -> Iterator[Path]:
    anchor = Path(pattern.anchor) if pattern.anchor else Path()
    yield from anchor.glob(str(pattern.relative_to(pattern.anchor) if pattern.anchor else pattern))


def _grouped(matches: list[Path]) -> Iterator[Path]:
    """Matches, with the pictures of one folder replaced by the folder."""
    pictures: dict[Path, set[Path]] = {}
    for match in matches:
        if match.is_file() and match.suffix.lower() in IMAGE_SUFFIXES:
            pictures.setdefault(match.parent, set()).add(match)
        else:
            yield match
    for folder, chosen in pictures.items():
        everything = {entry for entry in folder.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES}
        if chosen != everything:
            raise SourceRefused(
                f"the pattern takes {len(chosen)} of {len(everything)} pictures in {file_name(folder)};"
                " one sequence is one folder: put these pictures into a folder of their own"
            )
        yield folder
