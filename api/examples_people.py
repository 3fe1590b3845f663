"""Examples about people, sessions, keys and the audit log for the OpenAPI document."""

from typing import Any

__all__ = [
    "AUDIT_LIST",
    "KEY_LIST",
    "KEY_MADE",
    "KEY_WISH",
    "OWN_PASSWORD",
    "PASSWORD_WISH",
    "SESSION",
    "SIGN_IN",
    "USER",
    "USER_CHANGE",
    "USER_LIST",
    "USER_WISH",
    "WAYS",
]


def _json(example: Any) -> dict[str, Any]:
    return {"application/json": {"example": example}}


SIGN_IN = {"name": "wang.li", "password": "four words in a row"}
OWN_PASSWORD = {"present": "four words in a row", "password": "four other words there"}
PASSWORD_WISH = {"password": "four other words there"}
SESSION = _json(
    {
        "actor": "user:wang.li",
        "name": "wang.li",
        "role": "operator",
        "may": ["read", "review"],
        "areas": ["east-street"],
        "unit": None,
        "csrf_token": "7hT0rZ5h0uH1m5Yk8rX2dZ5h0uH1m5Yk8rX2d0000aQ",
        "ends_at": "2026-05-01T20:00:00.000Z",
    }
)
WAYS = _json({"password": True, "provider": {"name": "City account", "href": "/sign-in/oidc"}})
USER_SHOWN = {
    "user_id": "7c1c6f0e-58b5-4c0b-9c44-3a4f2f5a9a01",
    "name": "wang.li",
    "role": "operator",
    "areas": ["east-street"],
    "unit": None,
    "signs_in_with": "password",
    "created_at": "2026-05-01T08:00:00.000Z",
    "signed_in_at": None,
    "disabled_at": None,
}
USER = _json(USER_SHOWN)
USER_LIST = _json({"users": [USER_SHOWN]})
USER_WISH = {
    "name": "wang.li",
    "password": "four words in a row",
    "role": "operator",
    "areas": ["east-street"],
}
USER_CHANGE = {"role": "dispatcher", "is_disabled": False}
KEY = {
    "key_id": "0a1b2c3d4e5f",
    "name": "worker in the east depot",
    "role": "worker",
    "areas": None,
    "unit": None,
    "scopes": None,
    "created_at": "2026-05-01T08:00:00.000Z",
    "expires_at": None,
    "used_at": "2026-05-01T08:03:00.000Z",
    "revoked_at": None,
}
KEY_WISH = {"role": "worker", "name": "worker in the east depot"}
KEY_MADE = _json({**KEY, "used_at": None, "key": "sk_0a1b2c3d4e5f_<43 characters, shown once>"})
KEY_LIST = _json({"keys": [KEY]})
AUDIT_LIST = _json(
    {
        "entries": [
            {
                "number": 12,
                "at": "2026-05-01T08:00:00.000Z",
                "actor": "user:wang.li",
                "action": "evidence.read",
                "subject": "a3f1" + "0c" * 30 + ".jpg",
                "detail": {},
                "hash": "5e" * 32,
            }
        ],
        "head": "12:" + "5e" * 32,
        "links": [{"href": "/v1/audit", "rel": "self", "type": "application/json"}],
    }
)
