"""Commands as the rest of the API asks for them: once per key, ended once, expired when nobody does them."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from api.errors import Unprocessable
from api.store import Store
from api.store.commands import (
    CommandEnd,
    enqueue_command,
    expire_commands,
    find_command,
    forget_commands,
    on_result,
)

T = TypeVar("T")
NOW_MS = 1_700_000_000_000


def written(store: Store, change: Callable[[sqlite3.Connection], T]) -> T:
    return store.write(change).result()


def ask(store: Store, key: str = "k", ttl_s: float = 60, **changes: Any) -> str:
    given: dict[str, Any] = {"kind": "snapshot", "camera_id": "gate", "body": {"when": "now"}, **changes}
    return written(
        store,
        lambda connection: enqueue_command(
            connection, ttl_s=ttl_s, key=key, actor="user:ann", now_ms=NOW_MS, **given
        ),
    )


def test_the_same_key_asks_once(store: Store) -> None:
    first = ask(store)
    assert ask(store) == first
    assert ask(store, key="other") != first


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"body": {"when": "at"}}, ""),
        ({"body": {"when": "now", "much": 1}}, "much"),
        ({"kind": "recheck", "body": {"category": "garbage_pile"}}, "first_seen"),
    ],
)
def test_a_body_that_is_none_of_its_kind_is_refused_with_the_key(
    store: Store, changes: dict[str, Any], named: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        ask(store, **changes)
    assert named in [fault["name"] for fault in refused.value.errors]


def test_a_camera_is_needed_where_only_its_worker_can_do_it(store: Store) -> None:
    with pytest.raises(Unprocessable):
        ask(store, camera_id=None)
    ask(store, kind="analyse-recording", camera_id=None, body={"file": "night.mp4"})


def test_nobody_waits_for_ever(store: Store) -> None:
    ends: list[CommandEnd] = []
    on_result("capture-baseline")(lambda connection, end: ends.append(end))
    command_id = ask(store, kind="capture-baseline", body={})
    assert written(store, lambda connection: expire_commands(connection, NOW_MS + 59_999)) == 0
    assert written(store, lambda connection: expire_commands(connection, NOW_MS + 60_000)) == 1
    assert written(store, lambda connection: expire_commands(connection, NOW_MS + 60_001)) == 0
    ours = [end for end in ends if end.command.command_id == command_id]
    assert [end.command.state for end in ours] == ["expired"]
    found = store.read(lambda connection: find_command(connection, command_id))
    assert found is not None
    assert (found.state, found.ended_ms) == ("expired", NOW_MS + 60_000)


def test_a_command_that_ended_is_kept_for_thirty_days_and_one_that_waits_stays(store: Store) -> None:
    ended, waiting = ask(store), ask(store, key="waits", ttl_s=10**7)
    written(store, lambda connection: expire_commands(connection, NOW_MS + 60_000))
    day_ms = 86_400_000
    assert written(store, lambda connection: forget_commands(connection, NOW_MS + 30 * day_ms)) == 0
    assert written(store, lambda connection: forget_commands(connection, NOW_MS + 31 * day_ms)) == 1
    assert store.read(lambda connection: find_command(connection, ended)) is None
    assert store.read(lambda connection: find_command(connection, waiting)) is not None
