"""Who a camera lets in: read from the environment or a secret file, shown nowhere."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from stream_workers.errors import SourceRefused

__all__ = ["Credentials", "mask_url", "read_credentials", "with_credentials"]

_SECRET: Final = re.compile(
    r"(?P<key>(?:user(?:name)?|usr|login|pass(?:word|wd)?|pwd|token|secret|auth|key|sign(?:ature)?)=)[^&;_/?#\s]*",
    re.IGNORECASE,
)
_LONGEST: Final = 120
"""libav keeps 127 characters of user and password together and would cut off the rest."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of a camera; the password is in no repr."""

    user: str
    password: str = field(repr=False)


def read_credentials(reference: str) -> Credentials:
    """The credentials behind `env:NAME` or `file:PATH`, whose content is `user:password`.

    Raises:
        SourceRefused: Nothing there, or not of that form; the message never shows the content.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        content = os.environ.get(name)
        if content is None:
            raise SourceRefused(f"the environment variable {name} is not set; put user:password into it")
    elif kind == "file" and name:
        try:
            content = Path(name).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise SourceRefused(
                f"the secret file {name!r} cannot be read; write user:password into it"
            ) from None
    else:
        raise SourceRefused("credentials are named as env:NAME or file:PATH, never written out")
    user, colon, password = content.strip("\r\n").partition(":")
    if not user or not colon:
        raise SourceRefused(f"{kind}:{name} does not hold user:password")
    if len(quote(user, safe="")) + len(quote(password, safe="")) > _LONGEST:
        raise SourceRefused(f"user and password in {kind}:{name} are too long for RTSP; shorten them")
    return Credentials(user, password)


def mask_url(url: str) -> str:
    """The URL as it may be shown: without user, password and whatever looks like one.

    Some cameras take them in the query or path (`?user=a&password=b`), so these values go too.
    """
    scheme, separator, rest = url.partition("://")
    # Up to the last @ of all: an unescaped @ or / may belong to the password.
    before, at, host_on = rest.rpartition("@")
    shown = f"{scheme}{separator}" + ("***@" if before and at else "") + host_on
    return _SECRET.sub(r"\g<key>***", shown)


def with_credentials(url: str, credentials: Credentials | None) -> str:
    """The URL as libav needs it; to be handed to libav and to nothing else.

    Raises:
        SourceRefused: The URL already holds a user or password.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc or not parts.netloc:
        raise SourceRefused(
            f"the address {mask_url(url)} must be scheme://host/path without user and password;"
            " name these as env:NAME or file:PATH"
        )
    if credentials is None:
        return url
    user, password = quote(credentials.user, safe=""), quote(credentials.password, safe="")
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))
