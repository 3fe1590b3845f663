"""What happens when an event is stored, in the transaction that stores it.

A hook is a function of the connection and the event. It runs after the event and the incident's new state
are in place, in the order of `HOOKS`; whatever it raises keeps the event from being stored, so it raises
nothing for an event that is merely of no interest to it.
"""

import sqlite3
from collections.abc import Callable

from api.store.cases.queueing import queue_incident
from api.store.duty.coverage import note_watching
from api.store.evidence_links import link_evidence
from contracts.event import AnyEvent

__all__ = ["HOOKS", "EventHook", "run_hooks"]

EventHook = Callable[[sqlite3.Connection, AnyEvent], None]

HOOKS: list[EventHook] = [link_evidence, queue_incident, note_watching]
"""Every hook, in the order in which they run; add yours here, so that the list can be read in one place."""


def run_hooks(connection: sqlite3.Connection, event: AnyEvent) -> None:
    """Run every hook for an event that was just stored for the first time."""
    for hook in HOOKS:
        hook(connection, event)
