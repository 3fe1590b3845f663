"""Opens what is kept under one folder."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection
from typing import TypeVar

from api.store.anchor import AnchorKeeper
from api.store.database import Database
from api.store.pictures import PictureFolder

__all__ = ["DATABASE_FILE", "Store", "open_store"]

DATABASE_FILE = "streetkeeper.sqlite3"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Store:
    """The database and the evidence folder of one installation."""

    data_dir: Path
    database: Database
    pictures: PictureFolder

    def read(self, query: Callable[[Connection], T]) -> T:
        """What `query` returns, on one consistent state of the database."""
        return self.database.read(query)

    def write(self, change: Callable[[Connection], T]) -> "Future[T]":
        """A future of what `change` returns; it is done once the change is on disk."""
        return self.database.write(change)

    def close(self) -> None:
        """Finish the changes in hand and close the files."""
        self.database.close()


def open_store(data_dir: Path) -> Store:
    """The store in a folder, which is made where it is missing and brought to the newest schema.

    Raises:
        StorageFull: The folder cannot be written.
        MigrationRefused: The database was written by a newer release; install that release.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Store(
        data_dir=data_dir,
        database=Database(data_dir / DATABASE_FILE, AnchorKeeper(data_dir)),
        pictures=PictureFolder(data_dir / "evidence"),
    )
