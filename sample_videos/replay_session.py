"""The RTSP side of the replay server: one client's requests.

Source: RFC 2326 (RTSP), RFC 7617 (Basic), RFC 7616 with MD5 and without quality of protection,
which is what cameras speak (Digest).
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from sample_videos.replay_channel import Channel

__all__ = ["Authentication", "Session"]

_REASONS: Final = {
    200: "OK",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    454: "Session Not Found",
    455: "Method Not Valid in This State",
    461: "Unsupported Transport",
    501: "Not Implemented",
    503: "Service Unavailable",
}
_METHODS: Final = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"
_REALM: Final = "streetkeeper replay"
_MOST_HEAD_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class Authentication:
    """Whom the server lets in.

    Args:
        user: Name.
        password: Secret.
        scheme: `digest` or `basic`.
    """

    user: str
    password: str = field(repr=False)
    scheme: Literal["digest", "basic"] = "digest"

    def challenge(self, nonce: str) -> str:
        """Value of the WWW-Authenticate header."""
        if self.scheme == "basic":
            return f'Basic realm="{_REALM}"'
        return f'Digest realm="{_REALM}", nonce="{nonce}"'

    def admits(self, method: str, header: str, nonce: str) -> bool:
        """Whether an Authorization header is right."""
        kind, _, rest = header.partition(" ")
        if kind.lower() != self.scheme:
            return False
        if self.scheme == "basic":
            wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")
            return hmac.compare_digest(rest.strip().encode(), wanted.encode())
        given = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        given = {key.lower(): text.strip('"') for key, text in given.items()}
        first = _md5(f"{self.user}:{_REALM}:{self.password}")
        second = _md5(f"{method}:{given.get('uri', '')}")
        wanted = _md5(f"{first}:{nonce}:{second}")
        right_user = given.get("username") == self.user and given.get("nonce") == nonce
        return right_user and hmac.compare_digest(given.get("response", "").encode(), wanted.encode())


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    uri: str
    headers: Mapping[str, str]


class Session:
    """Answers one client until it leaves.

    Args:
        channels: By name.
        reader: The client's bytes.
        writer: To the client.
        authentication: None lets everybody in.
    """

    def __init__(
        self,
        channels: Mapping[str, Channel],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        authentication: Authentication | None,
    ) -> None:
        self._channels = channels
        self._reader = reader
        self._writer = writer
        self._authentication = authentication
        self._nonce = secrets.token_hex(8)
        self._id = secrets.token_hex(4)
        self._leave: Callable[[], None] | None = None
        self._is_set_up = False

    async def run(self) -> None:
        """Answer requests; returns when the client or a fault ends the connection."""
        try:
            while (request := await self._request()) is not None:
                channel = self._channel(request.uri)
                if channel is not None and channel.faults.is_deaf:
                    await self._reader.read()
                    return
                self._answer(request, channel)
                await self._writer.drain()
                if request.method == "TEARDOWN":
                    return
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            return
        finally:
            if self._leave is not None:
                self._leave()
            self._writer.close()

    async def _request(self) -> _Request | None:
        """The next request; interleaved reports of the client are passed over."""
        while True:
            first = await self._reader.readexactly(1)
            if first == b"$":
                head = await self._reader.readexactly(3)
                await self._reader.readexactly(int.from_bytes(head[1:], "big"))
                continue
            if first in b"\r\n":
                continue
            head = first + await self._reader.readuntil(b"\r\n\r\n")
            if len(head) > _MOST_HEAD_BYTES:
                return None
            lines = head.decode("utf-8", "replace").split("\r\n")
            method, uri, *_ = [*lines[0].split(" "), "", ""]
            pairs = (line.partition(":") for line in lines[1:] if ":" in line)
            headers = {key.strip().lower(): text.strip() for key, _, text in pairs}
            await self._reader.readexactly(min(int(headers.get("content-length", "0")), _MOST_HEAD_BYTES))
            return _Request(method, uri, headers)

    def _channel(self, uri: str) -> Channel | None:
        path = unquote(urlsplit(uri).path).strip("/")
        return self._channels.get(path.removesuffix("/trackID=0"))

    def _answer(self, request: _Request, channel: Channel | None) -> None:
        if channel is not None and channel.faults.status is not None:
            self._reply(request, channel.faults.status)
        elif request.method == "OPTIONS":
            self._reply(request, 200, {"Public": _METHODS})
        elif not self._is_admitted(request):
            challenge = self._authentication.challenge(self._nonce) if self._authentication else ""
            self._reply(request, 401, {"WWW-Authenticate": challenge})
        elif channel is None:
            self._reply(request, 404)
        else:
            self._answer_about(request, channel)

    def _is_admitted(self, request: _Request) -> bool:
        if self._authentication is None:
            return True
        header = request.headers.get("authorization", "")
        return self._authentication.admits(request.method, header, self._nonce)

    def _answer_about(self, request: _Request, channel: Channel) -> None:
        match request.method:
            case "DESCRIBE":
                self._describe(request, channel)
            case "SETUP":
                self._set_up(request)
            case "PLAY":
                self._play(request, channel)
            case "GET_PARAMETER" | "SET_PARAMETER" | "PAUSE" | "TEARDOWN":
                self._reply(request, 200, {"Session": self._id})
            case _:
                self._reply(request, 501)

    def _describe(self, request: _Request, channel: Channel) -> None:
        description = (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=replay\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            "a=control:*\r\na=range:npt=now-\r\n" + channel.films[0].media_description()
        )
        headers = {"Content-Base": request.uri.rstrip("/") + "/", "Content-Type": "application/sdp"}
        self._reply(request, 200, headers, description)

    def _set_up(self, request: _Request) -> None:
        transport = request.headers.get("transport", "")
        if "TCP" not in transport.upper():
            self._reply(request, 461)
            return
        self._is_set_up = True
        chosen = "RTP/AVP/TCP;unicast;interleaved=0-1"
        self._reply(request, 200, {"Transport": chosen, "Session": f"{self._id};timeout=60"})

    def _play(self, request: _Request, channel: Channel) -> None:
        if not self._is_set_up:
            self._reply(request, 455)
            return
        self._reply(request, 200, {"Session": self._id, "Range": "npt=now-"})
        if self._leave is None:
            self._leave = channel.watch(self._writer)
            if channel.faults.drop_after_s is not None:
                asyncio.get_running_loop().call_later(channel.faults.drop_after_s, self._writer.close)

    def _reply(
        self, request: _Request, status: int, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> None:
        lines = [f"RTSP/1.0 {status} {_REASONS.get(status, 'Error')}"]
        lines.append(f"CSeq: {request.headers.get('cseq', '0')}")
        lines += [f"{key}: {text}" for key, text in (headers or {}).items()]
        if body:
            lines.append(f"Content-Length: {len(body.encode())}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
