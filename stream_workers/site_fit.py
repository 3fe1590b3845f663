"""Whether the calibrations of a site give planes: the faults that only the fit itself can find."""

from pathlib import Path

from contracts.fault import Fault
from contracts.site import Site
from contracts.site_check import SiteRejected, load_site
from stream_workers.build import placer_of
from vision.errors import CalibrationRejected

__all__ = ["fit_faults", "load_fitting_site"]


def fit_faults(site: Site) -> list[Fault]:
    """A fault for each view whose control points cannot give a plane."""
    faults = []
    for number, camera in enumerate(site.cameras):
        for index, view in enumerate(camera.views):
            try:
                placer_of(view)
            except CalibrationRejected as error:
                problem, _, remedy = str(error).partition("; ")
                path = f"cameras[{number}].views[{index}].calibration.control_points"
                told = "`streetkeeper calibrate` shows each point and how far it misses"
                faults.append(
                    Fault(path, problem, f"{remedy[:1].upper()}{remedy[1:]}; {told}" if remedy else told)
                )
    return faults


def load_fitting_site(source: Path | str) -> Site:
    """The site in a file (a path) or in a text, all of whose calibrations give planes.

    Raises:
        SiteRejected: It has faults.
    """
    site = load_site(source)
    faults = fit_faults(site)
    if faults:
        raise SiteRejected(faults)
    return site
