"""Freed pictures go back to the system."""

import subprocess
import sys

import pytest

SCRIPT = """
import threading, numpy as np
from stream_workers.returned_memory import return_freed_memory
print(return_freed_memory())
def rss():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
def work():
    kept = [np.ones(3_000_000, np.uint8) for _ in range(20)]
    kept.clear()
before = rss()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(rss() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of glibc is Linux's")
def test_what_threads_have_freed_does_not_stay_with_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    set_so, grown_kb = done.stdout.split()
    if set_so == "False":
        pytest.skip("another C library than glibc")
    assert int(grown_kb) < 20_000
