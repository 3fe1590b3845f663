"""The site while the worker runs: a changed one is taken, one with faults is told and left."""

import logging
from pathlib import Path

from contracts.site import Site
from contracts.site_check import SiteRejected
from stream_workers import metrics
from stream_workers.site_origins import FileSite, SiteOrigin

__all__ = ["SiteWatch"]

LOG = logging.getLogger(__name__)
FAULTS_TOLD = 10
NOTE_LENGTH = 200


class SiteWatch:
    """Watches one site, wherever it comes from.

    Args:
        origin: Where it comes from; a path is a file.

    Raises:
        SiteRejected: It has faults at the start.
    """

    def __init__(self, origin: SiteOrigin | Path) -> None:
        self._origin = FileSite(origin) if isinstance(origin, Path) else origin
        self.site = self._origin.first()
        self.note = ""
        """What health says of it: that a newer site was refused, and why; empty where none was."""

    def changed(self) -> Site | None:
        """The new site once after each valid change; None where nothing, or nothing valid, is new."""
        try:
            site = self._origin.changed()
        except SiteRejected as error:
            self._tell_refused(error)
            return None
        if site is None:
            return None
        self.note = ""
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
        first = told[0] if told else "it has faults"
        self.note = f"a newer site was refused, {self.site.version} stays: {first}"[:NOTE_LENGTH]
