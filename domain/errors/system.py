"""What is wrong with the program or its servers, and a person must mend."""

from dataclasses import dataclass

from domain.errors.base import CounterfoilError


@dataclass(eq=False)
class UnauditedWrite(CounterfoilError):
    """A write that would go round the audit log."""

    statement: str
    table: str

    def __str__(self) -> str:
        """Name the right calls."""
        return (
            f"{self.statement} on {self.table!r} would leave no audit row: change objects and flush, or call a service "
            "(persistence.service); what stands between two entities is an entity of its own"
        )


@dataclass(eq=False)
class AuditMismatch(CounterfoilError):
    """A write and its audit rows differ in number; the transaction was rolled back."""

    entity: str
    written: int
    audited: int

    def __str__(self) -> str:
        """Name both counts."""
        return (
            f"{self.entity}: {self.written} rows written but {self.audited} audited, rolled back; "
            "look for a trigger or rule on the table or on audit_log"
        )


@dataclass(eq=False)
class NotTaken(CounterfoilError):
    """A job's outcome found no queued row to stand in; the transaction was rolled back."""

    job_id: str

    def __str__(self) -> str:
        """Say what may have happened."""
        return (
            f"job {self.job_id!r} is not queued in the job table, so that its effect was rolled back; "
            "look for a trigger or a handler that changes the job's row"
        )


@dataclass(eq=False)
class NotYetDue(CounterfoilError):
    """A delivery of a job that is to run later; it waits."""

    job_id: str
    seconds: float

    def __str__(self) -> str:
        """Say for how long."""
        return f"job {self.job_id!r} is due in {self.seconds:.0f} s, by its row in the job table"


@dataclass(eq=False)
class NotMigrated(CounterfoilError):
    """A table, a column or a function is missing."""

    def __str__(self) -> str:
        """Name the command."""
        return (
            "the database lacks a table, column or function that this code uses: run `counterfoil migrate`; does "
            "DATABASE_URL name the right database?"
        )


@dataclass(eq=False)
class ReadOnly(CounterfoilError):
    """A write in a reader."""

    def __str__(self) -> str:
        """Name the right scope."""
        return (
            "a reader cannot write; open `transaction(sessions, origin)` for that; where this is none, "
            "PostgreSQL takes no writes: does DATABASE_URL name a standby?"
        )


@dataclass(eq=False)
class SharedSession(CounterfoilError):
    """A session was used by another task than the one that opened it."""

    owner: str
    user: str

    def __str__(self) -> str:
        """Name both tasks, and the way out."""
        return (
            f"the session of {self.owner} is used by {self.user}: what one of them writes would be committed or lost "
            "with the other; open a transaction or a reader in each task, and bound a time by asyncio.timeout, which "
            "starts no task as asyncio.wait_for does"
        )


@dataclass(eq=False)
class ScopeEnded(CounterfoilError):
    """A transaction or a reader was used after its block."""

    def __str__(self) -> str:
        """Name the way out."""
        return (
            "the block of this transaction or reader has ended, and what followed would be in none: "
            "do it inside the block, or open another one"
        )


@dataclass(eq=False)
class OwnEnding(CounterfoilError):
    """Code inside a transaction tried to end it."""

    def __str__(self) -> str:
        """Name what ends it, and the way to undo a part."""
        return (
            "the transaction ends with its block: it commits all, or nothing when an error leaves it; "
            "raise an error to undo everything, use tx.session.begin_nested() to undo a part"
        )


@dataclass(eq=False)
class Unreachable(CounterfoilError):
    """A server that did not answer at start; `url` bears no password."""

    server: str
    url: str
    why: str
    setting: str

    def __str__(self) -> str:
        """Name the server, its URL and the setting."""
        return f"{self.server} at {self.url} does not answer ({self.why}); start it, or correct {self.setting}"
