"""Runs the API until it is told to stop."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.auditing import note_settings
from api.duty.keeping import case_duties
from api.errors import StoreBusy
from api.main import create_app
from api.periodic import Duty, kept_up
from api.retention import read_retention
from api.roles import Role
from api.settings import ApiSettings
from api.store import Store, open_store
from api.store.commands import expire_commands, forget_commands
from api.store.keys import has_keys, insert_key, new_secret_key
from api.store.maintenance import forgetting, serving
from api.store.outside import delete_left_over
from api.store.private import write_private
from api.store.purge import purge
from api.store.times import now_ms

__all__ = ["ADMIN_KEY_FILE", "ensure_admin_key", "run"]

log = logging.getLogger(__name__)

ADMIN_KEY_FILE = "admin.key"
GRACE_S = 3
DAY_S = 86_400.0
COMMANDS_EVERY_S = 30.0


def ensure_admin_key(store: Store) -> Path | None:
    """Make an admin key where no key was ever made; gives the file that it stands in, or None."""
    if has_keys(store):
        return None
    key = new_secret_key()
    path = store.data_dir / ADMIN_KEY_FILE
    # The file first: a crash in between leaves a file that the next start replaces, never a lost key.
    write_private(path, f"{key}\n".encode())
    insert_key(store, Role.ADMIN, "first start", key)
    return path


def run(settings: ApiSettings, say: Callable[[str], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand get three seconds.

    Args:
        settings: Where to listen and what to keep where.
        say: Takes sentences for the person who started it: where it listens, where the first key stands.

    Raises:
        StorageFull: The data folder cannot be written.
        StoreBusy: The data folder is just being restored.
        MigrationRefused: The database was written by a newer release.
    """
    store = open_store(settings.data_dir)
    try:
        path = ensure_admin_key(store)
        note_settings(store, settings)
        if path is not None:
            log.warning("admin key made", extra={"path": str(path)})
            if say:
                say(f"The first admin key is in {path} (only its owner can read it).")
        server = uvicorn.Server(server_config(settings, create_app(settings, store)))
        if say:
            say(f"The case API listens on http://{settings.host}:{settings.port}/ and stops on Ctrl-C.")
        duties = [*case_duties(store), Duty("commands", COMMANDS_EVERY_S, lambda: keep_commands(store))]
        if settings.purge_daily:
            duties.append(Duty("purge", DAY_S, lambda: purge_quietly(store, settings)))
        with serving(store.data_dir), _orderly_end(), kept_up(duties):
            server.run()
    finally:
        store.close()


def keep_commands(store: Store) -> None:
    """End commands that nobody did in time, forget old ones, and delete the originals of masked pictures."""
    store.write(lambda connection: expire_commands(connection, now_ms())).result()
    store.write(lambda connection: forget_commands(connection, now_ms())).result()
    delete_left_over(store)


def purge_quietly(store: Store, settings: ApiSettings) -> None:
    """Delete what has been kept for long enough; a backup or purge in hand is left alone."""
    try:
        with forgetting(store.data_dir):
            purged = purge(store, read_retention(settings.retention_days), "service")
    except StoreBusy:
        log.info("purge left out", extra={"reason": "a purge or backup runs"})
        return
    log.info("purged", extra={"rows": dict(purged.rows), "files": purged.files, "bytes": purged.bytes})


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let the server return after SIGTERM or SIGINT.

    It raises the signal again when it is done, which would end the process before the store is closed;
    with a handler in place it only returns.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopping = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: None) for number in stopping]
    try:
        yield
    finally:
        for number, handler in zip(stopping, before, strict=True):
            signal.signal(number, handler)


def server_config(settings: ApiSettings, app: FastAPI) -> uvicorn.Config:
    """How the server listens."""
    # Our own line has the route's pattern; theirs has the path and query, which are the caller's text.
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        proxy_headers=settings.behind_proxy,
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=15,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="off",
    )
