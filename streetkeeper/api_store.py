"""The data folder of the case API, as commands open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from api.settings import ApiSettings
    from api.store import Store

__all__ = ["DataDir", "api_settings", "known_folder", "known_store"]

DataDir = Annotated[Path | None, typer.Option(help="Folder of the data. [env: STREETKEEPER_API_DATA_DIR]")]


def api_settings(**given: Any) -> "ApiSettings":
    """The settings, where arguments win over the environment."""
    from api.settings import ApiSettings

    return ApiSettings(**{name: value for name, value in given.items() if value is not None})


def known_folder(data_dir: Path | None) -> Path:
    """The folder of an API that has run before.

    Raises:
        FileNotFoundError: It holds no database; a mistyped folder is told, not filled with a new one.
    """
    folder = api_settings(data_dir=data_dir).data_dir
    if not (folder / "streetkeeper.sqlite3").is_file():
        raise FileNotFoundError(
            f"{folder} holds no database of the case API; name its folder with --data-dir"
        )
    return folder


@contextmanager
def known_store(data_dir: Path | None) -> "Iterator[Store]":
    """The store of an API that has run before, its faults told in plain words."""
    from api.store import open_store
    from streetkeeper.console import faults_told

    with faults_told():
        store = open_store(known_folder(data_dir))
        try:
            yield store
        finally:
            store.close()
