"""The incident list: every filter against a plain reading of it, every order in pages that are one list."""

import json
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import BadParameter
from api.incident_parameters import read_circle, read_ring
from api.store import Store, open_store
from api.store.changes import raise_floor
from api.store.events import record_events
from api.store.geometry import box_around, is_inside, metres_between
from api.store.history import IncidentQuery, PagePlace, list_incidents
from api.store.words import match_expression, spaced_words
from contracts.event import parse_event
from tests.api.conftest import RunningApi
from tests.support.api_events import make_event, named

pytestmark = pytest.mark.slow

BATCH = {"Content-Type": "application/cloudevents-batch+json"}
ORDERS = ("-opened", "opened", "-last_seen", "last_seen", "-confidence", "confidence", "-ellipse", "ellipse")
WEST, SOUTH = 116.39, 39.90
METRE = 1 / 111_195


def put(store: Store, *documents: dict[str, Any]) -> None:
    verdicts = record_events(store, [parse_event(document) for document in documents]).result(30)
    assert {verdict.outcome for verdict in verdicts} <= {"stored", "repeated"}, verdicts


def ids(store: Store, query: IncidentQuery) -> list[str]:
    return [item.incident_id for item in list_incidents(store, query, 1000, None).incidents]


@pytest.fixture(scope="module")
def filled(standing_api: RunningApi) -> Iterator[httpx.Client]:
    events = [
        make_event(1, unit="street-office-3", confidence=0.6, ellipse=ellipse(9.0)),
        make_event(2, lonlat=[WEST + 0.01, SOUTH], camera_id="harbour", view_id="harbour-1"),
        make_event(
            3,
            lonlat=None,
            ellipse=None,
            rule={"id": "r", "version": 1, "reason": "占道经营 in zone 东门 for 5 minutes"},
        ),
        make_event(4, lonlat=[WEST, SOUTH], zones=["east-gate"], ellipse=ellipse(0.5)),
        # Stood for ten days: found by any time within them.
        make_event(5, first_seen="2026-04-20T12:00:00Z", last_seen="2026-05-20T12:00:00Z", opened_at=at(20)),
    ]
    with standing_api.client("worker") as worker, standing_api.client("reader") as reader:
        assert worker.post("/v1/events", content=json.dumps(events), headers=BATCH).json()["rejected"] == 0
        yield reader


def ellipse(semi_major_m: float) -> dict[str, float]:
    return {"semi_major_m": semi_major_m, "semi_minor_m": semi_major_m / 2, "azimuth_deg": 0.0}


def at(day: int) -> str:
    return f"2026-04-{day:02d}T18:00:00Z"


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("unit=street-office-3", [1]),
        ("max_error_m=1", [4]),
        ("min_confidence=0.7&max_error_m=1", [4]),
        ("text=east-g", [4]),
        ("text=lies pavement", [4, 2, 1, 5]),
        ("text=占道", [3]),
        ("text=经营 东门", [3]),
        ("text=道占", []),
        ('text=" OR * NEAR(', []),
        ("text=--", []),
        (f"near={WEST},{SOUTH},30", [4]),
        (f"near={WEST},{SOUTH},900", [4, 2, 1, 5]),
        (
            f"polygon=[[{WEST - 0.001},{SOUTH - 0.001}],[{WEST + 0.002},{SOUTH - 0.001}],"
            f"[{WEST},{SOUTH + 0.001}]]",
            [4],
        ),
        ("grid_cell=110101001001007", []),
        ("area=nowhere", []),
        ("datetime=2026-04-25", [5]),
        ("datetime=2026-05-19&bbox=116,39,117,40", [5]),
        ("datetime=2026-05-01&category=garbage_pile", [4, 3, 2, 1, 5]),
        ("sort=ellipse", [4, 2, 5, 1, 3]),
        ("sort=-confidence", [5, 4, 3, 2, 1]),
    ],
)
def test_filters(filled: httpx.Client, query: str, numbers: list[int]) -> None:
    reply = filled.get(f"/v1/incidents?{query}&f=json")
    assert reply.status_code == 200, reply.text
    found = [state["incident"]["incident_id"] for state in reply.json()["incidents"]]
    if query.startswith("near") and len(numbers) > 1:
        assert set(found) == {named(number) for number in numbers}
    elif query.startswith("sort=ellipse"):
        assert [found[0], *found[3:]] == [named(4), named(1), named(3)]
    elif query.startswith("sort=-conf"):
        assert found[-1] == named(1)
    else:
        assert found == [named(number) for number in numbers]


