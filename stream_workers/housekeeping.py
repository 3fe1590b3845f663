"""What a worker does beside watching: the site file, the watchdog, the spool's figures, retention."""

import logging
import threading
import time
from pathlib import Path
from typing import Final

from stream_workers import metrics
from stream_workers.errors import StreamError
from stream_workers.fleet import Fleet
from stream_workers.settings import WorkerSettings
from stream_workers.site_watch import SiteWatch
from stream_workers.spool import Spool

__all__ = ["Housekeeper", "forget_old", "sweep_unknown"]

LOG = logging.getLogger(__name__)
ROUND_S: Final = 1.0
CLEAN_EVERY_S: Final = 600.0
UNKNOWN_AFTER_S: Final = 7200.0
"""A file without a row for so long belongs to no committed look: these are an hour apart at most."""


class Housekeeper:
    """Goes its rounds in a thread of its own until the worker stops.

    Args:
        settings: Retention and folders.
        spool: The spool.
        fleet: The cameras.
        site_watch: The site file.
    """

    def __init__(self, settings: WorkerSettings, spool: Spool, fleet: Fleet, site_watch: SiteWatch) -> None:
        self._settings = settings
        self._spool = spool
        self._fleet = fleet
        self._site_watch = site_watch
        self._next_clean = 0.0

    def run(self, stop: threading.Event) -> None:
        """Go rounds until `stop` is set; a fault in one ends in the log."""
        while not stop.wait(ROUND_S):
            try:
                self.go_round()
            except StreamError as error:
                LOG.warning("round_left_out", extra={"reason": str(error)})
            except Exception:
                # The outermost loop of this thread: without it no site would be taken any more.
                LOG.exception("round_failed")

    def go_round(self) -> None:
        """One round.

        Raises:
            StorageFull: What is old could not be dropped; the rest of the round is done.
        """
        site = self._site_watch.changed()
        if site is not None:
            self._fleet.take_site(site)
        self._fleet.tick()
        counts = self._spool.counts()
        for state, count in (
            ("pending", counts.pending),
            ("sent", counts.sent),
            ("rejected", counts.rejected),
            ("pictures", counts.pictures),
        ):
            metrics.SPOOL.labels(state).set(count)
        metrics.SPOOL_AGE_S.set(max(0.0, time.time() - counts.oldest_at) if counts.oldest_at else 0.0)
        if time.monotonic() >= self._next_clean:
            self._next_clean = time.monotonic() + CLEAN_EVERY_S
            forget_old(self._spool, self._settings)
            sweep_unknown(self._settings.data_dir / "evidence", self._spool)


def forget_old(spool: Spool, settings: WorkerSettings) -> None:
    """Drop events and pictures, with their files, that were sent or refused long enough ago."""
    now = time.time()
    forgotten = spool.forget(now - settings.keep_sent_s, now - settings.keep_rejected_s)
    for path in forgotten.files:
        path.unlink(missing_ok=True)
    if forgotten.events or forgotten.files:
        LOG.info("old_dropped", extra={"events": forgotten.events, "pictures": len(forgotten.files)})


def sweep_unknown(folder: Path, spool: Spool) -> None:
    """Delete pictures that no event names: their look was not committed before the worker was killed."""
    if not folder.is_dir():
        return
    old = [path for path in folder.iterdir() if path.is_file() and _age_s(path) > UNKNOWN_AFTER_S]
    known = spool.known_pictures()
    for path in old:
        if path.name.split(".")[0] not in known:
            path.unlink(missing_ok=True)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
