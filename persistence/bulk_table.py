"""What a bulk job keeps beside its row: refused records, what became of every row, and the bytes that were uploaded.

All of it goes with the job's row.
"""

from typing import Any, ClassVar, cast

from sqlalchemy import BigInteger, Integer, MetaData
from sqlmodel import Field, SQLModel

from domain.column_types import json_value, key_text, long_bytes, long_text
from domain.entity import Entity

_TEXT = cast("type[Any]", long_text())
_KEY = cast("type[Any]", key_text())
_INTEGER = cast("type[Any]", Integer)
_BIGINT = cast("type[Any]", BigInteger)


def _key(kind: type[Any]) -> Any:  # noqa: ANN401 - a Pydantic field
    # No number of the database's own: a job counts its lines, batches and chunks itself.
    return Field(primary_key=True, sa_type=kind, sa_column_kwargs={"autoincrement": False})


def _job_id() -> Any:  # noqa: ANN401 - a Pydantic field
    return Field(primary_key=True, sa_type=_KEY, foreign_key="job.id", ondelete="CASCADE")


class RejectRow(SQLModel, table=True):
    """A problem of a refused record; `number` counts the problems of one line from 0.

    `raw` and `header` are NULL where they are those of the row before, by line and number: a record of many problems
    stands there once, and a source has one header.
    """

    __tablename__ = "job_reject"
    metadata: ClassVar[MetaData] = Entity.metadata

    job_id: str = _job_id()
    line: int = _key(_BIGINT)
    number: int = _key(_INTEGER)
    field: str = Field(sa_type=_TEXT)
    message: str = Field(sa_type=_TEXT)
    raw: str | None = Field(default=None, sa_type=_TEXT)
    header: str | None = Field(default=None, sa_type=_TEXT)


class ReportRow(SQLModel, table=True):
    """What became of the rows of one batch, from `first_line` on, in runs of `[line, length, fate, id]`."""

    __tablename__ = "job_report"
    metadata: ClassVar[MetaData] = Entity.metadata

    job_id: str = _job_id()
    batch: int = _key(_INTEGER)
    first_line: int = Field(sa_type=_BIGINT)
    runs: list[list[Any]] = Field(sa_type=cast("type[Any]", json_value(none_as_null=True)), nullable=False)


class UploadRow(SQLModel, table=True):
    """A chunk of a source's bytes; its storage is EXTERNAL (see migrations), since they are compressed already."""

    __tablename__ = "job_upload"
    metadata: ClassVar[MetaData] = Entity.metadata

    job_id: str = _job_id()
    number: int = _key(_INTEGER)
    data: bytes = Field(sa_type=cast("type[Any]", long_bytes()))
