"""Reads bodies within a size and a time."""

import asyncio
import json
import math
from typing import Any

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.errors import BadBody, TooLarge, TooSlow

__all__ = ["decode_json", "read_body"]


async def read_body(request: Request, max_bytes: int, timeout_s: float) -> bytes:
    """The whole body.

    Raises:
        TooLarge: It is over `max_bytes`; known from its length before any of it is read, where given.
        TooSlow: It did not arrive within `timeout_s`.
    """
    remedy = f"Send at most {max_bytes} bytes."
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and (len(declared) > 15 or int(declared) > max_bytes):
        raise TooLarge(
            f"The body is over the limit of {max_bytes} bytes.", remedy, headers={"Connection": "close"}
        )
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise TooLarge(
                        f"The body is over the limit of {max_bytes} bytes.",
                        remedy,
                        headers={"Connection": "close"},
                    )
    except TimeoutError:
        raise TooSlow(
            f"The body did not arrive within {timeout_s:g} s.",
            "Send smaller batches.",
            headers={"Connection": "close"},
        ) from None
    except ClientDisconnect:
        raise BadBody("The connection closed before the body was whole.", "Send it again.") from None
    return bytes(body)


def _number(digits: str) -> int | float:
    # Python refuses to read huge integers, which would cost the whole batch; as infinity it costs its event.
    return int(digits) if len(digits) <= 20 else math.inf


def decode_json(body: bytes) -> Any:
    """The JSON document in a body; numbers that are not finite come out as such, for `judge` to refuse.

    Raises:
        BadBody: It is no JSON; the message says where it breaks.
    """
    try:
        return json.loads(body.decode(), parse_int=_number)
    except UnicodeDecodeError as error:
        raise BadBody(f"The body is not UTF-8 at byte {error.start}.", "Send JSON in UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadBody(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            "Send one JSON document.",
        ) from None
    except RecursionError:
        raise BadBody("The body is nested too deeply.", "Send events as described in the API.") from None
