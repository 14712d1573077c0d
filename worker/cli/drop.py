"""`counterfoil drop`."""

from worker.cli.dead import ActorOption, All, ErrorOption, Ids, JobOption, ReasonOption, Yes, act
from worker.operator import Operator


def drop(
    ids: Ids = None,
    every: All = False,
    name: JobOption = None,
    error: ErrorOption = None,
    yes: Yes = False,
    actor: ActorOption = None,
    reason: ReasonOption = None,
) -> None:
    """Remove dead jobs for good; the audit log keeps the whole row, with who dropped it and why."""
    act("dropped", Operator.drop, Operator.drop_all, ids, every, name, error, yes, actor, reason)
