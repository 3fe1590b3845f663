"""Random looks enter unmarked, and precision and recall follow from verdicts."""

import json
from datetime import datetime
from typing import Any

import pytest

from api.sampling import QuietCount
from api.showing_cases import show_item
from api.store import Store
from api.store.cases.facts import item_facts
from api.store.cases.looks import list_looks, plan_looks
from api.store.cases.quality import Quality, QualityQuery, measure_quality
from api.store.cases.undoing import undo_verdict
from api.store.commands import CommandRow, Outcome, end_command, find_command
from api.store.times import to_ms
from sample_videos.district.site import site_document
from tests.support.case_events import (
    LAT,
    LON,
    NOW,
    OPERATOR,
    OTHER,
    claim,
    judge,
    keep_config,
    place,
    queue,
    tell,
)

HOUR = 3_600_000
SITE = site_document(1)


def plan(store: Store, count: int = 20, operator: str = "user:li", at_ms: int = NOW) -> int:
    return store.write(lambda raw: plan_looks(raw, operator, count, at_ms)).result(9)


def commands(store: Store) -> list[CommandRow]:
    ids = store.read(
        lambda raw: raw.execute(
            "SELECT command_id FROM commands WHERE kind = 'snapshot' ORDER BY rowid"
        ).fetchall()
    )
    found = [store.read(lambda raw, key=key: find_command(raw, key)) for (key,) in ids]  # type: ignore[misc]
    return [command for command in found if command is not None]


def answer(store: Store, command: CommandRow, *, is_done: bool = True, number: int = 0) -> None:
    sha = f"{number:064x}"
    at = command.body["within"]["since"]
    outcome = Outcome(
        "done" if is_done else "failed",
        answer={"captured_at": at},
        evidence=[{"kind": "still", "sha256": sha, "href": f"evidence/{sha}.jpg", "masked": True}],
    )
    store.write(lambda raw: end_command(raw, command, outcome, "key:worker", NOW)).result(9)


def shown_looks(store: Store, count: int = 8) -> None:
    keep_config(store, "site", json.dumps(SITE))
    plan(store, count)
    for number, command in enumerate(commands(store)):
        answer(store, command, number=number)


def quality(store: Store) -> Quality:
    return store.read(lambda raw: measure_quality(raw, QualityQuery(0, NOW * 2)))


def test_a_days_looks_are_drawn_once_from_the_day_before(store: Store) -> None:
    keep_config(store, "site", json.dumps(SITE))
    assert plan(store) == 20
    assert plan(store, at_ms=NOW + HOUR) == 0
    assert plan(store, operator="user:wang") == 20
    assert plan(store, at_ms=NOW + 24 * HOUR) == 20
    asked = commands(store)
    assert len(asked) == 60
    cameras = {command.camera_id for command in asked[:20]}
    assert len(cameras) == 8
    for command in asked[:20]:
        assert command.body["when"] == "quiet"
        since_ms = to_ms(datetime.fromisoformat(command.body["within"]["since"]))
        assert NOW - 25 * HOUR < since_ms < NOW


def test_the_worker_is_told_when_something_stood_there(store: Store) -> None:
    keep_config(store, "site", json.dumps(SITE))
    for number, camera in enumerate(SITE["cameras"]):
        for kind in ("street_vendor", "garbage_pile", "construction_debris"):
            tell(
                store, number * 10 + len(kind), category=kind, camera_id=camera["id"], view_id=camera["id"],
                first_seen="2026-04-30T00:00:00Z", last_seen="2026-05-01T12:30:00Z",
                lonlat=None, ellipse=None,
            )  # fmt: skip
    plan(store, 40)
    busy = [bool(command.body["busy"]) for command in commands(store)]
    # Five categories have rules; of three each view has one all day.
    assert 0.4 < sum(busy) / len(busy) < 0.8


def test_a_look_cannot_be_told_from_an_incident(store: Store) -> None:
    shown_looks(store)
    picture = {"kind": "now", "sha256": "c" * 64, "href": f"evidence/{'c' * 64}.jpg", "masked": True}
    tell(
        store, 1, lonlat=[118.9174, 31.9382], view_id="lane", camera_id="lane", evidence=[picture], priority=2
    )
    items = queue(store)
    assert {item.kind for item in items} == {"incident", "audit"}
    shown = [show_item(item, OPERATOR.actor, NOW) for item in items]
    (incident,) = [each for each, item in zip(shown, items, strict=True) if item.kind == "incident"]
    looks = [each for each, item in zip(shown, items, strict=True) if item.kind == "audit"]
    for look in looks:
        assert set(look) == set(incident)
        # What is given or missing, and of which form, is the same.
        for name, value in incident.items():
            assert type(look[name]) is type(value), name
        assert (look["kind"], look["text"], look["state"]) == ("camera", None, "waiting")
        assert len(look["item_id"]) == len(incident["item_id"])
        assert look["item_id"][14] == incident["item_id"][14] == "4"
        assert look["created_at"] == look["at"]
    assert incident["created_at"] == incident["at"]
    assert {look["area"] for look in looks} <= {"district", "cleaning"}


