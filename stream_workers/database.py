"""One SQLite file, shared by the threads of a process: whole transactions, and errors with a remedy."""

import errno
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stream_workers.errors import StorageBusy, StorageFull, StreamError
from stream_workers.migrations import APPLICATION_ID, MIGRATIONS

__all__ = ["Database", "StoreDamaged"]

_BUSY_S: Final = 30.0
_SWITCH_AGAIN_S: Final = 0.01
_NO_ROOM: Final = frozenset(
    {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_SHMSIZE"}
)
_NO_ROOM_ERRNO: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StoreDamaged(StreamError):
    """The store's file is damaged, of another version or not ours; the message names it and the remedy."""


class Database:
    """The file and its one connection.

    WAL with `synchronous=FULL`: what is committed survives a power cut, not only a kill. It costs one
    fsync per transaction, that is per look; NORMAL would save it and could lose the last looks' events.

    Args:
        path: The SQLite file; made where it is missing.

    Raises:
        StoreDamaged: The file is no store of ours, of a newer version, damaged, or cannot be opened.
        StorageFull: There is no room to make it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            try:
                # First: a file that is not ours is not even switched to WAL.
                self._refuse_foreign()
                self._switch_to_wal()
                self._connection.execute("PRAGMA synchronous=FULL")
                self._migrate()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file; what is committed stays."""
        with self._lock:
            self._connection.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is kept, or nothing of it.

        Raises:
            StorageFull: The disk is full; nothing was kept, it may be tried again.
            StorageBusy: Another process held the file for too long; likewise.
            StoreDamaged: The file is damaged.
        """
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _refuse_foreign(self) -> None:
        # One state: between two reads another process may make the tables of a new file.
        self._connection.execute("BEGIN")
        try:
            mark, version = self._number("application_id"), self._number("user_version")
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        finally:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        if mark != APPLICATION_ID and (mark or version or tables):
            raise StoreDamaged(
                f"{self.path} is a database, but not a worker's store; name another data folder"
            )
        if version > len(MIGRATIONS):
            raise StoreDamaged(
                f"{self.path} was written by a newer version (form {version}, this one knows "
                f"{len(MIGRATIONS)}); run that version, or move the file away to begin anew"
            )

    def _switch_to_wal(self) -> None:
        """Switch, again where another process is just doing so: SQLite does not wait for that by itself."""
        deadline = time.monotonic() + _BUSY_S
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                    raise
                time.sleep(_SWITCH_AGAIN_S)
            else:
                return

    def _migrate(self) -> None:
        if self._number("user_version") == len(MIGRATIONS):
            return
        with self.transaction() as connection:
            # Read again: another worker may have made the tables while this one waited.
            for script in MIGRATIONS[self._number("user_version") :]:
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")

    def _number(self, pragma: str) -> int:
        return int(self._connection.execute(f"PRAGMA {pragma}").fetchone()[0])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's and the system's errors into ours, with the remedy."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a fault of ours, not of the file
        except sqlite3.DatabaseError as error:
            raise self._ours(error) from error
        except OSError as error:
            if error.errno in _NO_ROOM_ERRNO:
                raise self._no_room(str(error.strerror)) from error
            raise StoreDamaged(
                f"{self.path} cannot be made: {error.strerror}; name a folder that can be written"
            ) from error

    def _ours(self, error: sqlite3.DatabaseError) -> StreamError:
        name = str(getattr(error, "sqlite_errorname", ""))
        if name in _NO_ROOM:
            return self._no_room(str(error))
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return StorageBusy(
                f"{self.path} was held by another process for {_BUSY_S:g} s; it is tried again"
            )
        if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
            return StoreDamaged(
                f"{self.path} cannot be written ({error}); check owner and rights of its folder"
            )
        return StoreDamaged(
            f"{self.path} is no worker's store or is damaged ({error}); move it away, with its -wal and -shm "
            "files, to begin anew: what it held unsent is then lost"
        )

    def _no_room(self, reason: str) -> StorageFull:
        return StorageFull(f"{self.path}: the disk is full ({reason}); free some space")
