"""What is read and taken away, and the settings in force, go into the audit log."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock

from api.callers import Caller
from api.paging import DEFAULT_LIMIT
from api.retention import read_retention
from api.settings import ApiSettings
from api.store import Store
from api.store.audit import append_audit, append_if_other
from api.store.times import now_ms

__all__ = ["EvidenceReads", "note_export", "note_settings"]

SAME_READ_S = 60.0
ENTRIES = 20_000


class EvidenceReads:
    """Writes who looked at which picture or clip.

    A player asks for a clip in many ranges: what one caller reads of one file within a minute is one entry.

    Args:
        store: Where the log is.
        clock: Seconds that only rise.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = Lock()

    def note(self, caller: Caller, name: str) -> None:
        """Have the read on disk, or refuse it.

        Args:
            caller: Who reads.
            name: The file.

        Raises:
            StorageFull: The entry cannot be written; then nothing is shown either.
            StoreBusy: Likewise, for now.
        """
        read, now = (caller.actor, name), self._clock()
        with self._lock:
            if now - self._noted.get(read, -SAME_READ_S) < SAME_READ_S:
                return
        self._store.write(
            lambda connection: append_audit(
                connection,
                actor=caller.actor,
                action="evidence.read",
                subject=name,
                detail={},
                at_ms=now_ms(),
            )
        ).result()
        with self._lock:
            # Only now: a read that could not be noted is noted by the next one.
            self._noted[read] = now
            self._noted.move_to_end(read)
            while len(self._noted) > ENTRIES:
                self._noted.popitem(last=False)


def note_export(
    store: Store, caller: Caller, *, what: str, form: str, count: int, query: Mapping[str, object]
) -> None:
    """Have an export on disk as an entry, or refuse it; a page as people look at it on a screen is none.

    An export is a table (CSV) of any size, or more than a hundred things in one reply.

    Args:
        store: Where the log is.
        caller: Who takes it.
        what: What is taken, such as `incidents`.
        form: `csv`, `geojson` or `json`.
        count: How many things the reply has.
        query: The filters, as they were given.

    Raises:
        StorageFull: The entry cannot be written; then nothing is handed out either.
        StoreBusy: Likewise, for now.
    """
    if form != "csv" and count <= DEFAULT_LIMIT:
        return
    detail = {"count": count, "query": {name: str(value)[:200] for name, value in query.items()}}
    store.write(
        lambda connection: append_audit(
            connection,
            actor=caller.actor,
            action=f"export.{form}",
            subject=what,
            detail=detail,
            at_ms=now_ms(),
        )
    ).result()


OF_THE_MACHINE = {"data_dir", "host", "port", "retention_days"}


def note_settings(store: Store, settings: ApiSettings) -> bool:
    """Write the settings that the service starts with, where they differ from those it was last started with.

    They come from the environment, so no request changes them: retention, limits, rights by the identity
    provider. Secrets stand in files, and none of their words here.

    Returns:
        Whether they differed.
    """
    shown = settings.model_dump(mode="json", exclude=OF_THE_MACHINE)
    shown["retention_days"] = dict(read_retention(settings.retention_days).days)
    return store.write(
        lambda connection: append_if_other(connection, "settings.change", "api", shown)
    ).result()
