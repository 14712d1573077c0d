"""What `counterfoil retry` and `counterfoil drop` share: which dead jobs are meant, and who acts."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Protocol

import typer

from domain.errors import JobsRefused
from domain.origin import Origin
from persistence.database import open_database
from persistence.dead_jobs import Page
from persistence.job_list import require_name
from persistence.reader import reader
from worker.cli.asker import operator_origin
from worker.cli.run import REFUSED, fail, run
from worker.composition import open_redis
from worker.operator import Operator
from worker.settings import Settings

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="ids of dead jobs: all of them, or none")]
All = Annotated[bool, typer.Option("--all", help="all dead jobs that --job and --error mean")]
JobOption = Annotated[str | None, typer.Option("--job", metavar="NAME", help="with --all: only jobs of this name")]
ErrorOption = Annotated[
    str | None, typer.Option(metavar="TEXT", help="with --all: only jobs whose last error holds this")
]
Yes = Annotated[bool, typer.Option("--yes", help="with --all and no filter: really all of them")]
ActorOption = Annotated[str | None, typer.Option(help="who acts; the operating system's user")]
ReasonOption = Annotated[str | None, typer.Option(help="why, in words")]


class TakesAll(Protocol):
    """An operator's action on all dead jobs that fit."""

    def __call__(self, operator: Operator, /, *, name: str | None, error: str | None) -> AsyncIterator[Page]:
        """Act page by page."""


def act(
    done: str,
    on_ids: Callable[[Operator, Sequence[str]], Awaitable[int]],
    on_all: TakesAll,
    ids: Sequence[str] | None,
    every: bool,
    name: str | None,
    error: str | None,
    yes: bool,
    actor: str | None,
    reason: str | None,
) -> None:
    """Act on the jobs that the options mean, and say how many are `done`; exit code 1 when one was refused."""
    named = list(dict.fromkeys(ids or ()))
    _refuse_unclear(named, every=every, filtered=name is not None or error is not None, yes=yes)
    origin = operator_origin(actor, reason)

    async def command(settings: Settings) -> int:
        async with AsyncExitStack() as stack:
            operator = await _operator(stack, settings, origin, name)
            if named:
                print(f"{_jobs(await on_ids(operator, named))} {done}")
            else:
                await _all(on_all(operator, name=name, error=error), done)
        return 0

    run_or_refuse(command)


def run_or_refuse(command: Callable[[Settings], Awaitable[int]]) -> None:
    """Run a command; a refused job is one line, and exit code 1."""

    async def refusing(settings: Settings) -> int:
        try:
            return await command(settings)
        except JobsRefused as error:
            fail(str(error), REFUSED)

    run(refusing)


def _refuse_unclear(ids: Sequence[str], *, every: bool, filtered: bool, yes: bool) -> None:
    if bool(ids) == every:
        fail("say either the IDs of jobs, or --all")
    if filtered and not every:
        fail("--job and --error go with --all")
    if every and not (filtered or yes):
        fail("--all without --job or --error means every dead job; add --yes if that is what you want")


async def _operator(stack: AsyncExitStack, settings: Settings, origin: Origin, name: str | None) -> Operator:
    database = await stack.enter_async_context(open_database(settings))
    async with reader(database.sessions) as read:
        await require_name(read, name)
    redis = await stack.enter_async_context(open_redis(settings))
    return Operator(database.sessions, redis, settings, origin)


async def _all(pages: AsyncIterator[Page], done: str) -> None:
    changed = left = 0
    async for page in pages:
        changed, left = changed + len(page.changed), left + page.left
    print(f"{_jobs(changed)} {done}")
    if left:
        typer.echo(
            f"{_jobs(left)} left: no payload that could be read, or no actor; see `counterfoil job ID`", err=True
        )


def _jobs(number: int) -> str:
    return f"{number:,} job{'' if number == 1 else 's'}"
