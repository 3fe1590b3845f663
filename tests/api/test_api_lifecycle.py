"""The table of transitions: what is refused, what is allowed instead, and what no walk may break."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.lifecycle import (
    ENDS,
    TRANSITIONS,
    Action,
    Case,
    CaseState,
    Rung,
    StepRefused,
    after,
    allowed_actions,
    diagram_mermaid,
    table_markdown,
)
from api.roles import Needs

S, A = CaseState, Action
WAY = [A.VERIFY, A.FILE, A.DISPATCH, A.ACCEPT, A.HANDLE, A.CHECK, A.CLOSE]


def test_the_whole_way_ends_closed() -> None:
    case = Case(S.REPORTED)
    for action in WAY:
        case = after(case, action)
    assert case == Case(S.CLOSED)


@pytest.mark.parametrize(
    ("state", "action", "then"),
    [
        (S.DISPATCHED, A.RETURN, Case(S.FILED, returns=1)),
        (S.HANDLING, A.RETURN, Case(S.FILED, returns=1)),
        (S.CHECKING, A.REWORK, Case(S.HANDLING, reworks=1)),
        (S.HANDLING, A.EXTEND, Case(S.HANDLING, extensions=1)),
        (S.HANDLING, A.SUSPEND, Case(S.HANDLING, is_suspended=True)),
        (S.HANDLED, A.RECHECK, Case(S.HANDLED)),
        (S.VERIFYING, A.REJECT, Case(S.REJECTED)),
        (S.CHECKING, A.VOID, Case(S.VOIDED)),
        (S.CLOSED, A.OBJECT, Case(S.CLOSED, is_objected=True)),
    ],
)
def test_side_branches(state: CaseState, action: Action, then: Case) -> None:
    assert after(Case(state), action, reason="because") == then


@pytest.mark.parametrize(
    ("case", "action"),
    [
        (Case(S.REPORTED), A.DISPATCH),
        (Case(S.FILED), A.CLOSE),
        (Case(S.CLOSED), A.REWORK),
        (Case(S.VOIDED), A.OBJECT),
        (Case(S.FILED, is_suspended=True), A.DISPATCH),
        (Case(S.FILED), A.RESUME),
        (Case(S.HANDLING, is_objected=True), A.OBJECT),
        (Case(S.HANDLING), A.DECIDE),
    ],
)
def test_an_illegal_step_is_refused_with_what_is_allowed(case: Case, action: Action) -> None:
    with pytest.raises(StepRefused) as refused:
        after(case, action, reason="because", is_person=True)
    assert str(refused.value)
    assert action not in refused.value.allowed
    assert refused.value.allowed == allowed_actions(case)


@pytest.mark.parametrize("action", [row.action for row in TRANSITIONS.values() if row.wants_reason])
def test_a_step_that_wants_a_reason_is_refused_without(action: Action) -> None:
    case = Case(TRANSITIONS[action].sources[0], is_objected=action is A.DECIDE)
    with pytest.raises(StepRefused, match="reason"):
        after(case, action, reason=" \n", is_person=True)


def test_the_ladder_is_climbed_rung_by_rung_by_a_person_and_an_objection_freezes_it() -> None:
    case = Case(S.HANDLING)
    with pytest.raises(StepRefused, match="person"):
        after(case, A.RAISE, reason="the third time this week")
    case = after(case, A.RAISE, reason="the third time this week", is_person=True)
    assert case.rung is Rung.MANAGEMENT
    frozen = after(case, A.OBJECT, reason="it was my permitted day")
    with pytest.raises(StepRefused, match="objection"):
        after(frozen, A.RAISE, reason="still there", is_person=True)
    dismissed = after(frozen, A.DECIDE, reason="the permit had ended", is_person=True)
    assert dismissed.rung is Rung.MANAGEMENT
    assert after(dismissed, A.RAISE, reason="still there", is_person=True).rung is Rung.ENFORCEMENT
    assert after(frozen, A.DECIDE, reason="right", is_person=True, is_upheld=True).rung is Rung.SERVICE


def test_undoing_a_verdict_gives_back_where_the_case_stood() -> None:
    assert after(Case(S.FILED), A.UNDO).state is S.VOIDED
    assert after(Case(S.REJECTED), A.UNDO, back_to=S.REPORTED).state is S.REPORTED


def test_every_state_is_reached_and_every_open_state_can_reach_an_end() -> None:
    def next_states(state: CaseState) -> set[CaseState]:
        return {row.target for row in TRANSITIONS.values() if row.target and state in row.sources}

    reached = {S.REPORTED}
    while more := {after for state in reached for after in next_states(state)} - reached:
        reached |= more
    assert reached == set(S)
    for state in set(S) - ENDS:
        seen = {state}
        while more := {after for each in seen for after in next_states(each)} - seen:
            seen |= more
        assert {S.CLOSED, S.VOIDED} <= seen
    assert all(not next_states(state) for state in ENDS)


steps = st.lists(
    st.tuples(st.sampled_from(Action), st.sampled_from(["", "because"]), st.booleans()), max_size=40
)


@given(steps)
def test_no_walk_breaks_a_law(walk: list[tuple[Action, str, bool]]) -> None:
    case = Case(S.REPORTED)
    for action, reason, is_person in walk:
        before = case
        try:
            case = after(case, action, reason=reason, is_person=is_person)
        except StepRefused as refused:
            assert case is before
            assert refused.allowed == allowed_actions(case)
            continue
        row = TRANSITIONS[action]
        assert before.state in row.sources
        assert not row.wants_reason or reason
        assert case.rung == before.rung or (
            action is A.RAISE and is_person and reason and not before.is_objected
        )
        assert not case.is_suspended or case.state in {S.FILED, S.DISPATCHED, S.HANDLING}
        if before.state in ENDS and action is not A.UNDO:
            assert case.state is before.state
        grown = (
            case.returns - before.returns,
            case.reworks - before.reworks,
            case.extensions - before.extensions,
        )
        assert sum(grown) == (1 if row.counts else 0)


def test_only_workers_and_readers_can_do_nothing_with_a_case() -> None:
    asked = {need for row in TRANSITIONS.values() for need in row.needs}
    assert asked == {Needs.REVIEW, Needs.DISPATCH, Needs.HANDLE, Needs.SUPERVISE}


def test_the_documentation_is_in_step_with_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cases.md").read_text(encoding="utf-8")
    assert table_markdown() in text, "put `table_markdown()` of api/lifecycle.py into docs/cases.md"
    assert diagram_mermaid() in text, "put `diagram_mermaid()` of api/lifecycle.py into docs/cases.md"
