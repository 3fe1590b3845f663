"""One replayed camera: sends its films in a loop, in real time, to all who watch."""

import asyncio
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sample_videos.replay_rtp import CLOCK_HZ, AccessUnit, Film, sender_report

__all__ = ["Channel", "Faults"]

_REPORT_EVERY_S = 5.0
_FIRST_TICKS = (1 << 32) - 8 * CLOCK_HZ
"""Where the stream's clock begins: not at zero, as RFC 3550 asks, and soon over the edge of 32 bits."""
_LATE_S = 1.0
_MOST_WAITING_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Faults:
    """What a replayed camera does wrong, for tests.

    Args:
        is_deaf: It accepts connections and never answers.
        is_mute: It answers, and sends no picture.
        mute_after_s: It sends so many seconds of its film, and then nothing; None never.
        drop_after_s: It ends each connection so long after it began to play; None never.
        status: It answers every request with this status, such as 404; None normally.
    """

    is_deaf: bool = False
    is_mute: bool = False
    mute_after_s: float | None = None
    drop_after_s: float | None = None
    status: int | None = None


@dataclass(slots=True, eq=False)
class _Watcher:
    writer: asyncio.StreamWriter
    has_key: bool = False
    skipped: int = 0


@dataclass(slots=True, eq=False)
class Channel:
    """The pictures of one name.

    Args:
        films: Sent one after the other, then from the first again; their sizes may differ.
        speed: 2 sends twice as fast as the films were made.
        faults: What it does wrong.
    """

    films: Sequence[Film]
    speed: float = 1.0
    faults: Faults = field(default_factory=Faults)
    _watchers: list[_Watcher] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None
    _sequence: int = 0
    _packets: int = 0
    _octets: int = 0

    def watch(self, writer: asyncio.StreamWriter) -> Callable[[], None]:
        """Send to this client from the next keyframe on; the result ends that.

        The film begins with the first client, and goes on like a camera when it leaves.
        """
        watcher = _Watcher(writer)
        self._watchers.append(watcher)
        if self._task is None and not self.faults.is_mute:
            self._task = asyncio.get_running_loop().create_task(self._send())

        def leave() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return leave

    async def close(self) -> None:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _send(self) -> None:
        began = time.monotonic()
        report_at = 0.0
        mute_at_s = math.inf if self.faults.mute_after_s is None else self.faults.mute_after_s
        for start_s, unit in self._timeline():
            if start_s + unit.send_s >= mute_at_s:
                return
            due = began + (start_s + unit.send_s) / self.speed
            late_s = time.monotonic() - due
            if late_s < 0:
                await asyncio.sleep(-late_s)
            elif late_s > _LATE_S:  # the machine slept: go on from now instead of hurrying
                began += late_s
            self._spread(unit, _FIRST_TICKS + round((start_s + unit.show_s) * CLOCK_HZ))
            if time.monotonic() >= report_at:
                report_at = time.monotonic() + _REPORT_EVERY_S
                self._report(_FIRST_TICKS + round((start_s + unit.send_s) * CLOCK_HZ))

    def _timeline(self) -> Iterator[tuple[float, AccessUnit]]:
        """Start of the film's present round, and its pictures, without end."""
        start_s = 0.0
        for film in itertools.cycle(self.films):
            for unit in film.units:
                yield start_s, unit
            start_s += film.length_s

    def _spread(self, unit: AccessUnit, ticks: int) -> None:
        packets = unit.stamped(self._sequence, ticks)
        self._sequence = (self._sequence + len(unit.offsets)) & 0xFFFF
        self._packets += len(unit.offsets)
        self._octets += len(packets) - 16 * len(unit.offsets)
        for watcher in self._watchers:
            waiting = watcher.writer.transport.get_write_buffer_size()
            watcher.has_key = waiting < _MOST_WAITING_BYTES and (watcher.has_key or unit.is_key)
            if watcher.has_key:
                watcher.writer.write(packets)
            else:
                watcher.skipped += 1

    def _report(self, ticks: int) -> None:
        reorder = max(0.0, self.films[0].units[0].show_s)
        report = sender_report(time.time(), ticks + round(reorder * CLOCK_HZ), self._packets, self._octets)
        for watcher in self._watchers:
            if watcher.has_key:
                watcher.writer.write(report)
