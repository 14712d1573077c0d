"""The steps of the demonstration: commands, run one after another beside a worker process."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from shlex import quote

from redis import Redis

from worker.client import health_key

SAMPLE = Path(str(files("worker.demo").joinpath("tasks.csv")))
"""2,400 tasks of 12 projects, made up for this demonstration."""

PROJECT = "kelp"
TASK = "KEL-7"
"""A blocked task of that project."""

_READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the story: its title, and the arguments of `counterfoil`."""

    title: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """A step that was run, with its seconds from the start of its process to the end."""

    step: Step
    seconds: float


class StepFailedError(Exception):
    """A command of the demonstration ended with an exit code other than 0."""


def story() -> list[Step]:
    """Return the steps in order."""
    deletion = f"demo-delete-{secrets.token_hex(3)}"
    file = str(SAMPLE)
    task_map = ("key=key", "title=title", "description=description", "status=status", "priority=priority", "tags=tags")
    related = ("project.key=project", "project.name=project_name", "assignee.key=assignee", "assignee.name=assignee")
    maps = [part for name in (*task_map, *related) for part in ("--map", name)]
    tasks = ("import", file, "--entity", "task", *maps, "--create-missing", "project", "--create-missing", "assignee")
    where, changes = {"project.key": PROJECT, "status": "blocked"}, {"status": "doing", "priority": "high"}
    update = json.dumps({"entity": "task", "where": where, "changes": changes})
    delete = json.dumps({"entity": "project", "key": PROJECT, "cascade": True})
    restore = json.dumps({"job_id": deletion})
    return [
        Step("Tasks, with the projects and members that they name", tasks),
        Step("The same file again", (*tasks, "--on-conflict", "skip")),
        Step("Update", ("enqueue", "update", update, "--actor", "ada", "--reason", "unblocked by legal", "--wait")),
        Step(
            "Soft delete, with what it owns",
            ("enqueue", "soft_delete", delete, "--actor", "boris", "--job-id", deletion, "--wait"),
        ),
        Step(
            "Restore exactly that",
            ("enqueue", "restore", restore, "--actor", "chen", "--reason", "boris was mistaken", "--wait"),
        ),
        Step("What the deletion was", ("job", deletion)),
        Step("The life of one task", ("audit", "task", "--key", TASK)),
    ]


def run_step(step: Step, environment: Mapping[str, str]) -> Timed:
    """Print a step's command, run it, and return it with its time; raises StepFailedError."""
    typed = " ".join(quote(argument) for argument in step.arguments).replace(str(SAMPLE), SAMPLE.name)
    print(f"\n# {step.title}\n$ counterfoil {typed}", flush=True)
    started = time.perf_counter()
    ended = subprocess.run([sys.executable, "-m", "worker.cli", *step.arguments], env=environment, check=False)
    if ended.returncode != 0:
        raise StepFailedError(f"`counterfoil {typed}` ended with exit code {ended.returncode}, expected 0")
    return Timed(step, time.perf_counter() - started)


@contextmanager
def worker_process(environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run `counterfoil worker` for the time of the block, its log in a file; ends it by SIGTERM."""
    with log.open("wb") as stream:
        # Not stopped by a terminal's Ctrl-C, but by us, when the steps no longer need it.
        worker = subprocess.Popen(
            [sys.executable, "-m", "worker.cli", "worker", "--processes", "1"],
            env=environment,
            stderr=stream,
            start_new_session=True,
        )
        try:
            _wait_until_ready(worker, environment, log)
            yield
        finally:
            worker.terminate()
            worker.wait()


def _wait_until_ready(worker: "subprocess.Popen[bytes]", environment: Mapping[str, str], log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with Redis.from_url(environment["REDIS_URL"]) as redis:
        while not redis.exists(health_key(environment["COUNTERFOIL_QUEUE"])):
            if worker.poll() is not None or time.monotonic() > deadline:
                raise StepFailedError(f"the worker did not start within {_READY_SECONDS:.0f} s; see {os.fspath(log)}")
            time.sleep(0.02)
