"""Review and cases over HTTP: a case from event to closing, refusals, and examples that are real."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from api import documents_cases as documents
from api import examples_cases as examples
from api.store.keys import create_key
from api.store.rights import checked_rights
from tests.api.conftest import RunningApi
from tests.support.api_events import make_event

BATCH = {"Content-Type": "application/cloudevents-batch+json"}


@pytest.fixture(scope="module")
def roles(standing_api: RunningApi) -> Iterator[dict[str, httpx.Client]]:
    """A client per role; the crew's unit is `sanitation`, `east` sees one area only."""
    plain = ("worker", "reader", "operator", "dispatcher", "supervisor")
    clients = {role: standing_api.client(role) for role in plain}
    for name, rights in (
        ("crew", checked_rights("unit", unit="sanitation")),
        ("east", checked_rights("dispatcher", areas=["east"])),
    ):
        clients[name] = standing_api.with_key(create_key(standing_api.store, rights, name))
    yield clients
    for client in clients.values():
        client.close()


def told(clients: dict[str, httpx.Client], number: int) -> str:
    """An incident in the queue; gives its item, held by the operator."""
    event = make_event(number, lonlat=[116.39 + number / 100, 39.9])
    assert clients["worker"].post("/v1/events", content=json.dumps([event]), headers=BATCH).status_code == 200
    reply = clients["operator"].post("/v1/review/claim")
    assert reply.status_code == 200, reply.text
    return str(reply.json()["item_id"])


def judged(clients: dict[str, httpx.Client], number: int, **verdict: Any) -> dict[str, Any]:
    item_id = told(clients, number)
    reply = clients["operator"].post(f"/v1/review/{item_id}/verdict", json={"verdict": "file", **verdict})
    assert reply.status_code == 200, reply.text
    return dict(documents.VerdictReply.model_validate(reply.json()).model_dump(mode="json"))


def test_a_case_goes_its_way_from_event_to_closing(roles: dict[str, httpx.Client]) -> None:
    item_id = told(roles, 1)
    page = roles["operator"].get("/v1/review").json()
    documents.ReviewList.model_validate(page)
    assert [item["item_id"] for item in page["items"] if item["is_mine"]] == [item_id]
    facts = roles["operator"].post(f"/v1/review/{item_id}/facts").json()
    documents.ReviewFacts.model_validate(facts)
    assert facts["incidents"][0]["incident"]["confidence"] == 0.9
    kept = roles["operator"].post(f"/v1/review/{item_id}/verdict", json={"verdict": "file"}).json()
    case_id = kept["case"]["case_id"]
    for who, action, body in (
        ("dispatcher", "dispatch", {"unit": "sanitation"}),
        ("crew", "accept", {}),
        ("crew", "handle", {"reason": "swept"}),
        ("dispatcher", "check", {}),
        ("dispatcher", "close", {}),
    ):
        reply = roles[who].post(f"/v1/cases/{case_id}/{action}", json=body)
        assert reply.status_code == 200, reply.text
        assert reply.headers["etag"] == f'"{reply.json()["version"]}"'
    shown = documents.CaseHistory.model_validate(roles["reader"].get(f"/v1/cases/{case_id}").json())
    assert shown.case.state == "closed"
    assert [step.action for step in shown.steps if step.actor != "machine"] == [
        "file", "dispatch", "accept", "handle", "check", "close"
    ]  # fmt: skip
    number = shown.case.number
    assert roles["reader"].get(f"/v1/cases/{number}").json()["case"]["case_id"] == case_id


