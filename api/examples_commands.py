"""Examples of configuration, commands, leases and pictures from outside, for the OpenAPI document."""

from typing import Any

__all__ = [
    "CHANGES",
    "COMMAND",
    "COMMANDS_WANTED",
    "COMMAND_LIST",
    "COMMAND_WISH",
    "CONFIG",
    "CONFIG_LIST",
    "CONFIG_WISH",
    "DROP_FOLDER",
    "DROP_FOLDERS",
    "LEASED",
    "LEASES",
    "LEASES_WANTED",
    "LEASE_WISH",
    "OUTSIDE",
    "PROGRESS",
    "RESULT",
    "RESULT_KEPT",
    "ROLLBACK_WISH",
]

WORKER = "east-depot:4711:83154203418"
COMMAND_ID = "0f6c4f0e-2f5e-4a37-9d5b-2f5ad1a3b7aa"
TOKEN = "Zr0p6oVb1mXk3q9sYtUuWw"  # noqa: S105  an example
PICTURE = "a3f1" + "0c" * 30


def _json(example: Any) -> dict[str, Any]:
    return {"application/json": {"example": example}}


_VERSION = {
    "kind": "site",
    "version": 7,
    "label": "2026-05-01.1",
    "sha256": "c" * 64,
    "author": "user:li.wei",
    "reason": "The market opens at six from May on.",
    "at": "2026-05-01T08:00:00.000Z",
    "restored": None,
}
CONFIG_WISH = {"text": "format: streetkeeper-site/1\n...", "reason": _VERSION["reason"], "base": 6}
ROLLBACK_WISH = {"version": 6, "reason": "The new hours were a mistake.", "base": 7}
CONFIG = _json({**_VERSION, "text": "format: streetkeeper-site/1\n..."})
CONFIG_LIST = _json({"versions": [_VERSION]})
CHANGES = _json(
    {
        "since": 6,
        "until": 7,
        "changes": [
            {"path": "cameras[market].look_every_s", "kind": "changed", "before": 10, "after": 5},
            {"path": "zones[kerb]", "kind": "added", "before": None, "after": {"id": "kerb"}},
        ],
    }
)
_RECHECK = {
    "category": "garbage_pile",
    "first_seen": "2026-05-01T14:02:10Z",
    "last_seen": "2026-05-01T16:40:00Z",
    "box_xyxy_px": [412, 233, 518, 340],
    "picture_wh": [1280, 720],
}
COMMAND_WISH = {"kind": "recheck", "camera": "market", "body": _RECHECK, "ttl_s": 3600}
_SHOWN = {
    "command_id": COMMAND_ID,
    "kind": "recheck",
    "camera": "market",
    "body": _RECHECK,
    "asked_by": "user:li.wei",
    "state": "done",
    "created_at": "2026-05-01T17:00:00.000Z",
    "expires_at": "2026-05-01T18:00:00.000Z",
    "attempts": 1,
    "progress": 1.0,
    "note": "",
    "answer": {"answer": "gone", "why": "the place looks as it did before, and nothing is found there"},
    "evidence": [
        {"kind": kind, "sha256": PICTURE, "href": f"evidence/{PICTURE}.jpg", "masked": True}
        for kind in ("before", "now")
    ],
    "reason": "",
    "ended_at": "2026-05-01T17:00:12.000Z",
}
COMMAND = _json(_SHOWN)
COMMAND_LIST = _json({"commands": [_SHOWN], "next": None})
COMMANDS_WANTED = {"worker": WORKER, "kinds": ["snapshot", "recheck"], "limit": 1}
LEASED = _json(
    {
        "commands": [
            {
                "command_id": COMMAND_ID,
                "kind": "recheck",
                "camera_id": "market",
                "body": _RECHECK,
                "token": TOKEN,
                "lease_s": 60.0,
                "expires_at": "2026-05-01T18:00:00.000Z",
                "attempt": 1,
            }
        ]
    }
)
PROGRESS = {"token": TOKEN, "progress": 0.4, "note": "night-0412.mp4 1320 s"}
RESULT = {"token": TOKEN, "state": "done", "answer": _SHOWN["answer"], "evidence": _SHOWN["evidence"]}
RESULT_KEPT = _json({"kept": True})
LEASE_WISH = {"worker": WORKER, "lease_s": 30}
LEASES_WANTED = {"worker": WORKER, "lease_s": 30, "cameras": ["market"]}
LEASES = _json(
    {
        "leases": [
            {"camera_id": "market", "holder": WORKER, "fence": 3, "expires_at": "2026-05-01T17:00:30.000Z"}
        ]
    }
)
_FOLDER = {
    "worker": "east-depot",
    "files": [
        {"name": "night-0412.mp4", "size_bytes": 734003200, "modified_at": "2026-05-01T06:00:00Z"},
    ],
}
DROP_FOLDER = _FOLDER
DROP_FOLDERS = _json({"folders": [{**_FOLDER, "told_at": "2026-05-01T06:01:00.000Z"}]})
OUTSIDE = _json(
    {
        "picture_id": "5a2c9d0e-4f0b-4f5e-8a39-0d7d9c1f22aa",
        "state": "released",
        "report": "1f7f7c52-95c8-4c6b-b6c4-2a5f9f6f1c11",
        "received_at": "2026-05-01T12:00:00.000Z",
        "size_bytes": 2_411_305,
        "evidence": f"evidence/{PICTURE}.jpg",
        "reason": "",
        "original_deleted_at": "2026-05-01T12:00:09.000Z",
    }
)
