"""Turns templates into pages."""

from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.errors import PROBLEMS, ApiError

__all__ = ["faulty", "render"]

_templates = Environment(
    loader=PackageLoader("api.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def render(template: str, values: dict[str, Any], code: int = 200) -> HTMLResponse:
    """The page of a template."""
    return HTMLResponse(_templates.get_template(template).render(values), code)


def faulty(error: ApiError) -> HTMLResponse:
    """A page that says what is wrong and what helps."""
    row = PROBLEMS[type(error)]
    words = {"title": row.title, "detail": error.detail, "remedy": error.remedy}
    reply = render("fault.html", words, row.status)
    reply.headers.update(error.headers)
    return reply
