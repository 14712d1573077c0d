"""Rows of a batch that name one another by key, in the order in which they can be written."""

from collections.abc import Iterator
from typing import Any

from domain.batch import Batch
from domain.entities import EntityType


def waves(entity: EntityType, batch: Batch) -> Iterator[Batch]:
    """Yield the batch in parts, each of which names rows of earlier parts alone; nearly always it is one.

    A row may name a row that stands before it in the source, in the same batch or not.
    """
    own = [reference.column for reference in entity.references.values() if reference.target == entity.name]
    named = [batch.keys[column] for column in own if column in batch.keys]
    if not named or entity.natural_key is None:
        yield batch
        return
    depths: list[int] = []
    first: dict[Any, int] = {}
    for number, key in enumerate(batch.columns[entity.natural_key]):
        owners = (first.get(keys[number]) for keys in named if keys[number] is not None)
        depths.append(max((depths[owner] + 1 for owner in owners if owner is not None), default=0))
        first.setdefault(key, number)
    for depth in range(max(depths, default=-1) + 1):
        yield batch.only([number for number, one in enumerate(depths) if one == depth])
