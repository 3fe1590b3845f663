"""Clusters and the heat grid: every incident is counted once, in every zoom, filter and state."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.map_counts import cluster, heat
from api.store import Store, open_store
from api.store.changes import append_change
from api.store.columns import IncidentColumns
from api.store.events import record_events
from api.store.history import IncidentQuery, list_incidents
from contracts.event import parse_event
from tests.api.conftest import RunningApi
from tests.support.api_events import make_event, named

pytestmark = pytest.mark.slow

CATEGORIES = ("garbage_pile", "street_vendor", "building_change")
places = st.tuples(st.floats(-180, 180), st.floats(-90, 90)) | st.tuples(
    st.floats(116.39, 116.40), st.floats(39.90, 39.91)
)


def put(store: Store, *documents: dict[str, Any]) -> None:
    record_events(store, [parse_event(document) for document in documents]).result(30)


@settings(max_examples=25, deadline=None)
@given(
    incidents=st.lists(
        st.tuples(st.none() | places, st.sampled_from(CATEGORIES), st.booleans()), max_size=20
    ),
    changed=st.lists(st.tuples(st.integers(0, 25), places), max_size=6),
    zoom=st.integers(0, 22),
)
def test_clusters_sum_to_what_the_list_has_also_after_changes(
    incidents: list[Any], changed: list[Any], zoom: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        for number, (place, category, is_closed) in enumerate(incidents):
            kind = "closed" if is_closed else "opened"
            put(store, make_event(number, 0, kind, category=category, lonlat=place))
        columns = IncidentColumns(store)
        check_sums(store, columns, zoom)
        for number, place in changed:
            put(store, make_event(number, 1, "updated", lonlat=place))
            check_sums(store, columns, zoom)
        store.close()


def check_sums(store: Store, columns: IncidentColumns, zoom: int) -> None:
    for query in (IncidentQuery(), IncidentQuery(category="street_vendor"), IncidentQuery(status="open")):
        listed = [item for item in list_incidents(store, query, 1000, None).incidents if item.lonlat]
        with columns.matching(query) as matched:
            clusters, grid = cluster(matched, zoom), heat(matched, 1000.0, ZoneInfo("Asia/Kathmandu"))
        assert sum(one.count for one in clusters) == grid.total == len(listed)
        by_category: Counter[str] = Counter()
        for one in clusters:
            assert sum(one.by_category.values()) == sum(one.by_status.values()) == one.count
            by_category.update(one.by_category)
        assert by_category == Counter(item.incident.category.value for item in listed)
        assert sum(cell.count for cell in grid.cells) == len(listed)
        assert all(sum(cell.hours) == cell.count for cell in grid.cells)


def test_a_cluster_of_one_names_it_and_stands_on_its_place(api: RunningApi) -> None:
    put(api.store, make_event(1), make_event(2, lonlat=[116.5, 39.8], category="street_vendor"))
    with api.client("reader") as reader:
        near = reader.get("/v1/clusters?zoom=20").json()
        far = reader.get("/v1/clusters?zoom=0").json()
    assert {feature["properties"]["incident_id"] for feature in near["features"]} == {named(1), named(2)}
    places = [feature["geometry"]["coordinates"] for feature in near["features"]]
    assert sorted(places) == [[116.391234, 39.907654], [116.5, 39.8]]
    (feature,) = far["features"]
    assert feature["properties"]["count"] == far["numberMatched"] == 2
    assert feature["properties"]["by_category"] == {"garbage_pile": 1, "street_vendor": 1}
    assert feature["properties"]["incident_id"] is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("bbox=116.39,39.9,116.4,39.91", 1),
        ("near=116.5,39.8,10", 1),
        ("text=pavement", 2),
        ("camera=market", 1),
        ("camera=nobody", 0),
        ("unit=nobody", 0),
        ("area=nowhere", 0),
        ("min_confidence=0.95", 1),
        ("max_error_m=5", 2),
        ("datetime=2026-05-02/..", 0),
        ("zone=pavement&status=open", 2),
        ("run=night", 0),
    ],
)
def test_maps_take_the_filters_of_the_list(api: RunningApi, query: str, count: int) -> None:
    put(
        api.store,
        make_event(1),
        make_event(2, lonlat=[116.5, 39.8], confidence=0.99, camera_id="harbour", view_id="harbour-1"),
        make_event(3, lonlat=None),
    )
    with api.client("reader") as reader:
        assert reader.get(f"/v1/clusters?zoom=12&{query}").json()["numberMatched"] == count
        assert reader.get(f"/v1/heat?{query}").json()["total"] == count


def test_heat_tells_hours_on_the_clock_that_was_asked_for(api: RunningApi) -> None:
    put(api.store, make_event(1, opened_at="2026-05-01T16:30:00Z"))
    with api.client("reader") as reader:
        for zone, hour in (("UTC", 16), ("Asia/Shanghai", 0), ("Asia/Kolkata", 22)):
            (cell,) = reader.get(f"/v1/heat?time_zone={zone}").json()["cells"]
            assert cell["hours"].index(1) == hour
        assert reader.get("/v1/heat?time_zone=Mars/Base").status_code == 400
        assert reader.get("/v1/clusters").status_code == 400


def test_columns_follow_what_was_deleted(store: Store) -> None:
    put(store, make_event(1), make_event(2))
    columns = IncidentColumns(store)
    assert _count(columns) == 2

    def delete(connection: Any) -> None:
        connection.execute("DELETE FROM incidents WHERE incident_id = ?", (named(1),))
        append_change(connection, "purge", "p")

    store.write(delete).result(10)
    assert _count(columns) == 1


def _count(columns: IncidentColumns) -> int:
    with columns.matching(IncidentQuery()) as matched:
        return len(matched)
