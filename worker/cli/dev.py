"""`counterfoil dev`."""

import os
import shlex
import signal

import typer

from worker.cli.run import one_line_errors
from worker.cli.servers import DATA, development_servers
from worker.environment import load_settings
from worker.migrate import reach_database, upgrade


def dev() -> None:
    """Start PostgreSQL and Redis for development, migrated, print their URLs, and stay until Ctrl-C.

    Data is kept under .counterfoil/; servers named by DATABASE_URL and REDIS_URL are used instead.
    """
    with one_line_errors(), development_servers(DATA) as urls:
        try:
            settings = load_settings({**os.environ, **urls})
            reach_database(settings)
            upgrade(settings)
            print("export " + " ".join(f"{name}={shlex.quote(url)}" for name, url in urls.items()), flush=True)
            typer.echo("Servers are up and migrated; Ctrl-C stops them.", err=True)
            signal.pause()
        except KeyboardInterrupt:
            typer.echo("Stopping.", err=True)
