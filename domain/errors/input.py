"""What is wrong with a job or its arguments."""

from dataclasses import dataclass

from domain.errors.base import CounterfoilError, Invalid, Problem, listed, unknown


@dataclass(eq=False)
class UnknownName(CounterfoilError):
    """A job, entity, field, operator or setting that does not exist."""

    kind: str
    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        """Name the nearest valid name, or all of them."""
        return unknown(self.kind, self.name, self.known)


@dataclass(eq=False)
class InvalidCommand(Invalid):
    """The arguments of a job do not fit its command."""

    job: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List the problems by argument."""
        return f"{self.job}: {listed(self.found)}; correct the arguments and send the job again"


@dataclass(eq=False)
class InvalidRows(Invalid):
    """Rows or changes that do not fit the entity's schema; nothing of the batch was written."""

    entity: str
    found: tuple[Problem, ...]

    def __str__(self) -> str:
        """List the first problems by row."""
        return f"{self.entity}: {listed(self.found)}; nothing was written, correct this and send the job again"


@dataclass(eq=False)
class TooLarge(CounterfoilError):
    """More rows or bytes than one job may carry."""

    what: str
    size: int
    limit: int
    setting: str

    def __str__(self) -> str:
        """Name the limit and the two ways out."""
        return f"{self.size} {self.what} in one job, at most {self.limit}: send several jobs, or raise {self.setting}"


@dataclass(eq=False)
class UnreadablePayload(CounterfoilError):
    """A message in the queue that is not a job in JSON."""

    why: str

    def __str__(self) -> str:
        """Say what was expected."""
        return f"the payload is not a job in JSON ({self.why}); send with a JSON job_serializer, pickle is never loaded"


@dataclass(eq=False)
class JobIdTaken(CounterfoilError):
    """One id is one job: another one has this id."""

    job_id: str
    name: str

    def __str__(self) -> str:
        """Say what has the id."""
        return f"job {self.job_id!r} is there already, as {self.name} with other arguments; take another id"


@dataclass(eq=False)
class EnqueueRefused(CounterfoilError):
    """A job that the function `enqueue_job` of the database does not accept; the caller's transaction is aborted."""

    sqlstate: str
    why: str
    hint: str

    def __str__(self) -> str:
        """Repeat what the database says, with its way out."""
        return self.why + (f"; {self.hint}" if self.hint else "")


@dataclass(eq=False)
class KilledItsWorker(CounterfoilError):
    """A job after whose deliveries the worker was gone, again and again."""

    times: int

    def __str__(self) -> str:
        """Name the number."""
        return f"the worker died {self.times} times while it ran this job, which rests until `counterfoil retry`"


@dataclass(eq=False)
class EndedBefore(CounterfoilError):
    """Another delivery has ended the job without success."""

    job_id: str
    state: str
    why: str

    def __str__(self) -> str:
        """Say how it ended."""
        return f"job {self.job_id!r} is {self.state}" + (f": {self.why}" if self.why else "")
