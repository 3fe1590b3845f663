"""What every benchmark needs: CPU seconds, and the line that it prints."""

import hashlib
import json
import resource
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.registry import load_manifest
from stream_workers.errors import StreamError

__all__ = ["NotAsPromised", "config_sha256", "cpu_s", "line"]


class NotAsPromised(StreamError):
    """What was measured is not what the benchmark promises; its figures would mean nothing."""


def cpu_s() -> float:
    """User and system CPU seconds of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def config_sha256(*documents: str) -> str:
    """Hash of the configuration that was measured: site documents and the models' hashes."""
    digest = hashlib.sha256()
    for document in documents:
        digest.update(document.encode())
    for model in load_manifest().models:
        digest.update(model.sha256.encode())
    return digest.hexdigest()


def line(bench: str, figures: Mapping[str, Any]) -> str:
    """One JSON line."""
    facts = {"bench": bench, "date": datetime.now(UTC).date().isoformat(), "cpu": _cpu_name(), **figures}
    return json.dumps(facts)


def _cpu_name() -> str:
    for text in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if text.startswith("model name"):
            return text.partition(":")[2].strip()
    return "unknown"
