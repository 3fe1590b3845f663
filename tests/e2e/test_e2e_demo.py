"""The demo as a stranger starts it: incidents with place, error and link, and nothing left behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sample_videos.demo import run_demo
from stream_workers.errors import SourceRefused
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-m", "streetkeeper", "demo"]
LINE = re.compile(
    r"^incident: (\w+) at 118\.91\d+, 31\.93\d+ \+-\d\.\d m; .*; 3 masked pictures; http://127\.0\.0\.1:\d+/#incident-"
)


@pytest.mark.e2e
@pytest.mark.slow
def test_a_headless_demo_tells_what_its_films_show_and_ends_well(tmp_path: Path) -> None:
    told = subprocess.run(
        [*COMMAND, "--seconds", "90", "--folder", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.startswith("Simulated films, not real streets.")
    found = [match[1] for match in map(LINE.match, told.stdout.splitlines()) if match]
    assert {"garbage_pile", "street_vendor"} <= set(found)
    assert "\nsign in there with the key in " in told.stdout


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_demo_that_is_ended_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "demo"
    with subprocess.Popen(
        [*COMMAND, "--folder", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    ) as demo:
        wait_until(lambda: (folder / "worker.log").exists(), 90)
        children = children_of(demo.pid)
        assert len(children) == 3
        demo.send_signal(number)
        told, _ = demo.communicate(timeout=60)
    assert (demo.returncode, told.splitlines()[-1]) == (0, "ended by hand")
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


@pytest.mark.e2e
def test_a_part_that_ends_is_told_with_its_log(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with subprocess.Popen(
        [*COMMAND, "--folder", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as demo:
        wait_until(lambda: (folder / "worker.log").exists(), 90)
        os.kill(children_of(demo.pid)[-1], signal.SIGKILL)
        _, told = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert "worker.log" in told and "Traceback" not in told


def test_a_folder_of_something_else_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SourceRefused, match="no former demo"):
        run_demo(5, tmp_path, lambda line: None)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]
