"""Verdicts: what they do to cases, that they are kept as labels, and that undoing puts everything back."""

import sqlite3
from typing import Any

import pytest

from api.errors import Conflict, NotFound, Unprocessable
from api.lifecycle import Action
from api.store import Store
from api.store.cases.acting import CaseRequest, act
from api.store.cases.facts import item_facts
from api.store.cases.quality import Quality, QualityQuery, measure_quality
from api.store.cases.reports import Report, StoredReport, keep_report, report_for
from api.store.cases.rows import StoredCase, find_case
from api.store.cases.sources import list_sources, split_case
from api.store.cases.steps import Step, list_steps
from api.store.cases.undoing import UNDO_MS, undo_verdict
from api.store.cases.verdicts import VerdictKept
from tests.support.api_events import named
from tests.support.case_events import (
    DISPATCHER,
    NOW,
    OPERATOR,
    OTHER,
    SUPERVISOR,
    claim,
    judge,
    place,
    queue,
    tell,
)


def case_of(store: Store, case_id: str) -> StoredCase:
    found = store.read(lambda raw: find_case(raw, case_id))
    assert found is not None
    return found


def members(store: Store, case_id: str) -> set[str]:
    rows = store.read(lambda raw: list_sources(raw, case_id))
    return {key for _, key, _, _, left_ms in rows if left_ms is None}


def filed(store: Store, number: int = 1, **changed: Any) -> VerdictKept:
    tell(store, number, **changed)
    return judge(store, queue(store)[0].item_id, "file")


def proposals(store: Store, item_id: str) -> list[dict[str, Any]]:
    claim(store, item_id).result(9)
    facts = store.write(lambda raw: item_facts(raw, OPERATOR, item_id, NOW)).result(9)
    return list(facts["proposals"])


def report(store: Store, kind: str = "citizen", east_m: float = 12, **changed: Any) -> StoredReport:
    given = Report(
        kind=kind,
        category="garbage_pile",
        lonlat=(place(east_m)[0], place(east_m)[1]),
        error_m=20,
        text="rubbish at the corner",
        at_ms=NOW,
        **changed,
    )
    caller = DISPATCHER if kind == "superior" else OPERATOR
    return store.write(lambda raw: keep_report(raw, caller, given, NOW)).result(9)


def undo(store: Store, kept: VerdictKept, after_ms: int = 1000) -> str:
    return store.write(lambda raw: undo_verdict(raw, OPERATOR, kept.verdict_id, NOW + after_ms)).result(9)


def quality(store: Store) -> Quality:
    return store.read(lambda raw: measure_quality(raw, QualityQuery(0, NOW * 2)))


def test_filing_begins_a_case_with_the_place_that_is_known_best(store: Store) -> None:
    tell(store, 1, lonlat=place(0), ellipse={"semi_major_m": 3.0, "semi_minor_m": 1.0, "azimuth_deg": 0.0})
    tell(
        store,
        2,
        lonlat=place(0.5),
        view_id="harbour-1",
        ellipse={"semi_major_m": 0.5, "semi_minor_m": 0.4, "azimuth_deg": 0.0},
    )
    case = judge(store, queue(store)[0].item_id, "file", note="blocks the crossing").case
    assert case is not None
    assert (case.state, case.number, case.rung) == ("filed", "20260501-000001", "service")
    assert case.lonlat == tuple(place(0.5))
    assert case.semi_major_m == 0.5
    assert case.filed_ms == NOW
    assert members(store, case.case_id) == {named(1), named(2)}
    (step,) = store.read(lambda raw: list_steps(raw, case.case_id))
    assert (step.action, step.from_state, step.to_state, step.actor) == ("file", None, "filed", "user:li")


def test_numbers_count_up_within_a_day(store: Store) -> None:
    numbers = [filed(store, number, lonlat=place(100 * number)).case for number in (1, 2, 3)]
    assert [case.number for case in numbers if case] == [f"20260501-{n:06d}" for n in (1, 2, 3)]


def test_verifying_begins_a_case_that_waits_for_somebody_to_go_there(store: Store) -> None:
    tell(store, 1)
    case = judge(store, queue(store)[0].item_id, "verify").case
    assert case is not None and case.state == "verifying" and case.filed_ms is None


def test_a_rejection_needs_a_reason_of_the_list_and_begins_no_case(store: Store) -> None:
    tell(store, 1)
    item_id = queue(store)[0].item_id
    with pytest.raises(Unprocessable):
        judge(store, item_id, "reject")
    assert judge(store, item_id, "reject", reason="permitted").case is None