def test_a_look_without_a_still_is_not_shown(store: Store) -> None:
    keep_config(store, "site", json.dumps(SITE))
    plan(store, 2)
    for command in commands(store):
        answer(store, command, is_done=False)
    assert queue(store) == []
    (state,) = store.read(lambda raw: list_looks(raw, None, 10))
    assert (state.failed, state.shown) == (2, 0)


def facts(store: Store, item_id: str) -> dict[str, Any]:
    claim(store, item_id).result(9)
    return store.write(lambda raw: item_facts(raw, OPERATOR, item_id, NOW)).result(9)


def test_facts_have_one_shape_and_a_look_that_was_opened_counts_for_nothing(store: Store) -> None:
    shown_looks(store, 1)
    (item,) = queue(store)
    known = facts(store, item.item_id)
    assert (known["incidents"], known["proposals"], known["gone_ms"]) == ([], [], None)
    judge(store, item.item_id, "reject", reason="not_there")
    (recall,) = quality(store).recall
    assert (recall.count.looked, recall.opened, recall.recall.value) == (0, 1, None)


def test_precision_counts_what_was_right_by_camera_category_and_rule(store: Store) -> None:
    said: list[tuple[str, dict[str, Any]]] = [
        ("file", {}),
        ("file", {"right_category": "construction_debris"}),
        ("reject", {"reason": "duplicate"}),
        ("reject", {"reason": "not_there"}),
        ("reject", {"reason": "permitted"}),
        ("verify", {}),
    ]
    for number, (verdict, more) in enumerate(said):
        tell(store, number, lonlat=place(100 * number))
        judge(store, queue(store)[0].item_id, verdict, **more)
    measured = quality(store)
    assert (measured.overall.right, measured.overall.wrong, measured.overall.open) == (2, 3, 1)
    assert measured.overall.value == 0.4
    # Wilson, two-sided 95 %, by hand for 2 of 5.
    assert (measured.overall.low, measured.overall.high) == pytest.approx((0.11762, 0.76928), abs=1e-4)
    assert [each.key for each in measured.cameras] == ["market"]
    assert [each.key for each in measured.categories] == ["garbage_pile"]
    assert [each.key for each in measured.rules] == ["no-piles"]


def test_verdicts_outside_the_callers_areas_do_not_count(store: Store) -> None:
    tell(store, 1)
    judge(store, queue(store)[0].item_id, "file")
    limited = store.read(lambda raw: measure_quality(raw, QualityQuery(0, NOW * 2, ("east",))))
    assert limited.overall.value is None
    assert (limited.overall.low, limited.overall.high) == (0.0, 1.0)


def test_recall_follows_from_looks_and_confirmed_incidents(store: Store) -> None:
    shown_looks(store, 40)
    looks = queue(store)
    piles = [item for item in looks if item.category == "garbage_pile"]
    assert len(piles) >= 4
    for number, item in enumerate(piles):
        if number == 0:
            kept = judge(store, item.item_id, "file")
        else:
            judge(store, item.item_id, "reject", reason="not_there")
    # Ten hours of the day before in one view, confirmed.
    tell(
        store, 1, lonlat=[LON, LAT], first_seen="2026-05-01T01:00:00Z", last_seen="2026-05-01T10:30:00Z",
    )  # fmt: skip
    tell(
        store, 1, 1, "closed", lonlat=[LON, LAT], first_seen="2026-05-01T01:00:00Z",
        last_seen="2026-05-01T10:30:00Z", closed_at="2026-05-01T10:40:00Z",
    )  # fmt: skip
    (incident,) = [item for item in queue(store) if item.kind == "incident"]
    judge(store, incident.item_id, "file")
    (recall,) = quality(store).recall
    assert recall.category == "garbage_pile"
    assert recall.count == QuietCount(told=10, quiet=8 * 24 - 10, looked=len(piles), missed=1)
    value = recall.recall.value
    assert value is not None
    assert value == pytest.approx(10 / (10 + 182 / len(piles)))
    assert recall.recall.low < value < recall.recall.high
    store.write(lambda raw: undo_verdict(raw, OPERATOR, kept.verdict_id, NOW + 1)).result(9)
    (recall,) = quality(store).recall
    assert (recall.count.looked, recall.count.missed) == (len(piles) - 1, 0)


def test_looks_of_others_are_in_ones_queue_too(store: Store) -> None:
    shown_looks(store, 3)
    assert len(queue(store, OTHER)) == 3
