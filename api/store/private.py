"""Files that only their owner reads."""

import os
import secrets
from pathlib import Path

__all__ = ["write_private"]


def write_private(path: Path, content: bytes, *, is_synced: bool = True) -> None:
    """Write a file that only its owner reads, whole or not at all.

    Args:
        path: Where.
        content: What; small.
        is_synced: Whether it must survive a power cut the moment that this returns.

    Raises:
        OSError: It cannot be written; what stood there before still does.
    """
    arriving = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(arriving, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, content)
        if is_synced:
            os.fsync(descriptor)
    except OSError:
        arriving.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    arriving.replace(path)
