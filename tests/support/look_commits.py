"""Builders for store tests, and a process that commits looks until it is killed.

Usage as a process: python -m tests.support.look_commits STORE LOOKS
Goes on after the last committed look, and prints each number once its commit has returned.
"""

import hashlib
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from contracts.event import HealthEvent, IncidentEvent, parse_event
from stream_workers.evidence import EvidenceFile
from stream_workers.leases import Lease
from stream_workers.store import LookCommit, WorkerStore
from tests.support.api_events import NOON, make_event

VIEW = "market-east"


def an_event(number: int = 1, sequence: int = 0, kind: str = "opened") -> IncidentEvent:
    event = parse_event(make_event(number, sequence, kind, camera_id="market"))
    assert isinstance(event, IncidentEvent)
    return event


def a_picture(folder: Path, text: str) -> EvidenceFile:
    content = b"\xff\xd8" + text.encode() + b"\xff\xd9"
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"{sha256}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return EvidenceFile("now", sha256, path)


def a_look(
    look: int,
    events: Sequence[IncidentEvent | HealthEvent] = (),
    evidence: Sequence[EvidenceFile] = (),
    *,
    view: str = VIEW,
    memory: bytes | None = None,
    lease: Lease | None = None,
) -> LookCommit:
    return LookCommit(
        view,
        "live",
        look,
        memory if memory is not None else bytes([look % 251]) * 60_000,
        f'{{"look": {look}}}',
        float(look),
        NOON + timedelta(seconds=10 * look),
        events,
        evidence,
        lease,
    )


def the_story(look: int, folder: Path) -> LookCommit:
    """Every third look makes two events and a picture: what a look contains is known beforehand."""
    if look % 3:
        return a_look(look)
    pictures = [a_picture(folder, f"picture of look {look}")]
    return a_look(look, [an_event(look), an_event(look, 1, "closed")], pictures)


def main() -> None:
    path, looks = Path(sys.argv[1]), int(sys.argv[2])
    with WorkerStore(path) as store:
        stored = store.load_view(VIEW, "live")
        for look in range(stored.look + 1 if stored else 0, looks):
            store.commit_look(the_story(look, path.parent / "evidence"))
            sys.stdout.write(f"{look}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
