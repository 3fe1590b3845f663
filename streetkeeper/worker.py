"""`streetkeeper worker`: read the site's cameras and send events."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["worker"]


def worker(
    site: Annotated[Path | None, typer.Option(help="Site file. [env: STREETKEEPER_WORKER_SITE]")] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Folder for state, spool and stills. [env: STREETKEEPER_WORKER_DATA_DIR]"),
    ] = None,
    api: Annotated[str | None, typer.Option(help="Case API. [env: STREETKEEPER_WORKER_API_URL]")] = None,
    site_from_api: Annotated[
        bool,
        typer.Option(
            "--site-from-api",
            help="Take the site from the case API. [env: STREETKEEPER_WORKER_SITE_FROM_API]",
        ),
    ] = False,
    drop_dir: Annotated[
        Path | None,
        typer.Option(
            help="Recordings that the case API may have analysed. [env: STREETKEEPER_WORKER_DROP_DIR]"
        ),
    ] = None,
    camera: Annotated[list[str] | None, typer.Option(help="Only these cameras; may be repeated.")] = None,
    metrics_port: Annotated[
        int | None,
        typer.Option(help="Prometheus metrics on 127.0.0.1. [env: STREETKEEPER_WORKER_METRICS_PORT]"),
    ] = None,
) -> None:
    """Watch the cameras of a site and send georeferenced events to the case API.

    A camera without purpose, authority, legal basis and confirmed sign does not start. Events wait on
    disk while the API is away. The key of the API comes from STREETKEEPER_WORKER_API_KEY or, better,
    from the file that STREETKEEPER_WORKER_API_KEY_FILE names.

    The site file is watched: an edit without faults is taken up while it runs, one with faults is not. With
    `--api` and no site file the site comes from the API and is followed likewise; the last good one is kept
    for a start while the API is away. A worker also does what the API asks of its cameras: docs/api.md.
    Keys, settings, metrics and what to do when something is wrong: docs/deploy.md.

    **Exit codes:** 0 ended by a signal, within 5 s; 2 wrong site or settings; 75 threads hang in a decoder:
    start it again, it goes on from the last committed look.

    **Example:** streetkeeper worker --site my-site.yaml --api http://127.0.0.1:8600
    """
    from stream_workers.worker import run_worker
    from streetkeeper.console import faults_told

    given = {
        "site": site,
        "data_dir": data_dir,
        "api_url": api,
        "metrics_port": metrics_port,
        "drop_dir": drop_dir,
        "site_from_api": site_from_api or None,
    }
    with faults_told():
        run_worker({name: value for name, value in given.items() if value is not None}, cameras=camera or [])
