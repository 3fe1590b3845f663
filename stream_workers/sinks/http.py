"""Sending to the case API: pictures first, then events in batches, at least once, in order."""

import json
import logging
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from stream_workers.errors import SinkRejected, SinkUnavailable, StorageFull
from stream_workers.settings import WorkerSettings
from stream_workers.sources.reconnect import Backoff
from stream_workers.store import SpoolRow, WorkerStore

__all__ = ["ApiClient", "Sender", "send_all"]

LOG = logging.getLogger(__name__)
BATCH = 100
IDLE_S = 1.0
KEY_WRONG_S = 60.0
MOST_PAUSE_S = 300.0
TRIES_OF_A_RUN = 6
_WHOLE_REQUEST_REFUSED = frozenset({400, 413, 415, 422})
_KEY_WRONG = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the API said of one event."""

    taken: bool
    reason: str = ""


class ApiClient:
    """Calls of the case API that a worker makes.

    Args:
        url: Base address of the API.
        key: Key of role worker; it goes into a header and nowhere else.
        timeout_s: Longest wait for one answer.
    """

    def __init__(self, url: str, key: str, timeout_s: float = 20.0) -> None:
        self._client = httpx.Client(
            base_url=url,
            timeout=timeout_s,
            headers={"Authorization": f"Bearer {key}"},
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def put_evidence(self, sha256: str, content: bytes) -> None:
        """Upload one masked picture.

        Raises:
            SinkUnavailable: Try again later.
            SinkRejected: The API will never take this picture.
        """
        headers = {"Content-Type": "image/jpeg", "X-Streetkeeper-Masked": "true"}
        answer = self._call("PUT", f"/v1/evidence/{sha256}.jpg", content, headers)
        if answer.status_code not in (200, 201):
            raise SinkRejected(_told(answer))

    def post_events(self, rows: Sequence[SpoolRow]) -> list[Verdict]:
        """Send events; one verdict each, in order.

        Raises:
            SinkUnavailable: Try again later.
            SinkRejected: The API refuses the request as a whole.
        """
        body = b"[" + b",".join(row.body.encode() for row in rows) + b"]"
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        answer = self._call("POST", "/v1/events", body, headers)
        if answer.status_code in _WHOLE_REQUEST_REFUSED:
            raise SinkRejected(_told(answer))
        try:
            results: list[dict[str, Any]] = answer.json()["results"]
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise SinkUnavailable(f"the case API answered {answer.status_code} without results") from error
        if len(results) != len(rows):
            raise SinkUnavailable(f"the case API answered {len(results)} results for {len(rows)} events")
        return [
            Verdict(result.get("outcome") in ("stored", "repeated"), str(result.get("reason") or ""))
            for result in results
        ]

    def _call(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        try:
            answer = self._client.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise SinkUnavailable(f"the case API does not answer: {type(error).__name__}") from error
        if answer.status_code in _KEY_WRONG:
            raise SinkUnavailable(
                f"the case API refuses the key ({answer.status_code}): check its role and value"
            )
        if answer.status_code < 300 or answer.status_code in _WHOLE_REQUEST_REFUSED:
            return answer
        wait = answer.headers.get("Retry-After", "")
        raise SinkUnavailable(
            f"the case API answered {answer.status_code}{f', again in {wait} s' if wait else ''}"
        )


class Sender:
    """Empties the spool into the API.

    Args:
        store: The worker's store.
        client: The API.
        backoff: Pauses after failures.
    """

    def __init__(self, store: WorkerStore, client: ApiClient, backoff: Backoff | None = None) -> None:
        self._store = store
        self._client = client
        self._backoff = backoff or Backoff(1.0, MOST_PAUSE_S)
        self._rng = random.SystemRandom()
        self.sent = 0
        self.rejected = 0

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set; a failure becomes a pause and a line in the log."""
        failures = 0
        while not stop.is_set():
            try:
                busy = self.send_once()
                failures = 0
                stop.wait(0.0 if busy else IDLE_S)
            except SinkUnavailable as error:
                failures += 1
                pause = self._backoff.pause_s(failures, self._rng.random())
                if "refuses the key" in str(error):
                    pause = max(pause, KEY_WRONG_S)
                level = logging.WARNING if failures > 1 else logging.INFO
                LOG.log(level, "events_wait", extra={"reason": str(error), "again_in_s": round(pause, 1)})
                stop.wait(pause)
            except StorageFull as error:
                LOG.error("spool_disk_full", extra={"reason": str(error)})
                stop.wait(MOST_PAUSE_S / 10)

    def send_once(self) -> bool:
        """Send what is due now; True where something was sent.

        Pictures go first, so that an event never names a picture that the API does not have yet.

        Raises:
            SinkUnavailable: The API cannot take anything now.
        """
        sent = self._send_evidence()
        rows = self._store.pending(BATCH, time.time())
        if not rows:
            return sent
        try:
            verdicts = self._client.post_events(rows)
        except SinkRejected as error:
            if len(rows) == 1:
                self._reject(rows[0], str(error))
                return True
            verdicts = self._one_by_one(rows)
        for row, verdict in zip(rows, verdicts, strict=True):
            if verdict.taken:
                self._store.mark_sent([row.seq], time.time())
                self.sent += 1
            else:
                self._reject(row, verdict.reason)
        return True

    def _one_by_one(self, rows: Sequence[SpoolRow]) -> list[Verdict]:
        """Send each alone, so that one unfit event does not hold up the others."""
        verdicts = []
        for row in rows:
            try:
                verdicts += self._client.post_events([row])
            except SinkRejected as error:
                verdicts.append(Verdict(taken=False, reason=str(error)))
        return verdicts

    def _reject(self, row: SpoolRow, reason: str) -> None:
        self.rejected += 1
        self._store.mark_rejected(row.seq, reason)
        LOG.error("event_rejected", extra={"event_id": row.event_id, "reason": reason[:300]})

    def _send_evidence(self) -> bool:
        sent = False
        for sha256, path in self._store.pending_evidence():
            try:
                content = path.read_bytes()
            except OSError as error:
                self._store.mark_evidence(sha256, "lost", time.time(), str(error))
                LOG.error("evidence_lost", extra={"sha256": sha256})
                continue
            try:
                self._client.put_evidence(sha256, content)
            except SinkRejected as error:
                self._store.mark_evidence(sha256, "rejected", time.time(), str(error))
                LOG.error("evidence_rejected", extra={"sha256": sha256, "reason": str(error)[:300]})
                continue
            self._store.mark_evidence(sha256, "sent", time.time())
            sent = True
        return sent


def send_all(store: WorkerStore, url: str) -> None:
    """Send everything that waits, for an analysis; the key comes from the worker's settings.

    Raises:
        SinkUnavailable: The API did not take all of it; what is left stays in the spool.
    """
    client = ApiClient(url, WorkerSettings().read_api_key())
    sender = Sender(store, client)
    failures = 0
    try:
        while store.counts().pending or store.pending_evidence():
            try:
                sender.send_once()
            except SinkUnavailable:
                failures += 1
                if failures >= TRIES_OF_A_RUN:
                    raise
                time.sleep(min(8.0, 0.5 * 2.0**failures))
    finally:
        client.close()


def _told(answer: httpx.Response) -> str:
    """What a refusal says, short."""
    try:
        document = answer.json()
        text = str(document.get("detail") or document.get("title") or document)
    except (json.JSONDecodeError, AttributeError):
        text = answer.text
    return f"{answer.status_code}: {text[:300]}"
