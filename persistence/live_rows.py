"""Deleted rows are left out of every ORM query, its joins and the relations that it loads, unless it says otherwise."""

from typing import Any

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria

from domain.entity import Entity

INCLUDE_DELETED = "include_deleted"
"""The execution option of a query or a `get` that wants deleted rows too."""


def _is_live(model: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a mapped class, or its alias
    # SQLAlchemy tries the condition on the base, which has no columns.
    found: ColumnElement[bool] = model.deleted_at.is_(None) if hasattr(model, "deleted_at") else true()
    return found


# For all entities there are, whose number does not matter to a query: SQLAlchemy keeps what it has compiled.
_LIVE = with_loader_criteria(Entity, lambda model: _is_live(model), include_aliases=True)  # noqa: PLW0108 - analysed


def leave_out_deleted(state: ORMExecuteState) -> None:
    """Add the condition to a query for entities; what one object or its relations load has it from their query.

    Core queries over an entity's table are this package's own, and say themselves which rows they mean.
    """
    if not state.is_select or not state.is_orm_statement or state.is_column_load or state.is_relationship_load:
        return
    if not state.execution_options.get(INCLUDE_DELETED):
        state.statement = state.statement.options(_LIVE)
