"""No attribute of an entity sends a query: a relation that was not asked for says how to ask for it."""

from typing import Any, NoReturn

from sqlalchemy.orm import InstanceState, RelationshipProperty
from sqlalchemy.orm.strategies import _LazyLoader

from domain.errors import NotLoaded

IS_ENTITY = True
"""What `is_entity` of a model says, by which a model of ours is known before its mapper is ready."""


# Decision 0023. By these keys SQLAlchemy looks up what a lazy relation does; nothing changes for models of others.
@RelationshipProperty.strategy_for(lazy=True)
@RelationshipProperty.strategy_for(lazy="select")
@RelationshipProperty.strategy_for(lazy="raise")
@RelationshipProperty.strategy_for(lazy="raise_on_sql")
class NamedLoader(_LazyLoader):
    """A lazy relation that, on an entity, raises NotLoaded in place of a query in the middle of nowhere."""

    __slots__ = ("_is_ours",)

    def __init__(self, parent: RelationshipProperty[Any], strategy_key: tuple[Any, ...]) -> None:
        """Take the relation."""
        super().__init__(parent, strategy_key)
        self._is_ours = bool(getattr(parent.parent.class_, "is_entity", False))
        self._raise_always = self._raise_always or self._is_ours

    def _invoke_raise_load(self, state: InstanceState[Any], passive: object, lazy: str) -> NoReturn:
        if self._is_ours:
            raise NotLoaded(str(state.mapper.local_table.name), self.key)  # type: ignore[attr-defined]
        super()._invoke_raise_load(state, passive, lazy)  # type: ignore[no-untyped-call]
        raise AssertionError
