"""One frozen Settings; `worker.environment` reads it, once, and tells what is wrong."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from domain.job import REMEMBERED_DAYS
from persistence.settings import DatabaseSettings, parts
from worker.processes.cores import available_cores
from worker.sources.errors import WrongRoot
from worker.sources.roots import Roots

OWN_KEY = re.compile(r"counterfoil:|arq:(?!queue)|.*:health-check$")
"""What arq, or we, keep other things under in Redis: a queue of such a name would be one key with two meanings."""


def _no_own_key(queue: str) -> str:
    if OWN_KEY.match(queue):
        raise ValueError("a key of arq's or ours, and no name of a queue; expected such as arq:queue, or bulk")
    return queue


Queue = Annotated[str, Field(pattern=r"^[\w.:-]{1,100}$"), AfterValidator(_no_own_key)]
"""A queue's name; `enqueue_job` of the database has the same rule."""

MOST_PROCESSES = 1000
"""Far more than a machine has use for: a slip of the finger must not take all its memory."""

Numbers = Annotated[dict[str, Annotated[int, Field(ge=1)]], NoDecode]
"""Numbers by name, written `name=number,name=number`."""


ARQS_QUEUE = "arq:queue"
"""The queue of stock arq, where nobody says another."""


def _default_queue(given: dict[str, Any]) -> str:
    queues = given.get("queues") or (ARQS_QUEUE,)
    return ARQS_QUEUE if ARQS_QUEUE in queues else queues[-1]


class Settings(DatabaseSettings):
    """Everything that can be set, with its environment variable, unit and default.

    The URLs are `DATABASE_URL` and `REDIS_URL`; every other field is `COUNTERFOIL_` and its name in capitals.
    """

    redis_url: SecretStr = Field(validation_alias="REDIS_URL")
    queues: Annotated[tuple[Queue, ...], NoDecode] = ()
    """Queues to work on, separated by commas, those first that come first; unset: `queue` alone."""
    queue: Queue = Field(default_factory=_default_queue)
    """The queue to work on, and to which schedules and the shell's commands send.

    Unset: stock arq's `arq:queue`; where `queues` are named without it, the last of them, which is the least urgent.
    """
    queue_weights: Numbers = Field({}, validate_default=False)
    """Each queue's share of the slots, such as high=6,default=3,bulk=1; unset: the first queue's jobs always first."""
    queue_max_running: Numbers = Field({}, validate_default=False)
    """How many jobs of a queue may run at a time in all workers together, such as bulk=2."""
    job_max_running: Numbers = Field({}, validate_default=False)
    """How many jobs of a name may run at a time in all workers together, such as bulk_insert=4."""
    lease: float = Field(10, ge=0.5, le=3600)
    """Seconds for which a job is a worker's before it must renew its claim: a killed worker's jobs wait so long."""
    concurrency: int = Field(10, ge=1, le=1000)
    """Jobs at a time in one worker process."""
    processes: int = Field(default_factory=available_cores, ge=1, le=MOST_PROCESSES)
    """Processes of one `counterfoil worker`, unless `--processes` says else; unset: one for each core."""
    workers: int = Field(1, ge=1)
    """How many `counterfoil worker` the whole deployment runs; `check` compares all pools with max_connections."""
    recycle_jobs: int | None = Field(None, ge=1)
    """Jobs after which a worker process is replaced by a fresh one; unset: never."""
    recycle_mb: int | None = Field(None, ge=1)
    """Resident memory, in MB of 1,000,000 bytes, above which a worker process is replaced; unset: never."""
    job_timeout: float = Field(300, gt=0, le=86_400)
    """Seconds that one job may run."""
    shutdown_grace: int = Field(30, ge=1, le=86_400)
    """Seconds that a stopping worker waits for the jobs that it runs."""
    result_ttl: int = Field(3600, ge=1, le=31_536_000)
    """Seconds for which Redis keeps a job's result."""
    max_rows: int = Field(10_000, ge=1)
    """Rows (or keys, or ids) that one job may name."""
    max_bytes: int = Field(16 * 1024 * 1024, ge=1024)
    """Bytes that one job's payload may have, and one record of a source."""
    keep_finished_days: float = Field(7, ge=REMEMBERED_DAYS, le=36_525)
    """Days for which the job table keeps what succeeded or was cancelled, and so knows its id."""
    keep_dead_days: float = Field(90, ge=REMEMBERED_DAYS, le=36_525)
    """Days for which it keeps dead jobs."""
    retention_days: float | None = Field(None, gt=0, le=36_525)
    """Days after which soft-deleted rows are purged every night; unset: never."""
    sources: Annotated[tuple[str, ...], NoDecode] = ()
    """Roots below which the sources of bulk jobs may lie, separated by commas; unset: no job may name a URL.

    Such as file:///srv/imports, s3://bucket/prefix or https://exports.example.com/.
    """
    sources_private_hosts: bool = False
    """Whether http sources may have addresses of the own network too, save link-local ones."""
    health_port: int | None = Field(None, ge=0, le=65_535)
    """The port of /live, /ready and /metrics, 0 for any free one; unset: none."""
    health_host: str = "0.0.0.0"  # noqa: S104 - probes and scrapers come from other machines; nothing secret is told
    """The address on which that port is opened."""
    stuck_seconds: float = Field(30, ge=0.1, le=86_400)
    """Seconds for which the event loop may stand still before /live asks for a restart."""
    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("queues", "sources", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)

    @field_validator("queue_weights", "queue_max_running", "job_max_running", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().rpartition("=") for part in value.split(",") if part.strip()]
        if not all(name and number.isdecimal() for name, _, number in pairs):
            raise ValueError("expected name=number, separated by commas")
        return {name.strip(): int(number) for name, _, number in pairs}

    @field_validator("queues")
    @classmethod
    def _refuse_twice(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({queue for queue in value if value.count(queue) > 1}):
            raise ValueError(f"names {', '.join(twice)} twice; name each queue once, in the order of urgency")
        return value

    @field_validator("sources")
    @classmethod
    def _check_sources(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            Roots.parse(value)
        except WrongRoot as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("queue_weights")
    @classmethod
    def _weigh_all(cls, value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        queues = set(info.data.get("queues", ()))
        if value and set(value) != queues:
            strange = ", ".join(sorted(queues ^ set(value)))
            raise ValueError(f"weights and COUNTERFOIL_QUEUES must name the same queues; the difference is {strange}")
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis(cls, value: SecretStr) -> SecretStr:
        # Not by arq's own parser: migrations read these settings, and know nothing of queues.
        if not _is_redis_url(value.get_secret_value()):
            raise ValueError("not a Redis URL; expected redis://:password@host:6379/0")
        return value

    @classmethod
    def hidden(cls) -> tuple[str, ...]:
        """Return the endings of the variables whose values no message shows."""
        return ("_URL", "_SOURCES")


def queues_of(settings: Settings) -> tuple[str, ...]:
    """Return the queues that a worker with these settings works on."""
    return settings.queues or (settings.queue,)


def without_password(url: SecretStr) -> str:
    """Return a URL that may be printed."""
    parts = urlsplit(url.get_secret_value())
    parts = parts._replace(query="")  # which may hold a password too
    if parts.password is None:
        return parts.geturl()
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{parts.username or ''}:***@{host}").geturl()


def _is_redis_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError for one that is no number
    except ValueError:
        return False
    database = parts.path.strip("/")
    return parts.scheme == "unix" or (parts.scheme in {"redis", "rediss"} and (not database or database.isdecimal()))
