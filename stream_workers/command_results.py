"""Results of commands on disk until the case API has them: what was done is not done again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.command import CommandResult
from stream_workers.database import Database
from stream_workers.evidence import EvidenceFile

__all__ = ["CommandResults", "KeptResult"]


@dataclass(frozen=True, slots=True)
class KeptResult:
    """A result that waits to be handed in.

    Args:
        command_id: The command.
        result: What became of it.
        waits_for: How many of its pictures have not been sent yet.
        missing: SHA-256 of pictures that will never arrive: refused or lost.
    """

    command_id: str
    result: CommandResult
    waits_for: int
    missing: Sequence[str]


class CommandResults:
    """The results in the store.

    Args:
        database: The store's file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, command_id: str, result: CommandResult, files: Sequence[EvidenceFile]) -> None:
        """Keep a result with its pictures, which are sent like all others.

        Raises:
            StorageFull: Nothing was kept; the command will be done again.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO evidence (sha256, path) VALUES (?,?)",
                [(file.sha256, str(file.path.absolute())) for file in files],
            )
            connection.execute(
                "INSERT OR REPLACE INTO command_result VALUES (?,?,?)",
                (command_id, result.model_dump_json(), time.time()),
            )

    def waiting(self) -> list[KeptResult]:
        """All results that were not handed in yet, oldest first."""
        rows = self._database.rows("SELECT command_id, body FROM command_result ORDER BY kept_at")
        return [self._with_pictures(row[0], CommandResult.model_validate_json(row[1])) for row in rows]

    def forget(self, command_id: str) -> None:
        """The API has it, or does not want it any more."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM command_result WHERE command_id=?", (command_id,))

    def _with_pictures(self, command_id: str, result: CommandResult) -> KeptResult:
        waits, missing = 0, []
        for ref in result.evidence:
            rows = self._database.rows("SELECT state FROM evidence WHERE sha256=?", ref.sha256)
            # Without a row it was sent long ago and has been dropped here since.
            state = rows[0][0] if rows else "sent"
            waits += state == "pending"
            if state in ("rejected", "lost"):
                missing.append(ref.sha256)
        return KeptResult(command_id, result, waits, missing)
