"""A month's figures: what counts, that each is exactly its list of cases, and that the past stays."""

import math
import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from datetime import time as Time  # noqa: N812  a type here
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.duty.figures import RATES, CaseFact, Figure, group
from api.duty.keeping import keep_months
from api.duty.months import GRACE_DAYS, month_at, month_named
from api.duty.recurrence import RECURS_WITHIN_DAYS, SAME_PLACE_M, Placed, recurring
from api.duty.sample import draw_sample
from api.store import Store
from api.store.duty.evaluation import month_count
from tests.api.conftest import RunningApi
from tests.support.case_tables import Step, add_case, keep_config, take_step
from tests.support.example_duty import DUTY_TEXT, at_en

pytestmark = pytest.mark.slow

ZONE = "Asia/Shanghai"
MONTH = month_named("2026-10", ZONE)
HOUR = 3_600_000
DAY = 24 * HOUR
NOW = MONTH.end_ms + 20 * DAY


@pytest.fixture
def month_store(store: Store) -> Iterator[Store]:
    """A store with one case for each thing that can happen in October."""
    keep_config(store, "responsibility", DUTY_TEXT)
    fill(store)
    yield store


def dispatched(at: int, due: int, unit: str = "sanitation") -> list[Step]:
    return [
        Step("file", at - HOUR),
        Step("dispatch", at, {"due_ms": due, "unit": unit}),
        Step("accept", at + HOUR // 2),
    ]


def fill(store: Store) -> None:
    t = MONTH.start_ms + 5 * DAY
    place = dict(zip(("lon", "lat"), at_en(20, 15), strict=True))
    # 1: closed on time after two hours; 2: closed late, reworked once; 3: rejected.
    add_case(
        store,
        1,
        t - 2 * HOUR,
        [*dispatched(t, t + 4 * HOUR), Step("handle", t + 2 * HOUR), Step("close", t + 3 * HOUR)],
        **place,
    )
    add_case(
        store,
        2,
        t,
        [
            *dispatched(t + HOUR, t + 5 * HOUR),
            Step("handle", t + 3 * HOUR),
            Step("rework", t + 4 * HOUR),
            Step("handle", t + 7 * HOUR),
            Step("close", t + 9 * HOUR),
        ],
        street="lane",
        lon=None,
        lat=None,
    )
    add_case(store, 3, t, [Step("reject", t + HOUR)], lon=None, lat=None)
    # 4: suspended over the month's end; 5: returned, then led by another unit and extended.
    add_case(store, 4, t, [*dispatched(t, t + 4 * HOUR), Step("suspend", t + HOUR)], lon=None, lat=None)
    add_case(
        store,
        5,
        t,
        [
            *dispatched(t, t + 4 * HOUR),
            Step("return", t + HOUR),
            Step("dispatch", t + 2 * HOUR, {"due_ms": t + 6 * HOUR, "unit": "urban-management"}),
            Step("extend", t + 3 * HOUR, {"due_ms": t + 30 * HOUR}),
        ],
        category="construction_debris",
        street=None,
        lon=None,
        lat=None,
    )
    # 6: comes back to the place of 1; 7: voided; 8: belongs to the month before but is due in this one.
    near = dict(zip(("lon", "lat"), at_en(25, 20), strict=True))
    add_case(store, 6, t + 10 * DAY, [Step("file", t + 10 * DAY + HOUR)], **near)
    add_case(store, 7, t, [*dispatched(t, t + 4 * HOUR), Step("void", t + HOUR)], lon=None, lat=None)
    before = MONTH.start_ms - 10 * DAY
    add_case(
        store,
        8,
        before,
        [
            *dispatched(before, MONTH.start_ms + DAY),
            Step("handle", before + DAY),
            Step("close", before + 2 * DAY),
        ],
        lon=None,
        lat=None,
    )
    # 9: closed during the days of grace; 10: closed after them.
    last = MONTH.end_ms - HOUR
    for number, closed in ((9, MONTH.end_ms + DAY), (10, MONTH.cutoff_ms + DAY)):
        steps = [*dispatched(last - 5 * HOUR, last), Step("handle", last - HOUR), Step("close", closed)]
        add_case(store, number, last - 6 * HOUR, steps, lon=None, lat=None)


def counted(store: Store, name: str = "2026-10", now: int = NOW) -> list[CaseFact]:
    return store.read(lambda raw: month_count(raw, month_named(name, ZONE), now)).facts


def numbers(facts: list[CaseFact], figure: Figure) -> set[int]:
    return {int(fact.number[2:]) for fact in facts if fact.figures & figure}


def test_each_figure_holds_the_cases_that_it_says(month_store: Store) -> None:
    facts = counted(month_store)
    assert {figure.word: numbers(facts, figure) for figure in Figure} == {
        "reported": {1, 2, 3, 4, 5, 6, 7, 9, 10},
        "filed": {1, 2, 4, 5, 6, 7, 9, 10},
        "dispatched": {1, 2, 4, 5, 7, 9, 10},
        "handled": {1, 2, 9, 10},
        "due": {1, 2, 4, 5, 8, 9, 10},
        "suspended": {4},
        "closed": {1, 2, 8, 9},
        "closed_on_time": {1, 8},
        "reworked": {2},
        "returned": {5},
        "extended": {5},
        "recurred": {6},
    }


def test_the_rates_follow_the_formulas(month_store: Store) -> None:
    tally = group(counted(month_store), ())[()]
    assert tally.rate("filing_rate") == 8 / 9
    assert tally.rate("closing_rate") == 4 / (7 - 1)
    assert tally.rate("on_time_closing_rate") == 2 / (7 - 1)
    assert tally.rate("rework_rate") == 1 / 4
    assert tally.rate("return_rate") == 1 / 7
    assert tally.rate("recurrence_rate") == 1 / 8
    # 2 h, 6 h (to the feedback after rework), 4 h, 4 h.
    assert tally.mean_handling_h == 4.0


def test_a_published_month_of_a_city_gives_its_published_rates() -> None:
    """972 due, 911 closed, 737 on time: 93.72 % and 75.82 %. Source: the notice of one county-level city."""
    facts = [
        CaseFact(
            str(number),
            str(number),
            "garbage_pile",
            None,
            None,
            None,
            Figure.DUE | Figure.CLOSED * (number < 911) | Figure.CLOSED_ON_TIME * (number < 737),
            None,
        )
        for number in range(972)
    ]
    tally = group(facts, ())[()]
    assert round(100 * (tally.rate("closing_rate") or 0), 2) == 93.72
    assert round(100 * (tally.rate("on_time_closing_rate") or 0), 2) == 75.82


def test_a_unit_is_the_one_that_led_at_the_cut_off(month_store: Store) -> None:
    units = {fact.number: fact.unit for fact in counted(month_store)}
    assert units["N-000005"] == "urban-management"
    groups = group(counted(month_store), ("street", "unit"))
    assert set(groups) == {
        ("market", "sanitation"),
        ("lane", "sanitation"),
        ("-", "urban-management"),
        ("market", "-"),
    }


def test_what_is_entered_after_the_cut_off_changes_nothing(month_store: Store) -> None:
    before = counted(month_store)
    late = MONTH.cutoff_ms + DAY

    def go_on(raw: sqlite3.Connection) -> None:
        for fact in before:
            for step in (
                Step("rework", late),
                Step("extend", late, {"due_ms": late + DAY, "unit": "justice"}),
                Step("suspend", late),
                Step("close", late + HOUR),
                Step("void", late + 2 * HOUR),
            ):
                take_step(raw, fact.case_id, step)

    month_store.write(go_on).result()
    add_case(month_store, 99, MONTH.end_ms + HOUR, [], lon=None, lat=None)
    assert counted(month_store) == before


def test_a_month_that_was_kept_stays_even_when_its_cases_are_gone(month_store: Store) -> None:
    before = counted(month_store)
    assert keep_months(month_store, MONTH.cutoff_ms - 1) == ["2026-09"]
    assert keep_months(month_store, NOW) == ["2026-10"]
    assert keep_months(month_store, NOW) == []
    month_store.write(lambda raw: raw.execute("DELETE FROM cases")).result()
    kept = month_store.read(lambda raw: month_count(raw, MONTH, NOW))
    assert kept.is_final
    assert kept.facts == before


# --- over HTTP -------------------------------------------------------------------------------------------


@pytest.fixture
def supervisor(api: RunningApi) -> Iterator[httpx.Client]:
    keep_config(api.store, "responsibility", DUTY_TEXT)
    fill(api.store)
    with api.client("supervisor") as client:
        yield client


@pytest.mark.parametrize("by", ["", "street", "unit", "category", "street,unit,category", "category,street"])
def test_every_figure_counts_exactly_the_cases_that_it_links_to(supervisor: httpx.Client, by: str) -> None:
    reply = supervisor.get("/v1/evaluation", params={"month": "2026-10", "by": by}).json()
    assert reply["groups"] or not by
    for row in [reply["total"], *reply["groups"]]:
        for name, figure in row["figures"].items():
            listed = supervisor.get(figure["cases"]).json()
            assert listed["count"] == figure["count"] == len(listed["cases"]), (name, row["key"])
            for case in listed["cases"]:
                assert name in case["figures"]
                assert all((case[part] or "-") == value for part, value in row["key"].items())


def test_the_groups_together_are_the_total(supervisor: httpx.Client) -> None:
    reply = supervisor.get("/v1/evaluation", params={"month": "2026-10", "by": "street,category"}).json()
    for name, figure in reply["total"]["figures"].items():
        assert sum(row["figures"][name]["count"] for row in reply["groups"]) == figure["count"]


def test_pages_of_cases_together_are_the_list(supervisor: httpx.Client) -> None:
    path = "/v1/evaluation/cases?month=2026-10&figure=reported&limit=4"
    seen = []
    while path:
        reply = supervisor.get(path).json()
        seen += [case["number"] for case in reply["cases"]]
        path = next((link["href"] for link in reply["links"] if link["rel"] == "next"), "")
    assert len(seen) == 9
    assert seen == sorted(set(seen))


def test_the_table_and_the_page_say_the_same_as_the_document(supervisor: httpx.Client) -> None:
    table = supervisor.get("/v1/evaluation", params={"month": "2026-10", "f": "csv"})
    header, total, *groups = table.text.split("\r\n")
    row = dict(zip(header.split(","), total.split(","), strict=True))
    assert (row["reported"], row["closed_on_time"], row["on_time_closing_rate"]) == ("9", "2", "0.3333")
    assert len(groups) == 4  # three streets and the empty end
    page = supervisor.get("/v1/evaluation", params={"month": "2026-10", "f": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "figure=closed_on_time&amp;street=lane" in page.text
    assert "33.3 %" in page.text


def test_exports_stand_in_the_audit_log(supervisor: httpx.Client, api: RunningApi) -> None:
    supervisor.get("/v1/evaluation", params={"month": "2026-10", "f": "csv"})
    rows = api.store.read(lambda raw: raw.execute("SELECT action, subject FROM audit_log").fetchall())
    assert ("export.csv", "evaluation") in rows


@pytest.mark.parametrize(
    "query",
    ["month=2026-13", "month=October", "by=colour", "by=street,street", "f=pdf", "figure=reported", "x=1"],
)
def test_what_no_evaluation_knows_is_refused_with_a_remedy(supervisor: httpx.Client, query: str) -> None:
    reply = supervisor.get(f"/v1/evaluation?{query}")
    assert reply.status_code == 400
    assert reply.json()["remedy"]


def test_only_who_evaluates_sees_it(supervisor: httpx.Client, api: RunningApi) -> None:
    for role, status in (("evaluator", 200), ("reader", 403), ("admin", 403), ("worker", 403)):
        with api.client(role) as client:
            for path in ("", "/sample", "/cases?figure=due"):
                assert client.get(f"/v1/evaluation{path}").status_code == status, (role, path)


def test_an_inspector_draws_his_own_sample_and_anyone_can_draw_it_again(
    supervisor: httpx.Client, api: RunningApi
) -> None:
    with api.client("evaluator") as inspector:
        first = inspector.get("/v1/evaluation/sample?month=2026-10&size=4").json()
        other = inspector.get("/v1/evaluation/sample?month=2026-10&size=4").json()
    assert first["seed"] != other["seed"]
    assert (len(first["cases"]), first["drawn_from"]) == (4, 10)
    again = supervisor.get(f"/v1/evaluation/sample?month=2026-10&size=4&seed={first['seed']}").json()
    assert again == first


def test_normalised_figures_come_from_the_hours_that_cameras_watched(
    supervisor: httpx.Client, api: RunningApi
) -> None:
    start = datetime.fromtimestamp(MONTH.start_ms / 1000, ZoneInfo(ZONE))
    events = [
        health("market-south", 0, "ok", start.replace(day=2)),
        health("market-south", 1, "offline", start.replace(day=3)),
        health("market-south", 2, "ok", start.replace(day=31, hour=12)),
        health("lane", 0, "frozen", start.replace(day=2)),
    ]
    with api.client("worker") as worker:
        sent = worker.post(
            "/v1/events", json=events, headers={"Content-Type": "application/cloudevents-batch+json"}
        )
        assert sent.json()["stored"] == 4
    reply = supervisor.get("/v1/evaluation?month=2026-10").json()
    rows = {row["key"]["street"]: row for row in reply["groups"]}
    assert rows["market"]["camera_hours"] == 24 + 12
    filed = rows["market"]["figures"]["filed"]["count"]
    assert rows["market"]["filed_per_1000_camera_hours"] == round(1000 * filed / 36, 3)
    assert rows["market"]["filed_per_watched_km"] == round(filed / 0.042, 3)
    assert rows["lane"]["camera_hours"] == 0
    assert rows["lane"]["filed_per_1000_camera_hours"] is None
    assert reply["total"]["camera_hours"] == 36


def test_hours_stay_when_the_events_of_health_are_gone(supervisor: httpx.Client, api: RunningApi) -> None:
    """A camera that is well says so once; retention deletes that event after a month."""
    long_ago = datetime.fromtimestamp(MONTH.start_ms / 1000 - 90 * 86_400, ZoneInfo(ZONE))
    with api.client("worker") as worker:
        event = health("lane", 0, "ok", long_ago)
        worker.post("/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"})
    api.store.write(lambda raw: raw.execute("DELETE FROM events")).result()
    hours = MONTH.end_ms - MONTH.start_ms
    for _ in range(2):
        total = supervisor.get("/v1/evaluation?month=2026-10").json()["total"]
        assert total["camera_hours"] == hours / HOUR
        keep_months(api.store, NOW)


def health(view: str, sequence: int, state: str, at: datetime) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": f"{view}:{sequence}",
        "source": f"/views/{view}",
        "subject": view,
        "time": at.isoformat(),
        "sequence": sequence,
        "type": "org.streetkeeper.camera.health",
        "data": {
            "view_id": view,
            "camera_id": view,
            "state": state,
            "since": at.isoformat(),
            "site_version": "1",
        },
    }


# --- laws ------------------------------------------------------------------------------------------------

FACTS = st.lists(
    st.builds(
        CaseFact,
        case_id=st.uuids().map(str),
        number=st.just("N"),
        category=st.sampled_from(["garbage_pile", "street_vendor"]),
        street=st.sampled_from(["a", "b", None]),
        unit=st.sampled_from(["u", None]),
        area=st.none(),
        figures=st.integers(0, 2**12 - 1),
        handling_ms=st.none() | st.integers(0, 10**9),
    ),
    max_size=40,
    unique_by=lambda fact: fact.case_id,
)


@given(FACTS)
def test_groups_add_up_whatever_they_are_by(facts: list[CaseFact]) -> None:
    total = group(facts, ())[()]
    for by in (("street",), ("unit", "category"), ("street", "unit", "category")):
        parts = group(facts, by).values()
        for figure in Figure:
            assert sum(part.counts[figure] for part in parts) == total.counts[figure]
            assert total.counts[figure] == sum(bool(fact.figures & figure) for fact in facts)
        assert sum(part.handling_ms for part in parts) == total.handling_ms
    assert set(RATES) == {name for name in RATES if total.rate(name) is None or total.rate(name) is not None}


@given(FACTS, st.integers(1, 50), st.text(min_size=1, max_size=8))
def test_a_sample_has_no_repeats_grows_from_its_beginning_and_does_not_mind_the_order(
    facts: list[CaseFact], size: int, seed: str
) -> None:
    drawn = draw_sample(facts, size, seed)
    assert len(drawn) == len({fact.case_id for fact in drawn}) == min(size, len(facts))
    assert draw_sample(list(reversed(facts)), size, seed) == drawn
    assert draw_sample(facts, size + 1, seed)[:size] == drawn


def apart_m(one: Placed, other: Placed) -> float:
    east = (one.lon - other.lon) * 111_320.0 * math.cos(math.radians(one.lat))
    return math.hypot(east, (one.lat - other.lat) * 111_320.0)


PLACED = st.lists(
    st.builds(
        Placed,
        case_id=st.uuids().map(str),
        category=st.sampled_from(["a", "b"]),
        lon=st.floats(118.9160, 118.9180),
        lat=st.floats(31.9990, 32.0010),
        at_ms=st.integers(0, 60 * DAY),
    ),
    max_size=25,
)


@given(PLACED, PLACED)
def test_recurrence_by_cells_is_the_same_as_looking_at_every_pair(
    reported: list[Placed], closed: list[Placed]
) -> None:
    pairs = {
        new.case_id
        for new in reported
        for old in closed
        if new.case_id != old.case_id
        and new.category == old.category
        and 0 <= new.at_ms - old.at_ms <= RECURS_WITHIN_DAYS * DAY
        and apart_m(new, old) <= SAME_PLACE_M
    }
    assert recurring(reported, closed) == pairs


@given(
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.times(),
    st.sampled_from([ZONE, "America/New_York"]),
)
def test_every_moment_lies_in_exactly_its_month(day: date, clock: Time, zone: str) -> None:
    aware = datetime.combine(day, clock, tzinfo=ZoneInfo(zone))
    month = month_at(aware, zone)
    assert month.holds(math.floor(aware.timestamp() * 1000))
    assert month.name == f"{day:%Y-%m}"
    assert month.cutoff_ms - month.end_ms >= (GRACE_DAYS - 1) * DAY
