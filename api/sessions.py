"""Signed, expiring sign-ins of the browser page, and the secret that signs them."""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path

__all__ = ["COOKIE", "Sessions", "write_private"]

COOKIE = "streetkeeper_session"
MAX_COOKIE_LENGTH = 300


class Sessions:
    """Makes and reads session cookies; the cookie names a key, never holds it.

    Args:
        secret_file: Where the signing secret is kept; made where it is missing.
        lasts_s: Seconds that a sign-in lasts.
    """

    def __init__(self, secret_file: Path, lasts_s: float) -> None:
        self.lasts_s = int(lasts_s)
        if not secret_file.is_file():
            write_private(secret_file, secrets.token_bytes(32))
        self._secret = secret_file.read_bytes()

    def seal(self, key_id: str) -> str:
        """The cookie's value for a key that was just checked."""
        claim = f"{key_id}.{int(time.time()) + self.lasts_s}"
        return f"{claim}.{self._sign(claim)}"

    def open(self, cookie: str) -> str | None:
        """The key id in a genuine cookie that has not run out; None for any other string."""
        if len(cookie) > MAX_COOKIE_LENGTH or not cookie.isascii():
            return None
        claim, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature, self._sign(claim)):
            return None
        key_id, _, until = claim.partition(".")
        return key_id if int(until) > time.time() else None

    def _sign(self, claim: str) -> str:
        digest = hmac.digest(self._secret, b"session:" + claim.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all, and durably."""
    arriving = path.with_name(f".{path.name}.{binascii.hexlify(os.urandom(6)).decode()}")
    descriptor = os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    arriving.replace(path)