def test_an_illegal_step_says_what_is_allowed(roles: dict[str, httpx.Client]) -> None:
    case_id = judged(roles, 2)["case"]["case_id"]
    reply = roles["dispatcher"].post(f"/v1/cases/{case_id}/close", json={})
    assert reply.status_code == 409
    problem = reply.json()
    assert "dispatch" in problem["remedy"]
    assert {error["problem"] for error in problem["errors"]} >= {"dispatch", "suspend"}


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "status"),
    [
        ("reader", "GET", "/v1/review", None, 403),
        ("worker", "GET", "/v1/cases", None, 403),
        ("operator", "GET", "/v1/review?colour=red", None, 400),
        ("operator", "GET", "/v1/review?token=AAAA", None, 400),
        ("operator", "GET", "/v1/review/nothing", None, 404),
        ("operator", "POST", "/v1/review/nothing/claim", None, 404),
        ("operator", "POST", "/v1/review/nothing/verdict", {"verdict": "file"}, 404),
        ("operator", "POST", "/v1/review/nothing/verdict", {"verdict": "maybe"}, 422),
        ("operator", "POST", "/v1/review/nothing/verdict", {"verdict": "file", "colour": 1}, 422),
        ("operator", "POST", "/v1/verdicts/nothing/undo", None, 404),
        ("reader", "GET", "/v1/cases/nothing", None, 404),
        ("reader", "GET", "/v1/cases?state=lost", None, 400),
        ("dispatcher", "POST", "/v1/cases/nothing/dispatch", {}, 404),
        ("dispatcher", "POST", "/v1/cases/nothing/undo", {}, 400),
        ("dispatcher", "POST", "/v1/cases/nothing/fly", {}, 400),
        ("operator", "POST", "/v1/cases/nothing/split", {"sources": [], "reason": "x"}, 422),
        ("reader", "GET", "/v1/reports/nothing", None, 404),
        ("reader", "POST", "/v1/reports", examples.REPORT, 403),
        ("operator", "POST", "/v1/reports", {**examples.REPORT, "kind": "superior"}, 403),
        ("operator", "POST", "/v1/reports", {**examples.REPORT, "lonlat": [200, 0]}, 422),
        ("operator", "POST", "/v1/reports", {**examples.REPORT, "seen_at": "2001-01-01T00:00:00Z"}, 422),
        ("dispatcher", "PUT", "/v1/dispatch-budgets/sanitation", {"per_day": 1}, 403),
        ("operator", "GET", "/v1/audit-looks", None, 403),
        ("reader", "GET", "/v1/quality?datetime=soon", None, 400),
    ],
)
def test_what_is_refused(
    roles: dict[str, httpx.Client], who: str, method: str, path: str, body: Any, status: int
) -> None:
    reply = roles[who].request(method, path, json=body)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["remedy"]


def test_a_step_by_who_knew_an_older_version_is_refused(roles: dict[str, httpx.Client]) -> None:
    case = judged(roles, 3)["case"]
    path = f"/v1/cases/{case['case_id']}"
    client = roles["dispatcher"]
    known = {"If-Match": client.get(path).headers["etag"]}
    body = {"reason": "no crew today"}
    assert client.post(f"{path}/suspend", json=body, headers=known).status_code == 200
    assert client.post(f"{path}/resume", json=body, headers=known).status_code == 412
    assert client.post(f"{path}/resume", json=body, headers={"If-Match": "*"}).status_code == 400


def test_a_verdict_is_taken_back_over_http(roles: dict[str, httpx.Client]) -> None:
    kept = judged(roles, 4)
    reply = roles["operator"].post(f"/v1/verdicts/{kept['verdict_id']}/undo")
    assert (reply.status_code, reply.json()["item_id"]) == (200, kept["item_id"])
    assert roles["operator"].post(f"/v1/verdicts/{kept['verdict_id']}/undo").status_code == 409
    assert roles["reader"].get(f"/v1/cases/{kept['case']['case_id']}").json()["case"]["state"] == "voided"
    item = roles["operator"].get(f"/v1/review/{kept['item_id']}").json()
    assert (item["state"], item["is_mine"]) == ("waiting", True)
    body = {"verdict": "reject", "reason": "duplicate"}
    assert roles["operator"].post(f"/v1/review/{kept['item_id']}/verdict", json=body).status_code == 200


def test_an_item_is_let_go_and_seen(roles: dict[str, httpx.Client]) -> None:
    item_id = told(roles, 5)
    assert roles["dispatcher"].post(f"/v1/review/{item_id}/claim").status_code == 409
    assert not roles["operator"].post(f"/v1/review/{item_id}/release").json()["is_mine"]
    assert roles["supervisor"].post(f"/v1/review/{item_id}/seen").json()["seen_at"]
    assert roles["dispatcher"].post(f"/v1/review/{item_id}/claim").json()["is_mine"]
    body = {"verdict": "reject", "reason": "not_there"}
    assert roles["operator"].post(f"/v1/review/{item_id}/verdict", json=body).status_code == 409
    assert roles["dispatcher"].post(f"/v1/review/{item_id}/verdict", json=body).status_code == 200
    assert roles["operator"].post("/v1/review/claim").status_code == 204


