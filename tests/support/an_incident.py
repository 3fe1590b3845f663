"""One incident with every field set, as JSON holds it."""

from typing import Any

__all__ = ["INCIDENT"]

INCIDENT: dict[str, Any] = {
    "incident_id": "0f8ad5c6-7cf0-5b6e-9f5a-06d5a5a5b0aa",
    "view_id": "north-pole",
    "camera_id": "cam-north",
    "run": "live",
    "category": "garbage_pile",
    "first_seen": "2026-11-24T12:00:00Z",
    "last_seen": "2026-11-24T12:10:00Z",
    "opened_at": "2026-11-24T12:10:00Z",
    "lonlat": [104.08171234567, 30.66132512345],
    "ellipse": {"semi_major_m": 1.2, "semi_minor_m": 0.4, "azimuth_deg": 31.0},
    "footprint": [[104.0817, 30.6613], [104.08172, 30.6613], [104.08172, 30.66132], [104.0817, 30.6613]],
    "area_m2": 2.5,
    "area_error_m2": 0.7,
    "zones": ["school-gate", "night-market"],
    "unit": "sanitation-3",
    "priority": 2,
    "rule": {"id": "garbage", "version": 3, "reason": "garbage pile lies for 10 min"},
    "permits": ["P-1"],
    "confidence": 0.83,
    "model": {"name": "rubbish", "version": "1", "sha256": "ab" * 32},
    "codes": {"GB/T": "0101"},
    "box_xyxy_px": [100.0, 200.0, 180.0, 260.0],
    "picture_wh": [1920, 1080],
    "media_time_s": 600.0,
    "input": None,
    "evidence": [{"kind": "now", "sha256": "cd" * 32, "href": "evidence/now.jpg", "masked": True}],
    "site_version": "7",
}
