"""The site file while the worker runs: a changed one is taken, one with faults is told and left."""

import logging
from pathlib import Path

from contracts.site import Site
from contracts.site_check import SiteRejected
from stream_workers import metrics
from stream_workers.site_fit import load_fitting_site

__all__ = ["SiteWatch"]

LOG = logging.getLogger(__name__)
FAULTS_TOLD = 10
Stamp = tuple[int, int, int]


class SiteWatch:
    """Watches one site file.

    Args:
        path: The file.

    Raises:
        SiteRejected: It has faults at the start.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self.site = load_fitting_site(path)

    def changed(self) -> Site | None:
        """The new site once after each valid change; None where nothing, or nothing valid, is new."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        # Before reading: should the file change meanwhile, the next call sees another stamp.
        self._seen = stamp
        try:
            site = load_fitting_site(self._path)
        except SiteRejected as error:
            self._tell_refused(error)
            return None
        if site == self.site:
            return None
        level = logging.WARNING if site.version == self.site.version else logging.INFO
        LOG.log(
            level,
            "site_taken",
            extra={"site_version": site.version, "same_version_as_before": site.version == self.site.version},
        )
        self.site = site
        return site

    def _tell_refused(self, error: SiteRejected) -> None:
        metrics.SITE_REFUSED.inc()
        told = [f"{fault.path}: {fault.problem}. {fault.remedy}" for fault in error.faults]
        LOG.error(
            "site_refused_running_one_stays",
            extra={"running_version": self.site.version, "faults": told[:FAULTS_TOLD], "count": len(told)},
        )

    def _stamp(self) -> Stamp | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
