"""Incidents as replies, made from the text that is stored: what was judged once is not judged again."""

import json
from collections.abc import Sequence

from api.replies import Links
from api.store.incidents import StoredIncident
from contracts.geojson import DECIMALS

__all__ = ["collection_text", "list_text", "state_text"]


def _state(item: StoredIncident) -> str:
    """The members that stand beside an incident's own."""
    return (
        f'"status":"{item.status}","sequence":{item.sequence},'
        f'"area":{json.dumps(item.area)},"grid_cell":{json.dumps(item.grid_cell)}'
    )


def state_text(item: StoredIncident) -> str:
    """One incident as a JSON object."""
    return f'{{{_state(item)},"incident":{item.document}}}'


def list_text(items: Sequence[StoredIncident], links: Links) -> str:
    """A page as plain JSON."""
    return f'{{"incidents":[{",".join(map(state_text, items))}],"links":{json.dumps(links)}}}'


def _feature(item: StoredIncident) -> str:
    geometry = "null"
    if item.lonlat is not None:
        lon, lat = (round(value, DECIMALS) for value in item.lonlat)
        geometry = f'{{"type":"Point","coordinates":[{lon},{lat}]}}'
    # The stored text is an object that is never empty: its brace is opened again for what stands beside.
    properties = f"{item.document[:-1]},{_state(item)}}}"
    named = json.dumps(item.incident_id)
    return f'{{"type":"Feature","id":{named},"geometry":{geometry},"properties":{properties}}}'


def collection_text(items: Sequence[StoredIncident], links: Links, at: str) -> str:
    """A page as a GeoJSON FeatureCollection (RFC 7946)."""
    return (
        f'{{"type":"FeatureCollection","features":[{",".join(map(_feature, items))}],'
        f'"links":{json.dumps(links)},"timeStamp":"{at}","numberReturned":{len(items)}}}'
    )
