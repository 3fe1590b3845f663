"""Reminders and escalation: each told once, to whom it concerns, whatever happens in between."""

import sqlite3
import time
from collections.abc import Iterator

import httpx
import pytest

from api.duty.keeping import remind
from api.periodic import Duty, kept_up
from api.roles import Role
from api.store import Store, open_store
from api.store.keys import create_key
from api.store.rights import Rights
from api.store.times import from_ms
from tests.api.conftest import RunningApi
from tests.support.case_tables import Step, add_case, keep_config, take_step
from tests.support.example_duty import DUTY_TEXT

pytestmark = pytest.mark.slow

HOUR = 3_600_000
START = 1_795_579_200_000  # Wednesday, 25 November 2026, 12:00 in Shanghai
DUE = START + 2 * HOUR
VENDOR = {"category": "street_vendor", "unit": "street-office", "lon": None, "lat": None}


@pytest.fixture
def duty_store(store: Store) -> Iterator[Store]:
    keep_config(store, "responsibility", DUTY_TEXT)
    yield store


def dispatch(at: int = START, due: int = DUE) -> list[Step]:
    return [Step("file", at - HOUR), Step("dispatch", at, {"due_ms": due, "unit": "street-office"})]


def told(store: Store) -> list[tuple[str, str]]:
    return store.read(
        lambda raw: raw.execute("SELECT step, recipient FROM case_messages ORDER BY message_key").fetchall()
    )


def step(store: Store, case_id: str, *steps: Step) -> None:
    def take(raw: sqlite3.Connection) -> None:
        for one in steps:
            take_step(raw, case_id, one)

    store.write(take).result()


def test_each_step_is_told_at_its_share_of_the_limit_and_only_once(duty_store: Store) -> None:
    add_case(duty_store, 1, START - 2 * HOUR, dispatch(), **VENDOR)
    seen = {}
    for minutes in (0, 89, 90, 91, 119, 120, 239, 240, 600):
        for _ in range(2):
            remind(duty_store, START + minutes * 60_000)
        seen[minutes] = [name for name, _ in told(duty_store)]
    first, second = ["soon-due"], ["soon-due", "overdue"]
    third = [*second, "long-overdue"]
    assert seen == {
        0: [],
        89: [],
        90: first,
        91: first,
        119: first,
        120: second,
        239: second,
        240: third,
        600: third,
    }
    assert told(duty_store) == [
        ("soon-due", "unit"),
        ("overdue", "dispatcher"),
        ("long-overdue", "supervisor"),
    ]


def test_what_came_due_while_the_service_was_down_is_told_once_after_a_restart(duty_store: Store) -> None:
    add_case(duty_store, 1, START - 2 * HOUR, dispatch(), **VENDOR)
    remind(duty_store, START)
    duty_store.close()
    for _ in range(2):
        again = open_store(duty_store.data_dir)
        remind(again, START + 30 * HOUR)
        assert [name for name, _ in told(again)] == ["soon-due", "overdue", "long-overdue"]
        again.close()


def test_an_extended_case_is_reminded_by_its_new_time_only(duty_store: Store) -> None:
    case_id = add_case(duty_store, 1, START - 2 * HOUR, dispatch(), **VENDOR)
    remind(duty_store, START)
    limit = {"value": 4, "unit": "urgent_hour"}
    step(duty_store, case_id, Step("extend", START + HOUR, {"due_ms": DUE + 4 * HOUR, "limit": limit}))
    remind(duty_store, DUE + 2 * HOUR)
    assert told(duty_store) == []
    remind(duty_store, DUE + 3 * HOUR)  # three quarters of the extension
    assert [name for name, _ in told(duty_store)] == ["soon-due"]


def test_a_suspended_case_is_silent_and_goes_on_where_it_stopped(duty_store: Store) -> None:
    case_id = add_case(duty_store, 1, START - 2 * HOUR, dispatch(), **VENDOR)
    remind(duty_store, START)
    step(duty_store, case_id, Step("suspend", START + HOUR))
    remind(duty_store, START + 50 * HOUR)
    assert told(duty_store) == []
    step(duty_store, case_id, Step("resume", START + 50 * HOUR, {"due_ms": START + 51 * HOUR}))
    remind(duty_store, START + 50 * HOUR + 29 * 60_000)
    assert told(duty_store) == []
    remind(duty_store, START + 50 * HOUR + 30 * 60_000)
    assert [name for name, _ in told(duty_store)] == ["soon-due"]


def test_who_has_handled_is_not_reminded_but_who_must_check_is(duty_store: Store) -> None:
    case_id = add_case(duty_store, 1, START - 2 * HOUR, dispatch(), **VENDOR)
    step(duty_store, case_id, Step("accept", START), Step("handle", START + HOUR))
    remind(duty_store, START + 3 * HOUR)
    assert told(duty_store) == [("overdue", "dispatcher")]


def test_a_closed_case_tells_nothing(duty_store: Store) -> None:
    case_id = add_case(duty_store, 1, START - 2 * HOUR, dispatch(), **VENDOR)
    remind(duty_store, START)
    step(duty_store, case_id, Step("handle", START + 1), Step("close", START + 2))
    remind(duty_store, START + 300 * HOUR)
    assert told(duty_store) == []


def test_hundreds_of_cases_at_once_are_all_told(duty_store: Store) -> None:
    for number in range(1100):
        add_case(duty_store, number, START - 2 * HOUR, dispatch(), **VENDOR)
    assert remind(duty_store, DUE) == 2200


