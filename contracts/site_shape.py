"""Faults of shape in a document of ours: unknown keys, wrong types and ranges, in plain words."""

import difflib
import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from contracts.fault import Fault, path_of
from contracts.site import Site

__all__ = ["shape_faults"]

_WORDS = {
    "missing": ("is missing", "Add it"),
    "string_type": ("must be a text", "Put it in quotes"),
    "int_type": ("must be a whole number", "Write digits only"),
    "int_parsing": ("must be a whole number", "Write digits only"),
    "int_from_float": ("must be a whole number", "Write digits only"),
    "float_type": ("must be a number", "Write digits with a point"),
    "float_parsing": ("must be a number", "Write digits with a point"),
    "bool_type": ("must be true or false", "Write true or false"),
    "bool_parsing": ("must be true or false", "Write true or false"),
    "finite_number": ("must be a finite number", "Write digits with a point"),
    "dict_type": ("must be a group of keys", "Write its keys below it, indented"),
    "list_type": ("must be a list", "Begin each entry with a dash"),
    "model_type": ("must be a group of keys", "Write its keys below it, indented"),
    "tuple_type": ("must be a pair", "Write [a, b]"),
    "timezone_aware": ("needs a time zone", "Write it as 2026-11-24T18:00:00+08:00"),
    "datetime_parsing": ("is no time", "Write it as 2026-11-24T18:00:00+08:00"),
    "datetime_from_date_parsing": ("is no time", "Write it as 2026-11-24T18:00:00+08:00"),
    "date_from_datetime_parsing": ("is no date", "Write it as 2026-11-24"),
}
_PATTERNS = {
    "start": ("is no clock time", "Write HH:MM in quotes, such as '08:30'; 24:00 is the end of the day"),
    "end": ("is no clock time", "Write HH:MM in quotes, such as '08:30'; 24:00 is the end of the day"),
    "code": (
        "is no such code",
        "A grid cell has 15 digits or capitals; a code of a standard is digits and dashes",
    ),
    "credentials": ("names no secret", "Write env:NAME or file:PATH; never the password itself"),
}
_NAME = ("is not a usable name", "Use letters, digits and . _ : - and begin with a letter or digit")


def shape_faults(error: ValidationError, document: type[BaseModel] = Site) -> list[Fault]:
    """The faults of a validation error, in plain words, each with its place and remedy.

    Args:
        error: What pydantic says.
        document: The model of the whole document; its keys are suggested for unknown ones.
    """
    return [_fault(item, document) for item in error.errors(include_url=False)]


def _fault(item: Any, document: type[BaseModel]) -> Fault:
    path = path_of(item["loc"])
    kind, context = str(item["type"]), item.get("ctx") or {}
    if kind == "extra_forbidden":
        return Fault(path, "unknown key", _suggestion(item["loc"], document))
    if kind == "string_pattern_mismatch":
        problem, remedy = _PATTERNS.get(str(item["loc"][-1]), _NAME)
        shown = "the value" if item["loc"][-1] == "credentials" else _shown(item["input"])
        return Fault(path, f"{shown} {problem}", remedy)
    if kind in ("enum", "literal_error"):
        return Fault(
            path, f"{_shown(item['input'])} is not known here", f"Choose one of {context.get('expected')}"
        )
    if kind in _WORDS:
        problem, remedy = _WORDS[kind]
        return Fault(path, problem, remedy)
    bound = _bound(kind, context)
    if bound:
        return Fault(path, f"{_shown(item['input'])} is out of range", bound)
    return Fault(path, str(item["msg"]), "See docs/configure.md for this key")


def _bound(kind: str, context: dict[str, Any]) -> str:
    words = {
        "greater_than": ("gt", "It must be greater than {}"),
        "greater_than_equal": ("ge", "It must be at least {}"),
        "less_than": ("lt", "It must be less than {}"),
        "less_than_equal": ("le", "It must be at most {}"),
        "too_short": ("min_length", "It needs at least {} entries"),
        "too_long": ("max_length", "It may have at most {} entries"),
        "string_too_short": ("min_length", "It needs at least {} characters"),
        "string_too_long": ("max_length", "It may have at most {} characters"),
    }
    if kind not in words:
        return ""
    name, text = words[kind]
    return text.format(context.get(name))


def _suggestion(location: Sequence[Any], document: type[BaseModel]) -> str:
    """The nearest key that is known at that place."""
    model: Any = document
    for part in location[:-1]:
        if isinstance(part, str) and part in getattr(model, "model_fields", {}):
            model = _model_in(model.model_fields[part].annotation)
    known = list(getattr(model, "model_fields", {}))
    near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Remove it; known here are {', '.join(known)}"


def _model_in(annotation: Any) -> Any:
    """The model inside an annotation such as list[Camera] or Calibration | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _shown(value: Any) -> str:
    """A value as it may be repeated in a message: short, and without a password."""
    try:
        text = re.sub(r"//[^/@\s]+@", "//***@", str(value))
    except ValueError:  # a number of more digits than Python writes
        text = "a number of thousands of digits"
    return f"'{text[:60]}'"
