"""What can go wrong with the embedded servers, each as one line that says the way out."""

from pathlib import Path


class EmbeddedServerError(Exception):
    """An embedded server cannot be had; every error of this package is one of these."""


class MissingPart(EmbeddedServerError):
    """A program that an embedded server needs is not installed.

    `part` names it, `remedy` says what to install.
    """

    def __init__(self, part: str, remedy: str) -> None:
        """Build the message from the part's name and the remedy, a clause that begins with a verb."""
        self.part = part
        self.remedy = remedy
        super().__init__(f"{part} is not installed: {remedy}")


class DataInUse(EmbeddedServerError):
    """Another embedded server holds the data folder.

    `data` is the folder, `pid` the process that took it (None when it left no pid).
    """

    def __init__(self, data: Path, pid: int | None) -> None:
        """Build the message from the folder and the pid."""
        self.data = data
        self.pid = pid
        holder = f"process {pid}" if pid else "a process that left no pid"
        super().__init__(
            f"{data} is in use by {holder}: stop that process, set DATABASE_URL and REDIS_URL to its servers, "
            "or choose another data folder",
        )


class DataUnreachable(EmbeddedServerError):
    """The user that must run a server cannot use its data folder or its program.

    `path` is what cannot be used, `reason` is a clause that says by whom and why.
    """

    def __init__(self, path: Path, reason: str) -> None:
        """Build the message from the path and the reason."""
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path} cannot be used: {reason}; run as an ordinary user that owns the folder, move the checkout to a "
            "folder that others may enter, or set DATABASE_URL and REDIS_URL to servers of your own",
        )


class StartFailed(EmbeddedServerError):
    """A server or a step of its preparation did not succeed.

    `server` names it, `reason` is a clause, `log` is the whole log file, `lines` its last lines.
    """

    def __init__(self, server: str, reason: str, log: Path, lines: list[str]) -> None:
        """Build the message: one line, then the last lines of the log, indented."""
        self.server = server
        self.reason = reason
        self.log = log
        self.lines = lines
        quoted = "".join(f"\n    {line}" for line in lines)
        super().__init__(f"{server} {reason}; the reason is in {log}, which ends with:{quoted or ' nothing'}")
