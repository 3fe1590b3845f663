"""Reads bodies within a size and a time."""

import asyncio
import json
import math
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from api.errors import BadBody, TooLarge, TooSlow, Unprocessable

__all__ = ["body_of", "decode_json", "read_body", "read_model"]

Model = TypeVar("Model", bound=BaseModel)
MAX_WISH_BYTES = 20_000


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


async def read_model(
    request: Request, model: type[Model], timeout_s: float, max_bytes: int = MAX_WISH_BYTES
) -> Model:
    """The document that a route takes, read after it is known who asks.

    Raises:
        BadBody: It is no JSON.
        TooLarge: It is over `max_bytes`.
        TooSlow: It did not arrive in time.
        Unprocessable: It is not what the route takes; the faults name what.
    """
    document = decode_json(await read_body(request, max_bytes, timeout_s))
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = [
            {"in": "body", "name": ".".join(str(part) for part in fault["loc"])[:60], "problem": fault["msg"]}
            for fault in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise Unprocessable(
            "The body is not what this takes.", "See /openapi.json for what it takes.", errors=faults
        ) from None


def body_of(model: type[BaseModel], example: Any) -> dict[str, Any]:
    """The request body in the OpenAPI document, for `openapi_extra`; the schema itself is added in `main`."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{model.__name__}"},
                    "example": example,
                }
            },
        }
    }