def test_who_is_limited_to_an_area_sees_no_others(roles: dict[str, httpx.Client]) -> None:
    case = judged(roles, 6)["case"]
    assert roles["east"].get("/v1/cases").json()["cases"] == []
    for path in (f"/v1/cases/{case['case_id']}", f"/v1/cases/{case['number']}"):
        assert roles["east"].get(path).status_code == 404
    assert roles["east"].post(f"/v1/cases/{case['case_id']}/dispatch", json={"unit": "x"}).status_code == 404
    assert roles["east"].post("/v1/reports", json=examples.REPORT).status_code == 403


def test_a_report_is_taken_and_found(roles: dict[str, httpx.Client]) -> None:
    reply = roles["operator"].post("/v1/reports", json=examples.REPORT)
    assert reply.status_code == 201
    shown = documents.ReportShown.model_validate(reply.json())
    assert shown.case is not None and shown.case.state == "reported"
    assert roles["reader"].get(f"/v1/reports/{shown.report_id}").json() == reply.json()
    item = next(i for i in roles["operator"].get("/v1/review").json()["items"] if i["kind"] == "report")
    roles["operator"].post(f"/v1/review/{item['item_id']}/claim")
    body = {"verdict": "reject", "reason": "not_there"}
    assert roles["operator"].post(f"/v1/review/{item['item_id']}/verdict", json=body).status_code == 200


def test_budgets_looks_and_quality_are_shown(roles: dict[str, httpx.Client]) -> None:
    reply = roles["supervisor"].put("/v1/dispatch-budgets/water", json={"per_day": 3})
    assert documents.BudgetList.model_validate(reply.json()).budgets[0].per_day == 3
    assert roles["reader"].get("/v1/dispatch-budgets").json() == reply.json()
    documents.LookList.model_validate(roles["operator"].post("/v1/audit-looks", json={"count": 2}).json())
    documents.LookList.model_validate(roles["supervisor"].get("/v1/audit-looks").json())
    shown = documents.QualityShown.model_validate(roles["reader"].get("/v1/quality").json())
    assert shown.overall.right + shown.overall.wrong > 0


def test_pages_of_cases_lead_on(roles: dict[str, httpx.Client]) -> None:
    path, numbers = "/v1/cases?limit=1", []
    while path:
        reply = roles["reader"].get(path)
        numbers += [case["number"] for case in reply.json()["cases"]]
        path = reply.links.get("next", {}).get("url", "")
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) > 3


REPLIES = [
    (documents.ReviewItemShown, examples.ITEM),
    (documents.ReviewList, examples.ITEM_LIST),
    (documents.ReviewFacts, examples.FACTS),
    (documents.VerdictReply, examples.VERDICT_REPLY),
    (documents.Undone, examples.UNDONE),
    (documents.CaseShown, examples.CASE),
    (documents.CaseList, examples.CASE_LIST),
    (documents.CaseHistory, examples.CASE_HISTORY),
    (documents.CaseSplit, examples.CASE_SPLIT),
    (documents.ReportShown, examples.REPORT_SHOWN),
    (documents.BudgetList, examples.BUDGETS),
    (documents.LookList, examples.LOOKS),
    (documents.QualityShown, examples.QUALITY),
]
WISHES = [
    (documents.VerdictRequest, examples.VERDICT),
    (documents.CaseActionRequest, examples.ACTION),
    (documents.SplitRequest, examples.SPLIT),
    (documents.ReportRequest, examples.REPORT),
    (documents.BudgetRequest, examples.BUDGET),
    (documents.LookRequest, examples.LOOK_WISH),
]


@pytest.mark.parametrize(
    ("model", "example"),
    [*((model, example["application/json"]["example"]) for model, example in REPLIES), *WISHES],
)
def test_the_examples_are_what_they_show(model: type[BaseModel], example: Any) -> None:
    model.model_validate(example)
