"""The public register: one page that needs no sign-in."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.deps import StoreDep
from api.duty.register import register_content
from api.page.cards import CATEGORY_WORDS
from api.store.duty.configured import responsibility_in, site_in
from api.store.duty.quality import kept_for_in, shares_in

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_templates = Environment(
    loader=PackageLoader("api.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@router.get("/register")
def get_register(store: StoreDep) -> HTMLResponse:
    """What is watched, why, by which right, how long things are kept and how well it works."""

    def look(connection: Any) -> dict[str, Any]:
        return register_content(
            site_in(connection),
            responsibility_in(connection),
            shares_in(connection),
            kept_for_in(connection),
        )

    content = store.read(look)
    page = _templates.get_template("register.html").render(**content, words=CATEGORY_WORDS)
    return HTMLResponse(page, headers={"Cache-Control": "max-age=300"})