@pytest.mark.parametrize(
    "query",
    [
        "polygon=[[1,2],[3,4]]",
        "polygon=nonsense",
        "polygon=[[1,2],[3,400],[5,6]]",
        "polygon=[[1,2],[3,NaN],[5,6]]",
        "near=1,2",
        "near=1,2,0",
        "near=1,2,200000",
        "near=1,2,nan",
        "grid_cell=123",
        "sort=colour",
        "text=",
        "max_error_m=0",
        "max_error_m=inf",
    ],
)
def test_what_cannot_be_read_is_refused_with_a_remedy(filled: httpx.Client, query: str) -> None:
    reply = filled.get(f"/v1/incidents?{query}")
    assert reply.status_code == 400
    assert reply.json()["remedy"]


@given(text=st.text(max_size=60))
def test_any_text_is_a_shape_or_refused_and_never_a_fault_of_the_word_index(text: str) -> None:
    for read in (read_ring, read_circle):
        try:
            read(text)
        except BadParameter as refusal:
            assert refusal.remedy
    expression = match_expression(text)
    assert expression is None or expression.count('"') == 2 * len([t for t in text.split() if has_word(t)])
    assert "  " not in spaced_words(text)


def has_word(term: str) -> bool:
    return any(character.isalnum() or character == "_" for character in term)


@given(
    lon=st.floats(-179, 179),
    lat=st.floats(-80, 80),
    radius_m=st.floats(1, 50_000),
    part=st.floats(0, 0.999),
    angle=st.floats(0, 2 * math.pi),
)
def test_a_box_around_a_circle_holds_all_of_it(
    lon: float, lat: float, radius_m: float, part: float, angle: float
) -> None:
    away_deg = part * radius_m * METRE
    other_lat = lat + away_deg * math.sin(angle)
    other_lon = lon + away_deg * math.cos(angle) / math.cos(math.radians(other_lat))
    if metres_between(lon, lat, other_lon, other_lat) > radius_m:
        return
    west, south, east, north = box_around(lon, lat, radius_m)
    other_lon = (other_lon + 180) % 360 - 180
    inside = west <= other_lon <= east if west <= east else other_lon >= west or other_lon <= east
    assert inside and south <= other_lat <= north


def test_neighbouring_polygons_share_no_place() -> None:
    left = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    right = [(1.0, 0.0), (2.0, 0.0), (2.0, 1.0), (1.0, 1.0)]
    for lon in (0.25, 0.999, 1.0, 1.001, 1.75):
        assert is_inside(lon, 0.5, left) + is_inside(lon, 0.5, right) == 1


numbers = st.integers(0, 11)


