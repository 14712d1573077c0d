"""What a service holds until its transaction ends."""

from typing import Any

from sqlalchemy.exc import DBAPIError

from domain.errors import Locked, NotFound
from persistence.dialects import dialect_of
from persistence.selection_conditions import among
from persistence.services.bound import Bound, Create, Model, Names, Rows, Update, possible, require_within
from persistence.services.conditions import Where
from persistence.transaction import Transaction


class Locks(Bound[Model, Create, Update]):
    """Locking rows."""

    async def lock(  # noqa: PLR0913 - what a lock can say
        self,
        tx: Transaction,
        rows: Rows[Model] | None = None,
        *,
        where: Where = None,
        sort: Names = (),
        limit: int | None = None,
        skip_locked: bool = False,
        nowait: bool = False,
        **conditions: Any,  # noqa: ANN401 - values of any field
    ) -> list[Model]:
        """Return live rows as they are now, locked against changes until the transaction ends (FOR UPDATE).

        Rows that others hold are waited for, left out with `skip_locked`, or refused with `nowait` (Locked; the
        transaction is then lost). Raises NotFound for ids without a live row that fits, unless with `skip_locked`.
        SQLite has one writer at a time, so that there the transaction itself is the lock.
        """
        ids = None if rows is None else self._ids(rows)
        if limit is not None:
            require_within(self.entity(tx), "limit", limit, 0)
        query = self._query(tx, where, conditions, sort=sort).limit(limit)
        if ids is not None:
            query = query.where(among(self.model.id, possible(ids), dialect_of(tx.session)))  # type: ignore[arg-type]
        query = query.with_for_update(of=self.model, skip_locked=skip_locked, nowait=nowait)
        try:
            found = await tx.session.execute(query, execution_options={"populate_existing": True})
        except DBAPIError as error:
            if nowait and _is_locked(error):
                raise Locked(self.entity(tx).name) from None
            raise
        held = list(found.scalars())
        missing = set(ids or ()) - {row.id for row in held}
        if missing and not skip_locked and limit is None:
            raise NotFound(self.entity(tx).name, "id", tuple(sorted(missing)))
        return held


_LOCK_NOT_AVAILABLE = {"55P03", 3572, 1205}
"""PostgreSQL's SQLSTATE, and the errno of MySQL and of MariaDB."""


def _is_locked(error: DBAPIError) -> bool:
    codes = {getattr(error.orig, "sqlstate", None), *getattr(error.orig, "args", ())[:1]}
    return not codes.isdisjoint(_LOCK_NOT_AVAILABLE)
