"""Judges one received event before it is stored."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from contracts.event import AnyEvent, IncidentEvent, OccupancyEvent, event_id, parse_event

__all__ = ["EventRefused", "judge"]

FIRST_TIME = datetime(1900, 1, 1, tzinfo=UTC)
LAST_TIME = datetime(2200, 1, 1, tzinfo=UTC)
MAX_SEQUENCE = 2**53
SHOWN_FAULTS = 5


class EventRefused(Exception):
    """The document is no event that can be stored; the message is for the worker's operator."""


def judge(document: Any, max_bytes: int) -> AnyEvent:
    """The event in a decoded document.

    Raises:
        EventRefused: It is no event of ours, contradicts itself, or is too large.
    """
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except UnicodeEncodeError:
        raise EventRefused("text holds half of a surrogate pair: send valid Unicode") from None
    except ValueError:
        raise EventRefused("holds a number that is not finite") from None
    if size > max_bytes:
        raise EventRefused(f"{size} bytes as JSON, at most {max_bytes} are taken")
    try:
        event = parse_event(document)
    except ValidationError as error:
        raise EventRefused(_faults(error)) from None
    _check_identity(event)
    _check_times(event)
    return event


def _faults(error: ValidationError) -> str:
    """The faults with the key path of each; never the rejected values, which may be anything."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(str(part) for part in fault['loc']) or 'event'}: {fault['msg']}" for fault in faults]
    more = len(lines) - SHOWN_FAULTS
    shown = "; ".join(line[:200] for line in lines[:SHOWN_FAULTS])
    return f"{shown}; and {more} more" if more > 0 else shown


def _check_times(event: AnyEvent) -> None:
    """Refuse times that no camera sees; at the ends of the calendar they cannot even be shown in UTC."""
    named = [("time", event.time)] + [
        (f"data.{name}", value) for name, value in event.data if isinstance(value, datetime)
    ]
    for name, at in named:
        if not FIRST_TIME <= at <= LAST_TIME:
            raise EventRefused(f"{name}: must lie between {FIRST_TIME.year} and {LAST_TIME.year}")


def _check_identity(event: AnyEvent) -> None:
    if event.source != f"/views/{event.data.view_id}":
        raise EventRefused("source: must be /views/ and the view_id of data")
    if event.sequence > MAX_SEQUENCE:
        raise EventRefused(f"sequence: at most {MAX_SEQUENCE}")
    if isinstance(event, IncidentEvent):
        if event.subject != event.data.incident_id:
            raise EventRefused("subject: must be the incident_id of data")
        if event.id != event_id(event.subject, event.sequence):
            raise EventRefused("id: must be subject, a colon and the sequence")
    if isinstance(event, OccupancyEvent) and event.subject != f"{event.data.view_id}/{event.data.zone}":
        raise EventRefused("subject: must be the view_id of data, a slash and its zone")
