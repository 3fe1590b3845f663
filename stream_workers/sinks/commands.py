"""The calls of the case API beside events: the site, cameras' leases, commands, pictures from outside."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from contracts.command import Command, CommandKind, CommandResult
from stream_workers.sinks.client import ApiClient, ApiWait

__all__ = ["CommandApi", "FetchedSite"]

BEYOND_WAIT_S: Final = 15.0
"""How much later than promised an answer to a long poll may come."""
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class FetchedSite:
    """A site as the API has it; `tag` is what to ask for the next one with."""

    text: str
    tag: str
    version: int


class CommandApi:
    """The calls, over a client with the worker's key.

    Every one raises SinkUnavailable where the API does not answer now, and SinkRejected where it never will.

    Args:
        client: The client.
        worker: Name of this worker, unique for each start.
    """

    def __init__(self, client: ApiClient, worker: str) -> None:
        self.worker = worker
        self._client = client

    def fetch_site(self, tag: str | None, wait_s: float) -> FetchedSite | None:
        """The site that holds; None where it is still the one of `tag` after `wait_s` seconds.

        Raises:
            ApiOther: No site was imported yet.
        """
        headers = {} if tag is None else {"If-None-Match": tag}
        path = "/v1/config/site" if tag is None else f"/v1/config/site?wait={wait_s:g}"
        answer = self._client.call("GET", path, headers=headers, timeout_s=wait_s + BEYOND_WAIT_S)
        if answer.status_code == 304:
            return None
        document = _document(answer)
        try:
            return FetchedSite(
                str(document["text"]), answer.headers.get("ETag", ""), int(document["version"])
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ApiWait("answered without a site: is this the case API?") from error

    def take_camera(self, camera_id: str, lease_s: float, timeout_s: float) -> str:
        """Name of the worker that has the camera after asking for it."""
        body = {"worker": self.worker, "lease_s": lease_s}
        return self._holders("PUT", f"/v1/leases/{camera_id}", body, timeout_s)[camera_id]

    def renew_cameras(self, camera_ids: Sequence[str], lease_s: float, timeout_s: float) -> dict[str, str]:
        """For each camera the worker that has it after asking."""
        body = {"worker": self.worker, "lease_s": lease_s, "cameras": list(camera_ids)}
        return self._holders("POST", "/v1/leases", body, timeout_s)

    def give_back_camera(self, camera_id: str, timeout_s: float) -> None:
        """Another worker need not wait for the camera."""
        self._client.call("DELETE", f"/v1/leases/{camera_id}?worker={self.worker}", timeout_s=timeout_s)

    def take_commands(self, kinds: Sequence[CommandKind], wait_s: float) -> list[Command]:
        """A command that this worker can do; none after `wait_s` seconds without one."""
        body = {"worker": self.worker, "kinds": [kind.value for kind in kinds], "limit": 1}
        timeout_s = wait_s + BEYOND_WAIT_S
        document = self._post(f"/v1/commands/lease?wait={wait_s:g}", body, timeout_s)
        try:
            return [Command.model_validate(command) for command in document["commands"]]
        except (KeyError, TypeError, ValidationError) as error:
            raise ApiWait("answered without commands: are API and worker of one release?") from error

    def tell_progress(self, command: Command, progress: float, note: str) -> None:
        """This worker still works on a command.

        Raises:
            ApiOther: Another has it now.
        """
        body = {"token": command.token, "progress": min(1.0, max(0.0, progress)), "note": note[:300]}
        self._post(f"/v1/commands/{command.command_id}/progress", body)

    def hand_in(self, command_id: str, result: CommandResult) -> None:
        """Hand a result in.

        Raises:
            ApiOther: Another worker has the command or did it.
        """
        self._post(f"/v1/commands/{command_id}/result", result.model_dump(mode="json"))

    def original(self, picture_id: str, token: str) -> bytes:
        """A picture from outside as it came.

        Raises:
            ApiOther: Another worker has the command, or the picture is gone.
        """
        headers = {"X-Streetkeeper-Token": token}
        return self._client.call(
            "GET", f"/v1/outside-pictures/{picture_id}/original", headers=headers
        ).content

    def tell_run(self, run: str, told: Mapping[str, Any]) -> None:
        """How far an analysis is: `state`, `progress`, `detail`, `inputs`."""
        self._client.call("PUT", f"/v1/runs/{run}", json.dumps(told).encode(), _JSON)

    def tell_drop_folder(self, machine: str, files: Sequence[Mapping[str, Any]]) -> None:
        """What can be analysed here."""
        self._post("/v1/drop-folders", {"worker": machine, "files": list(files)})

    def _holders(self, method: str, path: str, body: Any, timeout_s: float) -> dict[str, str]:
        answer = self._client.call(method, path, json.dumps(body).encode(), _JSON, timeout_s)
        try:
            return {lease["camera_id"]: str(lease["holder"]) for lease in _document(answer)["leases"]}
        except (KeyError, TypeError) as error:
            raise ApiWait("answered without leases: is this the case API?") from error

    def _post(self, path: str, body: Any, timeout_s: float | None = None) -> dict[str, Any]:
        return _document(self._client.call("POST", path, json.dumps(body).encode(), _JSON, timeout_s))


def _document(answer: Any) -> dict[str, Any]:
    if answer.status_code == 204:
        return {}
    try:
        document: dict[str, Any] = answer.json()
    except ValueError as error:
        # Perhaps a proxy's page.
        raise ApiWait(f"answered {answer.status_code} without JSON: is this the case API?") from error
    return document
