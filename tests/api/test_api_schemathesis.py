"""Schemathesis over the whole OpenAPI document with every role: no 5xx, no answer it does not tell of."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.openapi_export import PATH
from api.roles import Role
from api.store import open_store
from tests.api.conftest import serving
from tests.support.api_world import World, make_world

pytestmark = pytest.mark.slow

CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ENDLESS = "/v1/live"
"""A stream without an end, which this cannot read; it has tests of its own."""
EXAMPLES = 8
schema = schemathesis.openapi.from_path(PATH)
OPERATIONS: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
CALLERS = [*Role, None]
"""None: a stranger."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = open_store(tmp_path_factory.mktemp("world"))
    generous: dict[str, Any] = dict.fromkeys(("rate_burst", "address_rate_burst", "max_failed_tries"), 10**6)
    with serving(store, **generous) as api, api.stranger() as client:
        yield make_world(client, store)
    store.close()


@pytest.fixture(scope="module")
def headers(world: World) -> dict[Role | None, dict[str, str]]:
    """Of a key of each role."""
    return {role: {} if role is None else world.key(role) for role in CALLERS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.label for operation in OPERATIONS])
def test_every_answer_to_every_role_is_one_that_the_document_tells_of(
    world: World, headers: dict[Role | None, dict[str, str]], operation: Any
) -> None:
    if operation.path == ENDLESS:
        return
    cases = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, is_known=st.booleans())
    def ask(case: Any, is_known: bool) -> None:
        if is_known:
            # Made up ids lead nowhere: half of the requests are about something that is there.
            case.path_parameters = {name: known(world, name) for name in case.path_parameters or {}}
        if case.query:
            case.query.pop("wait", None)  # it would wait
        for role in CALLERS:
            own = dict(headers[role])
            reply = case.call(base_url=str(world.client.base_url), headers=own, timeout=60)
            case.validate_response(reply, checks=CHECKS, headers=own)

    ask()


def known(world: World, name: str) -> str:
    """An id of something that is there; made once."""
    if name not in world.ids:
        world.ids[name] = world.fresh(name)
    return world.ids[name]
