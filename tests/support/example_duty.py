"""The example responsibility document of the sample district, whole or with one thing changed in it."""

from functools import lru_cache
from pathlib import Path

from contracts.fault import Fault
from contracts.responsibility import ResponsibilityDocument
from contracts.responsibility_check import check_responsibility, load_responsibility
from contracts.site import Site
from sample_videos.district.plan import FRAME
from sample_videos.district.site import site_document

DUTY_PATH = Path(__file__).parents[2] / "config" / "responsibility.example.yaml"
DUTY_TEXT = DUTY_PATH.read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def district_duty() -> ResponsibilityDocument:
    """The document as it is committed."""
    return load_responsibility(DUTY_TEXT)


@lru_cache(maxsize=1)
def district_site() -> Site:
    """The site of the sample district."""
    return Site.model_validate(site_document(1))


def duty_changed(old: str, new: str) -> str:
    assert old in DUTY_TEXT, old
    return DUTY_TEXT.replace(old, new, 1)


def duty_fault(text: str, path: str, site: Site | None = None) -> Fault:
    """The fault at a path; the test fails with all faults where there is none."""
    faults = check_responsibility(text, site)
    found = [fault for fault in faults if fault.path == path]
    assert found, faults
    return found[0]


def at_en(east: float, north: float) -> tuple[float, float]:
    """The place so many metres east and north of the district's middle, degrees."""
    import numpy as np

    ((lon, lat),) = FRAME.to_lonlat(np.array([[east, north]], np.float64))
    return float(lon), float(lat)
