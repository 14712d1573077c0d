"""Deleted rows are left out of every ORM query, its joins and the relations that it loads, unless it says otherwise."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, inspect, true
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria

from domain.entity import Entity

INCLUDE_DELETED = "include_deleted"
"""The execution option of a query or a `get` that wants deleted rows too."""


_EAGER = {"joined", "selectin", "subquery", "immediate", False}
"""Values of `lazy` with which a relation is read along with its object."""


def _is_live(model: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a mapped class, or its alias
    # SQLAlchemy tries the condition on the base, which has no columns.
    found: ColumnElement[bool] = model.deleted_at.is_(None) if hasattr(model, "deleted_at") else true()
    return found


# For all entities there are, whose number does not matter to a query: SQLAlchemy keeps what it has compiled.
_LIVE = with_loader_criteria(Entity, lambda model: _is_live(model), include_aliases=True)  # noqa: PLW0108 - analysed


@cache
def brings_relations(model: type[Any]) -> bool:
    """Tell whether a query for the model reads relations that it was not asked for, as its `lazy` may say.

    Such a query cannot say by itself which rows it leaves out: it does not know of theirs.
    """
    return any(relation.lazy in _EAGER for relation in inspect(model).relationships)


def leave_out_deleted(state: ORMExecuteState) -> None:
    """Add the condition to a query for entities; what one object or its relations load has it from their query.

    Core queries over an entity's table are this package's own, and say themselves which rows they mean.
    """
    if not state.is_select or not state.is_orm_statement or state.is_column_load or state.is_relationship_load:
        return
    if not state.execution_options.get(INCLUDE_DELETED):
        state.statement = state.statement.options(_LIVE)
