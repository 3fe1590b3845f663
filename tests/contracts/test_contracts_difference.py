"""What changed in a document is told by key path, and nothing else is told."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.difference import differences

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def told(before: Any, after: Any) -> list[tuple[str, str, Any, Any]]:
    return [(change.path, change.kind, change.before, change.after) for change in differences(before, after)]


def test_entries_are_known_by_their_ids_so_that_a_new_first_one_moves_nothing() -> None:
    before = {"cameras": [{"id": "gate", "look_every_s": 10}, {"id": "yard", "look_every_s": 10}]}
    after = {
        "cameras": [{"id": "new"}, {"id": "gate", "look_every_s": 5}, {"id": "yard", "look_every_s": 10}]
    }
    assert told(before, after) == [
        ("cameras[gate].look_every_s", "changed", 10, 5),
        ("cameras[new]", "added", None, {"id": "new"}),
    ]


def test_what_is_gone_and_another_order_are_told() -> None:
    before = {"zones": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "name": "x"}
    assert told(before, {"zones": [{"id": "c"}, {"id": "b"}]}) == [
        ("zones[a]", "removed", {"id": "a"}, None),
        ("zones", "changed", ["b", "c"], ["c", "b"]),
        ("name", "removed", "x", None),
    ]


def test_entries_without_ids_are_numbered() -> None:
    assert told({"p": [[0, 0], [1, 1]]}, {"p": [[0, 0], [1, 2], [3, 3]]}) == [
        ("p[1][1]", "changed", 1, 2),
        ("p[2]", "added", None, [3, 3]),
    ]


def test_true_is_not_one() -> None:
    assert told({"a": {"b": 1}}, {"a": {"b": True}}) == [("a.b", "changed", 1, True)]


def test_a_password_in_an_address_is_never_repeated() -> None:
    (change,) = differences({}, {"stream": {"url": "rtsp://admin:secret@192.0.2.1/x"}})
    assert "secret" not in str(change)


@given(VALUES)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:
    assert differences(document, document) == []


@given(VALUES, VALUES)
def test_what_differs_is_told_and_the_other_way_round_likewise(before: Any, after: Any) -> None:
    there, back = differences(before, after), differences(after, before)
    assert bool(there) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))
    assert {change.path for change in there} == {change.path for change in back}
