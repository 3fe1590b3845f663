"""Reading a site file, and saying of each fault where it is, what is wrong and how to mend it."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from contracts.fault import Fault
from contracts.site import Site
from contracts.site_faults import consistency_faults
from contracts.site_lines import with_lines
from contracts.site_shape import shape_faults
from contracts.yaml_document import MOST_BYTES, DocumentForm, DocumentRejected, parse_document, read_text

__all__ = ["MOST_BYTES", "Fault", "SiteRejected", "check_site", "load_site", "read_site_text"]


class SiteRejected(DocumentRejected):
    """A site document with faults; `faults` names all of them."""


_FORM = DocumentForm(
    name="streetkeeper-site/1",
    example="config/site.example.yaml",
    too_large="Split the site or drop what is not used",
    rejected=SiteRejected,
)


@dataclass(frozen=True, slots=True)
class _Read:
    site: Site | None
    faults: list[Fault]


def load_site(source: Path | str) -> Site:
    """The site in a file (a path) or in a text.

    Raises:
        SiteRejected: It has faults; warnings alone do not reject it.
    """
    text = read_site_text(source) if isinstance(source, Path) else source
    read = _read(text)
    errors = [fault for fault in read.faults if fault.severity == "error"]
    if errors or read.site is None:
        raise SiteRejected(errors)
    return read.site


def check_site(text: str) -> list[Fault]:
    """All faults and warnings of a site document, in the order of the document's parts."""
    return _read(text).faults


def read_site_text(path: Path) -> str:
    """The text of a site file.

    Raises:
        SiteRejected: It cannot be read, is too large, or is no text.
    """
    return read_text(path, _FORM)


def _read(text: str) -> _Read:
    try:
        root, document = parse_document(text, _FORM)
    except DocumentRejected as rejected:
        return _Read(None, rejected.faults)
    try:
        site = Site.model_validate(document)
    except ValidationError as error:
        return _Read(None, with_lines(shape_faults(error), root))
    return _Read(site, with_lines(consistency_faults(site), root))
