"""Sending to the case API: pictures first, then events in batches, at least once, in order."""

import logging
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from stream_workers import metrics
from stream_workers.errors import SinkRejected, SinkUnavailable, StreamError
from stream_workers.settings import WorkerSettings
from stream_workers.sinks.client import ApiClient, ApiFault, ApiWait, KeyRefused, Verdict
from stream_workers.sources.reconnect import Backoff
from stream_workers.spool import PictureRow, Spool, SpoolRow
from stream_workers.store import WorkerStore

__all__ = ["Sender", "send_all"]

LOG = logging.getLogger(__name__)
BATCH: Final = 100
PICTURES: Final = 50
IDLE_S: Final = 1.0
KEY_WRONG_S: Final = 60.0
MOST_PAUSE_S: Final = 300.0
FAULTS_OF_A_DOWN_API: Final = 3
"""So many single events in a row that it fails at: it is not the events."""
TRIES_OF_A_RUN: Final = 6


@dataclass(slots=True)
class _Troubles:
    """Failures in a row; each new reason is told once, at the level that it deserves."""

    failures: int = 0
    told: str = ""

    def tell(self, error: Exception, pause_s: float) -> None:
        self.failures += 1
        reason = str(error)
        is_news, self.told = reason != self.told, reason
        needs_person = isinstance(error, KeyRefused)
        level = logging.ERROR if needs_person else logging.WARNING
        LOG.log(
            level if is_news else logging.DEBUG,
            "case_api_refuses_key" if needs_person else "events_wait",
            extra={"reason": reason, "again_in_s": round(pause_s, 1)},
        )

    def over(self) -> None:
        if self.failures:
            LOG.info("case_api_answers_again", extra={"failures": self.failures})
        self.failures, self.told = 0, ""


class Sender:
    """Empties the spool into the API.

    Args:
        spool: The worker's spool.
        client: The API.
        backoff: Pauses after failures.
    """

    def __init__(self, spool: Spool, client: ApiClient, backoff: Backoff | None = None) -> None:
        self._spool = spool
        self._client = client
        self._backoff = backoff or Backoff(1.0, MOST_PAUSE_S)
        self._chance = random.SystemRandom()

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; a failure becomes a pause and a line in the log."""
        troubles = _Troubles()
        while not stop.is_set():
            pause_s = IDLE_S
            try:
                pause_s = 0.0 if self.send_once() else IDLE_S
                troubles.over()
            except StreamError as error:
                pause_s = self._pause_s(error, troubles.failures + 1)
                troubles.tell(error, pause_s)
            except Exception:
                # The outermost loop of this thread: were it to end, no event would ever be sent again.
                LOG.exception("sender_begins_again")
                pause_s = self._backoff.most_s
            stop.wait(pause_s)

    def send_once(self) -> bool:
        """Send what is due now; True where something was sent or set aside.

        Pictures go first, so that an event does not name a picture that the API does not have yet;
        only a picture that the API fails at lets its event go ahead.

        Raises:
            SinkUnavailable: The API cannot take anything now.
            StorageFull: What became of it could not be noted; it will be sent again.
        """
        now = time.time()
        # Read before the pictures: these were committed together, so none of theirs is missed.
        rows = self._spool.pending(BATCH, now)
        while pictures := self._spool.pending_pictures(PICTURES, now):
            for picture in pictures:
                self._send_picture(picture)
        if not rows:
            return False
        try:
            verdicts = self._client.post_events(rows)
        except (SinkRejected, ApiFault):
            self._send_singly(rows)
        else:
            self._note(rows, verdicts)
        return True

    def _send_singly(self, rows: Sequence[SpoolRow]) -> None:
        """Send each alone, so that one unfit event does not hold up the others."""
        faults = 0
        waiting: set[str] = set()
        for row in rows:
            if row.subject in waiting:
                continue
            try:
                self._note([row], self._client.post_events([row]))
                faults = 0
            except SinkRejected as error:
                self._reject(row, str(error))
            except ApiFault as error:
                faults += 1
                if faults >= min(FAULTS_OF_A_DOWN_API, len(rows)):
                    raise
                waiting.add(row.subject)
                self._spool.mark_failed(row.seq, self._next_try_at(row.attempts), str(error))

    def _note(self, rows: Sequence[SpoolRow], verdicts: Sequence[Verdict]) -> None:
        judged = list(zip(rows, verdicts, strict=True))
        taken = [row.seq for row, verdict in judged if verdict.taken]
        self._spool.mark_sent(taken, time.time())
        metrics.EVENTS_SENT.labels("taken").inc(len(taken))
        for row, verdict in judged:
            if not verdict.taken:
                self._reject(row, verdict.reason)

    def _reject(self, row: SpoolRow, reason: str) -> None:
        self._spool.mark_rejected(row.seq, reason, time.time())
        metrics.EVENTS_SENT.labels("rejected").inc()
        LOG.error("event_rejected", extra={"event_id": row.event_id, "reason": reason[:300]})

    def _send_picture(self, picture: PictureRow) -> None:
        try:
            name = f"{picture.sha256}{picture.path.suffix}"
            self._client.put_evidence(name, picture.path.read_bytes())
        except OSError as error:
            self._spool.mark_picture(picture.sha256, "lost", time.time(), str(error.strerror))
            LOG.error("picture_lost", extra={"sha256": picture.sha256, "reason": str(error.strerror)})
        except SinkRejected as error:
            self._spool.mark_picture(picture.sha256, "rejected", time.time(), str(error))
            LOG.error("picture_rejected", extra={"sha256": picture.sha256, "reason": str(error)})
        except ApiFault as error:
            next_try_at = self._next_try_at(picture.attempts)
            self._spool.mark_picture_failed(picture.sha256, next_try_at, str(error))
            LOG.warning("picture_waits", extra={"sha256": picture.sha256, "reason": str(error)})
        else:
            self._spool.mark_picture(picture.sha256, "sent", time.time())

    def _next_try_at(self, attempts: int) -> float:
        return time.time() + self._backoff.pause_s(attempts + 1, self._chance.random())

    def _pause_s(self, error: StreamError, failures: int) -> float:
        pause_s = self._backoff.pause_s(failures, self._chance.random())
        if isinstance(error, KeyRefused):
            # Wrong keys are counted: an API may shut out an address that tries too often.
            pause_s = max(pause_s, min(KEY_WRONG_S, self._backoff.most_s))
        return max(pause_s, error.wait_s) if isinstance(error, ApiWait) else pause_s


def send_all(store: WorkerStore, url: str) -> None:
    """Send everything that waits, for an analysis; the key comes from the worker's settings.

    Raises:
        SinkUnavailable: The API did not take all of it; what is left stays in the spool.
    """
    client = ApiClient(url, WorkerSettings().read_api_key())
    sender, backoff, failures = Sender(store.spool, client), Backoff(1.0, 30.0), 0
    try:
        while (counts := store.spool.counts()).pending or counts.pictures:
            try:
                busy = sender.send_once()
            except SinkUnavailable as error:
                failures += 1
                if isinstance(error, KeyRefused) or failures >= TRIES_OF_A_RUN:
                    raise
                time.sleep(backoff.pause_s(failures, 1.0))
                continue
            if not busy:
                # What is left was put off, each for itself; it gets a few more chances.
                failures += 1
                if failures >= TRIES_OF_A_RUN:
                    raise SinkUnavailable(
                        f"{counts.pending} events and {counts.pictures} pictures were not taken"
                    )
                time.sleep(backoff.pause_s(failures, 1.0))
    finally:
        client.close()
