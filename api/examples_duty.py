"""Examples of replies about time, guiding points and evaluation; a test reads each with the real types."""

from typing import Any

__all__ = [
    "CASE_CLOCK",
    "CLOCK_LIST",
    "EVALUATION_CASES",
    "EVALUATION_FORMATS",
    "EVALUATION_SAMPLE",
    "GUIDING_POINTS",
    "GUIDING_POINT_FORMATS",
    "HOTSPOTS",
    "MESSAGE",
    "MESSAGE_LIST",
]

CASE_ID = "8d8a3c0e-58a1-4a52-9a27-0f6a3a0d5b11"
CLOCK: dict[str, Any] = {
    "case_id": CASE_ID,
    "number": "20261125-000123",
    "state": "dispatched",
    "category": "garbage_pile",
    "street": "market",
    "unit": "sanitation",
    "colour": "yellow",
    "dispatched_at": "2026-11-25T01:00:00.000Z",
    "warn_at": "2026-11-25T05:30:00.000Z",
    "due_at": "2026-11-25T06:30:00.000Z",
    "handled_at": None,
    "closed_at": None,
}
MESSAGE_ROW: dict[str, Any] = {
    "message_key": 17,
    "case_id": CASE_ID,
    "step": "soon-due",
    "recipient": "unit",
    "unit": "sanitation",
    "text": "20261125-000123: A quarter of the time is left",
    "due_at": "2026-11-25T06:30:00.000Z",
    "at": "2026-11-25T05:30:12.000Z",
    "seen_at": None,
    "seen_by": None,
}
EVALUATED: dict[str, Any] = {
    "case_id": CASE_ID,
    "number": "20261125-000123",
    "category": "garbage_pile",
    "street": "market",
    "unit": "sanitation",
    "figures": ["reported", "filed", "dispatched", "handled", "due", "closed", "closed_on_time"],
    "handling_h": 3.25,
    "case": f"/v1/cases/{CASE_ID}",
}
FIGURES = {"reported": 412, "filed": 371, "due": 340, "suspended": 4, "closed": 322, "closed_on_time": 301}


def _json(example: Any) -> dict[str, Any]:
    return {"application/json": {"example": example}}


def _row(**key: str) -> dict[str, Any]:
    chosen = "".join(f"&{name}={value}" for name, value in key.items())
    return {
        "key": key,
        "figures": {
            name: {"count": count, "cases": f"/v1/evaluation/cases?month=2026-10&figure={name}{chosen}"}
            for name, count in FIGURES.items()
        },
        "rates": {"filing_rate": 0.9005, "closing_rate": 0.9583, "on_time_closing_rate": 0.8958},
        "mean_handling_h": 5.41,
        "camera_hours": 5830.5,
        "watched_m": 302.0,
        "filed_per_1000_camera_hours": 63.631,
        "filed_per_watched_km": 1228.477,
    }


POINT: dict[str, Any] = {
    "zone": "market",
    "name": "vendor guiding point",
    "open_hours": "06:00-09:00, 17:00-22:00",
    "needs_permit": True,
    "polygon_lonlat": [[118.9172, 31.9381], [118.9174, 31.9381], [118.9174, 31.9382]],
    "is_open": True,
    "places": 6,
    "standing": 5,
    "free": 1,
    "seen_share": 0.94,
}
CASE_CLOCK = _json({**CLOCK, "limit": {"value": 4.0, "unit": "work_hour"}, "extensions": [], "pauses": []})
CLOCK_LIST = _json({"clocks": [CLOCK], "links": []})
MESSAGE = _json(MESSAGE_ROW)
MESSAGE_LIST = _json({"messages": [MESSAGE_ROW], "links": []})
EVALUATION_FORMATS: dict[str, Any] = {
    "application/json": {
        "example": {
            "month": "2026-10",
            "is_final": True,
            "by": ["street"],
            "total": _row(),
            "groups": [_row(street="market")],
        }
    },
    "text/csv": {
        "schema": {"type": "string"},
        "example": "month,street,unit,category,reported\r\n2026-10,,,,412\r\n",
    },
    "text/html": {"schema": {"type": "string"}, "example": "<!doctype html>..."},
}
EVALUATION_CASES = _json({"month": "2026-10", "count": 1, "cases": [EVALUATED], "links": []})
EVALUATION_SAMPLE = _json(
    {"month": "2026-10", "seed": "1f9d2c", "drawn_from": 455, "is_final": True, "cases": [EVALUATED]}
)
GUIDING_POINTS = _json({"guiding_points": [POINT]})
GUIDING_POINT_FORMATS: dict[str, Any] = {
    "application/json": {
        "example": {
            **POINT,
            "days": 7,
            "series": [
                {
                    "start": "2026-11-25T09:00:00.000Z",
                    "end": "2026-11-25T09:42:00.000Z",
                    "standing": 5,
                    "seen_share": 0.94,
                }
            ],
            "by_hour": [
                {
                    "hour": 17,
                    "open_h": 7.0,
                    "known_h": 6.5,
                    "mean_standing": 4.8,
                    "mean_free": 1.2,
                    "full_h": 1.75,
                    "unmet_vendor_hours": 2.1,
                }
            ],
            "unmet_vendor_hours": 9.4,
            "unmet_while_full_vendor_hours": 2.1,
        }
    },
    "text/csv": {"schema": {"type": "string"}, "example": "hour,open_h,known_h\r\n17,7.0,6.5\r\n"},
}
HOTSPOTS = _json(
    {
        "hotspots": [
            {
                "category": "garbage_pile",
                "lonlat": [118.917301, 31.938152],
                "hour": 19,
                "cases": 14,
                "days": 11,
                "street": "market",
                "last_reported_at": "2026-11-24T11:20:00.000Z",
            }
        ]
    }
)