def test_a_near_open_case_is_proposed_with_both_distances_and_a_person_joins(store: Store) -> None:
    first = filed(store, 1, lonlat=place(0)).case
    assert first is not None
    tell(store, 2, lonlat=place(0.8), view_id="harbour-1")
    (item,) = queue(store)
    (proposal,) = proposals(store, item.item_id)
    assert proposal["case_id"] == first.case_id
    assert proposal["metres"] == pytest.approx(0.8, abs=0.02)
    assert 0 < proposal["deviations"] < 3.03
    joined = judge(store, item.item_id, "join", case_id=first.number).case
    assert joined is not None
    assert (joined.case_id, joined.state) == (first.case_id, first.state)
    assert members(store, first.case_id) == {named(1), named(2)}


def test_a_case_far_away_is_not_proposed(store: Store) -> None:
    filed(store, 1, lonlat=place(0))
    tell(store, 2, lonlat=place(30), view_id="harbour-1")
    assert proposals(store, queue(store)[0].item_id) == []


def test_nothing_joins_a_case_that_has_ended(store: Store) -> None:
    case = filed(store, 1, lonlat=place(0)).case
    assert case is not None
    request = CaseRequest(reason="entered twice")
    store.write(lambda raw: act(raw, SUPERVISOR, case.case_id, Action.VOID, request, NOW)).result(9)
    tell(store, 2, lonlat=place(0.8), view_id="harbour-1")
    (item,) = queue(store)
    assert proposals(store, item.item_id) == []
    with pytest.raises(Conflict):
        judge(store, item.item_id, "join", case_id=case.case_id)
    with pytest.raises(NotFound):
        judge(store, item.item_id, "join", case_id="20260501-009999")


def test_a_case_can_be_split_again(store: Store) -> None:
    tell(store, 1, lonlat=place(0))
    tell(store, 2, lonlat=place(0.8), view_id="harbour-1")
    case = judge(store, queue(store)[0].item_id, "file").case
    assert case is not None
    step = Step(Action.FILE, OPERATOR.actor, NOW, "two heaps")

    def split(raw: sqlite3.Connection) -> StoredCase:
        return split_case(raw, case, [("incident", named(2))], "2026-05-01", step)

    other = store.write(split).result(9)
    assert members(store, case.case_id) == {named(1)}
    assert members(store, other.case_id) == {named(2)}
    assert (case_of(store, case.case_id).state, other.state) == ("filed", "filed")
    for sources in ([("incident", named(1))], [("incident", named(9))]):
        with pytest.raises((Conflict, NotFound)):
            store.write(
                lambda raw, s=sources: split_case(raw, case, s, "2026-05-01", step)  # type: ignore[misc]
            ).result(9)


def test_a_report_begins_a_case_and_joins_another_by_a_person(store: Store) -> None:
    first = filed(store, 1, lonlat=place(0)).case
    assert first is not None
    told = report(store)
    assert told.case is not None and told.case.state == "reported"
    (item,) = queue(store)
    (proposal,) = proposals(store, item.item_id)
    assert proposal["case_id"] == first.case_id
    judge(store, item.item_id, "join", case_id=first.case_id)
    assert members(store, first.case_id) == {named(1), told.report_id}
    left = case_of(store, told.case.case_id)
    assert (left.state, members(store, left.case_id)) == ("rejected", set())
    found = store.read(lambda raw: report_for(raw, OPERATOR, told.report_id))
    assert found.state == "accepted" and found.case is not None and found.case.case_id == first.case_id


def test_what_a_camera_sees_joins_what_a_citizen_reported(store: Store) -> None:
    told = report(store, east_m=12)
    judge(store, queue(store)[0].item_id, "file")
    tell(store, 1, lonlat=place(0))
    (proposal,) = proposals(store, queue(store)[0].item_id)
    assert told.case is not None and proposal["case_id"] == told.case.case_id


def test_what_a_superior_orders_is_filed_at_once(store: Store) -> None:
    told = report(store, "superior")
    assert told.case is not None and told.case.state == "filed"
    assert queue(store) == []


