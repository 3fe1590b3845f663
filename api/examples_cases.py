"""Examples of review and cases for the OpenAPI document; a test reads each with the real types."""

from typing import Any

from api.examples import INCIDENT_STATE, PICTURE

__all__ = [
    "ACTION",
    "BUDGET",
    "BUDGETS",
    "CASE",
    "CASE_HISTORY",
    "CASE_LIST",
    "CASE_SPLIT",
    "FACTS",
    "ITEM",
    "ITEM_LIST",
    "LOOKS",
    "LOOK_WISH",
    "QUALITY",
    "REPORT",
    "REPORT_SHOWN",
    "SPLIT",
    "UNDONE",
    "VERDICT",
    "VERDICT_REPLY",
]

CASE_ID = "c1a5e000-7d1f-4c4b-8a51-6d3c1f0e9a10"
ITEM_ID = "0b7f0c5e-6a64-4d38-a2be-5f3f6f0f5c11"
VERDICT_ID = "6d5d2f1b-8a5b-4f0e-9c55-2f7a0a1d9e22"
REPORT_ID = "3c9d7a0e-52de-4a7a-9a35-0d7f3a1b2c33"
INCIDENT_ID = "5f0c2a2e-5c0e-5d43-9d7e-0c8a7b7f1a11"


def _json(example: Any) -> dict[str, Any]:
    return {"application/json": {"example": example}}


def _links(path: str) -> list[dict[str, str]]:
    return [{"href": path, "rel": "self", "type": "application/json"}]


ITEM_SHOWN: dict[str, Any] = {
    "item_id": ITEM_ID,
    "kind": "camera",
    "state": "waiting",
    "category": "street_vendor",
    "priority": 2,
    "area": "market-quarter",
    "created_at": "2026-05-01T14:07:10.000Z",
    "held_until": "2026-05-01T14:20:00.000Z",
    "is_mine": True,
    "seen_at": "2026-05-01T14:10:00.000Z",
    "camera_id": "market",
    "view_id": "market-east",
    "at": "2026-05-01T14:07:10.000Z",
    "picture": f"{PICTURE}.jpg",
    "text": None,
}
CASE_STANDS: dict[str, Any] = {
    "case_id": CASE_ID,
    "number": "20260501-000123",
    "state": "filed",
    "is_suspended": False,
    "rung": "service",
    "is_objected": False,
    "category": "street_vendor",
    "priority": 2,
    "lonlat": [116.391234, 39.907654],
    "ellipse": {"semi_major_m": 1.9, "semi_minor_m": 0.8, "azimuth_deg": 34.0},
    "area": "market-quarter",
    "street": None,
    "grid_cell": None,
    "unit": None,
    "codes": {},
    "run": "live",
    "reported_at": "2026-05-01T14:07:10.000Z",
    "filed_at": "2026-05-01T14:10:30.000Z",
    "dispatched_at": None,
    "due_at": None,
    "handled_at": None,
    "checked_at": None,
    "closed_at": None,
    "last_seen_at": "2026-05-01T14:09:40.000Z",
    "reworks": 0,
    "returns": 0,
    "extensions": 0,
    "version": 1,
    "title": "",
    "allowed": ["dispatch", "suspend", "void", "object", "raise"],
}
ITEM = _json(ITEM_SHOWN)
ITEM_LIST = _json({"items": [ITEM_SHOWN], "links": _links("/v1/review")})
FACTS = _json(
    {
        "item_id": ITEM_ID,
        "gone_at": None,
        "incidents": [INCIDENT_STATE["application/json"]["example"]],
        "proposals": [
            {
                "case_id": CASE_ID,
                "number": "20260501-000123",
                "category": "street_vendor",
                "state": "filed",
                "metres": 0.84,
                "deviations": 1.21,
            }
        ],
    }
)
VERDICT: dict[str, Any] = {"verdict": "reject", "reason": "permitted", "note": "stands in the market's zone"}
VERDICT_REPLY = _json(
    {
        "verdict_id": VERDICT_ID,
        "item_id": ITEM_ID,
        "undo_until": "2026-05-01T14:11:00.000Z",
        "case": CASE_STANDS,
    }
)
UNDONE = _json({"verdict_id": VERDICT_ID, "item_id": ITEM_ID})
CASE = _json(CASE_STANDS)
CASE_LIST = _json({"cases": [CASE_STANDS], "links": _links("/v1/cases")})
CASE_HISTORY = _json(
    {
        "case": CASE_STANDS,
        "steps": [
            {
                "at": "2026-05-01T14:10:30.000Z",
                "actor": "user:li",
                "action": "file",
                "from_state": None,
                "to_state": "filed",
                "reason": "",
                "picture": None,
                "detail": {"item": ITEM_ID},
            }
        ],
        "sources": [
            {
                "kind": "incident",
                "source_id": INCIDENT_ID,
                "joined_at": "2026-05-01T14:10:30.000Z",
                "joined_by": "user:li",
                "left_at": None,
            }
        ],
        "objections": [],
    }
)
SPLIT: dict[str, Any] = {"sources": [["incident", INCIDENT_ID]], "reason": "two stalls, side by side"}
CASE_SPLIT = _json(
    {
        "case": CASE_STANDS,
        "split": {**CASE_STANDS, "case_id": REPORT_ID[:-2] + "44", "number": "20260501-000124"},
    }
)
ACTION: dict[str, Any] = {
    "reason": "the pavement is blocked",
    "unit": "street-office-3",
    "limit": {"value": 4, "unit": "work_hour"},
}
REPORT: dict[str, Any] = {
    "kind": "citizen",
    "category": "garbage_pile",
    "lonlat": [116.3913, 39.9077],
    "error_m": 20,
    "text": "rubbish beside the bus stop",
}
REPORT_SHOWN = _json(
    {
        "report_id": REPORT_ID,
        "kind": "citizen",
        "category": "garbage_pile",
        "lonlat": [116.3913, 39.9077],
        "error_m": 20.0,
        "text": "rubbish beside the bus stop",
        "seen_at": "2026-05-01T14:00:00.000Z",
        "received_at": "2026-05-01T14:02:00.000Z",
        "picture": None,
        "state": "waiting",
        "case": {**CASE_STANDS, "state": "reported", "category": "garbage_pile", "filed_at": None},
    }
)
BUDGET: dict[str, Any] = {"per_day": 40}
BUDGETS = _json({"budgets": [{"unit": "street-office-3", "per_day": 40, "used": 12}]})
LOOK_WISH: dict[str, Any] = {"count": 20}
LOOKS = _json(
    {
        "looks": [
            {
                "day": "2026-05-01",
                "operator": "user:li",
                "asked": 3,
                "shown": 15,
                "failed": 2,
                "judged": 11,
                "opened": 1,
            }
        ]
    }
)
PRECISION: dict[str, Any] = {
    "key": "all",
    "right": 91,
    "wrong": 9,
    "open": 2,
    "value": 0.91,
    "interval95": [0.8377, 0.9519],
}
QUALITY = _json(
    {
        "since": "2026-04-01T00:00:00.000Z",
        "until": "2026-05-01T00:00:00.000Z",
        "overall": PRECISION,
        "cameras": [{**PRECISION, "key": "market"}],
        "categories": [{**PRECISION, "key": "street_vendor"}],
        "rules": [{**PRECISION, "key": "vendor-hours"}],
        "recall": [
            {
                "category": "street_vendor",
                "told_hours": 90,
                "quiet_hours": 1000,
                "looked": 100,
                "missed": 3,
                "opened": 4,
                "value": 0.75,
                "interval95": [0.5157, 0.8978],
            }
        ],
    }
)
