"""The queue: one item per thing, by urgency and age, held by one person, within areas."""

import json
import threading
from collections import Counter

import pytest

from api.callers import Caller
from api.errors import Conflict, NotFound
from api.roles import Role
from api.store import Store
from api.store.admitting import admit_run
from api.store.cases.queue import ItemQuery, claim_next, item_for, item_sources, mark_seen, release_item
from api.store.cases.verdicts import Verdict, give_verdict
from tests.support.api_events import make_event, named
from tests.support.case_events import NOW, OPERATOR, OTHER, claim, judge, place, queue, send, tell


def sources(store: Store, item_id: str) -> set[str]:
    return {key for _, key in store.read(lambda raw: item_sources(raw, item_id))}


def test_the_most_urgent_comes_first_and_of_equals_the_oldest(store: Store) -> None:
    tell(store, 3, lonlat=place(0), priority=3)
    tell(store, 2, lonlat=place(100), priority=3)
    tell(store, 4, lonlat=place(200), priority=1)
    assert [item.priority for item in queue(store)] == [1, 3, 3]
    assert [sources(store, item.item_id) for item in queue(store)] == [{named(4)}, {named(2)}, {named(3)}]


def test_what_two_cameras_see_of_one_thing_is_one_item(store: Store) -> None:
    tell(store, 1, lonlat=place(0))
    tell(store, 2, lonlat=place(0.8), view_id="harbour-1")
    (item,) = queue(store)
    assert sources(store, item.item_id) == {named(1), named(2)}


def test_two_things_in_one_view_are_two_items(store: Store) -> None:
    tell(store, 1, lonlat=place(0))
    tell(store, 2, lonlat=place(0.8))
    assert len(queue(store)) == 2


def test_what_comes_back_in_one_view_joins_what_waits(store: Store) -> None:
    tell(store, 1, lonlat=place(0))
    tell(store, 1, 1, "closed", lonlat=place(0), closed_at="2026-05-01T12:02:00Z")
    tell(store, 9, lonlat=place(0.3))
    (item,) = queue(store)
    assert sources(store, item.item_id) == {named(1), named(9)}
    assert item.gone_ms is None


def test_a_grouping_holds_when_an_event_is_sent_again(store: Store) -> None:
    tell(store, 1)
    before = queue(store)
    from api.store.events import record_events
    from contracts.event import parse_event

    assert record_events(store, [parse_event(make_event(1, camera_id="market"))]).result(9)[0].outcome == (
        "repeated"
    )
    assert queue(store) == before


def test_one_that_has_gone_before_anybody_looked_is_kept_and_marked(store: Store) -> None:
    tell(store, 1)
    (item,) = queue(store)
    assert item.gone_ms is None
    tell(store, 1, 1, "closed", closed_at="2026-05-01T12:02:00Z")
    (item,) = queue(store)
    assert item.gone_ms is not None
    assert item.state == "waiting"


def test_a_later_word_of_category_and_priority_reaches_the_item(store: Store) -> None:
    tell(store, 1)
    tell(store, 1, 1, "updated", category="construction_debris", priority=1)
    (item,) = queue(store)
    assert (item.category, item.priority) == ("construction_debris", 1)


def test_recordings_stay_out_until_a_person_admits_them(store: Store) -> None:
    tell(store, 1, run="night")
    assert queue(store) == []
    admit_run(store, "night", "user:chen", "the market's cameras were down")
    (item,) = queue(store)
    assert item.run == "night"