def everything(store: Store) -> dict[str, Any]:
    """All that a verdict may change, but for histories, which only grow."""

    def read(raw: sqlite3.Connection) -> dict[str, Any]:
        raw.row_factory = sqlite3.Row
        try:
            return {
                "items": [tuple(row) for row in raw.execute("SELECT * FROM review_items ORDER BY item_key")],
                "members": [
                    tuple(row)
                    for row in raw.execute(
                        "SELECT case_id, kind, source_id FROM case_sources WHERE left_ms IS NULL"
                        " ORDER BY 1, 2, 3"
                    )
                ],
                "reports": [tuple(row) for row in raw.execute("SELECT * FROM reports")],
                "cases": [
                    {name: row[name] for name in row.keys() if name != "version"}  # noqa: SIM118  of a row
                    for row in raw.execute("SELECT * FROM cases WHERE state <> 'voided' ORDER BY case_key")
                ],
            }
        finally:
            raw.row_factory = None

    return store.read(read)


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("file", {}),
        ("file", {"right_category": "construction_debris"}),
        ("verify", {}),
        ("reject", {"reason": "not_there"}),
        ("join", {}),
    ],
)
@pytest.mark.parametrize("is_report", [False, True])
def test_undoing_puts_everything_back(
    store: Store, verdict: str, said: dict[str, Any], is_report: bool
) -> None:
    first = filed(store, 1, lonlat=place(0)).case
    assert first is not None
    if is_report:
        report(store)
    else:
        tell(store, 2, lonlat=place(0.8), view_id="harbour-1")
    item_id = queue(store)[0].item_id
    if verdict == "join":
        said = {"case_id": first.case_id}
    claim(store, item_id).result(9)
    before, measured = everything(store), quality(store)
    kept = judge(store, item_id, verdict, **said)
    assert everything(store) != before
    assert undo(store, kept) == item_id
    assert everything(store) == before
    assert quality(store) == measured
    # And the item can be judged again.
    judge(store, item_id, "file", at_ms=NOW + 2000)


def test_undoing_ends_after_half_a_minute_and_is_for_who_judged(store: Store) -> None:
    kept = filed(store, 1)
    with pytest.raises(NotFound):
        store.write(lambda raw: undo_verdict(raw, OTHER, kept.verdict_id, NOW + 1)).result(9)
    with pytest.raises(Conflict):
        undo(store, kept, UNDO_MS + 1)
    undo(store, kept, UNDO_MS)
    with pytest.raises(Conflict):
        undo(store, kept, UNDO_MS)


def test_undoing_stops_where_somebody_went_on(store: Store) -> None:
    kept = filed(store, 1)
    assert kept.case is not None
    case_id, request = kept.case.case_id, CaseRequest(reason="wait", unit="sanitation")
    store.write(lambda raw: act(raw, DISPATCHER, case_id, Action.SUSPEND, request, NOW)).result(9)
    with pytest.raises(Conflict, match="went on"):
        undo(store, kept)
    assert case_of(store, case_id).state == "filed"


def test_news_of_the_machine_do_not_stop_undoing(store: Store) -> None:
    kept = filed(store, 1)
    tell(store, 1, 1, "updated", last_seen="2026-05-01T12:40:00Z")
    undo(store, kept)
    assert kept.case is not None and case_of(store, kept.case.case_id).state == "voided"


def test_verdicts_are_kept_as_labels_one_per_incident(store: Store) -> None:
    tell(store, 1, lonlat=place(0))
    tell(store, 2, lonlat=place(0.8), view_id="harbour-1")
    judge(store, queue(store)[0].item_id, "file", right_category="construction_debris")
    rows = store.read(
        lambda raw: raw.execute(
            "SELECT incident_id, verdict, category, right_category, camera_id, view_id, rule_id, hour"
            " FROM verdicts ORDER BY camera_id"
        ).fetchall()
    )
    assert rows == [
        (named(2), "file", "garbage_pile", "construction_debris", "harbour", "harbour-1", "no-piles", 11),
        (named(1), "file", "garbage_pile", "construction_debris", "market", "market-east", "no-piles", 11),
    ]


def test_a_later_event_reaches_the_case(store: Store) -> None:
    case = filed(store, 1).case
    assert case is not None
    tell(store, 1, 1, "updated", last_seen="2026-05-01T12:40:00Z")
    assert case_of(store, case.case_id).last_seen_ms == NOW - 20 * 60_000
    tell(store, 1, 2, "closed", last_seen="2026-05-01T12:41:00Z", closed_at="2026-05-01T12:50:00Z")
    seen = case_of(store, case.case_id)
    assert (seen.state, seen.version) == ("filed", case.version)
    steps = store.read(lambda raw: list_steps(raw, case.case_id))
    assert [(step.action, step.actor) for step in steps] == [
        ("file", "user:li"),
        ("not_seen_any_more", "machine"),
    ]


def test_steps_and_verdicts_stand_in_the_audit_log(store: Store) -> None:
    filed(store, 1)
    actions = store.read(
        lambda raw: [row[0] for row in raw.execute("SELECT action FROM audit_log ORDER BY number")]
    )
    assert actions[-2:] == ["case.file", "review.file"]


def test_steps_of_a_case_can_be_neither_changed_nor_deleted(store: Store) -> None:
    filed(store, 1)
    for sql in ("UPDATE case_steps SET reason = 'x'", "DELETE FROM case_steps"):
        with pytest.raises(sqlite3.IntegrityError):
            store.write(lambda raw, s=sql: raw.execute(s)).result(9)  # type: ignore[misc]
