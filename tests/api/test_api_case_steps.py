"""Steps of cases: who may, what belongs to each, clocks, budgets, the camera's look, objections."""

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.callers import Caller
from api.errors import ApiError, Conflict, Forbidden, NotFound, StaleVersion, Unprocessable
from api.lifecycle import ENDS, Action
from api.roles import Role
from api.store import Store, open_store
from api.store.cases.acting import CaseRequest, act
from api.store.cases.budgets import list_budgets, set_budget
from api.store.cases.objections import list_objections
from api.store.cases.rows import StoredCase, find_case
from api.store.cases.steps import CaseStep, list_steps
from api.store.commands import Outcome, end_command, find_command
from api.store.times import from_ms, to_ms
from contracts.responsibility import Limit, LimitUnit
from sample_videos.district.site import site_document
from tests.api.test_api_verdicts import filed, report
from tests.support.case_events import (
    CREW,
    DISPATCHER,
    OPERATOR,
    SUPERVISOR,
    judge,
    keep_config,
    queue,
    tell,
)
from tests.support.example_duty import DUTY_TEXT

pytestmark = pytest.mark.slow

A = Action
MARKET = [118.9174, 31.9382]
# A Wednesday, ten in the morning in Shanghai.
WORKDAY = to_ms(datetime(2026, 6, 10, 2, tzinfo=UTC))
HOUR = 3_600_000
KEY = Caller("key:0a1b2c3d4e5f", "a program", Role.SUPERVISOR)


def step(
    store: Store,
    case_id: str,
    action: Action,
    caller: Caller = DISPATCHER,
    at_ms: int = WORKDAY,
    **asked: Any,
) -> StoredCase:
    request = CaseRequest(**{"reason": "because", **asked})
    return store.write(lambda raw: act(raw, caller, case_id, action, request, at_ms)).result(9)


def history(store: Store, case_id: str) -> list[CaseStep]:
    return store.read(lambda raw: list_steps(raw, case_id))


@pytest.fixture
def case(store: Store) -> StoredCase:
    """A filed case at the market of the sample district, whose documents hold."""
    keep_config(store, "site", json.dumps(site_document(1)))
    keep_config(store, "responsibility", DUTY_TEXT)
    tell(
        store, 1, lonlat=MARKET, view_id="market-south", camera_id="market-south", priority=2,
        picture_wh=[1280, 720],
    )  # fmt: skip
    found = judge(store, queue(store)[0].item_id, "file").case
    assert found is not None and found.area == "district"
    return found


def handled(store: Store, case: StoredCase) -> StoredCase:
    step(store, case.case_id, A.DISPATCH)
    step(store, case.case_id, A.ACCEPT, CREW)
    return step(store, case.case_id, A.HANDLE, CREW)


def test_a_dispatch_goes_to_whom_the_document_names_and_starts_the_clock(
    store: Store, case: StoredCase
) -> None:
    sent = step(store, case.case_id, A.DISPATCH)
    assert (sent.state, sent.unit, sent.street) == ("dispatched", "sanitation", "market")
    assert sent.grid_cell == "990101001001002"
    assert json.loads(sent.codes)
    # Four working hours from ten: two until noon, and two more from half past one.
    assert sent.due_ms == WORKDAY + int(5.5 * HOUR)
    told = history(store, case.case_id)[-1]
    assert told.detail["unit"] == "sanitation"
    assert told.detail["limit"] == {"value": 4, "unit": "work_hour"}


def test_a_person_chooses_other_units_and_another_limit(store: Store, case: StoredCase) -> None:
    limit = Limit(value=30, unit=LimitUnit.URGENT_HOUR)
    sent = step(store, case.case_id, A.DISPATCH, unit="water", joint=("justice",), limit=limit)
    assert (sent.unit, sent.due_ms) == ("water", WORKDAY + 30 * HOUR)
    rows = store.read(
        lambda raw: raw.execute("SELECT unit, is_lead FROM case_units ORDER BY unit").fetchall()
    )
    assert rows == [("justice", 0), ("water", 1)]
    justice = Caller("user:j", "J", Role.UNIT, unit="justice")
    assert step(store, case.case_id, A.ACCEPT, justice).state == "handling"


