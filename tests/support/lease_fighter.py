"""A worker that fights for one camera, as a process of its own.

Usage: python -m tests.support.lease_fighter STORE LEASE_S
Prints `waits`, `holds FENCE`, `look NUMBER` and `lost` as they happen, until its standard input closes.
"""

import sys
import threading
import time
from pathlib import Path

from stream_workers.errors import LeaseLost
from stream_workers.leases import Lease, LeaseBook
from stream_workers.store import WorkerStore
from tests.support.look_commits import VIEW, a_look, an_event


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    path, lease_s = Path(sys.argv[1]), float(sys.argv[2])
    stop = threading.Event()

    def wait_for_parent() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait_for_parent, daemon=True).start()
    with WorkerStore(path) as store:
        book = LeaseBook(store.database, lease_s)
        while not stop.is_set():
            lease = book.acquire("market")
            if not isinstance(lease, Lease):
                tell("waits")
                time.sleep(lease_s / 4)
                continue
            tell(f"holds {lease.fence}")
            stored = store.load_view(VIEW, "live")
            look = stored.look if stored else 0
            try:
                while not stop.is_set():
                    look += 1
                    store.commit_look(a_look(look, [an_event(look)], lease=lease))
                    book.renew()
                    # Told before the pause: stopped in it, it holds no lock of the file.
                    tell(f"look {look}")
                    time.sleep(lease_s / 20)
            except LeaseLost:
                tell("lost")


if __name__ == "__main__":
    main()
