"""A store with incidents in the queue, and callers who judge them."""

import math
from concurrent.futures import Future
from typing import Any

from api.callers import Caller
from api.roles import Role
from api.store import Store
from api.store.cases.queue import ItemQuery, ReviewItem, claim_item, list_items
from api.store.cases.verdicts import Verdict, VerdictKept, give_verdict
from api.store.configuration import NewConfig, add_config
from api.store.events import record_events
from api.store.times import to_ms
from contracts.event import parse_event
from tests.support.api_events import NOON, make_event

NOW = to_ms(NOON) + 3_600_000
LON, LAT = 116.391234, 39.907654
OPERATOR = Caller("user:li", "Li", Role.OPERATOR)
OTHER = Caller("user:wang", "Wang", Role.OPERATOR)
DISPATCHER = Caller("user:zhao", "Zhao", Role.DISPATCHER)
SUPERVISOR = Caller("user:chen", "Chen", Role.SUPERVISOR)
CREW = Caller("user:crew", "Crew", Role.UNIT, unit="sanitation")


def place(east_m: float = 0.0, north_m: float = 0.0) -> list[float]:
    return [LON + east_m / (111_320 * math.cos(math.radians(LAT))), LAT + north_m / 111_320]


def send(store: Store, *events: dict[str, Any]) -> None:
    verdicts = record_events(store, [parse_event(event) for event in events]).result(30)
    assert all(verdict.outcome == "stored" for verdict in verdicts), verdicts


def tell(store: Store, number: int = 1, sequence: int = 0, kind: str = "opened", **changed: Any) -> None:
    """An incident event; each view is a camera of its own."""
    view = changed.setdefault("view_id", "market-east")
    changed.setdefault("camera_id", view.partition("-")[0])
    send(store, make_event(number, sequence, kind, **changed))


def queue(store: Store, caller: Caller = OPERATOR, **asked: Any) -> list[ReviewItem]:
    query = ItemQuery(
        actor=caller.actor,
        areas=None if caller.areas is None else tuple(sorted(caller.areas)),
        **asked,
    )
    return store.read(lambda raw: list_items(raw, query, 1000, None, NOW))[0]


def claim(store: Store, item_id: str, caller: Caller = OPERATOR, at_ms: int = NOW) -> "Future[ReviewItem]":
    return store.write(lambda raw: claim_item(raw, caller, item_id, at_ms, at_ms + 600_000))


def judge(
    store: Store, item_id: str, verdict: str, caller: Caller = OPERATOR, at_ms: int = NOW, **said: Any
) -> VerdictKept:
    """Hold an item and judge it."""
    claim(store, item_id, caller, at_ms).result(30)
    given = Verdict(verdict, **said)
    return store.write(lambda raw: give_verdict(raw, caller, item_id, given, at_ms)).result(30)


def keep_config(store: Store, kind: str, text: str) -> None:
    """A configuration document that holds from now on."""
    new = NewConfig(kind, text, text[:20], "command", "a test")
    store.write(lambda raw: add_config(raw, new, base=None, changes=1, at_ms=NOW)).result(9)
