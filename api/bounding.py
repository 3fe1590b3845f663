"""Bounds every body, also of routes that leave reading to the framework."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import TooLarge, TooSlow, problem_of
from api.refusing import problem_reply

__all__ = ["Bounded"]


class Bounded:
    """Refuses bodies over a size, known beforehand or not, and those that trickle in.

    Args:
        app: The application.
        max_bytes: The largest body that any route takes; most take less and say so themselves.
        timeout_s: How long a body may take to arrive.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, timeout_s: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and (len(declared) > 15 or int(declared) > self._max_bytes):
            reply = problem_of(self._too_large(), scope["path"][:200])
            await problem_reply(reply)(scope, receive, send)
            return
        await self._app(scope, self._bounded(receive), send)

    def _bounded(self, receive: Receive) -> Receive:
        taken, is_whole, until = 0, False, time.monotonic() + self._timeout_s

        async def take() -> Message:
            nonlocal taken, is_whole
            if is_whole:
                return await receive()  # from here on it only tells that the caller has gone
            try:
                async with asyncio.timeout(max(0.0, until - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                raise TooSlow(
                    f"The body did not arrive within {self._timeout_s:g} s.",
                    "Send less at once.",
                    headers={"Connection": "close"},
                ) from None
            taken += len(message.get("body", b""))
            if taken > self._max_bytes:
                raise self._too_large()
            is_whole = not message.get("more_body", False)
            return message

        return take

    def _too_large(self) -> TooLarge:
        return TooLarge(
            f"The body is over the limit of {self._max_bytes} bytes.",
            f"Send at most {self._max_bytes} bytes.",
            headers={"Connection": "close"},
        )
