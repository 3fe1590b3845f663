"""Every endpoint x role x area, by the OpenAPI document: who is let in, and what a limited caller finds.

An endpoint that is not in the table fails the first test: whoever adds one says here whom it is for.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import httpx
import pytest

from api.openapi_export import PATH
from api.roles import Needs, Role, roles_with
from api.store import open_store
from tests.api.conftest import serving
from tests.support.api_events import JPEG
from tests.support.api_world import CAMERA, ELSEWHERE, OWN, World, make_world

pytestmark = pytest.mark.slow

DOCUMENT = json.loads(PATH.read_text(encoding="utf-8"))
OPERATIONS = [
    (method.upper(), path) for path, operations in DOCUMENT["paths"].items() for method in operations
]


class Area(Enum):
    """What areas mean to an endpoint."""

    FREE = auto()
    """Nothing: what it tells or takes lies in no area."""
    ONE = auto()
    """It is about one thing: elsewhere there is no such thing (404)."""
    LIST = auto()
    """It tells of many: elsewhere it does not tell of ours."""


@dataclass(frozen=True)
class Entry:
    """Whom an endpoint is for.

    Args:
        roles: Who is let in; None: strangers too.
        area: What areas mean to it.
        shows: For lists, what of our world stands in the reply: a name of `World.ids` or a text.
        query: What the request needs beside the path.
    """

    roles: frozenset[Role] | None
    area: Area = Area.FREE
    shows: str = ""
    query: str = ""


def for_needs(*needs: Needs, area: Area = Area.FREE, shows: str = "", query: str = "") -> Entry:
    return Entry(frozenset(roles_with(*needs)), area, shows, query)


def read(area: Area = Area.FREE, shows: str = "", query: str = "") -> Entry:
    return for_needs(Needs.READ, area=area, shows=shows, query=query)


ANYBODY = Entry(None)
SIGNED_IN = Entry(frozenset(Role))
SENDS = for_needs(Needs.SEND)
REVIEWS_ONE = for_needs(Needs.REVIEW, area=Area.ONE)
CONFIG = for_needs(Needs.CONFIGURE, Needs.SEND, Needs.AUDIT)
ASKS = for_needs(Needs.REVIEW, Needs.CONFIGURE)
ADMINISTERS = for_needs(Needs.ADMINISTER)
ADMINISTERS_ONE = for_needs(Needs.ADMINISTER, area=Area.ONE)

TABLE: dict[tuple[str, str], Entry] = {
    ("POST", "/v1/events"): SENDS,
    ("GET", "/v1/events"): read(Area.LIST, "incident_id"),
    ("GET", "/v1/incidents"): read(Area.LIST, "incident_id"),
    ("GET", "/v1/incidents/{incident_id}"): read(Area.ONE),
    ("GET", "/v1/incidents/{incident_id}/events"): read(Area.ONE),
    ("GET", "/v1/clusters"): read(Area.LIST, '"Feature"', "zoom=12"),
    ("GET", "/v1/heat"): read(Area.LIST, '"count"'),
    ("GET", "/v1/live"): read(),  # its areas are tested with its stream
    ("GET", "/v1/runs"): read(),  # its counts are tested below
    ("PUT", "/v1/runs/{run}"): SENDS,
    ("POST", "/v1/runs/{run}/admit"): for_needs(Needs.SUPERVISE),
    ("GET", "/v1/holds"): for_needs(Needs.ADMINISTER, Needs.AUDIT, Needs.SUPERVISE),
    ("POST", "/v1/holds"): ADMINISTERS,
    ("POST", "/v1/holds/{hold_id}/lift"): ADMINISTERS,
    ("PUT", "/v1/evidence/{name}"): SENDS,
    ("GET", "/v1/evidence/{name}"): read(Area.ONE),
    ("HEAD", "/v1/evidence/{name}"): for_needs(Needs.READ, Needs.SEND),
    ("GET", "/v1/cameras"): read(Area.LIST, CAMERA),
    ("GET", "/v1/review"): for_needs(Needs.REVIEW, area=Area.LIST, shows='"item_id"'),
    ("POST", "/v1/review/claim"): for_needs(Needs.REVIEW),
    ("GET", "/v1/review/{item_id}"): REVIEWS_ONE,
    ("POST", "/v1/review/{item_id}/claim"): REVIEWS_ONE,
    ("POST", "/v1/review/{item_id}/release"): REVIEWS_ONE,
    ("POST", "/v1/review/{item_id}/seen"): REVIEWS_ONE,
    ("POST", "/v1/review/{item_id}/facts"): REVIEWS_ONE,
    ("POST", "/v1/review/{item_id}/verdict"): REVIEWS_ONE,
    ("POST", "/v1/verdicts/{verdict_id}/undo"): REVIEWS_ONE,
    ("GET", "/v1/cases"): read(Area.LIST, "case_id"),
    ("GET", "/v1/cases/{case_id}"): read(Area.ONE),
    ("POST", "/v1/cases/{case_id}/split"): REVIEWS_ONE,
    ("POST", "/v1/cases/{case_id}/{action}"): for_needs(
        Needs.REVIEW, Needs.DISPATCH, Needs.HANDLE, Needs.SUPERVISE, area=Area.ONE
    ),
    ("POST", "/v1/reports"): for_needs(Needs.REVIEW, Needs.DISPATCH, Needs.HANDLE),
    ("GET", "/v1/reports/{report_id}"): read(Area.ONE),
    ("GET", "/v1/quality"): read(),
    ("POST", "/v1/audit-looks"): for_needs(Needs.REVIEW),
    ("GET", "/v1/audit-looks"): for_needs(Needs.SUPERVISE),
    ("GET", "/v1/dispatch-budgets"): read(),
    ("PUT", "/v1/dispatch-budgets/{unit}"): for_needs(Needs.SUPERVISE),
    ("GET", "/v1/cases/{case_id}/clock"): read(Area.ONE),
    ("GET", "/v1/clocks"): read(),
    ("GET", "/v1/messages"): read(),
    ("POST", "/v1/messages/{message_key}/seen"): read(),
    ("GET", "/v1/guiding-points"): read(Area.LIST, "zone"),
    ("GET", "/v1/guiding-points/{zone}"): read(Area.ONE),
    ("GET", "/v1/hotspots"): read(),
    ("GET", "/v1/evaluation"): for_needs(Needs.EVALUATE),
    ("GET", "/v1/evaluation/cases"): for_needs(Needs.EVALUATE, query="figure=filed"),
    ("GET", "/v1/evaluation/sample"): for_needs(Needs.EVALUATE),
    ("GET", "/v1/config/{kind}"): CONFIG,
    ("GET", "/v1/config/{kind}/versions"): CONFIG,
    ("GET", "/v1/config/{kind}/changes"): CONFIG,
    ("POST", "/v1/config/{kind}"): for_needs(Needs.CONFIGURE),
    ("POST", "/v1/config/{kind}/rollback"): for_needs(Needs.CONFIGURE),
    ("POST", "/v1/commands"): ASKS,
    ("GET", "/v1/commands"): read(Area.LIST, '"command_id"'),
    ("GET", "/v1/commands/{command_id}"): read(Area.ONE),
    ("POST", "/v1/commands/lease"): SENDS,
    ("POST", "/v1/commands/{command_id}/progress"): SENDS,
    ("POST", "/v1/commands/{command_id}/result"): SENDS,
    ("PUT", "/v1/leases/{camera}"): SENDS,
    ("POST", "/v1/leases"): SENDS,
    ("DELETE", "/v1/leases/{camera}"): for_needs(Needs.SEND, query="worker=w9"),
    ("GET", "/v1/leases"): read(Area.LIST, CAMERA),
    ("POST", "/v1/drop-folders"): SENDS,
    ("GET", "/v1/drop-folders"): read(),
    ("POST", "/v1/outside-pictures"): for_needs(Needs.REVIEW, Needs.HANDLE),
    ("GET", "/v1/outside-pictures/{picture_id}"): read(Area.ONE),
    ("GET", "/v1/outside-pictures/{picture_id}/original"): SENDS,
    ("GET", "/v1/sign-in"): ANYBODY,
    ("GET", "/v1/session"): SIGNED_IN,
    ("POST", "/v1/session"): ANYBODY,
    ("DELETE", "/v1/session"): SIGNED_IN,
    ("PUT", "/v1/session/password"): Entry(frozenset()),  # a key has no password
    ("GET", "/v1/users"): for_needs(Needs.ADMINISTER, area=Area.LIST, shows='"person-'),
    ("POST", "/v1/users"): ADMINISTERS,
    ("PATCH", "/v1/users/{user_id}"): ADMINISTERS_ONE,
    ("PUT", "/v1/users/{user_id}/password"): ADMINISTERS_ONE,
    ("DELETE", "/v1/users/{user_id}/sessions"): ADMINISTERS_ONE,
    ("GET", "/v1/keys"): for_needs(Needs.ADMINISTER, area=Area.LIST, shows="to be revoked"),
    ("POST", "/v1/keys"): ADMINISTERS,
    ("DELETE", "/v1/keys/{key_id}"): ADMINISTERS_ONE,
    ("GET", "/v1/audit"): for_needs(Needs.AUDIT),
    ("GET", "/v1/health"): ANYBODY,
    ("GET", "/metrics"): read(),
}
LIMITED_GIVE_NO_MORE = {("POST", "/v1/users"), ("POST", "/v1/keys")}
"""Here a limited administrator is refused by what he asks for; `test_api_users` says when."""
FINER = {
    ("POST", "/v1/cases/{case_id}/{action}"): "the step decides, and a unit has its own cases",
    ("POST", "/v1/messages/{message_key}/seen"): "each has his own messages",
    ("POST", "/v1/runs/{run}/admit"): "a person admits, no key",
    ("POST", "/v1/commands"): "the kind of the command decides",
    ("POST", "/v1/verdicts/{verdict_id}/undo"): "only who gave it takes it back",
}
"""Here more than the role decides; tests of their own say how."""
SPLIT = '{"sources": [["report", "REPORT"]], "reason": "two stalls"}'
BODIES = {"image/jpeg": JPEG, "application/cloudevents-batch+json": b"[]"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = open_store(tmp_path_factory.mktemp("world"))
    generous: dict[str, Any] = dict.fromkeys(("rate_burst", "address_rate_burst", "max_failed_tries"), 10**6)
    with serving(store, **generous) as api, api.stranger() as client:
        yield make_world(client, store)
    store.close()


def asked(world: World, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Status and text of a request with a body that the document gives as its example."""
    operation, query = DOCUMENT["paths"][path][method.lower()], TABLE[method, path].query
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace(f"{{{name}}}", world.fresh(name))
    given: dict[str, Any] = {
        "headers": {**headers, "X-Streetkeeper-Token": "x", "X-Streetkeeper-Masked": "true"}
    }
    for media_type, content in list(operation.get("requestBody", {}).get("content", {}).items())[:1]:
        given["content"] = BODIES.get(media_type) or json.dumps(content.get("example"))
        if path.endswith("/split"):
            given["content"] = SPLIT.replace("REPORT", world.ids["report_id"])
        given["headers"]["Content-Type"] = media_type
    with world.client.stream(method, f"{path}?{query}" if query else path, **given) as reply:
        # A stream of live updates has no end; who is let in is all that is asked here.
        is_endless = reply.headers.get("content-type", "").startswith("text/event-stream")
        text = "" if is_endless else reply.read().decode(errors="replace")
        return reply.status_code, text


