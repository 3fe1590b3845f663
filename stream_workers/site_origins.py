"""Where a worker's site comes from: a file that is edited, or the case API that owns it."""

import json
import logging
import random
import threading
from pathlib import Path
from typing import Final, Protocol

from contracts.site import Site
from contracts.site_check import SiteRejected
from stream_workers.errors import StorageFull, StreamError
from stream_workers.picture_files import write_whole
from stream_workers.sinks.client import ApiOther
from stream_workers.sinks.commands import CommandApi, FetchedSite
from stream_workers.site_fit import load_fitting_site
from stream_workers.sources.reconnect import Backoff

__all__ = ["ApiSite", "FileSite", "SiteOrigin"]

LOG = logging.getLogger(__name__)
WAIT_S: Final = 20.0
Stamp = tuple[int, int, int]


class SiteOrigin(Protocol):
    """Gives the site, and each change of it once."""

    def first(self) -> Site:
        """The site to begin with.

        Raises:
            SiteRejected: It has faults.
        """
        ...

    def changed(self) -> Site | None:
        """The new site once after each change; None where nothing is new.

        Raises:
            SiteRejected: The new one has faults.
        """
        ...


class FileSite:
    """A site file on this machine.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()

    def first(self) -> Site:
        """The site in the file."""
        return load_fitting_site(self._path)

    def changed(self) -> Site | None:
        """The site in the file once after each change of it."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        # Before reading: should the file change meanwhile, the next call sees another stamp.
        self._seen = stamp
        return load_fitting_site(self._path)

    def _stamp(self) -> Stamp | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


class ApiSite:
    """The site of the case API; the last good one is kept on disk for a start while the API is away.

    Args:
        api: The calls.
        kept: File of the last good site, with its tag.
        stop: Ends the waiting for a first one.
        backoff: Pauses while the API is away.
    """

    def __init__(
        self, api: CommandApi, kept: Path, stop: threading.Event, backoff: Backoff | None = None
    ) -> None:
        self._api = api
        self._kept = kept
        self._stop = stop
        self._backoff = backoff or Backoff(1.0, 60.0)
        self._tag: str | None = None
        self._fetched: FetchedSite | None = None
        self._refused: SiteRejected | None = None
        self._lock = threading.Lock()
        self._told = ""

    def first(self) -> Site:
        """The API's site; the kept one where the API is away or its site has faults; else wait for one.

        Raises:
            StreamError: `stop` was set before there was one.
        """
        failures = 0
        while not self._stop.is_set():
            site = self._ask() or self._from_disk()
            if site is not None:
                return site
            failures += 1
            self._stop.wait(self._backoff.pause_s(failures, random.random()))  # noqa: S311  no secret
        raise StreamError("it was ended before there was a site")

    def changed(self) -> Site | None:
        """The API's site once after each change that `run` has heard of."""
        with self._lock:
            fetched, self._fetched = self._fetched, None
            refused, self._refused = self._refused, None
        if refused is not None:
            raise refused
        return None if fetched is None else self._taken(fetched)

    def run(self, stop: threading.Event) -> None:
        """Wait for changes until `stop` is set."""
        failures = 0
        while not stop.is_set():
            try:
                fetched = self._api.fetch_site(self._tag, WAIT_S)
            except StreamError as error:
                failures += 1
                self._tell("site_not_asked_for", error)
                stop.wait(self._backoff.pause_s(failures, random.random()))  # noqa: S311  no secret
                continue
            failures, self._told = 0, ""
            if fetched is not None:
                self._tag = fetched.tag
                with self._lock:
                    self._fetched = fetched

    def _ask(self) -> Site | None:
        try:
            fetched = self._api.fetch_site(None, 0.0)
        except ApiOther as error:
            self._tell("site_awaited", error)
            return None
        except StreamError as error:
            self._tell("site_not_asked_for", error)
            return None
        if fetched is None:
            return None
        self._tag = fetched.tag
        try:
            site = self._taken(fetched)
        except SiteRejected as rejected:
            # Told by the next `changed`, as any refused one is: there health can say so.
            self._refused = rejected
            self._tell("site_of_api_refused", rejected)
            return None
        self._refused = None
        return site

    def _taken(self, fetched: FetchedSite) -> Site:
        """The site in a text, which from now on is the last good one."""
        site = load_fitting_site(fetched.text)
        try:
            write_whole(self._kept, json.dumps({"tag": fetched.tag, "text": fetched.text}).encode())
        except StorageFull as error:
            LOG.warning("site_not_kept", extra={"reason": str(error)})
        return site

    def _from_disk(self) -> Site | None:
        try:
            document = json.loads(self._kept.read_text(encoding="utf-8"))
            site = load_fitting_site(str(document["text"]))
        except (OSError, ValueError, KeyError, TypeError, SiteRejected):
            return None
        LOG.warning("site_of_before_is_used", extra={"site_version": site.version})
        return site

    def _tell(self, event: str, error: Exception) -> None:
        if str(error) != self._told:
            self._told = str(error)
            LOG.warning(event, extra={"reason": self._told})
