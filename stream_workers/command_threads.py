"""The threads that do commands: begun with the worker, and ended without waiting for the API."""

import threading
import time
from collections.abc import Callable

from stream_workers.command_desk import ANALYSES, QUICK, CommandDesk, ResultDesk
from stream_workers.command_kinds.recording import DropTeller
from stream_workers.command_kinds.workbench import Workbench
from stream_workers.store import WorkerStore

__all__ = ["CommandThreads"]


class CommandThreads:
    """Quick commands, analyses, results and the drop folder, each in a thread of its own.

    Args:
        bench: What commands are done with; its `stop` ends the threads.
        store: Where results wait.
    """

    def __init__(self, bench: Workbench, store: WorkerStore) -> None:
        # Without a mask model no picture can be masked: another worker gets those commands.
        quick = {kind: doing for kind, doing in QUICK.items() if kind != "mask" or bench.models.mask.is_there}
        self._bench = bench
        self._desks = {"commands": CommandDesk(quick, bench, store.results)}
        if bench.drop_dir is not None:
            self._desks["analyses"] = CommandDesk(ANALYSES, bench, store.results)
        self._results = threading.Thread(
            target=ResultDesk(store.results, bench).run, args=(bench.stop,), name="results", daemon=True
        )

    def begin(self) -> None:
        """Begin all."""
        self._results.start()
        for name, desk in self._desks.items():
            _begin(name, lambda desk=desk: desk.run(self._bench.stop))  # type: ignore[misc]
        if self._bench.drop_dir is not None:
            _begin("drop-folder", DropTeller(self._bench).run)

    def end(self, deadline: float) -> list[str]:
        """Wait for what is in hand; returns the names of those that were not done by `deadline` (monotonic).

        A thread that only waits for an answer of the API is left to it: it holds nothing and keeps nothing.
        """
        self._results.join(max(0.0, deadline - time.monotonic()))
        stuck = ["results"] if self._results.is_alive() else []
        return stuck + [
            name
            for name, desk in self._desks.items()
            if not desk.is_idle.wait(max(0.0, deadline - time.monotonic()))
        ]


def _begin(name: str, work: Callable[[], None]) -> None:
    threading.Thread(target=work, name=name, daemon=True).start()