@settings(max_examples=25, deadline=None)
@given(
    first=st.lists(st.tuples(numbers, st.integers(0, 9)), min_size=1, max_size=14),
    later=st.lists(st.lists(st.tuples(numbers, st.integers(0, 9)), max_size=5), max_size=6),
    limit=st.integers(1, 4),
    sort=st.sampled_from(ORDERS),
    status=st.sampled_from([None, "open"]),
    boxed=st.booleans(),
)
def test_pages_are_the_list_of_the_first_page_whatever_arrives_or_changes(
    first: list[tuple[int, int]],
    later: list[list[tuple[int, int]]],
    limit: int,
    sort: Any,
    status: Any,
    boxed: bool,
) -> None:
    """Between the pages incidents arrive, move, close, and change what they are sorted by."""
    query = IncidentQuery(
        sort=sort, status=status, bbox=(116.0, 39.0, 117.0, 39.905) if boxed else None, since_ms=0
    )
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        sequence = 0

        def arrive(changes: list[tuple[int, int]]) -> None:
            nonlocal sequence
            for number, value in changes:
                sequence += 1
                put(
                    store,
                    make_event(
                        number,
                        sequence,
                        "closed" if value == 9 else "updated",
                        confidence=value / 10,
                        last_seen=f"2026-05-01T13:{value:02d}:00Z",
                        ellipse=ellipse(1.0 + value) if value % 3 else None,
                        lonlat=[WEST, SOUTH + value / 1000],
                    ),
                )

        arrive(first)
        expected = ids(store, query)
        shown, place, moments = [], None, iter(later)
        while True:
            page = list_incidents(store, query, limit, place)
            shown += [item.incident_id for item in page.incidents]
            place = page.next_place
            if place is None:
                break
            arrive(next(moments, []))
        store.close()
    assert shown == expected


def test_a_token_from_before_what_was_forgotten_is_refused(store: Store) -> None:
    put(store, make_event(1), make_event(2))
    page = list_incidents(store, IncidentQuery(), 1, None)
    store.write(lambda connection: raise_floor(connection, "past", 10)).result(10)
    with pytest.raises(BadParameter, match="too old"):
        list_incidents(store, IncidentQuery(), 1, page.next_place)


def test_a_caller_of_an_area_sees_nothing_elsewhere(store: Store) -> None:
    put(store, make_event(1), make_event(2))
    store.write(
        lambda connection: connection.execute(
            "UPDATE incidents SET area = 'east' WHERE incident_id = ?", (named(1),)
        )
    ).result(10)
    assert ids(store, IncidentQuery(areas=("east", "north"))) == [named(1)]
    assert ids(store, IncidentQuery(areas=())) == []


def test_a_place_of_no_page_gives_nothing(store: Store) -> None:
    put(store, make_event(1))
    assert list_incidents(store, IncidentQuery(), 1, PagePlace(0, 0, 0)).incidents == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["b", "a"]),
        ("datetime=2026-05-01", ["a"]),
        ("datetime=2026-05-02/..", ["b"]),
        (f"bbox={WEST - 0.001},{SOUTH - 0.001},{WEST + 0.001},{SOUTH + 0.001}", ["a"]),
        (f"near={WEST + 0.1},{SOUTH},50", ["b"]),
        (f"polygon=[[{WEST - 1},{SOUTH - 1}],[{WEST + 1},{SOUTH - 1}],[{WEST},{SOUTH + 1}]]", ["b", "a"]),
        ("area=east", ["b"]),
        ("street=lane", ["b"]),
        ("grid_cell=110101001001007", ["a"]),
        ("max_error_m=3", ["a"]),
    ],
)
def test_cases_are_asked_by_time_and_place_too(api: RunningApi, query: str, found: list[str]) -> None:
    rows = [
        ("a", 1_777_636_800_000, WEST, 2.0, None, "110101001001007", None),
        ("b", 1_777_723_200_000, WEST + 0.1, 9.0, "east", None, "lane"),
    ]

    def add(connection: Any) -> None:
        connection.executemany(
            "INSERT INTO cases (case_id, number, state, category, priority, reported_ms, lon, lat,"
            " semi_major_m, area, grid_cell, street)"
            " VALUES (?, 'n' || ?1, 'filed', 'garbage_pile', 3, ?, ?, 39.9, ?, ?, ?, ?)",
            rows,
        )

    api.store.write(add).result(10)
    with api.client("reader") as reader:
        reply = reader.get(f"/v1/cases?{query}")
        assert reply.status_code == 200, reply.text
        assert [case["case_id"] for case in reply.json()["cases"]] == found
        assert reader.get("/v1/cases?near=1,2").status_code == 400
