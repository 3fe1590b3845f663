"""Where commands are done: one thread for the quick ones and one for analyses, beside all looks.

A command is asked for only when the one before is done, so at most one of each is in hand. What was done is
kept on disk before it is handed in: a worker that is killed in between hands it in after its next start.
"""

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from contracts.command import CommandKind, CommandResult
from stream_workers.command_kinds.calibrate_preview import calibrate_preview
from stream_workers.command_kinds.outside_mask import mask_outside
from stream_workers.command_kinds.pictures import capture_baseline, snapshot
from stream_workers.command_kinds.recheck import recheck
from stream_workers.command_kinds.recording import analyse_recording
from stream_workers.command_kinds.workbench import CommandFailed, Done, DoneLater, Errand, Workbench
from stream_workers.command_results import CommandResults, KeptResult
from stream_workers.errors import DecodeFailed, SinkRejected, SinkUnavailable, StreamError
from stream_workers.sight import NothingToShow
from stream_workers.sinks.client import ApiOther
from stream_workers.sources.reconnect import Backoff
from vision.errors import VisionError

__all__ = ["ANALYSES", "QUICK", "CommandDesk", "ResultDesk"]

LOG = logging.getLogger(__name__)
WAIT_S: Final = 20.0
PICTURES_EVERY_S: Final = 0.5
TOLD_PER_LEASE: Final = 4
Doing = Callable[[Errand, Workbench], Done]

QUICK: Final[Mapping[CommandKind, Doing]] = {
    CommandKind.SNAPSHOT: snapshot,
    CommandKind.RECHECK: recheck,
    CommandKind.CALIBRATE_PREVIEW: calibrate_preview,
    CommandKind.CAPTURE_BASELINE: capture_baseline,
    CommandKind.MASK: mask_outside,
}
ANALYSES: Final[Mapping[CommandKind, Doing]] = {CommandKind.ANALYSE_RECORDING: analyse_recording}
_FINAL: Final = (CommandFailed, NothingToShow, DecodeFailed, VisionError)


class CommandDesk:
    """Takes commands of some kinds and does them, one after the other.

    Args:
        kinds: What it does, and how.
        bench: What it is done with.
        results: Where results wait.
    """

    def __init__(self, kinds: Mapping[CommandKind, Doing], bench: Workbench, results: CommandResults) -> None:
        self._kinds = dict(kinds)
        self._bench = bench
        self._results = results
        self._backoff = Backoff(1.0, 60.0)
        self._told = ""
        self.is_idle = threading.Event()
        """Set while no command is in hand."""
        self.is_idle.set()

    def run(self, stop: threading.Event) -> None:
        """Take and do commands until `stop` is set."""
        failures = 0
        while not stop.is_set():
            try:
                self.go_round(WAIT_S)
                failures, self._told = 0, ""
            except StreamError as error:
                failures += 1
                self._tell(error)
                stop.wait(self._backoff.pause_s(failures, random.random()))  # noqa: S311  no secret
            except Exception:
                # The outermost loop of this thread: whatever one command did, the next one is done.
                LOG.exception("command_desk_begins_again")
                failures += 1
                stop.wait(self._backoff.pause_s(failures, random.random()))  # noqa: S311  no secret

    def go_round(self, wait_s: float) -> None:
        """Wait for one command and do it.

        Raises:
            SinkUnavailable: The API does not answer.
            StorageFull: The result could not be kept; the command will be done again.
        """
        for command in self._bench.api.take_commands(list(self._kinds), wait_s):
            self.is_idle.clear()
            try:
                # After: whoever saw this idle and the end begun may close what a command needs.
                if not self._bench.stop.is_set():
                    self._do(Errand(command))
            finally:
                self.is_idle.set()

    def _do(self, errand: Errand) -> None:
        command = errand.command
        LOG.info("command_begun", extra={"command_id": command.command_id, "kind": command.kind.value})
        teller = threading.Thread(target=self._tell_progress, args=(errand,), daemon=True)
        teller.start()
        try:
            done = self._kinds[command.kind](errand, self._bench)
            refs = [file.evidence_ref() for file in done.files]
            result = CommandResult(token=command.token, state="done", answer=done.answer, evidence=refs)
            self._results.keep(command.command_id, result, done.files)
        except (DoneLater, SinkUnavailable, SinkRejected) as error:
            # Nothing is handed in: the lease runs out, and it is tried again, here or elsewhere.
            LOG.warning("command_later", extra={"command_id": command.command_id, "reason": str(error)})
        except _FINAL as error:
            reason = str(error)[:1000]
            LOG.warning("command_failed", extra={"command_id": command.command_id, "reason": reason})
            failed = CommandResult(token=command.token, state="failed", reason=reason)
            self._results.keep(command.command_id, failed, [])
        finally:
            errand.is_over.set()
            teller.join()

    def _tell_progress(self, errand: Errand) -> None:
        """Tell the API that it is being done, so that no other worker gets it."""
        while not errand.is_over.wait(errand.command.lease_s / TOLD_PER_LEASE):
            try:
                self._bench.api.tell_progress(errand.command, errand.progress, errand.note)
            except ApiOther:
                errand.is_over.set()
            except StreamError as error:
                LOG.info("progress_not_told", extra={"reason": str(error)})

    def _tell(self, error: Exception) -> None:
        if str(error) != self._told:
            self._told = str(error)
            LOG.warning("commands_not_asked_for", extra={"reason": self._told})


class ResultDesk:
    """Hands in the worker's results, each once its pictures are there.

    Args:
        results: Where they wait.
        bench: For the API.
    """

    def __init__(self, results: CommandResults, bench: Workbench) -> None:
        self._results = results
        self._bench = bench
        self._backoff = Backoff(1.0, 60.0)

    def run(self, stop: threading.Event) -> None:
        """Hand in what waits until `stop` is set; a failure becomes a pause."""
        failures = 0
        while not stop.is_set():
            pause_s = PICTURES_EVERY_S
            try:
                self.hand_in(self._results.waiting())
                failures = 0
            except StreamError as error:
                failures += 1
                pause_s = self._backoff.pause_s(failures, random.random())  # noqa: S311  no secret
                LOG.info("results_wait", extra={"reason": str(error), "again_in_s": round(pause_s, 1)})
            except Exception:
                # The outermost loop of this thread: were it to end, no result would ever be handed in.
                LOG.exception("result_desk_begins_again")
                pause_s = self._backoff.most_s
            stop.wait(pause_s)

    def hand_in(self, waiting: Sequence[KeptResult]) -> None:
        """Hand in those whose pictures are sent.

        Raises:
            SinkUnavailable: The API does not answer; they stay.
        """
        for kept in waiting:
            if kept.waits_for:
                continue
            result = kept.result
            if kept.missing:
                reason = "its pictures were refused by the case API or lost on this disk"
                result = CommandResult(token=result.token, state="failed", reason=reason)
            try:
                self._bench.api.hand_in(kept.command_id, result)
            except ApiOther as error:
                # Another worker did it meanwhile, or it expired.
                LOG.warning("result_too_late", extra={"command_id": kept.command_id, "reason": str(error)})
            except SinkRejected as error:
                LOG.error("result_rejected", extra={"command_id": kept.command_id, "reason": str(error)})
            else:
                LOG.info("command_done", extra={"command_id": kept.command_id, "state": result.state})
            self._results.forget(kept.command_id)
