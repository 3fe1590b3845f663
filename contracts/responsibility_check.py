"""Reading a responsibility document; of each fault where it is, what is wrong and how to mend it."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from contracts.fault import Fault
from contracts.responsibility import ResponsibilityDocument
from contracts.responsibility_faults import responsibility_faults, site_fit_faults
from contracts.site import Site
from contracts.site_lines import with_lines
from contracts.site_shape import shape_faults
from contracts.yaml_document import DocumentForm, DocumentRejected, parse_document, read_text

__all__ = [
    "ResponsibilityRejected",
    "check_responsibility",
    "load_responsibility",
    "read_responsibility_text",
]


class ResponsibilityRejected(DocumentRejected):
    """A responsibility document with faults; `faults` names all of them."""


_FORM = DocumentForm(
    name="streetkeeper-responsibility/1",
    example="config/responsibility.example.yaml",
    too_large="Leave out grid cells outside the district",
    rejected=ResponsibilityRejected,
    most_bytes=8_000_000,  # some thirty thousand grid cells
)


@dataclass(frozen=True, slots=True)
class _Read:
    document: ResponsibilityDocument | None
    faults: list[Fault]


def load_responsibility(source: Path | str, site: Site | None = None) -> ResponsibilityDocument:
    """The document in a file (a path) or in a text, checked against a site where one is given.

    Raises:
        ResponsibilityRejected: It has faults; warnings alone do not reject it.
    """
    text = read_responsibility_text(source) if isinstance(source, Path) else source
    read = _read(text, site)
    errors = [fault for fault in read.faults if fault.severity == "error"]
    if errors or read.document is None:
        raise ResponsibilityRejected(errors)
    return read.document


def check_responsibility(text: str, site: Site | None = None) -> list[Fault]:
    """All faults and warnings of a responsibility document; with a site, also where the two do not fit."""
    return _read(text, site).faults


def read_responsibility_text(path: Path) -> str:
    """The text of a responsibility file.

    Raises:
        ResponsibilityRejected: It cannot be read, is too large, or is no text.
    """
    return read_text(path, _FORM)


def _read(text: str, site: Site | None) -> _Read:
    try:
        root, values = parse_document(text, _FORM)
    except DocumentRejected as rejected:
        return _Read(None, rejected.faults)
    try:
        document = ResponsibilityDocument.model_validate(values)
    except ValidationError as error:
        return _Read(None, with_lines(shape_faults(error, ResponsibilityDocument), root))
    faults = responsibility_faults(document) + (site_fit_faults(document, site) if site else [])
    return _Read(document, with_lines(faults, root))
