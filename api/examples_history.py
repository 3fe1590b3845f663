"""Examples of history's replies for the OpenAPI document."""

from typing import Any

__all__ = ["CLUSTERS", "HEAT", "HOLD", "HOLD_LIST", "LIVE"]

CLUSTERS: dict[str, Any] = {
    "application/geo+json": {
        "example": {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [116.391234, 39.907654]},
                    "properties": {
                        "count": 3,
                        "by_category": {"garbage_pile": 2, "street_vendor": 1},
                        "by_status": {"open": 1, "closed": 2},
                        "incident_id": None,
                    },
                }
            ],
            "numberMatched": 3,
        }
    }
}
HEAT: dict[str, Any] = {
    "application/json": {
        "example": {
            "cell_m": 100.0,
            "time_zone": "Asia/Shanghai",
            "origin_lonlat": [116.39, 39.9],
            "step_deg": [0.001172, 0.000899],
            "total": 3,
            "cells": [{"column": 1, "row": 8, "count": 3, "hours": [0] * 17 + [1, 2] + [0] * 5}],
        }
    }
}
LIVE: dict[str, Any] = {
    "text/event-stream": {
        "schema": {"type": "string"},
        "example": 'id: 4711\nevent: incident\ndata: {"specversion":"1.0"}\n\n: alive\n\n',
    }
}
_HOLD = {
    "hold_id": "0d4f1c0e-7d37-4b7a-9a29-0b6f0d4a8f10",
    "kind": "incident",
    "subject": "5f0c2a2e-5c0e-5d43-9d7e-0c8a7b7f1a11",
    "reason": "Objection 20260501-000007 goes to court.",
    "placed_at": "2026-05-03T08:00:00.000Z",
    "placed_by": "user:li.wei",
    "lifted_at": None,
    "lifted_by": None,
    "lift_reason": None,
}
HOLD: dict[str, Any] = {"application/json": {"example": _HOLD}}
HOLD_LIST: dict[str, Any] = {"application/json": {"example": {"holds": [_HOLD]}}}
