"""Child processes on a leash: they end with the process that started them, however that one ends."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.embedded.errors import StartFailed

# The initialisation of a cluster takes 0.6 s; the rest is for machines with slow discs.
STEP_SECONDS: Final = 120.0
LOG_LINES: Final = 10
# The signal at the parent's death is set after the fork: a parent that died before that is noticed by its absence.
UNLESS_ORPHANED: Final = 'test "$PPID" = "$0" && exec "$@"'


@dataclass(frozen=True)
class Place:
    """Where a child process lives.

    `folder` is its working directory, `log` the file that its output is appended to, `lock` the descriptor that keeps
    its data folder taken for as long as it lives.
    """

    folder: Path
    log: Path
    lock: int

    def log_size(self) -> int:
        """Return the size of the log in bytes, 0 when there is none."""
        return self.log.stat().st_size if self.log.exists() else 0

    def log_lines(self, offset: int) -> list[str]:
        """Return the last 10 lines that the log holds after its first `offset` bytes."""
        with self.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace").splitlines()[-LOG_LINES:]


def leashed(command: Sequence[str], signum: signal.Signals) -> list[str]:
    """Return `command`, made to receive `signum` when the thread that starts it has ended.

    The kernel of Linux does that through `setpriv`, whatever ends the process, SIGKILL included. Everything in front of
    the command is replaced by it (exec), so its pid is the child's pid. Without a `setpriv` that can do it, the command
    comes back as it is, and only the `finally` of the process that starts it stops it.
    """
    setpriv = [shutil.which("setpriv") or "", f"--pdeathsig={signum.name.removeprefix('SIG')}"]
    if sys.platform != "linux" or not succeeds([*setpriv, "true"]):
        return list(command)
    return [*setpriv, "sh", "-c", UNLESS_ORPHANED, str(os.getpid()), *command]


def spawn(command: Sequence[str], place: Place) -> subprocess.Popen[bytes]:
    """Start `command`, without an input.

    It gets a session of its own: a terminal's Ctrl-C must not reach a server before we are done with it.
    """
    with place.log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=place.folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(place.lock,),
            start_new_session=True,
        )


def run_step(name: str, command: Sequence[str], place: Place, *, text: str = "") -> None:
    """Run `command` to its end with `text` as its input; raise StartFailed when it fails or takes over 120 s."""
    earlier = place.log_size()
    try:
        with place.log.open("ab") as output:
            subprocess.run(
                command,
                cwd=place.folder,
                env=_environment(),
                input=text.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(place.lock,),
                start_new_session=True,
                timeout=STEP_SECONDS,
                check=True,
            )
    except subprocess.SubprocessError as error:
        raise StartFailed(name, "did not succeed", place.log, place.log_lines(earlier)) from error


def succeeds(command: Sequence[str]) -> bool:
    """Return whether `command`, a short one without output, ends well; one that does not exist does not."""
    try:
        done = subprocess.run(command, capture_output=True, cwd="/", check=False)
    except OSError:
        return False
    return done.returncode == 0


def _environment() -> dict[str, str]:
    """Return our environment without PostgreSQL's own variables, which redirect it, and with messages in English."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return ours | {"LC_ALL": "C", "TZ": "UTC"}