def test_every_endpoint_is_in_the_table_and_the_table_holds_no_other() -> None:
    assert set(TABLE) == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_only_those_roles_are_let_in(world: World, method: str, path: str) -> None:
    entry = TABLE[method, path]
    status, text = asked(world, method, path, {})
    if entry.roles is None:
        assert status < 500 and (status != 401 or path == "/v1/session"), text
    else:
        assert status == 401, text
    for role in Role:
        status, text = asked(world, method, path, world.key(role))
        assert status < 500, (role, text)
        if entry.roles is None:
            continue
        if role not in entry.roles:
            assert status == 403, (role, status, text)
        elif (method, path) not in FINER:
            assert status not in {401, 403}, (role, status, text)


@pytest.mark.parametrize(
    ("method", "path"),
    [key for key, entry in TABLE.items() if entry.area is not Area.FREE],
    ids=[" ".join(key) for key, entry in TABLE.items() if entry.area is not Area.FREE],
)
def test_what_lies_elsewhere_does_not_exist(world: World, method: str, path: str) -> None:
    entry = TABLE[method, path]
    for name in ("item_id", "command_id", "user_id", "key_id"):
        world.fresh(name)
    for role in sorted((entry.roles or frozenset()) - {Role.AUDITOR}):
        for areas, is_own in ((None, True), (OWN, True), (ELSEWHERE, False)):
            status, text = asked(world, method, path, world.key(role, areas))
            if entry.area is Area.ONE:
                if not is_own or (method, path) not in FINER:
                    assert (status != 404) == is_own, (role, areas, status, text)
            else:
                assert status == 200, (role, areas, status, text)
                marker = world.ids.get(entry.shows, entry.shows)
                assert (marker in text) == is_own, (role, areas, text[:2000])


