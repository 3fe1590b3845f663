"""Bodies that are one small JSON object: read, and described in the OpenAPI document."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from api.bodies import decode_json, read_body
from api.errors import BadBody

__all__ = ["body_of", "read_model"]

ModelT = TypeVar("ModelT", bound=BaseModel)


async def read_model(request: Request, model: type[ModelT], max_bytes: int, timeout_s: float) -> ModelT:
    """The object in a request's body.

    Raises:
        BadBody: It is not what the model says; the reply names each fault.
        TooLarge: It is over `max_bytes`.
        TooSlow: It did not arrive within `timeout_s`.
    """
    document = decode_json(await read_body(request, max_bytes, timeout_s))
    try:
        return model.model_validate(document)
    except ValidationError as error:
        faults = [
            {
                "in": "body",
                "name": ".".join(str(part) for part in fault["loc"])[:60],
                "problem": str(fault["msg"]),
            }
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        first = faults[0]
        raise BadBody(
            f"`{first['name']}`: {first['problem']}.", "See /openapi.json for what it may be.", errors=faults
        ) from None


def body_of(model: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    """The description of such a body."""
    return {
        "required": True,
        "content": {"application/json": {"schema": model.model_json_schema(), "example": example}},
    }
