"""Relations that are read with their objects: what `load=("project", "subtasks.assignee")` means."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapper, joinedload, selectinload
from sqlalchemy.orm.strategy_options import _AbstractLoad
from sqlmodel import SQLModel

from domain.errors import InvalidQuery, Problem, UnknownName

DEEPEST = 10
"""How many relations a path may follow, each repetition counted: each one to many is a query of its own."""

_STEP = re.compile(r"(?P<name>[^*]*)(?:\*(?P<times>[1-9][0-9]?))?")

Tree = dict[str, Any]


@lru_cache(maxsize=1024)
def loads(model: type[SQLModel], load: tuple[str, ...]) -> tuple[_AbstractLoad, ...]:
    """Return the options of a query that reads these relations along with its objects.

    A relation to one is joined (LEFT JOIN), one to many is read by one further query for all objects together
    (SELECT IN). A path goes on behind a dot; `subtasks*3` follows a relation to the same entity three levels down.
    Raises UnknownName, and InvalidQuery for a path that is too deep or repeats what leads elsewhere.
    """
    mapper: Mapper[Any] = inspect(model)
    return _options(mapper, _tree(mapper, load))


def _tree(mapper: Mapper[Any], load: Sequence[str]) -> Tree:
    tree: Tree = {}
    for path in load:
        level = tree
        for name in _steps(mapper, path):
            level = level.setdefault(name, {})
    return tree


def _steps(mapper: Mapper[Any], path: str) -> list[str]:
    """Return the names along a path, checked, with those that are repeated."""
    steps: list[str] = []
    for part in path.split("."):
        found = _STEP.fullmatch(part)
        name, times = (found["name"], int(found["times"] or 1)) if found else (part, 1)
        if name not in mapper.relationships:
            raise UnknownName("relation", name, tuple(mapper.relationships.keys()))
        target = mapper.relationships[name].mapper
        if times > 1 and target is not mapper:
            raise _refused(mapper, path, f"{name} leads to another entity, so that it cannot be repeated")
        steps += [name] * times
        mapper = target
    if len(steps) > DEEPEST:
        raise _refused(mapper, path, f"follows {len(steps)} relations, at most {DEEPEST} are possible")
    return steps


def _refused(mapper: Mapper[Any], path: str, why: str) -> InvalidQuery:
    return InvalidQuery(str(mapper.class_.__tablename__), (Problem(None, "load", f"{path!r} {why}"),))


def _options(mapper: Mapper[Any], tree: Mapping[str, Tree]) -> tuple[_AbstractLoad, ...]:
    made: list[_AbstractLoad] = []
    for name, below in tree.items():
        relation = mapper.relationships[name]
        strategy = selectinload if relation.uselist else joinedload
        option = strategy(relation.class_attribute)
        made.append(option.options(*_options(relation.mapper, below)) if below else option)
    return tuple(made)
