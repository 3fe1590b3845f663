"""Examples and refusals for the OpenAPI document; a test reads each example with the real types."""

from typing import Any

from api.documents import ProblemDetails
from api.errors import PROBLEMS, TYPE_PREFIX

__all__ = [
    "EVENT",
    "EVENT_LIST",
    "HEALTH",
    "HEALTH_EVENT",
    "INCIDENT_FORMATS",
    "INCIDENT_STATE",
    "INGEST_PARTLY",
    "INGEST_REPLY",
    "METRICS",
    "PICTURE_KEPT",
    "RUN",
    "RUN_LIST",
    "VIEW_LIST",
    "problems",
]

INCIDENT_ID = "5f0c2a2e-5c0e-5d43-9d7e-0c8a7b7f1a11"
PICTURE = "a3f1" + "0c" * 30

INCIDENT: dict[str, Any] = {
    "incident_id": INCIDENT_ID,
    "view_id": "market-east",
    "camera_id": "market",
    "run": "live",
    "category": "street_vendor",
    "first_seen": "2026-05-01T14:02:10Z",
    "last_seen": "2026-05-01T14:09:40Z",
    "opened_at": "2026-05-01T14:07:10Z",
    "closed_at": None,
    "lonlat": [116.391234, 39.907654],
    "ellipse": {"semi_major_m": 1.9, "semi_minor_m": 0.8, "azimuth_deg": 34.0},
    "place_note": None,
    "footprint": None,
    "area_m2": 2.4,
    "area_error_m2": 0.7,
    "zones": ["market-pavement"],
    "unit": "street-office-3",
    "priority": 2,
    "rule": {
        "id": "vendor-hours",
        "version": 3,
        "reason": "sells outside permitted hours 18:00-22:00 in zone market-pavement",
    },
    "permits": [],
    "confidence": 0.91,
    "persons_checked": True,
    "model": {"name": "street-detector", "version": "0.1", "sha256": "b" * 64},
    "codes": {},
    "box_xyxy_px": [412.0, 233.0, 518.0, 340.0],
    "picture_wh": [1280, 720],
    "media_time_s": 430.0,
    "input": None,
    "evidence": [
        {"kind": "now", "sha256": PICTURE, "href": f"evidence/{PICTURE}.jpg", "masked": True},
    ],
    "evidence_note": None,
    "site_version": "2026-05-01.1",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": f"{INCIDENT_ID}:0",
    "source": "/views/market-east",
    "subject": INCIDENT_ID,
    "time": "2026-05-01T14:07:10Z",
    "datacontenttype": "application/json",
    "sequence": 0,
    "type": "org.streetkeeper.incident.opened",
    "data": INCIDENT,
}
CAMERA_HEALTH: dict[str, Any] = {
    "view_id": "market-east",
    "camera_id": "market",
    "run": "live",
    "state": "keyframes_too_rare",
    "since": "2026-05-01T13:55:00Z",
    "detail": "A keyframe every 20 s, the rule needs one every 10 s: sparse decoding is used.",
    "keyframe_interval_s": 20.0,
    "look_every_s": 10.0,
    "site_version": "2026-05-01.1",
}
HEALTH_EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "market-east:7",
    "source": "/views/market-east",
    "subject": "market-east",
    "time": "2026-05-01T13:55:00Z",
    "datacontenttype": "application/json",
    "sequence": 7,
    "type": "org.streetkeeper.camera.health",
    "data": CAMERA_HEALTH,
}


def _json(example: Any) -> dict[str, Any]:
    return {"application/json": {"example": example}}


def _links(path: str, media_type: str) -> list[dict[str, str]]:
    return [{"href": path, "rel": "self", "type": media_type}]


BESIDE = {"status": "open", "sequence": 0, "area": "market-quarter", "grid_cell": "110101001001007"}
STATE = {**BESIDE, "incident": INCIDENT}
INGEST_REPLY = _json(
    {
        "stored": 1,
        "repeated": 0,
        "rejected": 0,
        "results": [
            {
                "index": 0,
                "source": EVENT["source"],
                "id": EVENT["id"],
                "outcome": "stored",
                "code": None,
                "reason": None,
            }
        ],
    }
)
INGEST_PARTLY = _json(
    {
        "stored": 0,
        "repeated": 0,
        "rejected": 1,
        "results": [
            {
                "index": 0,
                "source": EVENT["source"],
                "id": EVENT["id"],
                "outcome": "rejected",
                "code": "invalid",
                "reason": "data.confidence: Input should be less than or equal to 1",
            }
        ],
    }
)
PICTURE_KEPT = _json({"href": f"evidence/{PICTURE}.jpg", "stored": True})
EVENT_LIST = _json({"events": [EVENT], "links": _links("/v1/events", "application/json")})
INCIDENT_STATE = _json(STATE)
INCIDENT_FORMATS: dict[str, Any] = {
    "application/geo+json": {
        "example": {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": INCIDENT_ID,
                    "geometry": {"type": "Point", "coordinates": INCIDENT["lonlat"]},
                    "properties": {**INCIDENT, **BESIDE},
                }
            ],
            "links": _links("/v1/incidents", "application/geo+json"),
            "timeStamp": "2026-05-01T14:10:00.000Z",
            "numberReturned": 1,
        }
    },
    "application/json": {
        "schema": {"$ref": "#/components/schemas/IncidentList"},
        "example": {"incidents": [STATE], "links": _links("/v1/incidents?f=json", "application/json")},
    },
    "text/csv": {
        "schema": {"type": "string"},
        "example": f"incident_id,category\r\n{INCIDENT_ID},street_vendor\r\n",
    },
}
VIEW_LIST = _json(
    {
        "views": [
            {
                "view_id": "market-east",
                "camera_id": "market",
                "run": "live",
                "open_incidents": 1,
                "reported_at": "2026-05-01T13:55:00.000Z",
                "health": CAMERA_HEALTH,
            }
        ]
    }
)
_RUN = {
    "run": "night-0412",
    "incidents": 3,
    "state": "done",
    "progress": 1.0,
    "detail": "",
    "inputs": ["fair-gate-0412.mp4"],
    "told_at": "2026-05-01T09:00:00.000Z",
    "ended_at": "2026-05-01T09:00:00.000Z",
    "admitted_at": "2026-05-02T08:30:00.000Z",
    "admitted_by": "user:li.wei",
    "admitted_reason": "Night footage of the fair, checked.",
}
_NOTHING = dict.fromkeys(
    ("state", "progress", "told_at", "ended_at", "admitted_at", "admitted_by", "admitted_reason")
)
RUN = _json(_RUN)
RUN_LIST = _json({"runs": [{**_RUN, **_NOTHING, "run": "live", "incidents": 12, "inputs": []}, _RUN]})
HEALTH = _json({"status": "ok"})
METRICS = {"text/plain": {"example": 'streetkeeper_api_events_total{outcome="stored"} 12.0\n'}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, for its `responses`."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        rows = [row for row in PROBLEMS.values() if row.status == status]
        row = rows[0]
        described[status] = {
            "description": "; ".join(row.title for row in rows) + ".",
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"},
                    "example": {
                        "type": TYPE_PREFIX + row.code,
                        "title": row.title,
                        "status": status,
                        "detail": "What is wrong this time.",
                        "instance": "/v1/...",
                        "remedy": "What helps.",
                    },
                }
            },
        }
    return described
