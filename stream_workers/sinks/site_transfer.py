"""A site file into the case API and out of it, for the command line."""

import json
import time
from dataclasses import dataclass
from typing import Any

from contracts.site_check import SiteRejected, check_site, load_site
from stream_workers.errors import SinkUnavailable
from stream_workers.sinks.client import ApiClient, ApiOther
from stream_workers.site_fit import fit_faults

__all__ = ["ImportedSite", "export_site", "import_site"]

IMPORT_TIMEOUT_S = 60.0
TRIES = 3
PATH = "/v1/config/site"


@dataclass(frozen=True, slots=True)
class ImportedSite:
    """What the API made of a site: the version that holds, whether it is new, and what changed."""

    version: int
    label: str
    is_new: bool
    changes: list[str]


def import_site(url: str, key: str, text: str, reason: str) -> ImportedSite:
    """Make a text the site that holds, as a new version.

    Raises:
        SiteRejected: It has faults; those too that only the fit of a calibration finds.
        SinkUnavailable: The API does not answer, refuses the key, or somebody changed the site meanwhile.
        SinkRejected: The API refuses it.
    """
    errors = [fault for fault in check_site(text) if fault.severity == "error"]
    errors = errors or fit_faults(load_site(text))
    if errors:
        raise SiteRejected(errors)
    client = ApiClient(url, key, IMPORT_TIMEOUT_S)
    try:
        base = _current(client)
        wish = {"text": text, "reason": reason, "base": base["version"] if base else None}
        headers = {"Content-Type": "application/json"}
        answer = client.call("POST", PATH, json.dumps(wish).encode(), headers)
        made: dict[str, Any] = answer.json()
        is_new = answer.status_code == 201
        return ImportedSite(
            made["version"], made["label"], is_new, _changes(client, made["version"]) if is_new else []
        )
    finally:
        client.close()


def export_site(url: str, key: str, version: int | None = None) -> str:
    """The text of the site that holds, or of an earlier version.

    Raises:
        SinkUnavailable: The API does not answer, refuses the key, or has no such version.
    """
    client = ApiClient(url, key, IMPORT_TIMEOUT_S)
    try:
        query = "" if version is None else f"?version={version}"
        return str(_patiently(client, f"{PATH}{query}")["text"])
    finally:
        client.close()


def _current(client: ApiClient) -> dict[str, Any] | None:
    try:
        return _patiently(client, PATH)
    except ApiOther:
        return None


def _patiently(client: ApiClient, path: str) -> dict[str, Any]:
    """Ask, again after a pause where the API is only just starting."""
    for turn in range(TRIES):
        try:
            document: dict[str, Any] = client.call("GET", path).json()
        except ApiOther:
            raise
        except SinkUnavailable:
            if turn == TRIES - 1:
                raise
            time.sleep(1.0)
        else:
            return document
    raise SinkUnavailable("does not answer")


def _changes(client: ApiClient, version: int) -> list[str]:
    """Each key path that the version changed, in words."""
    if version == 1:
        return []
    found = client.call("GET", f"{PATH}/changes?until={version}").json()["changes"]
    return [_told(change) for change in found]


def _told(change: dict[str, Any]) -> str:
    if change["kind"] == "changed":
        return f"{change['path']}: {_short(change['before'])} -> {_short(change['after'])}"
    return f"{change['path']}: {change['kind']}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
