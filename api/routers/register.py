"""The public register: one page that needs no sign-in."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from api.configuration import responsibility_of, site_of
from api.deps import PartsDep
from api.duty.register import register_content
from api.page.cards import CATEGORY_WORDS
from api.retention import read_retention
from api.store.duty.quality import kept_for, shares_in
from api.store.times import now_ms

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_templates = Environment(
    loader=PackageLoader("api.page"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


@router.get("/register")
def get_register(parts: PartsDep) -> HTMLResponse:
    """What is watched, why, by which right, how long things are kept and how well it works."""
    kept = kept_for(read_retention(parts.settings.retention_days))

    def look(connection: Any) -> dict[str, Any]:
        site = site_of(connection)
        shares = shares_in(connection, site, now_ms())
        return register_content(site, responsibility_of(connection), shares, kept)

    content = parts.store.read(look)
    page = _templates.get_template("register.html").render(**content, words=CATEGORY_WORDS)
    return HTMLResponse(page, headers={"Cache-Control": "max-age=300"})