def test_a_unit_that_is_not_known_gets_nothing(store: Store, case: StoredCase) -> None:
    with pytest.raises(Unprocessable, match="no unit"):
        step(store, case.case_id, A.DISPATCH, unit="nobody")


def test_without_documents_a_dispatch_names_its_unit(store: Store) -> None:
    case = filed(store).case
    assert case is not None
    with pytest.raises(Unprocessable, match="No unit"):
        step(store, case.case_id, A.DISPATCH)
    due = from_ms(WORKDAY + HOUR)
    assert step(store, case.case_id, A.DISPATCH, unit="crew-7", due=due).due_ms == WORKDAY + HOUR


@pytest.mark.parametrize(
    ("action", "caller"),
    [
        (A.DISPATCH, OPERATOR),
        (A.DISPATCH, CREW),
        (A.DISPATCH, Caller("user:r", "R", Role.READER)),
        (A.VOID, DISPATCHER),
        (A.ACCEPT, DISPATCHER),
        (A.RAISE, KEY),
    ],
)
def test_each_step_has_its_roles(store: Store, case: StoredCase, action: Action, caller: Caller) -> None:
    if action is A.ACCEPT:
        step(store, case.case_id, A.DISPATCH)
    with pytest.raises((Forbidden, Conflict)):
        step(store, case.case_id, action, caller)


def test_another_units_case_is_not_handled(store: Store, case: StoredCase) -> None:
    step(store, case.case_id, A.DISPATCH, unit="water")
    with pytest.raises(Forbidden, match="unit"):
        step(store, case.case_id, A.ACCEPT, CREW)


def test_a_case_outside_ones_areas_is_not_there(store: Store, case: StoredCase) -> None:
    limited = Caller("user:x", "X", Role.DISPATCHER, areas=frozenset({"harbour"}))
    with pytest.raises(NotFound):
        step(store, case.case_id, A.DISPATCH, limited)


def test_an_illegal_step_is_refused_with_what_is_allowed_and_leaves_no_trace(
    store: Store, case: StoredCase
) -> None:
    before = history(store, case.case_id)
    with pytest.raises(Conflict) as refused:
        step(store, case.case_id, A.CLOSE)
    assert {error["problem"] for error in refused.value.errors} == {
        "dispatch", "suspend", "void", "object", "raise"
    }  # fmt: skip
    assert history(store, case.case_id) == before


def test_a_change_that_knew_an_older_version_is_refused(store: Store, case: StoredCase) -> None:
    step(store, case.case_id, A.DISPATCH, version=case.version)
    with pytest.raises(StaleVersion):
        step(store, case.case_id, A.SUSPEND, version=case.version)


def test_a_return_takes_unit_and_clock_away(store: Store, case: StoredCase) -> None:
    step(store, case.case_id, A.DISPATCH)
    back = step(store, case.case_id, A.RETURN, CREW)
    assert (back.state, back.unit, back.due_ms, back.returns) == ("filed", None, None, 1)
    assert store.read(lambda raw: raw.execute("SELECT count(*) FROM case_units").fetchone()) == (0,)


