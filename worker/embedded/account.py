"""The user that PostgreSQL runs as: it refuses root, and a user without a name."""

import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.embedded.child import succeeds
from worker.embedded.errors import DataUnreachable

ROOT: Final = 0
# The ids of "nobody" where the user database does not know that name.
OVERFLOW: Final = 65534


@dataclass(frozen=True)
class Account:
    """A user to run commands as: `prefix` goes in front of a command, `uid` and `gid` own the files on disc."""

    prefix: tuple[str, ...]
    uid: int
    gid: int


def account_for(program: Path, data: Path) -> Account:
    """Return an account that may run `program` and enter `data`, at best the one that we have.

    Root, and a user without a name, become "nobody" in a user namespace of their own: the files stay theirs, and no
    mode is changed. Where the kernel or a container refuses namespaces, root becomes the real "nobody", whom `data`
    then lets pass. No folder above `data` is ever touched.

    Raises DataUnreachable when none of these works.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid != ROOT and _has_name(uid):
        return Account((), uid, gid)
    for account in _stand_ins(uid, gid, data):
        if succeeds([*account.prefix, "sh", "-c", 'test -x "$0" && test -x "$1"', str(program), str(data)]):
            return account
    reason = f"PostgreSQL refuses user {uid}, and as nobody it may not enter this folder or not run {program}"
    raise DataUnreachable(data, reason)


def hand_over(folder: Path, account: Account) -> None:
    """Give `folder` and all that it holds to `account`, when it belongs to root or nobody.

    Raises DataUnreachable when it belongs to anybody else, who would lose it.
    """
    owner = folder.stat().st_uid
    if owner == account.uid:
        return
    if owner not in {ROOT, _nobody()[0]}:
        raise DataUnreachable(folder, f"it belongs to user {owner}")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _stand_ins(uid: int, gid: int, data: Path) -> Iterator[Account]:
    nobody, nogroup = _nobody()
    yield Account(("unshare", "--user", f"--map-user={nobody}", f"--map-group={nogroup}"), uid, gid)
    if uid == ROOT:
        if data.stat().st_uid == ROOT:
            # Enough to pass through to the folder of PostgreSQL, not to list this one.
            data.chmod(data.stat().st_mode | 0o011)
        yield Account(("setpriv", f"--reuid={nobody}", f"--regid={nogroup}", "--clear-groups"), nobody, nogroup)


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return OVERFLOW, OVERFLOW
    return entry.pw_uid, entry.pw_gid


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
