"""When a recording begins: told, written in the file, in its name, or guessed from the disk."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Literal

__all__ = ["TimeOrigin", "recording_start", "time_in_name"]

_DATE: Final = r"(?P<year>(?:19|20)\d\d)[-_.]?(?P<month>0[1-9]|1[0-2])[-_.]?(?P<day>0[1-9]|[12]\d|3[01])"
_TIME: Final = r"(?P<hour>[01]\d|2[0-3])[-_.:h]?(?P<minute>[0-5]\d)[-_.:m]?(?P<second>[0-5]\d)?"
_STAMP: Final = re.compile(rf"(?<!\d){_DATE}(?:[-_. T]{{0,2}}){_TIME}s?(?P<zulu>Z)?(?!\d)")
_UNIX: Final = re.compile(r"(?<!\d)(1[0-9]{9})(\d{3})?(?!\d)")
_OLDEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""Cameras without a set clock write 1904 or 1970 into their files."""


@dataclass(frozen=True, slots=True)
class TimeOrigin:
    """Start of a recording and where it comes from.

    Args:
        start: Capture time of the first picture, aware UTC.
        source: `option`, `metadata`, `name` or `mtime` (the file's time on disk).
    """

    start: datetime
    source: Literal["option", "metadata", "name", "mtime"]


def recording_start(
    path: Path,
    metadata: Mapping[str, str],
    duration_s: float,
    told: datetime | None = None,
    zone: tzinfo = UTC,
) -> TimeOrigin:
    """Best known start of a recording.

    Args:
        path: The file.
        metadata: The container's tags.
        duration_s: Length, 0 where unknown; the time on disk is that of the end.
        told: What the user says; aware.
        zone: Time zone of times in file names, which recorders write in local time.
    """
    if told is not None:
        return TimeOrigin(told.astimezone(UTC), "option")
    created = _created(metadata)
    if created is not None:
        return TimeOrigin(created, "metadata")
    named = time_in_name(path.name, zone)
    if named is not None:
        return TimeOrigin(named, "name")
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return TimeOrigin(written - timedelta(seconds=duration_s), "mtime")


def time_in_name(name: str, zone: tzinfo = UTC) -> datetime | None:
    """Time that a file name states, aware UTC; None where there is none.

    Understood are `20260131_235959`, `2026-01-31 23-59-59`, `2026.01.31T23:59Z` with any text
    around, and seconds or milliseconds since 1970.
    """
    for found in _STAMP.finditer(name):
        parts = [int(found[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second")]
        try:
            moment = datetime(*parts, tzinfo=UTC if found["zulu"] else zone)  # type: ignore[arg-type,misc]
        except ValueError:  # the 31st of a short month
            continue
        if moment >= _OLDEST:
            return moment.astimezone(UTC)
    for found in _UNIX.finditer(name):
        return datetime.fromtimestamp(int(found[1]) + int(found[2] or 0) / 1000, UTC)
    return None


def _created(metadata: Mapping[str, str]) -> datetime | None:
    text = metadata.get("creation_time") or metadata.get("com.apple.quicktime.creationdate")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if moment >= _OLDEST else None
