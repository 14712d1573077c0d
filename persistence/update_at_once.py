"""Change rows and end their job in one statement: the common update, in a third of the time."""

import json
from collections.abc import Sequence

from domain.commands import Key, Row, Update
from domain.entities import EntityType
from domain.errors import AuditMismatch
from domain.result import IDS_KEPT, Result
from domain.rows import key_value, parse_rows
from persistence.job_life import Acceptance, NotAtOnce
from persistence.statements import prepared, quoted
from persistence.transaction import Transaction
from persistence.update import change_of

_NOTHING_YET = Result().model_dump_json()


async def update_at_once(tx: Transaction, command: Update, job: Acceptance) -> Result:
    """Change the rows of a list of ids or keys, and take and end the job; returns the result that its row holds.

    Raises NotAtOnce wherever more is to be asked or said than one statement can: the caller rolls back, and goes the
    long way, whose locks and errors are the same. Raises AuditMismatch.
    """
    entity = tx.entities[command.entity]
    changes, (selector, selected) = _plain_changes(tx, entity, command), _selected(entity, command)
    parts = change_of(tuple(sorted(changes)))
    statement = prepared("update_at_once", table=entity.table, selector=quoted(selector), **parts)
    parameters = {
        **job.parameters(),
        **tx.origin.model_dump(),
        "job": job.name,
        "entity": entity.name,
        "changes": json.dumps(changes),
        "selected": selected,
        "ids_kept": IDS_KEPT,
        "result": _NOTHING_YET,
    }
    row = await tx.session.prepared(statement.text, statement.values(parameters))
    if row["written"] != row["audited"]:
        raise AuditMismatch(entity.name, written=row["written"], audited=row["audited"])
    job.refuse_unless_ended(row, tx.origin)
    if set(row["found"]) != set(selected):
        raise NotAtOnce
    return Result.model_validate_json(row["result"])


def _plain_changes(tx: Transaction, entity: EntityType, command: Update) -> Row:
    if command.changes is None or command.expected_version is not None:
        raise NotAtOnce
    (checked,) = parse_rows(tx.entities, entity, [command.changes], changes=True)
    refers = checked.references or any(reference.column in checked.values for reference in entity.references.values())
    if refers or not checked.values:  # a related row is to be found, and held
        raise NotAtOnce
    return checked.values


def _selected(entity: EntityType, command: Update) -> tuple[str, Sequence[Key]]:
    if command.id is not None:
        return "id", command.id
    if command.key is None:
        raise NotAtOnce
    return str(entity.natural_key), [key_value(entity, key) for key in command.key]
