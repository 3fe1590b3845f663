"""Reading a site file, and saying of each fault where it is, what is wrong and how to mend it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from contracts.fault import Fault
from contracts.site import Site
from contracts.site_faults import consistency_faults
from contracts.site_lines import with_lines
from contracts.site_shape import shape_faults

__all__ = ["Fault", "SiteRejected", "check_site", "load_site", "read_site_text"]

MOST_BYTES = 2_000_000
MOST_DEPTH = 40


class SiteRejected(Exception):
    """A site document with faults; `faults` names all of them."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.path}: {fault.problem}. {fault.remedy}" for fault in faults[:20]))


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
    try:
        if path.stat().st_size > MOST_BYTES:
            raise SiteRejected(
                [_file_fault(f"larger than {MOST_BYTES} bytes", "Split the site or drop what is not used")]
            )
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SiteRejected([_file_fault("not a text in UTF-8", "Save the file as UTF-8")]) from error
    except OSError as error:
        raise SiteRejected(
            [_file_fault(f"cannot be read: {error.strerror}", "Name an existing, readable file")]
        ) from error


def _read(text: str) -> _Read:
    try:
        root, document = _parse(text)
    except SiteRejected as rejected:
        return _Read(None, rejected.faults)
    try:
        site = Site.model_validate(document)
    except ValidationError as error:
        return _Read(None, with_lines(shape_faults(error), root))
    return _Read(site, with_lines(consistency_faults(site), root))


def _parse(text: str) -> tuple[yaml.Node | None, dict[str, Any]]:
    """The document as YAML nodes, which know their lines, and as plain values."""
    if len(text) > MOST_BYTES:
        raise SiteRejected(
            [_file_fault(f"larger than {MOST_BYTES} bytes", "Split the site or drop what is not used")]
        )
    try:
        root, document = _nodes_and_values(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = str(getattr(error, "problem", None) or error)
        remedy = "Correct the line; indentation is by spaces"
        raise SiteRejected([Fault("(file)", f"not valid YAML: {problem}", remedy, line)]) from error
    except RecursionError as error:
        raise SiteRejected(
            [_file_fault(f"nested deeper than {MOST_DEPTH} levels", "A site needs no more than ten")]
        ) from error
    if not isinstance(document, dict):
        remedy = "Begin with `format: streetkeeper-site/1`; see config/site.example.yaml"
        raise SiteRejected([_file_fault("not a mapping of keys", remedy)])
    return root, document


def _nodes_and_values(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _SiteLoader(text)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _file_fault(problem: str, remedy: str) -> Fault:
    return Fault("(file)", problem, remedy)


class _SiteLoader(yaml.SafeLoader):
    """Safe YAML without aliases (a few lines can unfold to gigabytes) and without repeated keys."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node, within the depth that a site needs."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "aliases (*name) are not allowed", mark)
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise RecursionError
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """One value; what looks like a day or a number and is none is refused with its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError) as error:
            shown = str(node.value)[:40]
            raise yaml.constructor.ConstructorError(
                None, None, f"'{shown}' is no day, time or number; put it in quotes", node.start_mark
            ) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping; a key that stands twice is refused, since one of the two would be lost."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is not a word; put it in quotes", key_node.start_mark
                )
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)
