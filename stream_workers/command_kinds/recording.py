"""Analyse-recording: a file of the drop folder as a run of its own, in a process beside the looks."""

import json
import logging
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import IO, Any, Final

from contracts.command import AnalyseRecording
from stream_workers.command_kinds.workbench import CommandFailed, Done, DoneLater, Errand, Workbench
from stream_workers.errors import StreamError

__all__ = ["DropTeller", "analyse_recording", "drop_files"]

LOG = logging.getLogger(__name__)

ROUND_S: Final = 0.5
TELL_EVERY_S: Final = 5.0
LOOK_EVERY_S: Final = 5.0
MOST_TOLD: Final = 5000


def drop_files(folder: Path | None) -> Sequence[dict[str, Any]]:
    """The files of the drop folder: name, size and when each was changed; hidden ones are left out."""
    if folder is None or not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.name.isprintable():
            status = path.stat()
            changed = datetime.fromtimestamp(int(status.st_mtime), UTC)
            found.append(
                {"name": path.name, "size_bytes": status.st_size, "modified_at": changed.isoformat()}
            )
    return found[:MOST_TOLD]


def analyse_recording(errand: Errand, bench: Workbench) -> Done:
    """Analyse it; after a kill the same command goes on from the last committed look.

    The run's events and pictures go to the API by themselves; run and ids follow from content, site and
    options, so that a repeat sends nothing twice.

    Raises:
        CommandFailed: There is no such file, or it cannot be analysed.
        DoneLater: It was interrupted, or the API did not take everything.
    """
    wanted = errand.command.parsed()
    if not isinstance(wanted, AnalyseRecording):
        raise TypeError("not an analyse-recording")
    path = _found(bench.drop_dir, wanted.file)
    folder = bench.data_dir / "analyses" / errand.command.command_id
    folder.mkdir(parents=True, exist_ok=True)
    site = folder / "site.yaml"
    if not site.exists():  # an analysis that goes on must go on by the same site
        site.write_text(bench.site().model_dump_json(), encoding="utf-8")
    task = {
        "input": str(path),
        "out": str(folder / "results"),
        "site": str(site),
        "camera": wanted.camera,
        "start": wanted.start.isoformat() if wanted.start else None,
        "look_every_s": wanted.look_every_s,
        "dwell_s": wanted.dwell_s,
        "api_url": bench.api_url,
    }
    run = _Run(bench, folder / "results", wanted.file)
    ended = _in_process(task, errand, run)
    if "fault" in ended:
        run.tell("failed", errand.progress, str(ended["fault"])[:500])
        raise CommandFailed(str(ended["fault"]))
    if ended.pop("unsent"):
        raise DoneLater("the case API did not take everything")
    run.tell("done", 1.0)
    shutil.rmtree(folder, ignore_errors=True)
    return Done(ended)


def _found(folder: Path | None, name: str) -> Path:
    """The file of that name that lies in the drop folder itself, no matter what links say.

    Raises:
        CommandFailed: There is none.
    """
    if folder is None:
        raise CommandFailed("this worker has no drop folder; set STREETKEEPER_WORKER_DROP_DIR")
    path = folder / name
    if name in (".", "..") or not path.is_file() or path.resolve().parent != folder.resolve():
        raise CommandFailed(f"there is no file '{name}' in the drop folder of this worker")
    return path


class _Run:
    """The run of one analysis, told to the API as far as it is.

    Args:
        bench: For the API.
        out: Folder of the results; the run's name stands in it once the analysis has begun.
        file: Name of the recording.
    """

    def __init__(self, bench: Workbench, out: Path, file: str) -> None:
        self.stop = bench.stop
        self._api = bench.api
        self._out = out
        self._file = file

    def tell(self, state: str, progress: float, detail: str = "") -> None:
        """Tell it; a word that is lost is made up for by the next one."""
        told = {"state": state, "progress": progress, "detail": detail, "inputs": [self._file]}
        try:
            name = json.loads((self._out / "run.json").read_text(encoding="utf-8"))["run"]
            self._api.tell_run(str(name), told)
        except (OSError, ValueError, KeyError):
            return  # it has not begun yet
        except StreamError as error:
            LOG.info("run_not_told", extra={"reason": str(error)})


def _in_process(task: dict[str, Any], errand: Errand, run: _Run) -> dict[str, Any]:
    """Run the analysis and follow it; its last line says how it ended.

    Raises:
        DoneLater: It was interrupted, or ended without a word.
    """
    command = [sys.executable, "-m", "stream_workers.analysis_process"]
    with (Path(task["out"]).parent / "analysis.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    lines: Queue[str] = Queue()
    tell_at = 0.0
    try:
        if process.stdin is None or process.stdout is None:
            raise DoneLater("the analysis could not be begun")
        process.stdin.write(json.dumps(task))
        process.stdin.close()
        Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        while not (run.stop.is_set() or errand.is_over.is_set()):
            try:
                told: dict[str, Any] = json.loads(lines.get(timeout=ROUND_S))
            except Empty:
                if process.poll() is not None and lines.empty():
                    raise DoneLater(f"the analysis ended with {process.returncode}") from None
                continue
            if "progress" not in told:
                return told
            errand.progress, errand.note = float(told["progress"]), str(told["note"])
            if time.monotonic() >= tell_at:
                tell_at = time.monotonic() + TELL_EVERY_S
                run.tell("running", errand.progress, errand.note[:500])
        raise DoneLater("it was interrupted")
    finally:
        process.kill()
        process.wait()


def _read(stream: IO[str], lines: "Queue[str]") -> None:
    for line in stream:
        lines.put(line)


class DropTeller:
    """Tells the API what lies in the drop folder, whenever that has changed.

    Args:
        bench: The folder and the API.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._told: Sequence[dict[str, Any]] | None = None

    def run(self) -> None:
        """Look until the worker ends."""
        stop = self._bench.stop
        while not stop.is_set():
            try:
                self.look()
            except StreamError as error:
                LOG.info("drop_folder_not_told", extra={"reason": str(error)})
            except OSError as error:
                LOG.warning("drop_folder_unreadable", extra={"reason": str(error.strerror)})
            stop.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """Tell what lies there, if it is something else than was told last.

        Raises:
            SinkUnavailable: The API does not answer; the next look tells it.
        """
        files = drop_files(self._bench.drop_dir)
        if files != self._told:
            self._bench.api.tell_drop_folder(socket.gethostname(), files)
            self._told = files
