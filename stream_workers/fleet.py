"""All cameras of a worker: begun by turns, kept in step with the site, replaced when one is stuck."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from contracts.site import Camera, Site
from stream_workers import metrics
from stream_workers.camera_loop import CameraLoop, WorkerParts

__all__ = ["Fleet"]

LOG = logging.getLogger(__name__)
MOST_ABANDONED: Final = 3
"""Each abandoned thread keeps its memory for good: after so many a fresh process is better."""
MOST_TURN_S: Final = 0.25


class Fleet:
    """The camera loops and their threads.

    Args:
        parts: What the cameras share.
        only: Watch only these cameras; empty means all with a live stream.
        stuck_after_s: A look that takes longer is given up with its thread.
        give_up: Called when too many threads are stuck: the process should end and be started anew.
    """

    def __init__(
        self, parts: WorkerParts, only: Sequence[str], stuck_after_s: float, give_up: Callable[[], None]
    ) -> None:
        self._parts = parts
        self._only = frozenset(only)
        self._stuck_after_s = stuck_after_s
        self._give_up = give_up
        self._running: dict[str, tuple[CameraLoop, threading.Thread]] = {}
        self._leaving: list[threading.Thread] = []
        self._abandoned = 0

    def __len__(self) -> int:
        return len(self._running)

    def begin(self) -> None:
        """Begin to watch the site's cameras, by turns within one look interval."""
        cameras = self._wanted(self._parts.site)
        for number, camera in enumerate(cameras):
            turn_s = min(MOST_TURN_S, camera.look_every_s / len(cameras))
            self._start(camera.id, number * turn_s)

    def take_site(self, site: Site) -> None:
        """Watch by another site from the next look on; cameras come and go with it."""
        before, self._parts.site = self._parts.site, site
        wanted = {camera.id: camera for camera in self._wanted(site)}
        known = {camera.id: camera for camera in before.cameras}
        for camera_id in [camera_id for camera_id in self._running if camera_id not in wanted]:
            loop, thread = self._running.pop(camera_id)
            loop.end()
            self._leaving.append(thread)
            LOG.info("camera_no_longer_watched", extra={"camera": camera_id})
        for camera_id, camera in wanted.items():
            if camera_id not in self._running:
                self._start(camera_id, 0.0)
            elif _connects_otherwise(known.get(camera_id), camera):
                self._running[camera_id][0].interrupt()

    def interrupt(self, camera_id: str) -> None:
        """A camera's lease has gone over to another worker."""
        running = self._running.get(camera_id)
        if running is not None:
            running[0].interrupt()

    def tick(self) -> None:
        """Tell health that has become due, and replace threads that do not come back."""
        for camera_id, (loop, _) in list(self._running.items()):
            stuck_s = loop.stuck_for_s()
            if stuck_s > self._stuck_after_s:
                self._replace(camera_id, loop, stuck_s)
            else:
                loop.tick()

    def end(self, deadline: float) -> list[str]:
        """End all cameras; returns the names of threads that were not back by `deadline` (monotonic)."""
        for loop, _ in self._running.values():
            loop.end()
        threads = [thread for _, thread in self._running.values()] + self._leaving
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in threads if thread.is_alive()]

    def _wanted(self, site: Site) -> list[Camera]:
        return [
            camera
            for camera in site.cameras
            if camera.stream is not None and camera.stream.url and (not self._only or camera.id in self._only)
        ]

    def _start(self, camera_id: str, begin_after_s: float) -> None:
        loop = CameraLoop(camera_id, self._parts, begin_after_s)
        # A daemon: a thread that is stuck must not keep the process alive.
        thread = threading.Thread(target=loop.run, name=f"camera-{camera_id}", daemon=True)
        self._running[camera_id] = (loop, thread)
        thread.start()

    def _replace(self, camera_id: str, loop: CameraLoop, stuck_s: float) -> None:
        self._abandoned += 1
        metrics.THREADS_ABANDONED.inc()
        LOG.error("camera_stuck_replaced", extra={"camera": camera_id, "stuck_s": round(stuck_s, 1)})
        loop.give_up()
        if self._abandoned >= MOST_ABANDONED:
            LOG.error("too_many_stuck_threads", extra={"abandoned": self._abandoned})
            self._give_up()
            return
        self._start(camera_id, 0.0)


def _connects_otherwise(before: Camera | None, now: Camera) -> bool:
    """Whether a camera must be connected anew: another stream or interval, or clips go on or off."""
    if before is None:
        return True
    return (before.stream, before.look_every_s, before.clips, before.views[0].id) != (
        now.stream,
        now.look_every_s,
        now.clips,
        now.views[0].id,
    )
