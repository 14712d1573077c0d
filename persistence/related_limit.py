"""How many rows a relation may load: one row may have a whole table of others, and a stranger may ask for them."""

from typing import Any

from sqlalchemy import Result
from sqlalchemy.orm import ORMExecuteState

from domain.errors import InvalidQuery, Problem

MOST_RELATED = "counterfoil_most_related"
"""Where a session's `info` says it; without it there is no limit."""


def run_limited(state: ORMExecuteState) -> Result[Any]:
    """Run a query of the session; raises InvalidQuery where it loads more related rows than the session allows."""
    most: int | None = state.session.info.get(MOST_RELATED)
    if most is None or not state.is_relationship_load:
        return state.invoke_statement()
    statement: Any = state.statement
    found = state.invoke_statement(statement=statement.limit(most + 1)).freeze()
    if len(found.data) > most:
        mapper = state.bind_mapper
        why = f"more than {most} related rows; ask for fewer rows at a time, or list the related ones page by page"
        raise InvalidQuery(str(mapper.class_.__tablename__) if mapper else "row", (Problem(None, "load", why),))
    return found()
