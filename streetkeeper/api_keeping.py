"""`streetkeeper api purge`, `backup` and `restore`: what is kept, and for how long."""

import json
from pathlib import Path
from typing import Annotated

import typer

from streetkeeper.api_store import DataDir, api_settings, known_folder

__all__ = ["backup", "purge", "restore"]


def purge(
    data_dir: DataDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
) -> None:
    """Delete what has been kept for long enough: rows, then evidence that nothing names any more.

    What stands under a legal hold or in a case stays. The proof (counts, a hash over the ids, the SHA-256 of
    each file) is written into the audit log. A purge that was killed goes on when it is started again; a
    running API may go on too, and purges by itself once a day. Days: docs/api.md.

    Prints one JSON line.

    **Exit codes:** 0 done; 2 wrong settings, no database, or another purge or a backup runs.

    **Example:** streetkeeper api purge --dry-run --data-dir /var/lib/streetkeeper/api
    """
    from api.retention import read_retention
    from api.store import open_store
    from api.store.maintenance import forgetting
    from api.store.purge import plan_purge
    from api.store.purge import purge as delete
    from streetkeeper.console import faults_told, say

    with faults_told():
        settings = api_settings(data_dir=data_dir)
        retention = read_retention(settings.retention_days)
        store = open_store(known_folder(data_dir))
        try:
            if dry_run:
                purged = plan_purge(store, retention)
            else:
                with forgetting(settings.data_dir):
                    purged = delete(store, retention)
        finally:
            store.close()
    rows = dict(sorted(purged.rows.items()))
    say(json.dumps({"deleted": not dry_run, "rows": rows, "files": purged.files, "bytes": purged.bytes}))


def backup(
    to: Annotated[Path, typer.Argument(help="A new folder, or a new file that ends in .tar.")],
    data_dir: DataDir = None,
) -> None:
    """Back up database and evidence, also while the API runs; all of it is read back and checked.

    Purges wait meanwhile. Neither `admin.key` nor the secret of sessions is in it: who has a backup cannot
    sign in. It holds everything else, so keep it as safe as the API's folder.

    **Exit codes:** 0 made and checked; 2 no database, the name is taken, no room, or a purge runs.

    **Example:** streetkeeper api backup /backup/2026-05-01.tar --data-dir /var/lib/streetkeeper/api
    """
    from api.store.backup import back_up
    from streetkeeper.console import faults_told, say, work_told

    with faults_told():
        with work_told() as tell:
            made = back_up(api_settings(data_dir=data_dir).data_dir, to, tell)
        say(f"{to}: schema {made.schema}, {made.files} evidence files of {made.bytes} bytes; checked")


def restore(
    backup: Annotated[Path, typer.Argument(help="Folder or .tar file of `api backup`.")],
    data_dir: DataDir = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite the database that is there.")] = False,
) -> None:
    """Put a backup back, after all of it was checked; stop the API first.

    Where there is a database, nothing is done without `--replace`. Interrupted, the former one stays whole.

    **Exit codes:** 0 restored; 2 damaged or no backup, a database is there, or an API runs.

    **Example:** streetkeeper api restore /backup/2026-05-01.tar --data-dir /var/lib/streetkeeper/api
    """
    from api.store.backup import restore as put_back
    from streetkeeper.console import faults_told, say, work_told

    with faults_told():
        folder = api_settings(data_dir=data_dir).data_dir
        with work_told() as tell:
            made = put_back(folder, backup, replace=replace, tell=tell)
        say(f"{folder}: as of {made.made_at}, schema {made.schema}, {made.files} evidence files")
