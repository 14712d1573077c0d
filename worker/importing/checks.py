"""What can be told to be wrong with an import before anything is sent."""

from domain.commands import OnConflict
from domain.entities import Entities
from domain.errors import UnknownName
from persistence.unique_keys import unique_key
from worker.bulk.planning import Rows
from worker.importing.errors import WrongOption
from worker.importing.options import Options


def refuse_early(options: Options, entities: Entities) -> None:
    """Raise UnknownName, WrongOption or InvalidRows for options that the job would refuse anyway."""
    entity = entities[options.entity]
    if unique_key(entity, options.conflict_on) is None and options.on_conflict is not OnConflict.ERROR:
        raise WrongOption(
            "--on-conflict", options.on_conflict, f"{entity.name} has no natural key; only error is possible"
        )
    parents: dict[str, tuple[str, ...]] = {}
    for name in options.create_missing:
        if name not in entity.references or entity.references[name].target not in entities:
            raise UnknownName("reference", name, tuple(entity.references))
        target = entities[entity.references[name].target]
        parents[name] = tuple(one for one in target.create.model_fields if one != target.natural_key)
    known = Rows(entities, entity, parents=parents, named_by="id" if options.match_on == "id" else None).known()
    for name in (*options.source.map, *options.source.set):
        if name not in known:
            raise UnknownName("field", name, known)