def test_two_operators_never_hold_one_item(store: Store) -> None:
    for number in range(40):
        tell(store, number, lonlat=place(100 * number))
    callers = [Caller(f"user:{number}", str(number), Role.OPERATOR) for number in range(6)]
    held: list[tuple[str, str]] = []

    def work(caller: Caller) -> None:
        query = ItemQuery(caller.actor, is_free=True)
        while True:
            item = store.write(
                lambda raw: claim_next(raw, caller, query, NOW, NOW + 600_000) if len(held) < 200 else None
            ).result(30)
            if item is None or (caller.actor, item.item_id) in held:
                return
            held.append((caller.actor, item.item_id))
            if len(held) % 3:
                judge(store, item.item_id, "reject", caller, reason="not_there")

    threads = [threading.Thread(target=work, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(Counter(item_id for _, item_id in held).values()) == 1


def test_all_at_once_for_one_item_only_one_holds_it(store: Store) -> None:
    tell(store, 1)
    item_id = queue(store)[0].item_id
    callers = [Caller(f"user:{number}", str(number), Role.OPERATOR) for number in range(16)]
    start = threading.Barrier(len(callers))
    outcomes: list[str] = []

    def grab(caller: Caller) -> None:
        start.wait()
        try:
            claim(store, item_id, caller).result(30)
            outcomes.append("held")
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=grab, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {"held": 1, "refused": 15}


def test_a_hold_runs_out_and_can_be_let_go(store: Store) -> None:
    tell(store, 1)
    item_id = queue(store)[0].item_id
    claim(store, item_id).result(9)
    with pytest.raises(Conflict):
        claim(store, item_id, OTHER).result(9)
    assert queue(store, OTHER, is_free=True) == []
    assert len(queue(store, OPERATOR, is_free=True)) == 1
    claim(store, item_id, OTHER, NOW + 600_000).result(9)
    with pytest.raises(Conflict):
        store.write(lambda raw: release_item(raw, OPERATOR, item_id, NOW + 600_001)).result(9)
    store.write(lambda raw: release_item(raw, OTHER, item_id, NOW + 600_001)).result(9)
    assert claim(store, item_id, OPERATOR, NOW + 600_002).result(9).claimed_by == OPERATOR.actor


def test_nobody_judges_what_he_does_not_hold(store: Store) -> None:
    tell(store, 1)
    item_id = queue(store)[0].item_id
    claim(store, item_id).result(9)
    for caller, at_ms in ((OTHER, NOW), (OPERATOR, NOW + 600_000)):
        with pytest.raises(Conflict):
            store.write(
                lambda raw, c=caller, t=at_ms: give_verdict(raw, c, item_id, Verdict("file"), t)  # type: ignore[misc]
            ).result(9)


def test_what_was_judged_is_not_judged_again(store: Store) -> None:
    tell(store, 1)
    item_id = queue(store)[0].item_id
    judge(store, item_id, "reject", reason="privacy")
    assert queue(store) == []
    assert len(queue(store, state="done")) == 1
    with pytest.raises(Conflict):
        claim(store, item_id, OTHER).result(9)


def test_each_user_has_his_own_seen_marks(store: Store) -> None:
    tell(store, 1)
    item_id = queue(store)[0].item_id
    store.write(lambda raw: mark_seen(raw, OPERATOR, item_id, NOW)).result(9)
    store.write(lambda raw: mark_seen(raw, OPERATOR, item_id, NOW + 5)).result(9)
    assert queue(store, OPERATOR)[0].seen_ms == NOW
    assert queue(store, OPERATOR, is_unseen=True) == []
    assert queue(store, OTHER)[0].seen_ms is None
    assert len(queue(store, OTHER, is_unseen=True)) == 1


def test_what_lies_outside_somebodys_areas_is_not_there_for_him(store: Store) -> None:
    tell(store, 1)
    limited = Caller("user:east", "East", Role.OPERATOR, areas=frozenset({"east"}))
    item_id = queue(store)[0].item_id
    assert queue(store, limited) == []
    with pytest.raises(NotFound):
        store.read(lambda raw: item_for(raw, limited, item_id))
    with pytest.raises(NotFound):
        claim(store, item_id, limited).result(9)


def test_the_document_tells_nothing_of_what_the_machine_thinks(store: Store) -> None:
    send(store, make_event(1, evidence=[
        {"kind": "now", "sha256": "a" * 64, "href": f"evidence/{'a' * 64}.jpg", "masked": True},
        {"kind": "before", "sha256": "b" * 64, "href": f"evidence/{'b' * 64}.jpg", "masked": True},
    ]))  # fmt: skip
    (item,) = queue(store)
    assert set(item.document) == {"camera_id", "view_id", "at", "picture", "text"}
    assert item.document["picture"] == f"{'a' * 64}.jpg"
    assert "confidence" not in json.dumps(dict(item.document))
