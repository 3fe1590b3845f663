"""The audit log: kept together with what it tells of, and never changed."""

import sqlite3

import pytest

from api.store import Store
from api.store.audit import GENESIS, append_audit, entry_hash
from api.store.events import record_events
from api.store.ingest import HOOKS
from contracts.event import HealthEvent, IncidentEvent, parse_event
from tests.support.api_events import make_event


def append(store: Store, subject: str = "x") -> int:
    return store.write(
        lambda connection: append_audit(
            connection, actor="user:a", action="test.do", subject=subject, detail={"b": "é", "a": 1}, at_ms=5
        )
    ).result(10)


def test_entries_are_numbered_and_bound_to_the_one_before(store: Store) -> None:
    assert [append(store), append(store, "y")] == [1, 2]
    rows = store.read(lambda c: c.execute("SELECT subject, detail, hash FROM audit_log").fetchall())
    first = entry_hash(GENESIS, 1, 5, ("user:a", "test.do", "x", '{"a":1,"b":"é"}'))
    assert rows[0] == ("x", '{"a":1,"b":"é"}', first)
    assert rows[1][2] == entry_hash(first, 2, 5, ("user:a", "test.do", "y", '{"a":1,"b":"é"}'))


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET actor = 'z'", "DELETE FROM audit_log"])
def test_no_statement_of_ours_changes_it(store: Store, statement: str) -> None:
    append(store)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        store.write(lambda connection: connection.execute(statement)).result(10)


def test_a_change_that_fails_leaves_no_entry(store: Store) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        append_audit(connection, actor="user:a", action="x.y", subject="", detail={}, at_ms=1)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.write(fail).result(10)
    assert append(store) == 1


def test_hooks_run_once_for_each_stored_event_in_its_transaction(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hook(connection: sqlite3.Connection, event: IncidentEvent | HealthEvent) -> None:
        (incidents,) = connection.execute("SELECT count(*) FROM incidents").fetchone()
        detail = {"incidents": incidents}
        append_audit(connection, actor="hook", action="x.y", subject=event.id, detail=detail, at_ms=1)
        if event.subject == parse_event(make_event(2)).subject:
            raise sqlite3.IntegrityError("not this one")

    monkeypatch.setattr("api.store.ingest.HOOKS", [*HOOKS, hook])
    events = [parse_event(make_event(number)) for number in (1, 2, 3)]
    assert [v.outcome for v in record_events(store, events).result(10)] == ["stored", "rejected", "stored"]
    assert record_events(store, events[:1]).result(10)[0].outcome == "repeated"
    rows = store.read(lambda c: c.execute("SELECT subject, detail FROM audit_log").fetchall())
    assert rows == [(events[0].id, '{"incidents":1}'), (events[2].id, '{"incidents":2}')]
