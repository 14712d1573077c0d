"""`counterfoil cancel`."""

from typing import Annotated

import typer

from persistence.database import open_database
from worker.cli.asker import operator_origin
from worker.cli.dead import ActorOption, ReasonOption, run_or_refuse
from worker.composition import open_redis
from worker.operator import Operator
from worker.settings import Settings


def cancel(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="ids of queued jobs: all of them, or none")],
    actor: ActorOption = None,
    reason: ReasonOption = None,
) -> None:
    """End queued jobs for good; what runs at this moment is stopped and rolled back. Audited as your action."""
    origin = operator_origin(actor, reason)

    async def command(settings: Settings) -> int:
        async with open_database(settings) as database, open_redis(settings) as redis:
            number = await Operator(database.sessions, redis, settings, origin).cancel(list(dict.fromkeys(ids)))
        print(f"{number:,} job{'' if number == 1 else 's'} cancelled")
        return 0

    run_or_refuse(command)