def test_a_duty_that_fails_is_tried_again_and_stops_no_other() -> None:
    turns = {"faulty": 0, "sound": 0}

    def faulty() -> None:
        turns["faulty"] += 1
        raise OSError("the disk is full")

    def sound() -> None:
        turns["sound"] += 1

    with kept_up([Duty("faulty", 0.01, faulty), Duty("sound", 0.01, sound)]):
        until = time.monotonic() + 10
        while min(turns.values()) < 3 and time.monotonic() < until:
            time.sleep(0.01)
    assert min(turns.values()) >= 3


# --- over HTTP -------------------------------------------------------------------------------------------


@pytest.fixture
def duty_api(api: RunningApi) -> RunningApi:
    keep_config(api.store, "responsibility", DUTY_TEXT)
    now = time.time_ns() // 1_000_000
    for number, (due, unit, area) in enumerate(
        [(now - HOUR, "street-office", "district"), (now + HOUR // 2, "sanitation", "district"),
         (now + 9 * HOUR, "street-office", "elsewhere")]
    ):  # fmt: skip
        at = now - 2 * HOUR
        limit = {"value": (due - at) / HOUR, "unit": "urgent_hour"}
        steps = [Step("file", at), Step("dispatch", at, {"due_ms": due, "unit": unit, "limit": limit})]
        add_case(api.store, number, at, steps, **{**VENDOR, "unit": unit, "area": area})
    remind(api.store, now)
    return api


def member(api: RunningApi, unit: str) -> httpx.Client:
    return api.with_key(create_key(api.store, Rights(Role.UNIT, unit=unit), "a unit's terminal"))


def test_clocks_come_by_due_time_with_their_colour(duty_api: RunningApi) -> None:
    with duty_api.client("dispatcher") as client:
        reply = client.get("/v1/clocks").json()
        assert [clock["colour"] for clock in reply["clocks"]] == ["red", "yellow", "green"]
        assert [clock["number"] for clock in client.get("/v1/clocks?colour=red").json()["clocks"]] == [
            "N-000000"
        ]
        path, seen = "/v1/clocks?limit=1", []
        while path:
            page = client.get(path).json()
            seen += [clock["number"] for clock in page["clocks"]]
            path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
        assert seen == ["N-000000", "N-000001", "N-000002"]


def test_the_clock_of_a_case_says_what_it_runs_by(duty_api: RunningApi) -> None:
    with duty_api.client("reader") as client:
        (first, *_) = client.get("/v1/clocks").json()["clocks"]
        case = client.get(f"/v1/cases/{first['case_id']}/clock").json()
        assert case["limit"] == {"value": 1.0, "unit": "urgent_hour"}
        assert case["due_at"] == first["due_at"]
        assert client.get("/v1/cases/unknown/clock").status_code == 404


def test_a_unit_sees_its_own_clocks_and_messages_and_ticks_off_only_these(duty_api: RunningApi) -> None:
    with member(duty_api, "street-office") as own, member(duty_api, "sanitation") as other:
        assert {clock["unit"] for clock in own.get("/v1/clocks").json()["clocks"]} == {"street-office"}
        assert {clock["unit"] for clock in own.get("/v1/clocks?unit=sanitation").json()["clocks"]} == {
            "street-office"
        }
        (message,) = [
            row
            for row in own.get("/v1/messages").json()["messages"]
            if row["recipient"] == "unit" and row["step"] == "soon-due"
        ]
        path = f"/v1/messages/{message['message_key']}/seen"
        assert other.post(path).status_code == 404
        seen = own.post(path).json()
        assert seen["seen_by"].startswith("key:")
        assert own.post(path).json() == seen
        assert own.get("/v1/messages?unseen=true").json()["messages"] == []


def test_a_dispatcher_gets_what_is_overdue_and_nobody_ticks_off_for_a_supervisor(
    duty_api: RunningApi,
) -> None:
    with duty_api.client("dispatcher") as dispatcher, duty_api.client("reader") as reader:
        (overdue,) = [
            row
            for row in dispatcher.get("/v1/messages").json()["messages"]
            if row["recipient"] == "dispatcher"
        ]
        assert overdue["text"].startswith("N-000000: ")
        assert reader.post(f"/v1/messages/{overdue['message_key']}/seen").status_code == 404
        assert dispatcher.post(f"/v1/messages/{overdue['message_key']}/seen").status_code == 200


def test_who_is_limited_to_an_area_sees_nothing_of_others(duty_api: RunningApi) -> None:
    rights = Rights(Role.DISPATCHER, areas=frozenset({"elsewhere"}))
    with duty_api.with_key(create_key(duty_api.store, rights, "dispatcher elsewhere")) as client:
        clocks = client.get("/v1/clocks").json()["clocks"]
        assert [clock["number"] for clock in clocks] == ["N-000002"]
        assert client.get("/v1/messages").json()["messages"] == []
    with (
        duty_api.client("dispatcher") as everywhere,
        duty_api.with_key(create_key(duty_api.store, rights, "again")) as client,
    ):
        hidden = everywhere.get("/v1/clocks").json()["clocks"][0]["case_id"]
        assert client.get(f"/v1/cases/{hidden}/clock").status_code == 404


def test_times_of_the_store_are_what_they_say() -> None:
    assert from_ms(START).isoformat() == "2026-11-25T04:00:00+00:00"
