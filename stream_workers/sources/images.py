"""A folder of pictures as one recording."""

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from stream_workers.errors import DecodeFailed, SourceRefused
from stream_workers.sources.cadence import LookSchedule
from stream_workers.sources.containers import file_name
from stream_workers.sources.decode import DecoderPool, jpeg_of, shared_pool
from stream_workers.sources.media import DecodedLook, EncodedLook, LookMode, MediaInfo
from stream_workers.sources.origin import TimeOrigin, time_in_name

__all__ = ["IMAGE_SUFFIXES", "ImageSequenceSource", "natural_key"]

IMAGE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_MAGIC: Final = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG", "png"), (b"BM", "bmp"), (b"RIFF", "webp"))
_LEAST_MTIME_STEP_S: Final = 1.0
_LOG = logging.getLogger(__name__)


class ImageSequenceSource:
    """The looks of a folder of pictures, or of one picture; used like `FileSource`.

    Times come from the file names where each has one and they grow; else from `fps`; else from
    the times on disk where those grow by a second or more on average; else every picture is one
    look, `every_s` after the one before.

    Args:
        path: The folder or picture.
        every_s: Distance of looks, seconds.
        start: Capture time of the first picture, aware; None reads it from name or disk.
        fps: Pictures per second, where the names do not tell.
        zone: Time zone of times in the names.
        pool: Decoders; None takes the process's own.

    Raises:
        SourceRefused: On entering, when there is no picture.
    """

    def __init__(
        self,
        path: Path,
        every_s: float = 10.0,
        start: datetime | None = None,
        *,
        fps: float | None = None,
        zone: tzinfo = UTC,
        pool: DecoderPool | None = None,
    ) -> None:
        self.path = path
        self.mode: LookMode = "keyframe"
        self.keyframe_interval_s: float | None = None
        self.failed_looks = 0
        self.position_s = 0.0
        self._schedule = LookSchedule(every_s)
        self._told_start = start
        self._fps = fps
        self._zone = zone
        self._pool = pool or shared_pool()
        self._pictures: list[tuple[float, Path]] = []
        self._origin: TimeOrigin | None = None

    def __enter__(self) -> Self:
        pictures = _pictures(self.path)
        times, origin = self._times(pictures)
        self._pictures = list(zip(times, pictures, strict=True))
        self._origin = origin
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return

    def __iter__(self) -> Iterator[DecodedLook]:
        """The looks in order; a damaged picture is left out and counted.

        Raises:
            DecodeFailed: At the end, when not one picture could be decoded.
        """
        start = self.origin.start
        count = 0
        for time_s, picture in self._pictures:
            self.position_s = time_s
            if not self._schedule.is_due(time_s):
                continue
            look = self._look(picture, time_s, start + timedelta(seconds=time_s))
            if look is not None:
                self._schedule = self._schedule.after(time_s)
                count += 1
                yield look
        if not count:
            raise DecodeFailed(f"not one picture of {file_name(self.path)} could be decoded")

    @property
    def info(self) -> MediaInfo:
        """What the sequence says about itself; the size is unknown (0, 0) before it is read."""
        duration_s = self._pictures[-1][0] if self._pictures else 0.0
        fps = (len(self._pictures) - 1) / duration_s if duration_s else 0.0
        return MediaInfo((0, 0), fps, duration_s, "images", "folder", None, 0)

    @property
    def origin(self) -> TimeOrigin:
        """Start of the sequence and where it comes from."""
        if self._origin is None:
            raise RuntimeError("a source is entered (`with`) before it is used")
        return self._origin

    @property
    def time_origin(self) -> str:
        """Where the capture times come from: `option`, `name` or `mtime`."""
        return self.origin.source

    def set_interval(self, every_s: float) -> None:
        """Stretch or shorten the distance of looks from now on."""
        self._schedule = self._schedule.stretched(every_s, self.position_s)

    def _look(self, picture: Path, time_s: float, captured_at: datetime) -> DecodedLook | None:
        try:
            encoded = _encoded(picture)
            planes = self._pool.decode(encoded)
        except (DecodeFailed, OSError) as error:
            self.failed_looks += 1
            _LOG.warning("look_failed", extra={"input": picture.name, "reason": str(error)})
            return None
        kept = encoded if encoded.codec == "jpeg" else jpeg_of(planes)
        return DecodedLook(time_s, captured_at, planes, kept, is_keyframe=True)

    def _times(self, pictures: Sequence[Path]) -> tuple[list[float], TimeOrigin]:
        named = [time_in_name(picture.name, self._zone) for picture in pictures]
        moments = [moment for moment in named if moment is not None]
        written = [datetime.fromtimestamp(picture.stat().st_mtime, UTC) for picture in pictures]
        if self._fps is None and len(moments) == len(pictures) and _grow(moments):
            return self._since(moments, TimeOrigin(moments[0], "name"))
        first = TimeOrigin(moments[0], "name") if named[0] is not None else TimeOrigin(written[0], "mtime")
        if self._fps is None and _grow(written, _LEAST_MTIME_STEP_S):
            return self._since(written, first)
        step_s = 1.0 / self._fps if self._fps else self._schedule.every_s
        return [step_s * index for index in range(len(pictures))], self._told(first)

    def _since(self, moments: Sequence[datetime], origin: TimeOrigin) -> tuple[list[float], TimeOrigin]:
        return [(moment - moments[0]).total_seconds() for moment in moments], self._told(origin)

    def _told(self, origin: TimeOrigin) -> TimeOrigin:
        return origin if self._told_start is None else TimeOrigin(self._told_start.astimezone(UTC), "option")


def natural_key(path: Path) -> list[tuple[int, int, str]]:
    """Sorts `img2` before `img10`."""
    key: list[tuple[int, int, str]] = []
    for part in path.parts:
        for is_digit, text in _runs(part):
            key.append((0, int(text), "") if is_digit else (1, 0, text.casefold()))
        key.append((-1, 0, ""))
    return key


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    """The text cut into runs of ASCII digits and of anything else."""
    run = ""
    for letter in text:
        if run and ("0" <= letter <= "9") != ("0" <= run[-1] <= "9"):
            yield "0" <= run[-1] <= "9", run
            run = ""
        run += letter
    if run:
        yield "0" <= run[-1] <= "9", run


def _pictures(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SourceRefused(f"{file_name(path)}: there is no such folder in {str(path.parent)!r}")
    pictures = sorted(
        (entry for entry in path.iterdir() if entry.suffix.lower() in IMAGE_SUFFIXES and entry.is_file()),
        key=natural_key,
    )
    if not pictures:
        raise SourceRefused(f"the folder {file_name(path)} holds no JPEG, PNG, BMP or WebP picture")
    return pictures


def _encoded(picture: Path) -> EncodedLook:
    coded = picture.read_bytes()
    codec = next((codec for mark, codec in _MAGIC if coded.startswith(mark)), None)
    if codec is None:
        raise DecodeFailed(f"{file_name(picture)} is no JPEG, PNG, BMP or WebP picture")
    return EncodedLook(codec, b"", coded, 0)


def _grow(moments: Sequence[datetime], least_mean_s: float = 0.0) -> bool:
    """Whether the moments grow from each to the next, by this much on average."""
    if len(moments) < 2:
        return least_mean_s == 0.0
    span_s = (moments[-1] - moments[0]).total_seconds()
    grows = all(earlier < later for earlier, later in pairwise(moments))
    return grows and span_s / (len(moments) - 1) >= least_mean_s
