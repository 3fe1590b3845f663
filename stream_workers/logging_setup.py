"""Logs: one JSON object a line, facts as fields, no credential in any of them."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Literal

__all__ = ["MaskingFormatter", "set_up_logging"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRETS = re.compile(r"(?<=//)[^/@\s]+@|(?<=[Bb]earer )\S+")


class MaskingFormatter(logging.Formatter):
    """Formats a record with its extra fields; users, passwords and keys become `***`.

    Args:
        form: `json` for machines, `text` for people.
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
        }
        facts |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            facts["error"] = self.formatException(record.exc_info)
        if self._form == "json":
            line = json.dumps(facts, default=str)
        else:
            extras = " ".join(f"{name}={value}" for name, value in facts.items() if name not in _HEAD)
            line = f"{facts['time']} {facts['level']:7} {facts['event']} {extras}"
        return _SECRETS.sub("***", line)


_HEAD = frozenset({"time", "level", "event"})


def set_up_logging(form: Literal["json", "text"] = "json", level: int = logging.INFO) -> None:
    """Log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskingFormatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Its INFO lines hold every address that is called.
    logging.getLogger("httpx").setLevel(logging.WARNING)
