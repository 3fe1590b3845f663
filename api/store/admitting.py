"""A person lets an analysis count: its incidents come to the queue, and the audit log says who and why."""

import sqlite3

from api.store.audit import append_audit
from api.store.cases.queueing import queue_run
from api.store.opening import Store
from api.store.runs import RunRecord, mark_admitted
from api.store.times import now_ms

__all__ = ["admit_run"]


def admit_run(store: Store, run: str, actor: str, reason: str) -> RunRecord:
    """Let an analysis into queue and statistics: what it has found now, and what it finds later.

    Raises:
        NotFound: Nobody has heard of the run.
        Conflict: It is the live run, or was admitted before.
    """
    at_ms = now_ms()

    def admit(connection: sqlite3.Connection) -> RunRecord:
        record = mark_admitted(connection, run, actor, reason, at_ms)
        queued = queue_run(connection, run, at_ms)
        append_audit(
            connection,
            actor=actor,
            action="run.admit",
            subject=run,
            detail={"reason": reason, "incidents": queued},
            at_ms=at_ms,
        )
        return record

    return store.write(admit).result()
