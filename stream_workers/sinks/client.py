"""The calls of the case API that a worker makes, and what their answers mean for the spool."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from stream_workers.errors import SinkRejected, SinkUnavailable
from stream_workers.spool import SpoolRow

__all__ = ["ApiClient", "ApiFault", "ApiOther", "ApiWait", "KeyRefused", "Verdict"]

MOST_RETRY_AFTER_S: Final = 3600.0
_REFUSED: Final = frozenset({400, 413, 415, 422})
_KEY_REFUSED: Final = frozenset({401, 403})
_OTHER: Final = frozenset({404, 409})
_TAKEN: Final = frozenset({"stored", "repeated"})


class ApiWait(SinkUnavailable):
    """The API cannot take anything now.

    Args:
        reason: For a person.
        wait_s: How long it asked to be left alone, seconds; 0 where it did not say.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class KeyRefused(ApiWait):
    """The API refuses the key: a person must mend it, what waits is kept."""


class ApiOther(ApiWait):
    """What was asked for is not there, or is another's (404, 409)."""


class ApiFault(ApiWait):
    """The API failed at this request (500); perhaps at this one only."""


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
        timeout_s: Longest wait for a connection, and for each next part of an answer.
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

    def put_evidence(self, name: str, content: bytes) -> None:
        """Upload one masked picture (`SHA256.jpg`) or clip (`SHA256.mp4`).

        Raises:
            SinkUnavailable: Try again later; `ApiWait` and its kinds say how.
            SinkRejected: The API will never take this file.
        """
        media = "video/mp4" if name.endswith(".mp4") else "image/jpeg"
        headers = {"Content-Type": media, "X-Streetkeeper-Masked": "true"}
        self.call("PUT", f"/v1/evidence/{name}", content, headers)

    def post_events(self, rows: Sequence[SpoolRow]) -> list[Verdict]:
        """Send events; one verdict each, in order.

        Raises:
            SinkUnavailable: Try again later; `ApiWait` and its kinds say how.
            SinkRejected: The API refuses the request as a whole.
        """
        body = b"[" + b",".join(row.body.encode() for row in rows) + b"]"
        headers = {"Content-Type": "application/cloudevents-batch+json"}
        answer = self.call("POST", "/v1/events", body, headers)
        try:
            verdicts = [_verdict(result) for result in answer.json()["results"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # Perhaps a proxy's page, not the API: nothing counts as taken.
            raise ApiWait(f"answered {answer.status_code} without results: is this the case API?") from error
        if len(verdicts) != len(rows):
            raise ApiWait(f"answered {len(verdicts)} results for {len(rows)} events")
        return verdicts

    def call(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> httpx.Response:
        """One request; its answer is a success, or 304.

        Args:
            method: The method.
            path: Path, and query where there is one.
            content: The body.
            headers: Beside the key's.
            timeout_s: Where another than the client's.

        Raises:
            SinkUnavailable: Try again later; `ApiWait` and its kinds say how.
            SinkRejected: The API will never take this.
        """
        timeout = self._client.timeout if timeout_s is None else httpx.Timeout(timeout_s)
        try:
            answer = self._client.request(method, path, content=content, headers=headers, timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ApiWait(f"does not answer ({type(error).__name__})") from error
        status = answer.status_code
        if 200 <= status < 300 or status == httpx.codes.NOT_MODIFIED:
            return answer
        if status in _REFUSED:
            raise SinkRejected(_told(answer))
        if status in _KEY_REFUSED:
            raise KeyRefused(f"refuses the key ({status}): check its value and its role")
        if status in _OTHER:
            raise ApiOther(f"answered {_told(answer)}")
        kind = ApiFault if status == 500 else ApiWait
        raise kind(f"answered {_told(answer)}", _retry_after_s(answer))


def _verdict(result: Mapping[str, Any]) -> Verdict:
    return Verdict(result["outcome"] in _TAKEN, str(result.get("reason") or result.get("code") or ""))


def _retry_after_s(answer: httpx.Response) -> float:
    """Seconds of `Retry-After`; 0 where it is missing or a date, which our API never sends."""
    try:
        wait_s = float(answer.headers.get("Retry-After", "0"))
    except ValueError:
        return 0.0
    return min(MOST_RETRY_AFTER_S, max(0.0, wait_s)) if math.isfinite(wait_s) else 0.0


def _told(answer: httpx.Response) -> str:
    """Status and reason of a refusal, short."""
    try:
        document = answer.json()
        text = str(document.get("detail") or document.get("title") or document)
    except (json.JSONDecodeError, UnicodeDecodeError, AttributeError):
        text = answer.text
    return f"{answer.status_code}: {text[:300]}"
