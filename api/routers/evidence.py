"""Evidence: masked pictures (JPEG) and clips (MP4), named by their SHA-256."""

import hashlib
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from api.bodies import read_body
from api.callers import Caller
from api.configuration import cameras_of
from api.deps import Needs, PartsDep, Reads, ReadsOrSends, Sends, StoreDep, known_parameters
from api.documents import PictureKept
from api.errors import NotFound, RangeNotSatisfiable, Unprocessable, WrongMediaType
from api.examples import PICTURE_KEPT, problems
from api.media import KINDS, MediaKind
from api.store import Store
from api.store.evidence_links import is_evidence_within
from api.store.pictures import NAME

__all__ = ["router"]

router = APIRouter(tags=["evidence"], dependencies=[Depends(known_parameters)])

RANGE = re.compile(r"^bytes=(\d{0,15})-(\d{0,15})\Z")
PictureName = Annotated[
    str,
    Path(
        description="SHA-256 of the file in lower-case hex, and `.jpg` for a picture, `.mp4` for a clip.",
        examples=["9f86d0" + "0" * 58 + ".jpg"],
    ),
]
FILE: dict[str, Any] = {
    kind.media_type: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS.values()
}


def _read_name(name: str) -> tuple[str, MediaKind]:
    """SHA-256 and kind in a name."""
    matched = NAME.match(name)
    if matched is None:
        raise NotFound(
            "There is no evidence of that name.", "Names are 64 lower-case hex digits and `.jpg` or `.mp4`."
        )
    return matched.group(1), KINDS[matched.group(2)]


@router.put(
    "/v1/evidence/{name}",
    status_code=201,
    response_model=PictureKept,
    responses={
        200: {"description": "It was there before.", "model": PictureKept, "content": PICTURE_KEPT},
        201: {"description": "Kept; it is on disk.", "content": PICTURE_KEPT},
        **problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 507),
    },
    openapi_extra={"requestBody": {"required": True, "content": FILE}},
    summary="Send a picture or a clip",
)
async def put_picture(
    request: Request,
    name: PictureName,
    parts: PartsDep,
    _: Sends,
    x_streetkeeper_masked: Annotated[
        str | None, Header(description="`true`: people and vehicles are masked.", examples=["true"])
    ] = None,
) -> JSONResponse:
    """Keep one masked picture or clip of at most 10 MB, whole or not at all.

    One that does not say that it is masked is refused: none leaves a worker without the mask pass. A clip's
    index stands before its pictures, so that it plays while it loads.
    """
    sha256, kind = _read_name(name)
    if x_streetkeeper_masked != "true":
        raise Unprocessable(
            f"The {kind.words} does not say that it is masked.",
            "Run the mask pass, then send it with `X-Streetkeeper-Masked: true`.",
        )
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind.media_type:
        raise WrongMediaType(f"A {kind.words} of that name is {kind.media_type}.", "Send it as that.")
    content = await read_body(request, parts.settings.max_picture_bytes, parts.settings.body_timeout_s)
    if not kind.is_whole(content):
        raise Unprocessable(
            f"The body is not a whole {kind.media_type}.", "Send the file as the worker made it."
        )
    is_new = await run_in_threadpool(_check_and_keep, parts.store, name, sha256, content)
    parts.metrics.pictures.labels("stored" if is_new else "repeated").inc()
    return JSONResponse({"href": f"evidence/{name}", "stored": is_new}, status_code=201 if is_new else 200)


def _check_and_keep(store: Store, name: str, sha256: str, content: bytes) -> bool:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Unprocessable(
            "The content does not have the SHA-256 of its name.",
            "The file changed on its way: send it again.",
        )
    return store.pictures.keep(name, content)


def _headers(name: str, sha256: str) -> dict[str, str]:
    return {
        "Accept-Ranges": "bytes",
        # The name is the hash of the content, so it can never change; private, because it needs a key.
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f'inline; filename="{name}"',
        "ETag": f'"{sha256}"',
    }


def _span(header: str, size: int) -> tuple[int, int] | None:
    """First byte and end of a range; None where the header is not one span, which RFC 9110 lets us ignore.

    Raises:
        RangeNotSatisfiable: The span begins behind the end.
    """
    matched = RANGE.match(header)
    if matched is None or matched.groups() == ("", ""):
        return None
    first, last = matched.groups()
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise RangeNotSatisfiable(
            f"The file has {size} bytes.",
            "Ask for a range inside it.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end


def _may_see(store: Store, caller: Caller, sha256: str) -> bool:
    """Whether the file is for this caller; a worker asks only whether it must send."""
    areas = caller.areas
    if areas is None or caller.allows(Needs.SEND):
        return True
    cameras = cameras_of(store, caller) or frozenset()
    return store.read(lambda connection: is_evidence_within(connection, sha256, areas, cameras))


def _is_known(request: Request, sha256: str) -> bool:
    """Whether the caller has this picture already."""
    tags = request.headers.get("if-none-match", "")
    return any(tag.strip().removeprefix("W/") in {f'"{sha256}"', "*"} for tag in tags.split(","))


@router.get(
    "/v1/evidence/{name}",
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": FILE},
        206: {"description": "The range of it that was asked for.", "content": FILE},
        304: {"description": "You have it already."},
        **problems(400, 401, 403, 404, 416, 429, 503, 507),
    },
    summary="Get a picture or a clip",
)
def get_picture(request: Request, name: PictureName, parts: PartsDep, caller: Reads) -> Response:
    """One picture or clip, or a range of its bytes; who reads it stands in the audit log."""
    sha256, kind = _read_name(name)
    path = parts.store.pictures.find(name)
    if path is None or not _may_see(parts.store, caller, sha256):
        raise NotFound(f"This {kind.words} has not arrived, or was thinned out.", "Try again later.")
    headers = _headers(name, sha256)
    if _is_known(request, sha256):
        return Response(status_code=304, headers=headers)
    size = path.stat().st_size
    wanted = request.headers.get("range")
    is_same = request.headers.get("if-range", headers["ETag"]) == headers["ETag"]
    span = _span(wanted, size) if wanted and is_same else None
    start, end = span or (0, size)
    parts.reads.note(caller, name)
    with path.open("rb") as file:
        file.seek(start)
        content = file.read(end - start)
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(content, 206 if span else 200, headers, media_type=kind.media_type)


@router.head(
    "/v1/evidence/{name}",
    response_class=Response,
    responses={200: {"description": "It is there."}, **problems(400, 401, 403, 404, 429, 503)},
    summary="Ask whether a picture or a clip is there",
)
def head_picture(name: PictureName, store: StoreDep, caller: ReadsOrSends) -> Response:
    """Whether a picture or clip is there, and its size; a worker asks this before it sends one."""
    sha256, kind = _read_name(name)
    path = store.pictures.find(name)
    if path is None or not _may_see(store, caller, sha256):
        raise NotFound(f"This {kind.words} has not arrived.", "Send it.")
    if caller.allows(Needs.SEND):
        store.pictures.touch(name)
    headers = {**_headers(name, sha256), "Content-Length": str(path.stat().st_size)}
    return Response(status_code=200, headers=headers, media_type=kind.media_type)
