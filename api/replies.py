"""Replies that come in pages and in several formats."""

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

__all__ = ["GEOJSON", "GeoJson", "Links", "link_header", "page_links", "reply_json"]

GEOJSON = "application/geo+json"
Links = list[dict[str, str]]


class GeoJson(JSONResponse):
    """A reply in GeoJSON."""

    media_type = GEOJSON


def page_links(request: Request, next_token: str | None, media_type: str) -> Links:
    """Links to this page and the next, as paths (the address that callers use is not ours to know)."""
    # From the URL alone: a key travels in a header and can never come into a link.
    links = [{"href": _path(request, {}), "rel": "self", "type": media_type}]
    if next_token is not None:
        links.append({"href": _path(request, {"token": next_token}), "rel": "next", "type": media_type})
    return links


def _path(request: Request, changed: dict[str, str]) -> str:
    url = request.url.include_query_params(**changed)
    return url.path + (f"?{url.query}" if url.query else "")


def link_header(links: Links) -> dict[str, str]:
    """The same links as a header (RFC 8288), for formats that have no room for them."""
    return {
        "Link": ", ".join(f'<{link["href"]}>; rel="{link["rel"]}"; type="{link["type"]}"' for link in links)
    }


def reply_json(document: dict[str, Any], links: Links, media_type: str = "application/json") -> JSONResponse:
    """A JSON reply with its links in the document and in the header."""
    return JSONResponse({**document, "links": links}, headers=link_header(links), media_type=media_type)
