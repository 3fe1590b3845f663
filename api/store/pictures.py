"""Evidence files, named by the SHA-256 of what is in them."""

import contextlib
import errno
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from api.errors import StorageFull

__all__ = ["NAME", "PictureFolder"]

NAME = re.compile(r"^([0-9a-f]{64})\.(jpg|mp4)\Z")
LEFT_AFTER_S = 3600
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


class PictureFolder:
    """A folder of pictures and clips, spread over 256 sub-folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._arriving = folder / "arriving"
        self._arriving.mkdir(exist_ok=True, mode=0o700)
        # What a killed process did not finish. Only old ones: another process may be receiving right now.
        for left in self._arriving.iterdir():
            if left.stat().st_mtime < time.time() - LEFT_AFTER_S:
                left.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def find(self, name: str) -> Path | None:
        """The file of that name, or None; the caller has checked that it is a `NAME`."""
        path = self._path(name)
        return path if path.is_file() else None

    def touch(self, name: str) -> None:
        """Make a file as if it came now: a sender that was told it is there will name it in an event."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self._path(name))

    def names(self) -> Iterator[str]:
        """The names of all files, folder by folder."""
        for folder in sorted(path for path in self._folder.iterdir() if len(path.name) == 2):
            yield from sorted(path.name for path in folder.iterdir() if NAME.match(path.name))

    def older_than(self, at_s: float) -> Iterator[str]:
        """The names of files that came and were asked for before a time, in seconds since 1970."""
        for name in self.names():
            with contextlib.suppress(FileNotFoundError):
                if self._path(name).stat().st_mtime < at_s:
                    yield name

    def delete(self, name: str, before_s: float) -> int | None:
        """Delete a file that came before a time; its size, None where it is not there or too new."""
        path = self._path(name)
        try:
            found = path.stat()
            if found.st_mtime >= before_s:
                return None
            path.unlink()
        except FileNotFoundError:
            return None
        return found.st_size

    def sync(self, names: Sequence[str]) -> None:
        """Make the deletion of some files durable."""
        for folder in {self._path(name).parent for name in names}:
            _sync_folder(folder)

    def keep(self, name: str, content: bytes) -> bool:
        """Put a file on disk, whole or not at all; True where it was not there before.

        Raises:
            StorageFull: There is no room; nothing was kept.
        """
        if self._path(name).is_file():
            self.touch(name)
            return False
        self.put(name, content)
        return True

    def put(self, name: str, content: bytes) -> None:
        """Put a file on disk, whole or not at all, also where there is one.

        Raises:
            StorageFull: There is no room; nothing was kept.
        """
        path = self._path(name)
        arriving = self._arriving / f"{name}.{secrets.token_hex(8)}"
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            _write_synced(arriving, content)
            arriving.replace(path)
            # The new name is only durable once its folder is.
            _sync_folder(path.parent)
        except OSError as error:
            arriving.unlink(missing_ok=True)
            if error.errno in FULL:
                raise StorageFull(
                    "There is no room for this file; nothing was kept.", "Free space, then send it again."
                ) from error
            raise


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
