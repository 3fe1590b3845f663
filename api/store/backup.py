"""Backups of a running store, and putting them back.

A backup is a folder, or a tar file of it: `streetkeeper.sqlite3`, `evidence/xx/NAME`, and `manifest.json`
with the SHA-256 of each. The database is copied by SQLite's own backup, so it is one consistent state;
evidence is named by its content, so each file proves itself. No purge runs meanwhile, so every file that the
copied database names and that was there, is there. Keys to the door (`admin.key`, the session secret) stay
out.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from api.errors import Conflict, NotFound, Unprocessable
from api.store.anchor import ANCHOR_FILE, read_anchor, read_head
from api.store.audit import append_audit
from api.store.audit_reading import verify_audit
from api.store.maintenance import forgetting, replacing
from api.store.migrating import newest_revision
from api.store.opening import DATABASE_FILE, open_store
from api.store.pictures import NAME, PictureFolder
from api.store.times import now_ms

__all__ = ["BackedUp", "back_up", "check_backup", "restore"]

MANIFEST: Final = "manifest.json"
FORMAT: Final = "streetkeeper-backup/1"
PAGES: Final = 2000
READ_BYTES: Final = 1 << 20
Tell = Callable[[str, int, int], None]
"""Takes what is being done, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds."""

    made_at: str
    schema: str
    files: int
    bytes: int


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def back_up(data_dir: Path, to: Path, tell: Tell = lambda *_: None) -> BackedUp:
    """Back a data folder up, also while an API serves from it; the result was read back and checked.

    Args:
        data_dir: Of the API.
        to: A folder that is not there yet, or a file that ends in `.tar`; it appears whole or not at all.
        tell: Hears of the progress.

    Raises:
        NotFound: `data_dir` holds no database.
        Conflict: `to` is there already.
        StoreBusy: A purge or another backup runs.
        Unprocessable: The copy does not check out; nothing is left of it.
    """
    if not (data_dir / DATABASE_FILE).is_file():
        raise NotFound(f"{data_dir} holds no database of the case API.", "Name its folder with --data-dir.")
    if to.exists():
        raise Conflict(f"{to} is there already.", "Name a new folder or file.")
    to.parent.mkdir(parents=True, exist_ok=True)
    arriving = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
    try:
        with forgetting(data_dir):
            arriving.mkdir(mode=0o700)
            _copy_database(data_dir / DATABASE_FILE, arriving / DATABASE_FILE, tell)
            names = _copy_evidence(data_dir, arriving, tell)
        manifest = _write_manifest(arriving, names)
        check_backup(arriving, tell)
        if to.suffix == ".tar":
            packed = arriving.with_name(f"{arriving.name}.tar")
            _pack(arriving, packed)
            packed.replace(to)
        else:
            arriving.replace(to)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
        arriving.with_name(f"{arriving.name}.tar").unlink(missing_ok=True)
    return manifest


def _copy_database(source: Path, target: Path, tell: Tell) -> None:
    with closing(sqlite3.connect(source, timeout=30)) as given, closing(sqlite3.connect(target)) as taken:
        given.execute("PRAGMA query_only = ON")
        given.execute("BEGIN")
        given.execute("SELECT count(*) FROM sqlite_master").fetchone()
        # Within one reading transaction: writers go on, and their changes do not make the copy begin anew.
        given.backup(taken, pages=-1)
        given.execute("ROLLBACK")
        taken.execute("PRAGMA journal_mode = DELETE")
        head = read_head(taken)
    target.chmod(0o600)
    target.with_name(ANCHOR_FILE).write_text(f"{head}\n" if head else "", encoding="ascii")
    tell("database", 1, 1)


def _copy_evidence(data_dir: Path, arriving: Path, tell: Tell) -> list[str]:
    names = list(PictureFolder(data_dir / "evidence").names())
    for number, name in enumerate(names, 1):
        target = arriving / "evidence" / name[:2] / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(data_dir / "evidence" / name[:2] / name, target)
        tell("evidence", number, len(names))
    return names


def _write_manifest(folder: Path, names: list[str]) -> BackedUp:
    size = sum((folder / "evidence" / name[:2] / name).stat().st_size for name in names)
    made = BackedUp(datetime.now(UTC).isoformat(timespec="seconds"), newest_revision(), len(names), size)
    document = {
        "format": FORMAT,
        "made_at": made.made_at,
        "schema": made.schema,
        "database_sha256": _sha256(folder / DATABASE_FILE),
        "evidence_bytes": size,
        "evidence": names,
    }
    path = folder / MANIFEST
    path.write_text(json.dumps(document, indent=0), encoding="utf-8")
    for written in (path, folder / DATABASE_FILE):
        with written.open("rb") as file:
            os.fsync(file.fileno())
    return made


def _pack(folder: Path, packed: Path) -> None:
    packed.touch(mode=0o600)
    with tarfile.open(packed, "w") as archive:
        for name in (MANIFEST, DATABASE_FILE, ANCHOR_FILE, "evidence"):
            if (folder / name).exists():
                archive.add(folder / name, arcname=name)
    with packed.open("rb") as file:
        os.fsync(file.fileno())


def check_backup(folder: Path, tell: Tell = lambda *_: None) -> BackedUp:
    """Read a backup's folder whole: the database's own checks, the audit log's chain, and every SHA-256.

    Raises:
        Unprocessable: Something is missing, too much, or not what it was; the message names it.
    """
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        names = set(document["evidence"])
        made = BackedUp(document["made_at"], document["schema"], len(names), document["evidence_bytes"])
        database_sha256, form = document["database_sha256"], document["format"]
    except (OSError, ValueError, KeyError, TypeError):
        raise _damaged(f"{MANIFEST} is missing or unreadable") from None
    if form != FORMAT or not all(isinstance(name, str) and NAME.match(name) for name in names):
        raise _damaged(f"{MANIFEST} is none of ours")
    database = folder / DATABASE_FILE
    if not database.is_file() or _sha256(database) != database_sha256:
        raise _damaged("the database is missing or changed")
    _check_database(database)
    for number, name in enumerate(sorted(names), 1):
        path = folder / "evidence" / name[:2] / name
        if not path.is_file() or _sha256(path) != name[:64]:
            raise _damaged(f"evidence {name} is missing or changed")
        tell("checked", number, len(names))
    return made


def _check_database(path: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        faults = [] if verdict == "ok" else [str(verdict)]
        faults += verify_audit(path.parent).faults
    except sqlite3.Error as error:
        faults = [str(error)]
    if faults:
        raise _damaged(f"the database or its audit log: {'; '.join(faults)}")


def _damaged(what: str) -> Unprocessable:
    return Unprocessable(f"The backup cannot be used: {what}.", "Take another backup.")


def restore(data_dir: Path, backup: Path, *, replace: bool = False, tell: Tell = lambda *_: None) -> BackedUp:
    """Put a backup into a data folder, after all of it was checked.

    Files first, then the database by one rename: whatever interrupts it before leaves the former database
    with all that it names; after, the new one is there whole.

    Args:
        data_dir: Of the API, which must not run.
        backup: Folder or `.tar` file.
        replace: Overwrite a database that is there.
        tell: Hears of the progress.

    Raises:
        NotFound: There is no such backup.
        Conflict: There is a database, and `replace` was not said.
        StoreBusy: An API, a purge or a backup runs there.
        Unprocessable: The backup is damaged; nothing was changed.
    """
    if not backup.exists():
        raise NotFound(f"There is no backup {backup}.", "Name the folder or .tar file.")
    if (data_dir / DATABASE_FILE).exists() and not replace:
        raise Conflict(
            f"{data_dir} holds a database already.", "Name another folder, or say --replace to overwrite it."
        )
    with replacing(data_dir), forgetting(data_dir), _unpacked(backup, data_dir) as folder:
        made = check_backup(folder, tell)
        if made.schema > newest_revision():
            raise Unprocessable(
                f"The backup has schema {made.schema}, this release knows {newest_revision()}.",
                "Install the newer release.",
            )
        former = read_anchor(data_dir)
        _put_in_place(data_dir, folder, tell)
        _note(data_dir, made, str(former) if former else None)
    return made


def _note(data_dir: Path, made: BackedUp, former: str | None) -> None:
    """Begin the audit log anew where the backup's ends, with an entry that says so.

    The head that is kept beside the log belongs to the log that was replaced; the entry keeps it.
    """
    store = open_store(data_dir)
    try:
        store.write(
            lambda connection: append_audit(
                connection,
                actor="command",
                action="store.restore",
                subject=made.made_at,
                detail={"schema": made.schema, "files": made.files, "former_head": former},
                at_ms=now_ms(),
            )
        ).result()
    finally:
        store.close()


@contextmanager
def _unpacked(backup: Path, data_dir: Path) -> Iterator[Path]:
    if backup.is_dir():
        yield backup
        return
    folder = data_dir / f".restoring.{secrets.token_hex(4)}"
    try:
        with tarfile.open(backup) as archive:
            archive.extractall(folder, filter="data")
        yield folder
    except tarfile.TarError:
        raise _damaged("it is no whole tar file") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(data_dir: Path, folder: Path, tell: Tell) -> None:
    pictures = PictureFolder(data_dir / "evidence")
    names = sorted(path.name for path in (folder / "evidence").glob("??/*") if NAME.match(path.name))
    for number, name in enumerate(names, 1):
        # Written anew where it is there: the one that is there may be damaged, and this one was checked.
        pictures.put(name, (folder / "evidence" / name[:2] / name).read_bytes())
        tell("evidence", number, len(names))
    arriving = data_dir / f".{DATABASE_FILE}.{secrets.token_hex(4)}"
    try:
        shutil.copyfile(folder / DATABASE_FILE, arriving)
        arriving.chmod(0o600)
        with arriving.open("rb") as file:
            os.fsync(file.fileno())
        _settle(data_dir / DATABASE_FILE)
        (data_dir / ANCHOR_FILE).unlink(missing_ok=True)
        arriving.replace(data_dir / DATABASE_FILE)
        descriptor = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)
    finally:
        arriving.unlink(missing_ok=True)
    for name in sorted(set(pictures.names()) - set(names)):
        pictures.delete(name, float("inf"))


def _settle(database: Path) -> None:
    """Bring what waits beside a database into it: left there, it would be played into its successor."""
    if database.exists():
        # A damaged one is perhaps why it is replaced.
        with (
            contextlib.suppress(sqlite3.DatabaseError),
            closing(sqlite3.connect(database, timeout=5)) as connection,
        ):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode = DELETE")
    for suffix in ("-wal", "-shm", "-journal"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
