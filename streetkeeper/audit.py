"""`streetkeeper audit`: whether the audit log is as it was written."""

from typing import Annotated

import typer

from streetkeeper.api_store import DataDir, known_folder

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Check the audit log of the case API: who read which evidence, took what away and changed what.",
)


@app.command("verify")
def verify(
    head: Annotated[
        str | None, typer.Option(help="A head noted before, as NUMBER:HASH, to be compared as well.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Walk the chain of the audit log and tell every change, gap and cut; also while the API runs.

    Each entry carries the hash of all before it. The newest one also stands in the file `audit.head` beside
    the database, so that a log cut short is found; note the line that this prints elsewhere, and a log that
    was rewritten together with that file is found too.

    **Exit codes:** 0 as it was written; 1 changed, cut or rewritten; 2 no database, or no head in --head.

    **Example:** streetkeeper audit verify --data-dir DIR
    """
    from api.store.anchor import Anchor
    from api.store.audit_reading import verify_audit
    from streetkeeper.console import faults_told, say

    noted = Anchor.from_text(head) if head is not None else None
    if head is not None and noted is None:
        say("--head: give NUMBER:HASH, as an earlier run printed it")
        raise typer.Exit(2)
    with faults_told():
        found = verify_audit(known_folder(data_dir), noted)
    for fault in found.faults:
        say(f"fault: {fault}")
    say(f"{found.entries} entries, head {found.head or 'none'}")
    say(
        "the audit log is as it was written" if not found.faults else "the audit log is NOT as it was written"
    )
    raise typer.Exit(1 if found.faults else 0)
