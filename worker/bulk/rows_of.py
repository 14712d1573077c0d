"""What the rows of a bulk job are for, told by its command."""

from domain.commands import Bulk, BulkInsert, BulkUpdate
from domain.entities import Entities, EntityType
from persistence.bulk_insert import conflict_key
from persistence.bulk_update import match_column
from worker.bulk.planning import Rows


def rows_of(entities: Entities, command: Bulk) -> Rows:
    """Return which names the rows of a bulk job may have; raises UnknownName, InvalidRows where it cannot be done."""
    entity = entities[command.entity]
    if isinstance(command, BulkUpdate):
        return Rows(entities, entity, changes=True, named_by=match_column(entity, command))
    if not isinstance(command, BulkInsert):
        return Rows(entities, entity)
    conflict_key(entities, entity, command)
    return Rows(entities, entity, parents=_parents(entities, entity, command))


def _parents(entities: Entities, entity: EntityType, command: BulkInsert) -> dict[str, tuple[str, ...]]:
    """Return the fields of related rows that a row may say beside the natural key, by reference."""
    found = {}
    for name in command.create_missing:
        target = entities[entity.references[name].target]
        found[name] = tuple(one for one in target.create.model_fields if one != target.natural_key)
    return found
