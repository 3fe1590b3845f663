"""Who may touch the files of a data folder as a whole: locks that end with their process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import StoreBusy

__all__ = ["forgetting", "replacing", "serving"]


@contextmanager
def _locked(path: Path, kind: int, refusal: str) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreBusy(refusal, "Wait until that is done, or stop it.") from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def serving(data_dir: Path) -> Iterator[None]:
    """Hold the folder as a running API does; several may.

    Raises:
        StoreBusy: The folder is just being restored.
    """
    with _locked(data_dir / "serving.lock", fcntl.LOCK_SH, f"{data_dir} is being restored."):
        yield


@contextmanager
def replacing(data_dir: Path) -> Iterator[None]:
    """Hold the folder alone.

    Raises:
        StoreBusy: An API serves from it.
    """
    with _locked(data_dir / "serving.lock", fcntl.LOCK_EX, f"An API is running over {data_dir}."):
        yield


@contextmanager
def forgetting(data_dir: Path) -> Iterator[None]:
    """Hold still what is deleted: a purge deletes nothing while a backup reads, and one purge is enough.

    Raises:
        StoreBusy: A purge or a backup runs.
    """
    with _locked(data_dir / "purge.lock", fcntl.LOCK_EX, f"A purge or a backup of {data_dir} is running."):
        yield
