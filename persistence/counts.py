"""What was written and what was audited, compared."""

from sqlalchemy import RowMapping

from domain.entities import EntityType
from domain.errors import AuditMismatch


def compared(entity: EntityType, found: RowMapping) -> int:
    """Return how many rows a statement wrote; raises AuditMismatch unless it audited as many."""
    if found["written"] != found["audited"]:
        raise AuditMismatch(entity.name, written=found["written"], audited=found["audited"])
    return int(found["written"])
