"""On which line of the file a key path of a site document stands."""

import re
from collections.abc import Iterable
from dataclasses import replace

import yaml

from contracts.fault import Fault

__all__ = ["with_lines"]

_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def with_lines(faults: Iterable[Fault], root: yaml.Node | None) -> list[Fault]:
    """The faults, each with the line of its key; a key that is missing gets the line of its group.

    Args:
        faults: Faults of one document.
        root: The document as YAML nodes, which know their lines.
    """
    return [
        fault if fault.line is not None else replace(fault, line=_line(root, fault.path)) for fault in faults
    ]


def _line(root: yaml.Node | None, path: str) -> int | None:
    node, line = root, None
    for index, key in _STEP.findall(path):
        place = _entry(node, int(index)) if index else _value(node, key)
        if place is None:
            break
        mark, node = place
        line = mark.line + 1
    return line


def _entry(node: yaml.Node | None, index: int) -> tuple[yaml.Mark, yaml.Node] | None:
    if not isinstance(node, yaml.SequenceNode) or index >= len(node.value):
        return None
    entry: yaml.Node = node.value[index]
    return entry.start_mark, entry


def _value(node: yaml.Node | None, key: str) -> tuple[yaml.Mark, yaml.Node] | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    for name, value in node.value:
        if name.value == key:
            return name.start_mark, value
    return None
