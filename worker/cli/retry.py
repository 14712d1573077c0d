"""`counterfoil retry`."""

from worker.cli.dead import ActorOption, All, ErrorOption, Ids, JobOption, ReasonOption, Yes, act
from worker.operator import Operator


def retry(
    ids: Ids = None,
    every: All = False,
    name: JobOption = None,
    error: ErrorOption = None,
    yes: Yes = False,
    actor: ActorOption = None,
    reason: ReasonOption = None,
) -> None:
    """Run dead jobs again: same id, arguments and history, with all their attempts; audited as your action."""
    act("queued again", Operator.retry, Operator.retry_all, ids, every, name, error, yes, actor, reason)
