"""Builds events as workers send them."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.event import event_id

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0" + b"not a real picture, but it begins and ends like one" * 40 + b"\xff\xd9"


def mp4_box(name: bytes, content: bytes = b"") -> bytes:
    return (len(content) + 8).to_bytes(4) + name + content


CLIP = (
    mp4_box(b"ftyp", b"isom")
    + mp4_box(b"moov", b"index")
    + mp4_box(b"free")
    + mp4_box(b"mdat", bytes(range(200)))
)
"""As little of a clip as the API looks at: its boxes."""


def named(number: int) -> str:
    """An incident id."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"incident {number}"))


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_incident(number: int = 1, **changed: Any) -> dict[str, Any]:
    """The `data` of an incident event."""
    opened = NOON + timedelta(minutes=number)
    return {
        "incident_id": named(number),
        "view_id": "market-east",
        "camera_id": "market",
        "run": "live",
        "category": "garbage_pile",
        "first_seen": (opened - timedelta(minutes=5)).isoformat(),
        "last_seen": opened.isoformat(),
        "opened_at": opened.isoformat(),
        "lonlat": [116.391234, 39.907654],
        "ellipse": {"semi_major_m": 1.9, "semi_minor_m": 0.8, "azimuth_deg": 34.0},
        "zones": ["pavement"],
        "rule": {"id": "no-piles", "version": 1, "reason": "lies in zone pavement for 5 minutes"},
        "confidence": 0.9,
        "box_xyxy_px": [10.0, 20.0, 110.0, 120.0],
        "media_time_s": 12.0,
        "site_version": "1",
        **changed,
    }


def make_event(number: int = 1, sequence: int = 0, kind: str = "opened", **changed: Any) -> dict[str, Any]:
    """An incident event; `changed` goes into its data."""
    incident = make_incident(number, **changed)
    return {
        "specversion": "1.0",
        "id": event_id(incident["incident_id"], sequence),
        "source": f"/views/{incident['view_id']}",
        "subject": incident["incident_id"],
        "time": (NOON + timedelta(minutes=number, seconds=min(sequence, 1000))).isoformat(),
        "datacontenttype": "application/json",
        "sequence": sequence,
        "type": f"org.streetkeeper.incident.{kind}",
        "data": incident,
    }


def make_health(
    view: str = "market-east", sequence: int = 0, state: str = "ok", **changed: Any
) -> dict[str, Any]:
    """A camera health event."""
    at = NOON + timedelta(seconds=sequence)
    return {
        "specversion": "1.0",
        "id": f"{view}:{sequence}",
        "source": f"/views/{view}",
        "subject": view,
        "time": at.isoformat(),
        "sequence": sequence,
        "type": "org.streetkeeper.camera.health",
        "data": {
            "view_id": view,
            "camera_id": view.partition("-")[0],
            "state": state,
            "since": at.isoformat(),
            "site_version": "1",
            **changed,
        },
    }
