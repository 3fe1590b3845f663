"""Logs: one line a record, facts as fields, no credential in any of them."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Literal

__all__ = ["MaskingFormatter", "set_up_logging"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_HEAD = frozenset({"time", "level", "event"})
_SECRETS = re.compile(
    # user:password@ of an address: up to the last @ before a blank or quote, for a password may hold / and @
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s\"'\\]+@"
    r"|(?P<bearer>\b(?:[Bb]earer|[Bb]asic|[Dd]igest) )[^\s\"'\\]+"
    r"|(?P<key>\b(?:user(?:name)?|usr|login|pass(?:word|wd)?|pwd|token|secret|api_?key|sign(?:ature)?)"
    r"[\"']?\s?[=:]\s?[\"']?)[^\s&;,\"'\\}]+",
    re.IGNORECASE,
)


def _mask(found: re.Match[str]) -> str:
    if found["scheme"]:
        return f"{found['scheme']}***@"
    return f"{found['bearer'] or found['key']}***"


class MaskingFormatter(logging.Formatter):
    """Formats a record with its extra fields; users, passwords and keys become `***`.

    Args:
        form: `json` for machines, `text` for people; either is one line per record, so that no
            value can pretend to be a record of its own.
    """

    def __init__(self, form: Literal["json", "text"]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        facts: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "thread": record.threadName,
        }
        facts |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            facts["error"] = self.formatException(record.exc_info)
        if self._form == "json":
            line = json.dumps(facts, default=str)
        else:
            extras = " ".join(f"{name}={_plain(value)}" for name, value in facts.items() if name not in _HEAD)
            line = f"{facts['time']} {facts['level']:7} {_plain(facts['event'])} {extras}"
        return _SECRETS.sub(_mask, line)


def _plain(value: object) -> str:
    text = str(value)
    return text if text.isprintable() else json.dumps(text)


def set_up_logging(form: Literal["json", "text"] = "json", level: int = logging.INFO) -> None:
    """Log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskingFormatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Its INFO lines hold every address that is called.
    logging.getLogger("httpx").setLevel(logging.WARNING)