def test_an_extension_adds_time_and_a_suspension_stops_the_clock(store: Store, case: StoredCase) -> None:
    due_ms = step(store, case.case_id, A.DISPATCH).due_ms
    assert due_ms is not None
    more = Limit(value=1, unit=LimitUnit.WORK_HOUR)
    longer = step(store, case.case_id, A.EXTEND, limit=more)
    assert (longer.due_ms, longer.extensions) == (due_ms + HOUR, 1)
    step(store, case.case_id, A.SUSPEND, at_ms=WORKDAY + HOUR // 2)
    resumed = step(store, case.case_id, A.RESUME, at_ms=WORKDAY + HOUR)
    assert resumed.due_ms == due_ms + HOUR + HOUR // 2
    assert not resumed.is_suspended


def test_a_clock_without_documents_is_extended_and_resumed_too(store: Store) -> None:
    case = filed(store).case
    assert case is not None
    step(store, case.case_id, A.DISPATCH, unit="crew-7", due=from_ms(WORKDAY + HOUR))
    with pytest.raises(Unprocessable):
        step(store, case.case_id, A.EXTEND, due=from_ms(WORKDAY))
    step(store, case.case_id, A.EXTEND, due=from_ms(WORKDAY + 2 * HOUR))
    step(store, case.case_id, A.SUSPEND, at_ms=WORKDAY + 1000)
    assert step(store, case.case_id, A.RESUME, at_ms=WORKDAY + 6000).due_ms == WORKDAY + 2 * HOUR + 5000


def test_a_unit_gets_no_more_than_its_budget_of_the_day(store: Store, case: StoredCase) -> None:
    store.write(lambda raw: set_budget(raw, "sanitation", 1, SUPERVISOR.actor, WORKDAY)).result(9)
    step(store, case.case_id, A.DISPATCH)
    tell(store, 2, lonlat=[118.9174, 31.9380], view_id="lane", camera_id="lane")
    other = judge(store, queue(store)[0].item_id, "file").case
    assert other is not None
    budgets = {each.unit: each for each in store.read(lambda raw: list_budgets(raw, WORKDAY))}
    assert (budgets["sanitation"].per_day, budgets["sanitation"].used) == (1, 1)
    # Another unit's is that of the document.
    assert (budgets["street-office"].per_day, budgets["street-office"].used) == (60, 0)
    with pytest.raises(Conflict, match="cases of today"):
        step(store, other.case_id, A.DISPATCH)
    with pytest.raises(Forbidden):
        step(store, other.case_id, A.DISPATCH, is_over_budget=True)
    # The next day on the site's clock begins at four in the afternoon, UTC.
    with pytest.raises(Conflict):
        step(store, other.case_id, A.DISPATCH, at_ms=WORKDAY + 14 * HOUR - 1)
    assert step(store, other.case_id, A.DISPATCH, at_ms=WORKDAY + 14 * HOUR).unit == "sanitation"
    step(store, other.case_id, A.RETURN, CREW, at_ms=WORKDAY + 14 * HOUR)
    assert step(store, other.case_id, A.DISPATCH, SUPERVISOR, is_over_budget=True).unit == "sanitation"


def asked_of(store: Store, case: StoredCase) -> Mapping[str, Any]:
    (asked,) = [each.detail for each in history(store, case.case_id) if each.action == "recheck_asked"]
    return asked


def test_after_handling_a_camera_looks_again_and_a_person_closes(store: Store, case: StoredCase) -> None:
    handled(store, case)
    asked = asked_of(store, case)
    assert asked["camera_id"] == "market-south"
    command = store.read(lambda raw: find_command(raw, asked["command_id"]))
    assert command is not None and command.kind == "recheck"
    assert command.body["box_xyxy_px"] == [10.0, 20.0, 110.0, 120.0]
    assert command.body["lonlat"] == MARKET
    evidence = [
        {"kind": kind, "sha256": letter * 64, "href": f"evidence/{letter * 64}.jpg", "masked": True}
        for kind, letter in (("before", "a"), ("now", "b"))
    ]
    outcome = Outcome("done", answer={"answer": "gone", "why": "the ground is as before"}, evidence=evidence)
    store.write(lambda raw: end_command(raw, command, outcome, "key:worker", WORKDAY + 60_000)).result(9)
    answered = history(store, case.case_id)[-1]
    assert (answered.action, answered.actor, answered.to_state) == ("recheck_answered", "machine", None)
    assert answered.detail["answer"] == "gone"
    assert (answered.detail["before"], answered.picture) == (f"{'a' * 64}.jpg", f"{'b' * 64}.jpg")
    # The answer closes nothing.
    found = store.read(lambda raw: find_case(raw, case.case_id))
    assert found is not None and found.state == "handled"
    closed = step(store, case.case_id, A.CLOSE)
    assert closed.state == "closed"
    assert closed.checked_ms == closed.closed_ms == WORKDAY


def test_a_recheck_that_nobody_did_cannot_tell(store: Store, case: StoredCase) -> None:
    handled(store, case)
    command = store.read(lambda raw: find_command(raw, asked_of(store, case)["command_id"]))
    assert command is not None
    outcome = Outcome("expired", "no worker did it in time")
    store.write(lambda raw: end_command(raw, command, outcome, "system", WORKDAY)).result(9)
    answered = history(store, case.case_id)[-1].detail
    assert (answered["answer"], answered["why"]) == ("cannot_tell", "no worker did it in time")


@pytest.mark.parametrize(("north", "camera"), [(0.0, "market-south"), (0.05, None)])
def test_what_only_people_told_of_is_looked_at_by_a_camera_that_sees_the_place(
    store: Store, north: float, camera: str | None
) -> None:
    keep_config(store, "site", json.dumps(site_document(1)))
    told = report(store, "superior")
    assert told.case is not None
    lon, lat = MARKET[0], MARKET[1] + north
    store.write(lambda raw: raw.execute("UPDATE cases SET lon = ?, lat = ?, area = NULL", (lon, lat))).result(
        9
    )
    step(store, told.case.case_id, A.DISPATCH, unit="sanitation")
    step(store, told.case.case_id, A.ACCEPT, CREW)
    step(store, told.case.case_id, A.HANDLE, CREW)
    asked = asked_of(store, told.case)
    assert (asked["camera_id"] in {"market-south", "market-north"}) is (camera is not None)
    assert camera is not None or "somebody must go there" in asked["why"]


def test_rework_goes_back_to_the_unit_and_is_counted(store: Store, case: StoredCase) -> None:
    handled(store, case)
    back = step(store, case.case_id, A.REWORK)
    assert (back.state, back.reworks, back.handled_ms, back.unit) == ("handling", 1, None, "sanitation")


def test_an_objection_freezes_the_ladder_until_a_person_decides(store: Store, case: StoredCase) -> None:
    assert step(store, case.case_id, A.RAISE, SUPERVISOR).rung == "management"
    # By its number, as it stands on the notice.
    step(store, case.number, A.OBJECT, OPERATOR, reason="the stall has a permit")
    with pytest.raises(Conflict, match="objection"):
        step(store, case.case_id, A.RAISE, SUPERVISOR)
    with pytest.raises(Conflict, match="person"):
        step(store, case.case_id, A.DECIDE, KEY)
    decided = step(store, case.case_id, A.DECIDE, SUPERVISOR, is_upheld=True, reason="it has")
    assert (decided.rung, decided.is_objected) == ("service", 0)
    (objection,) = store.read(lambda raw: list_objections(raw, case.case_id))
    assert (objection.text, objection.decision, objection.is_upheld) == (
        "the stall has a permit",
        "it has",
        True,
    )


ACTIONS = st.lists(
    st.tuples(st.sampled_from(Action), st.sampled_from([DISPATCHER, CREW, SUPERVISOR, KEY])), max_size=25
)


@settings(max_examples=25, deadline=None)
@given(walk=ACTIONS)
def test_no_walk_shortens_the_history_or_loses_the_state(walk: list[tuple[Action, Caller]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        begun = filed(store).case
        assert begun is not None
        length, state = 1, "filed"
        for number, (action, caller) in enumerate(walk):
            due = from_ms(WORKDAY) + timedelta(hours=number + 1)
            try:
                moved = step(store, begun.case_id, action, caller, unit="sanitation", due=due)
            except ApiError:
                moved = None
            steps = history(store, begun.case_id)
            if moved is None:
                assert len(steps) == length
                continue
            assert len(steps) > length
            length = len(steps)
            taken = next(each for each in reversed(steps) if each.actor != "machine")
            assert taken.from_state == state
            assert moved.state == (taken.to_state or state)
            assert moved.rung == "service" or any(
                each.action == "raise" and each.actor.startswith("user:") and each.reason for each in steps
            )
            state = moved.state
            assert (moved.closed_ms is not None) == (state in ENDS)
        store.close()
