"""How the case store asks workers for pictures: by a command, where commands are kept."""

import sqlite3
from collections.abc import Mapping
from typing import Protocol

__all__ = ["EnqueueCommand", "ask_worker", "use_commands"]


class EnqueueCommand(Protocol):
    """Keeps a command for workers, in the caller's own transaction."""

    def __call__(  # noqa: PLR0913  as commands are asked for everywhere
        self,
        connection: sqlite3.Connection,
        *,
        kind: str,
        camera_id: str | None,
        body: Mapping[str, object],
        ttl_s: float,
        key: str,
        actor: str,
        now_ms: int,
    ) -> str:
        """The command's id; the same key again gives the id of the first."""


_enqueue: list[EnqueueCommand] = []


def use_commands(enqueue: EnqueueCommand | None) -> None:
    """Say what keeps commands; None: nothing does."""
    _enqueue[:] = [] if enqueue is None else [enqueue]


def ask_worker(  # noqa: PLR0913  likewise
    connection: sqlite3.Connection,
    *,
    kind: str,
    camera_id: str,
    body: Mapping[str, object],
    ttl_s: float,
    key: str,
    actor: str,
    now_ms: int,
) -> str | None:
    """Ask for something; the command's id, or None where nothing keeps commands."""
    if not _enqueue:
        return None
    return _enqueue[0](
        connection,
        kind=kind,
        camera_id=camera_id,
        body=body,
        ttl_s=ttl_s,
        key=key,
        actor=actor,
        now_ms=now_ms,
    )
