"""How a command runs: settings read, errors as one line, an exit code."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from domain.errors import CounterfoilError
from worker.environment import load_settings
from worker.settings import Settings

REFUSED = 1
"""Exit code when a job failed, rows were refused, or a check found something."""

USAGE = 2
"""Exit code when the command could not start: wrong arguments or settings, a server that does not answer."""


def run(command: Callable[[Settings], Awaitable[int]]) -> NoReturn:
    """Run a command with the settings of the environment, and exit with the code that it returns.

    An error of the business is one line on standard error and exit code 2; Ctrl-C is exit code 130.
    """
    with one_line_errors():
        settings = load_settings()
        code = asyncio.run(_main(command, settings))
    raise typer.Exit(code)


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn errors that the operator can mend into one line and exit code 2."""
    try:
        yield
    except CounterfoilError as error:
        fail(str(error))
    except RedisError as error:
        fail(f"Redis went away ({type(error).__name__}); start it, or correct REDIS_URL")
    except DBAPIError as error:
        # The class alone: the database's own words may hold values.
        cause = error.orig.__cause__ if error.orig is not None else None
        why = type(cause or error.orig or error).__name__
        fail(f"the database refused a statement, or went away ({why}); look into its log, or correct DATABASE_URL")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def fail(message: str, code: int = USAGE) -> NoReturn:
    """Print one line on standard error and exit."""
    print(f"counterfoil: {message}", file=sys.stderr)
    raise typer.Exit(code) from None


def system_user() -> str:
    """Return the actor of a command for which nobody named one: the operating system's user."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user often has no name
        return f"cli:{os.getuid()}"


async def _main(command: Callable[[Settings], Awaitable[int]], settings: Settings) -> int:
    return await command(settings)
