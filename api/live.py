"""Streams of changes to listeners, each at its own pace.

The database is the queue: a listener holds at most one page of changes in memory, and what it has not heard
waits where it is anyway. So a slow one costs nothing but its socket, and is cut when that does not move.
"""

import asyncio
import logging
from dataclasses import dataclass
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.errors import StoreBusy
from api.store import Store
from api.store.changes import Change, list_changes, newest_change

log = logging.getLogger(__name__)

__all__ = ["LiveLimits", "LiveStream", "LiveStreams"]

Watch = tuple[str, tuple[str, ...] | None]
"""The run, and the areas that the listener may see; None: all."""


@dataclass(frozen=True, slots=True)
class LiveLimits:
    """How streams behave.

    Args:
        listeners: At once; more are told to come again.
        page: Changes read at once.
        look_every_s: How often the log is asked.
        alive_every_s: A comment is sent when nothing else was for so long.
        stall_s: How long one write may wait for the listener.
        life_s: After so long a stream ends; the listener comes again and its key is checked again.
    """

    listeners: int = 100
    page: int = 100
    look_every_s: float = 0.5
    alive_every_s: float = 15.0
    stall_s: float = 10.0
    life_s: float = 900.0


class LiveStreams:
    """Counts the listeners.

    Args:
        limits: How streams behave.
    """

    def __init__(self, limits: LiveLimits | None = None) -> None:
        self.limits = limits or LiveLimits()
        self._lock = Lock()
        self._listening = 0

    @property
    def listening(self) -> int:
        """How many listen now."""
        return self._listening

    def enter(self) -> None:
        """Count one more.

        Raises:
            StoreBusy: There are as many as may be.
        """
        with self._lock:
            if self._listening >= self.limits.listeners:
                raise StoreBusy("Too many listen already.", "Try again.", headers={"Retry-After": "10"})
            self._listening += 1

    def leave(self) -> None:
        """Count one less."""
        with self._lock:
            self._listening -= 1


def _told(change: Change) -> bytes:
    if change.document is None:
        # Deleted since: the number is still told, so that a listener goes on behind it.
        return f"id: {change.number}\n\n".encode()
    return f"id: {change.number}\nevent: {change.kind}\ndata: {change.document}\n\n".encode()


def _newest(store: Store) -> int:
    return store.read(newest_change)


class LiveStream(Response):
    """One listener's stream (WHATWG HTML, 9.2).

    Args:
        streams: The others.
        store: Where changes are kept.
        watch: What the listener may see of them.
        after: The last number that it heard; None: from now on.

    Raises:
        StoreBusy: Too many listen.
    """

    media_type = "text/event-stream"

    def __init__(self, streams: LiveStreams, store: Store, watch: Watch, after: int | None) -> None:
        super().__init__(None, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        # A stream has no length.
        self.raw_headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        self._streams, self._store, self._watch, self._after = streams, store, watch, after
        streams.enter()

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002  of ASGI
        receive: Receive,
        send: Send,
    ) -> None:
        """Send until the listener goes, does not take what is sent, or has had its time."""
        gone = asyncio.ensure_future(_until_gone(receive))
        telling = asyncio.ensure_future(self._tell(send))
        try:
            await asyncio.wait({gone, telling}, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                telling.result()
        except TimeoutError:
            # The listener took nothing: the server closes a reply that does not end.
            log.info("listener cut", extra={"after": self._after})
        finally:
            self._streams.leave()
            for task in (gone, telling):
                task.cancel()
            await asyncio.gather(gone, telling, return_exceptions=True)

    async def _tell(self, send: Send) -> None:
        limits = self._streams.limits
        clock = asyncio.get_running_loop().time

        async def put(body: bytes, *, more: bool = True) -> None:
            async with asyncio.timeout(limits.stall_s):
                await send({"type": "http.response.body", "body": body, "more_body": more})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        began = told_at = clock()
        after = self._after if self._after is not None else await run_in_threadpool(_newest, self._store)
        # The number at once: a listener that is cut before the first change still knows where to go on.
        await put(f"retry: 1000\nid: {after}\n\n".encode())
        while clock() - began < limits.life_s:
            changes, after, is_lost = await run_in_threadpool(
                list_changes, self._store, after, limits.page, *self._watch
            )
            body = b"".join(map(_told, changes))
            if is_lost:
                body = f"id: {after}\nevent: reset\ndata: {{}}\n\n".encode()
            if not body and clock() - told_at >= limits.alive_every_s:
                # With the number: what others did in between need not be asked for again.
                body = f": alive\nid: {after}\n\n".encode()
            if body:
                await put(body)
                told_at = clock()
            if len(changes) < limits.page:
                await asyncio.sleep(limits.look_every_s)
        await put(b"", more=False)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
