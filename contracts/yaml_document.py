"""Reading a YAML document of ours: nothing hidden, nothing twice, and of each fault the line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from contracts.fault import Fault

__all__ = ["MOST_BYTES", "MOST_DEPTH", "DocumentForm", "DocumentRejected", "parse_document", "read_text"]

MOST_BYTES = 2_000_000
MOST_DEPTH = 40


class DocumentRejected(Exception):
    """A document with faults; `faults` names all of them."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.path}: {fault.problem}. {fault.remedy}" for fault in faults[:20]))


@dataclass(frozen=True, slots=True)
class DocumentForm:
    """What one kind of document is called, and how large it may be.

    Args:
        name: Its `format`.
        example: The file to begin with.
        too_large: What helps where it is too large.
        rejected: The exception that names its faults.
        most_bytes: Largest file.
    """

    name: str
    example: str
    too_large: str
    rejected: type[DocumentRejected]
    most_bytes: int = MOST_BYTES


def read_text(path: Path, form: DocumentForm) -> str:
    """The text of a file.

    Raises:
        DocumentRejected: It cannot be read, is too large, or is no text.
    """
    try:
        if path.stat().st_size > form.most_bytes:
            raise form.rejected([_too_large(form)])
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise form.rejected([_file_fault("not a text in UTF-8", "Save the file as UTF-8")]) from error
    except OSError as error:
        raise form.rejected(
            [_file_fault(f"cannot be read: {error.strerror}", "Name an existing, readable file")]
        ) from error


def parse_document(text: str, form: DocumentForm) -> tuple[yaml.Node | None, dict[str, Any]]:
    """The document as YAML nodes, which know their lines, and as plain values.

    Raises:
        DocumentRejected: It is too large, no YAML, nested too deep or not a mapping of keys.
    """
    if len(text) > form.most_bytes:
        raise form.rejected([_too_large(form)])
    try:
        root, document = _nodes_and_values(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        problem = str(getattr(error, "problem", None) or error)
        remedy = "Correct the line; indentation is by spaces"
        raise form.rejected([Fault("(file)", f"not valid YAML: {problem}", remedy, line)]) from error
    except RecursionError as error:
        raise form.rejected(
            [_file_fault(f"nested deeper than {MOST_DEPTH} levels", "No document needs more than ten")]
        ) from error
    if not isinstance(document, dict):
        remedy = f"Begin with `format: {form.name}`; see {form.example}"
        raise form.rejected([_file_fault("not a mapping of keys", remedy)])
    return root, document


def _nodes_and_values(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        return root, None if root is None else loader.construct_document(root)
    finally:
        loader.dispose()


def _too_large(form: DocumentForm) -> Fault:
    return _file_fault(f"larger than {form.most_bytes} bytes", form.too_large)


def _file_fault(problem: str, remedy: str) -> Fault:
    return Fault("(file)", problem, remedy)


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases (a few lines can unfold to gigabytes) and without repeated keys."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node, within the depth that a document needs."""
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