@pytest.mark.parametrize(
    ("method", "path"),
    [key for key, entry in TABLE.items() if entry.area is Area.FREE and entry.roles],
    ids=[" ".join(key) for key, entry in TABLE.items() if entry.area is Area.FREE and entry.roles],
)
def test_where_areas_mean_nothing_a_limited_caller_is_let_in_and_told_nothing_of_elsewhere(
    world: World, method: str, path: str
) -> None:
    entry = TABLE[method, path]
    if entry.roles is None or (method, path) in {*LIMITED_GIVE_NO_MORE, *FINER}:
        return
    for role in sorted(entry.roles - {Role.AUDITOR, Role.WORKER}):
        status, text = asked(world, method, path, world.key(role, ELSEWHERE))
        assert status not in {401} and status < 500, (role, status, text)
        if method == "GET":
            ours = [world.ids[name] for name in ("incident_id", "case_id", "report_id")]
            assert not any(one in text for one in ours), (role, text[:2000])


CITYWIDE = [
    ("POST", "/v1/config/{kind}"), ("POST", "/v1/config/{kind}/rollback"), ("POST", "/v1/holds"),
    ("POST", "/v1/holds/{hold_id}/lift"), ("POST", "/v1/runs/{run}/admit"), ("GET", "/v1/audit"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CITYWIDE, ids=[" ".join(one) for one in CITYWIDE])
def test_what_reaches_into_every_area_is_for_those_without_limits(
    world: World, method: str, path: str
) -> None:
    for role in sorted((TABLE[method, path].roles or frozenset()) - {Role.AUDITOR}):
        assert asked(world, method, path, world.key(role, OWN))[0] == 403, role


def test_runs_count_what_lies_in_the_callers_areas(world: World) -> None:
    for areas, is_own in ((None, True), (OWN, True), (ELSEWHERE, False)):
        reply = world.client.get("/v1/runs", headers=world.key(Role.READER, areas)).json()
        assert all((run["incidents"] > 0) == is_own for run in reply["runs"]), reply


def test_evidence_of_a_camera_that_looks_into_the_area_is_seen_there(world: World) -> None:
    status = httpx.codes.OK
    assert asked(world, "GET", "/v1/evidence/{name}", world.key(Role.READER, OWN))[0] == status
