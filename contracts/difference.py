"""What changed between two versions of a document, key path by key path."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Change", "differences"]

_PASSWORD = re.compile(r"//[^/@\s]+@")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Args:
        path: Key path, such as `cameras[gate].look_every_s`; of entries with an id the id, else the number.
        kind: What happened to it.
        before: The value before, as JSON; None where it was not there.
        after: The value after; None where it is gone.
    """

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any
    after: Any


def differences(before: Any, after: Any) -> list[Change]:
    """Every change from one plain document (JSON values) to another, in the order of the documents.

    Entries of a list that have ids are known by them, so that one that is put in front changes nothing of
    the others; their order alone is told as a change of the list.
    """
    return list(_compare("", before, after))


def _compare(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _compare_keys(before, after, lambda key: f"{path}.{key}" if path else str(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compare_lists(path, before, after)
    elif type(before) is not type(after) or before != after:
        # By type too: 1 and true are equal to Python and not the same in a document.
        yield Change(path or "(document)", "changed", _shown(before), _shown(after))


def _compare_keys(
    before: Mapping[str, Any], after: Mapping[str, Any], name: Callable[[str], str]
) -> Iterator[Change]:
    for key, value in before.items():
        if key not in after:
            yield Change(name(key), "removed", _shown(value), None)
        else:
            yield from _compare(name(key), value, after[key])
    for key, value in after.items():
        if key not in before:
            yield Change(name(key), "added", None, _shown(value))


def _compare_lists(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[Change]:
    old, new = _by_id(before), _by_id(after)
    if old is None or new is None:
        old, new = ({str(number): entry for number, entry in enumerate(list_)} for list_ in (before, after))
        yield from _compare_keys(old, new, lambda key: f"{path}[{key}]")
        return
    yield from _compare_keys(old, new, lambda key: f"{path}[{key}]")
    kept = [key for key in old if key in new]
    moved = [key for key in new if key in old]
    if kept != moved:
        yield Change(path or "(document)", "changed", kept, moved)


def _by_id(entries: Sequence[Any]) -> dict[str, Any] | None:
    """The entries by their ids; None where one has none or two have the same."""
    found: dict[str, Any] = {}
    for entry in entries:
        name = entry.get("id") if isinstance(entry, Mapping) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = entry
    return found


def _shown(value: Any) -> Any:
    """A value as it may be repeated: without passwords in addresses, and not endless."""
    if isinstance(value, str):
        return _PASSWORD.sub("//***@", value)[:_LONGEST]
    if isinstance(value, Mapping):
        return {key: _shown(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    return value
