"""The OpenAPI document is committed, complete, and its examples are real."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from api.documents import (
    EventList,
    FeatureCollection,
    IncidentList,
    IngestReply,
    ProblemDetails,
    RunList,
    ViewList,
)
from api.documents_people import (
    AuditList,
    KeyList,
    KeyMade,
    KeyRequest,
    OwnPassword,
    PasswordRequest,
    SessionShown,
    SignInRequest,
    SignInWays,
    UserChange,
    UserList,
    UserRequest,
    UserShown,
)
from api.examples import (
    EVENT,
    EVENT_LIST,
    HEALTH_EVENT,
    INCIDENT_FORMATS,
    INGEST_PARTLY,
    INGEST_REPLY,
    RUN_LIST,
    VIEW_LIST,
)
from api.examples_people import (
    AUDIT_LIST,
    KEY_LIST,
    KEY_MADE,
    KEY_WISH,
    OWN_PASSWORD,
    PASSWORD_WISH,
    SESSION,
    SIGN_IN,
    USER,
    USER_CHANGE,
    USER_LIST,
    USER_WISH,
    WAYS,
)
from api.judging import judge
from api.openapi_export import PATH, document_text
from tests.api.conftest import RunningApi

OPEN = {("/v1/health", "get"), ("/v1/sign-in", "get"), ("/v1/session", "post")}
"""What strangers may ask."""
OPERATIONS = [
    (path, method, operation)
    for path, operations in json.loads(document_text())["paths"].items()
    for method, operation in operations.items()
]


def test_the_committed_document_is_the_applications() -> None:
    assert PATH.read_text(encoding="utf-8") == document_text(), "run `python -m api.openapi_export`"


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{m} {p}" for p, m, _ in OPERATIONS]
)
def test_every_route_is_described_with_examples_and_refusals(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    if (path, method) not in OPEN:
        assert operation["security"]
        assert {"401", "403", "429"} <= set(operation["responses"])
    for status, response in operation["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if media_type not in {"image/jpeg", "video/mp4"}:
                assert "example" in content, (status, media_type)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert "example" in content or content["schema"].get("format") == "binary"
    for parameter in operation.get("parameters", []):
        assert parameter.get("description") or parameter["in"] == "path"


def test_every_reference_leads_somewhere() -> None:
    text = document_text()
    schemas = json.loads(text)["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(schemas)


def test_the_examples_are_events_that_are_taken() -> None:
    for example in (EVENT, HEALTH_EVENT):
        judge(example, 100_000)


def test_the_examples_of_replies_are_replies() -> None:
    EventList.model_validate(EVENT_LIST["application/json"]["example"])
    FeatureCollection.model_validate(INCIDENT_FORMATS["application/geo+json"]["example"])
    IncidentList.model_validate(INCIDENT_FORMATS["application/json"]["example"])
    ViewList.model_validate(VIEW_LIST["application/json"]["example"])
    for reply in (INGEST_REPLY, INGEST_PARTLY):
        IngestReply.model_validate(reply["application/json"]["example"])
    for model, reply in (
        (KeyList, KEY_LIST),
        (KeyMade, KEY_MADE),
        (AuditList, AUDIT_LIST),
        (SessionShown, SESSION),
        (SignInWays, WAYS),
        (UserList, USER_LIST),
        (UserShown, USER),
    ):
        model.model_validate(reply["application/json"]["example"])
    RunList.model_validate(RUN_LIST["application/json"]["example"])


def test_the_examples_of_wishes_are_wishes() -> None:
    KeyRequest.model_validate(KEY_WISH)
    OwnPassword.model_validate(OWN_PASSWORD)
    PasswordRequest.model_validate(PASSWORD_WISH)
    SignInRequest.model_validate(SIGN_IN)
    UserChange.model_validate(USER_CHANGE)
    UserRequest.model_validate(USER_WISH)


def test_what_the_service_replies_is_what_the_document_says(
    worker: httpx.Client, reader: httpx.Client
) -> None:
    reply = worker.post(
        "/v1/events",
        content=json.dumps([EVENT, HEALTH_EVENT]),
        headers={"Content-Type": "application/cloudevents-batch+json"},
    )
    IngestReply.model_validate(reply.json())
    FeatureCollection.model_validate(reader.get("/v1/incidents").json())
    IncidentList.model_validate(reader.get("/v1/incidents?f=json").json())
    EventList.model_validate(reader.get("/v1/events").json())
    ViewList.model_validate(reader.get("/v1/cameras").json())
    RunList.model_validate(reader.get("/v1/runs").json())
    ProblemDetails.model_validate(reader.get("/v1/incidents?x=1").json())


def test_the_service_hands_out_the_same_document(reader: httpx.Client) -> None:
    assert reader.get("/openapi.json").json() == json.loads(document_text())


def test_first_requests_that_come_together_are_all_answered(api: RunningApi) -> None:
    with api.client("reader") as client, ThreadPoolExecutor(12) as pool:
        replies = pool.map(lambda _: client.get("/v1/incidents"), range(24))
        assert [reply.status_code for reply in replies] == [200] * 24
