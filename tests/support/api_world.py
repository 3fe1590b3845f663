"""An API with one of everything in it, all of it in one area, for tests that ask every route."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from api.roles import Role
from api.store import Store
from api.store.keys import create_key
from api.store.rights import checked_rights
from tests.support.api_events import JPEG, digest, make_event, make_health, named
from tests.support.api_people import PASSWORD, add_user
from tests.support.example_site import EXAMPLE

OWN = ("lantern-street", "lantern-street-vendors")
ELSEWHERE = ("another-quarter",)
UNIT = "sanitation-3"
CAMERA, VIEW = "cam-west", "west-corner"
PLACE = [104.0821, 30.6609]
NAME = f"{digest(JPEG)}.jpg"
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
MASKED = {"Content-Type": "image/jpeg", "X-Streetkeeper-Masked": "true"}
WORKER = "w1"


def an_event(number: int, **changed: Any) -> dict[str, Any]:
    evidence = [{"kind": "now", "sha256": digest(JPEG), "href": f"evidence/{NAME}", "masked": True}]
    return make_event(
        number, view_id=VIEW, camera_id=CAMERA, lonlat=PLACE, evidence=evidence, **{"unit": UNIT, **changed}
    )


@dataclass
class World:
    """A client of a running API, and ids of what is in it; `fresh` makes what a test uses up."""

    client: httpx.Client
    store: Store
    ids: dict[str, str] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def key(self, role: Role, areas: tuple[str, ...] | None = None) -> dict[str, str]:
        """The header of a new key; of the role unit one of our unit."""
        rights = checked_rights(role, areas, UNIT if role is Role.UNIT else None)
        return {"Authorization": f"Bearer {create_key(self.store, rights, f'{role} of a test')}"}

    def ask(self, role: Role, method: str, path: str, **given: Any) -> Any:
        headers = {**self.key(role), **given.pop("headers", {})}
        reply = self.client.request(method, path, headers=headers, **given)
        assert reply.status_code < 300, (method, path, reply.status_code, reply.text)
        return reply.json() if reply.content else None

    def incident(self) -> str:
        """A new incident with a picture, which waits for a verdict."""
        number = next(self.numbers)
        self.ask(Role.WORKER, "POST", "/v1/events", content=json.dumps([an_event(number)]), headers=BATCH)
        return named(number)

    def item(self) -> str:
        """A review item that the asking operator holds nothing of."""
        self.incident()
        items = self.ask(Role.OPERATOR, "GET", "/v1/review?limit=1000")["items"]
        return str(next(item["item_id"] for item in items if not item.get("claimed_by")))

    def case(self) -> str:
        """A filed case."""
        self.ask(
            Role.OPERATOR,
            "POST",
            "/v1/reports",
            json={
                "kind": "citizen",
                "category": "garbage_pile",
                "lonlat": PLACE,
                "error_m": 5,
                "text": "rubbish",
            },
        )
        return str(self.ask(Role.READER, "GET", "/v1/cases")["cases"][0]["case_id"])

    def command(self) -> str:
        body = {"kind": "snapshot", "camera": CAMERA, "body": {"when": "now"}, "ttl_s": 3600}
        return str(self.ask(Role.OPERATOR, "POST", "/v1/commands", json=body)["command_id"])

    def hold(self) -> str:
        body = {"kind": "camera", "subject": CAMERA, "reason": "Objection goes to court."}
        return str(self.ask(Role.ADMIN, "POST", "/v1/holds", json=body)["hold_id"])

    def outside(self) -> str:
        brought = self.ask(
            Role.OPERATOR,
            "POST",
            f"/v1/outside-pictures?area={OWN[0]}",
            content=JPEG,
            headers={"Content-Type": "image/jpeg"},
        )
        return str(brought["picture_id"])

    def user(self) -> str:
        return add_user(self.store, f"person-{next(self.numbers)}", "operator", OWN[:1]).user_id

    def a_key(self) -> str:
        rights = checked_rights("reader", OWN[:1])
        return create_key(self.store, rights, "to be revoked").split("_")[1]

    def message(self) -> str:
        """A reminder about the case."""

        def insert(connection: Any) -> int:
            return int(
                connection.execute(
                    "INSERT INTO case_messages (case_id, step, recipient, unit, area, text, due_ms, at_ms)"
                    " VALUES (?, ?, 'unit', ?, ?, 'late', 1, 1) RETURNING message_key",
                    (self.ids["case_id"], f"step-{next(self.numbers)}", UNIT, OWN[0]),
                ).fetchone()[0]
            )

        return str(self.store.write(insert).result(30))

    def fresh(self, name: str) -> str:
        """The value of a path's parameter."""
        makers: dict[str, Callable[[], str]] = {
            "item_id": self.item,
            "command_id": self.command,
            "hold_id": self.hold,
            "picture_id": self.outside,
            "user_id": self.user,
            "key_id": self.a_key,
            "message_key": self.message,
        }
        return makers[name]() if name in makers else self.ids[name]


def make_world(client: httpx.Client, store: Store) -> World:
    """One of everything."""
    world = World(client, store)
    first = {"text": EXAMPLE, "reason": "the first", "base": None}
    world.ask(Role.ADMIN, "POST", "/v1/config/site", json=first)
    world.ask(Role.WORKER, "PUT", f"/v1/evidence/{NAME}", content=JPEG, headers=MASKED)
    health = [make_health(VIEW, camera_id=CAMERA)]
    world.ask(Role.WORKER, "POST", "/v1/events", content=json.dumps(health), headers=BATCH)
    night = [an_event(9_000, run="night")]
    world.ask(Role.WORKER, "POST", "/v1/events", content=json.dumps(night), headers=BATCH)
    world.ask(Role.WORKER, "PUT", f"/v1/leases/{CAMERA}", json={"worker": WORKER, "lease_s": 300})
    world.ids |= {
        "incident_id": world.incident(),
        "name": NAME,
        "run": "night",
        "case_id": world.case(),
        "action": "extend",
        "unit": UNIT,
        "zone": "night-market",
        "kind": "site",
        "camera": CAMERA,
    }
    shown = world.ask(Role.READER, "GET", f"/v1/cases/{world.ids['case_id']}")
    world.ids["report_id"] = shown["sources"][0]["source_id"]
    item = world.item()
    world.ids["verdict_id"] = verdict_of(world, item)
    return world


def verdict_of(world: World, item: str) -> str:
    """A verdict on an item."""
    header = world.key(Role.OPERATOR)
    claimed = world.client.post(f"/v1/review/{item}/claim", headers=header)
    assert claimed.status_code == 200, claimed.text
    wish = {"verdict": "reject", "reason": "not_there"}
    given = world.client.post(f"/v1/review/{item}/verdict", headers=header, json=wish)
    assert given.status_code < 300, given.text
    return str(given.json()["verdict_id"])


__all__ = ["CAMERA", "ELSEWHERE", "NAME", "OWN", "PASSWORD", "UNIT", "World", "make_world"]
