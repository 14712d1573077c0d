"""The command `counterfoil`: its sub-commands, each from a file of its own."""

import sys
from pathlib import Path

import typer

from worker.cli.audit import audit
from worker.cli.cancel import cancel
from worker.cli.check import check
from worker.cli.demo import demo
from worker.cli.dev import dev
from worker.cli.drop import drop
from worker.cli.enqueue import enqueue
from worker.cli.find import find
from worker.cli.import_file import import_file
from worker.cli.job import job
from worker.cli.jobs import jobs
from worker.cli.migrate import migrate, revision
from worker.cli.rejects import rejects
from worker.cli.report import report
from worker.cli.retry import retry
from worker.cli.schedule import app as schedule
from worker.cli.top import top
from worker.cli.worker import worker


def build() -> typer.Typer:
    """Return the command line."""
    app = typer.Typer(
        name="counterfoil",
        help="Audited background writes for PostgreSQL.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # a traceback with local variables would print payloads
    )
    servers = (dev, check, migrate, revision, worker, top)
    for command in (*servers, enqueue, jobs, job, rejects, report, retry, drop, cancel, find, audit, demo):
        app.command()(command)
    app.command("import")(import_file)
    app.add_typer(schedule, name="schedule")
    return app


def main() -> None:
    """Run the command line; a team's own modules may lie in the current folder, as for Alembic or Celery."""
    # Last, so that nothing there takes the place of an installed module.
    sys.path.append(str(Path.cwd()))
    build()()
