"""The cluster of PostgreSQL on disc: made once, in one piece, and kept."""

import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.embedded.account import Account, hand_over
from worker.embedded.child import Place, leashed, run_step
from worker.embedded.folder import new_password, write_secret

ROLE: Final = "counterfoil"
DATABASE: Final = "counterfoil"


@dataclass(frozen=True)
class Cluster:
    """Where a cluster lives and who runs its programs.

    `home` is the folder that holds the cluster and its password, `binaries` holds `initdb` and `postgres`, `place` is
    where they run.
    """

    home: Path
    binaries: Path
    account: Account
    place: Place

    @property
    def files(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "cluster"

    def password(self) -> str:
        """Return the password of the role `counterfoil`."""
        return (self.home / "password").read_text()

    def ensure(self, *, durable: bool) -> None:
        """Make the cluster unless it is there, with the role and the database `counterfoil`.

        It is made beside its place and renamed, so an interruption leaves no half of one. Raises StartFailed when
        PostgreSQL refuses, DataUnreachable when the cluster belongs to another user.
        """
        if not self.home.exists():
            fresh = self.home.with_name(f"{self.home.name}.new")
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(mode=0o700)
            write_secret(fresh / "password", new_password())
            hand_over(fresh, self.account)
            self._initialise(fresh, durable=durable)
            fresh.rename(self.home)
        hand_over(self.home, self.account)

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command that runs one of the cluster's programs as its user, stopped when we end."""
        return [*self.account.prefix, *leashed([str(self.binaries / program), *arguments], signal.SIGINT)]

    def _initialise(self, fresh: Path, *, durable: bool) -> None:
        options = [
            f"--username={ROLE}",
            f"--pwfile={fresh / 'password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # PostgreSQL's own C.UTF-8: the same order and case rules on every machine, whatever locales it has.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
            *([] if durable else ["--no-sync"]),
        ]
        self._step("initdb", "initdb", f"--pgdata={fresh / 'cluster'}", *options)
        # There is no client before the server runs, and no driver in the standard library: the server itself, alone.
        alone = ["--single", "-D", str(fresh / "cluster"), "-c", "exit_on_error=on", "template1"]
        self._step("postgres --single", "postgres", *alone, text=f"CREATE DATABASE {DATABASE}\n")

    def _step(self, name: str, program: str, *arguments: str, text: str = "") -> None:
        run_step(name, self.command(program, *arguments), self.place, text=text)
