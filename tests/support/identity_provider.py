"""Identity providers: Canaille, which others run, and one of our own that lies on demand."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "streetkeeper", "known to both"
PASSWORD = "four words in a row"  # noqa: S105  of a test
CALLBACK = "/sign-in/oidc/callback"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


TOKEN_S = 1.1


class Canaille:
    """Canaille as a process, with people and groups in a database of its own."""

    def __init__(self, folder: Path, callback: str) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._callback = callback
        self.turn_key()

    def turn_key(self) -> None:
        """Sign with a new key from the next start on."""
        key = RSAKey.generate_key(2048, private=True).as_dict(private=True)
        inline = ", ".join(f"{name} = {json.dumps(value)}" for name, value in key.items())
        (self._folder / "canaille.toml").write_text(
            f'SECRET_KEY = "{secrets.token_hex(16)}"\nSERVER_NAME = "127.0.0.1:{self.port}"\n'
            'PREFERRED_URL_SCHEME = "http"\n[CANAILLE]\nDATABASE = "sql"\n'
            f'[CANAILLE_SQL]\nDATABASE_URI = "sqlite:///{self._folder / "canaille.sqlite"}"\n'
            f"[CANAILLE_OIDC]\nACTIVE_JWKS = [{{ {inline} }}]\n",
            encoding="utf-8",
        )

    def _command(self, *words: str) -> list[str]:
        return [str(Path(sys.executable).parent / "canaille"), *words]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "CANAILLE_CONFIG": str(self._folder / "canaille.toml")}

    def _do(self, *words: str) -> None:
        done = subprocess.run(self._command(*words), env=self._environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def fill(self) -> None:
        """Its schema, our client, and people: alice is an operator, bob is in no group."""
        self._do("install")
        for name in ("alice", "bob"):
            self._do(
                "create", "user", "--user-name", name, "--password", PASSWORD, "--family-name", "Wang",
                "--display-name", name, "--emails", f"{name}@city.example",
            )  # fmt: skip
        self._do("create", "group", "--display-name", "sk-operators", "--members", "alice")
        self._do(
            "create", "client", "--client-id", CLIENT, "--client-secret", SECRET, "--client-name", "SK",
            "--redirect-uris", self._callback, "--grant-types", "authorization_code",
            "--response-types", "code",
            "--scope", "openid", "--scope", "profile", "--scope", "groups",
            "--token-endpoint-auth-method", "client_secret_basic", "--client-uri", "http://127.0.0.1",
        )  # fmt: skip
        self._do("set", "client", CLIENT, "--audience", CLIENT)

    @contextmanager
    def running(self) -> Iterator[None]:
        with (self._folder / "canaille.log").open("ab") as log:
            process = subprocess.Popen(
                self._command("run", "--bind", f"127.0.0.1:{self.port}"),
                env=self._environment(),
                stdout=log,
                stderr=log,
            )
            try:
                self._wait(process)
                yield
            finally:
                process.terminate()
                process.wait(timeout=30)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            assert process.poll() is None, (self._folder / "canaille.log").read_text()
            try:
                if httpx.get(f"{self.issuer}/.well-known/openid-configuration", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("the provider never listened")

    def log_in(self, browser: httpx.Client, address: str, name: str) -> str:
        """Go through its pages as a person does; gives the address that it sends the browser back to.

        Two tokens that it makes for one person in one second are the same, which its own database refuses.
        """
        time.sleep(TOKEN_S)
        for _ in range(12):
            if urlsplit(address).path == CALLBACK:
                return address
            page = browser.get(address)
            if not page.is_redirect:
                token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
                assert token is not None, page.text[:2000]
                fields = {
                    "csrf_token": token.group(1),
                    "login": name,
                    "password": PASSWORD,
                    "answer": "accept",
                }
                page = browser.post(str(page.url), data=fields)
                assert page.is_redirect, page.text[:2000]
            assert page.next_request is not None
            address = str(page.next_request.url)
        raise AssertionError(f"the provider never sent the browser back; last {address}")


@dataclass
class Liar:
    """What our own provider says; tests change single claims, keys and answers."""

    issuer: str
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}, private=True))
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    sign_with: Any = None
    published: list[Any] | None = None
    token: Callable[[str], str] | None = None
    userinfo: dict[str, Any] | None = None
    nonce: str = ""
    challenge: str = ""
    asked: list[str] = field(default_factory=list)
    posted: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                **({"userinfo_endpoint": f"{self.issuer}/userinfo"} if self.userinfo else {}),
                **self.metadata,
            }
        if path == "/jwks":
            keys = self.published if self.published is not None else [self.key.as_dict(private=False)]
            return 200, {"keys": keys}
        if path == "/userinfo":
            return 200, self.userinfo
        if path == "/token":
            token = self.signed()
            token = self.token(token) if self.token else token
            return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}
        return 404, {}

    def signed(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "0815", "nonce": self.nonce,
            "iat": now, "exp": now + 300,
            "groups": ["sk-operators"], "preferred_username": "alice", **self.claims,
        }  # fmt: skip
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        kept = {name: value for name, value in claims.items() if value is not None}
        algorithms = ["RS256", "ES256", "HS256", "none"]
        return jwt.encode(header, kept, self.sign_with or self.key, algorithms=algorithms)


@contextmanager
def lying_provider() -> Iterator[Liar]:
    """Our own provider on a free port."""
    liar = Liar(issuer="")

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            status, document = liar.answer(urlsplit(self.path).path)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._reply()

        def do_POST(self) -> None:
            size = int(self.headers.get("Content-Length", 0))
            liar.posted = parse_qs(self.rfile.read(size).decode())
            self._reply()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    liar.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def other_key(kid: str = "two") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid}, private=True)


def elliptic_key(kid: str = "three") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid}, private=True)
