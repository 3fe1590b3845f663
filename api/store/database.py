"""One SQLite file: one thread writes, a few connections read.

SQLite takes one writer at a time, so the writer is one thread with a queue: nobody waits for a lock,
and changes that arrive together share one commit (group commit), which is what costs.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from api.errors import ApiError, StorageFull, StoreBusy
from api.store.geometry import add_functions
from api.store.migrating import migrate

__all__ = ["Database"]

T = TypeVar("T")
Job = tuple[Callable[[sqlite3.Connection], Any], "Future[Any]"]

READERS = 4
QUEUE_LENGTH = 256
CHANGES_PER_COMMIT = 32
WAIT_S = 5.0
FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
BUSY_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _told(error: BaseException) -> BaseException:
    """The error as the caller should see it: a full disk and a busy file have names of their own."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return error
    primary = code & 0xFF  # extended codes keep the primary one in the low byte
    if primary in FULL_CODES:
        return StorageFull(
            "The database cannot be written: the disk is full or failing.", "Free space on it."
        )
    if primary in BUSY_CODES:
        return StoreBusy("Another process holds the database.", "Try again.", headers={"Retry-After": "2"})
    return error


class Database:
    """The file, its writer thread and its readers.

    Args:
        path: The file.
        after_commit: Called by the writer after each commit, before anybody is told of it.

    Raises:
        StorageFull: The file cannot be written.
        MigrationRefused: It was written by a newer release.
    """

    def __init__(
        self, path: Path, after_commit: Callable[[sqlite3.Connection], None] = lambda _: None
    ) -> None:
        self._path = path
        self._after_commit = after_commit
        self._jobs: queue.Queue[Job | None] = queue.Queue(QUEUE_LENGTH)
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._closed = False
        try:
            self._connection = self._open_writer()
            for _ in range(READERS):
                self._readers.put(self._open_reader())
        except sqlite3.Error as error:
            raise _told(error) from error
        self._thread = threading.Thread(target=self._write_until_closed, name="store-writer", daemon=True)
        self._thread.start()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)

    def _open_writer(self) -> sqlite3.Connection:
        # The umask of a service is often 022; the file holds what happens on streets and key digests.
        self._path.touch(mode=0o600)
        connection = self._open()
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: a worker deletes an event from its spool once it is acknowledged. With NORMAL a power cut
        # could lose commits that were already acknowledged, because WAL is then not synced at commit.
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection, self._path, WAIT_S)
        # The indexes that a change touches lie all over the file: with 2 MB each change would read them anew.
        connection.execute("PRAGMA cache_size = -64000")
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        connection = self._open()
        connection.execute("PRAGMA query_only = ON")
        # What a district asks again and again stays in memory: 16 MB a reader, the rest by the page cache.
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA mmap_size = 1073741824")
        add_functions(connection)
        return connection

    @property
    def waiting(self) -> int:
        """How many changes wait for the writer."""
        return self._jobs.qsize()

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._readers.get(timeout=WAIT_S)
        except queue.Empty:
            raise StoreBusy("Too many queries at once.", "Try again.", headers={"Retry-After": "2"}) from None
        try:
            yield connection
        finally:
            self._readers.put(connection)

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What `query` returns; all it reads is one consistent state."""
        with self._reader() as connection:
            try:
                connection.execute("BEGIN")
                try:
                    return query(connection)
                finally:
                    connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise _told(error) from error

    def write(self, change: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """A future of what `change` returns; done once it is on disk, or failed and nothing was kept.

        Raises:
            StoreBusy: The queue is full, or the store is closing.
        """
        future: Future[T] = Future()
        if self._closed:
            raise StoreBusy("The service is stopping.", "Try again.", headers={"Retry-After": "5"})
        try:
            self._jobs.put_nowait((change, future))
        except queue.Full:
            raise StoreBusy(
                "Too many changes wait to be written.", "Try again.", headers={"Retry-After": "2"}
            ) from None
        return future

    def close(self) -> None:
        """Write what waits, then close the file."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        while not self._readers.empty():
            self._readers.get_nowait().close()
        self._connection.close()

    def _write_until_closed(self) -> None:
        while True:
            jobs = [self._jobs.get()]
            while len(jobs) < CHANGES_PER_COMMIT and jobs[-1] is not None:
                try:
                    jobs.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
            self._commit_together([job for job in jobs if job is not None])
            if jobs[-1] is None:
                return

    def _commit_together(self, jobs: list[Job]) -> None:
        """Run the changes in one transaction; each fails alone, but a failed commit fails them all."""
        if not jobs:
            return
        outcomes: list[tuple[Any, BaseException | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for change, _ in jobs:
                outcomes.append(self._attempt(change))
            self._connection.execute("COMMIT")
            self._after_commit(self._connection)
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            outcomes = [(None, _told(error))] * len(jobs)
        # Told only after the commit: an acknowledged change is on disk.
        for (_, future), (value, failure) in zip(jobs, outcomes, strict=True):
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)

    def _attempt(self, change: Callable[[sqlite3.Connection], Any]) -> tuple[Any, BaseException | None]:
        self._connection.execute("SAVEPOINT change")
        try:
            value = change(self._connection)
        # Broad: the writer outlives any change, and the caller gets the error.
        except Exception as error:
            if not self._connection.in_transaction:
                # SQLite gave the whole transaction up (disk full): the other changes are lost too.
                raise _as_sqlite(error) from error
            self._connection.execute("ROLLBACK TO change")
            self._connection.execute("RELEASE change")
            return None, error if isinstance(error, ApiError) else _told(error)
        self._connection.execute("RELEASE change")
        return value, None


def _as_sqlite(error: Exception) -> sqlite3.Error:
    if isinstance(error, sqlite3.Error):
        return error
    return sqlite3.OperationalError(f"the transaction ended early: {error}")
