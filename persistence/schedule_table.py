"""Schedules that operators keep, beside those in code, and how far each schedule has ticked."""

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import Boolean, Float, MetaData, text
from sqlmodel import Field, SQLModel

from domain.column_types import json_value, key_text, long_text
from domain.entity import Entity
from domain.moments import UtcDateTime
from domain.schedule import CatchUp, Schedule

_TEXT = cast("type[Any]", long_text())
_KEY = cast("type[Any]", key_text())


class ScheduleRow(SQLModel, table=True):
    """A schedule that was added by `counterfoil schedule`; one with the name of a schedule in code takes its place."""

    __tablename__ = "schedule"
    metadata: ClassVar[MetaData] = Entity.metadata

    name: str = Field(primary_key=True, sa_type=_KEY)
    cron: str = Field(sa_type=_TEXT)
    zone: str = Field(sa_type=_TEXT)
    job: str = Field(sa_type=_TEXT)
    arguments: dict[str, Any] = Field(sa_type=cast("type[Any]", json_value(none_as_null=True)), nullable=False)
    catch_up: str = Field(default=CatchUp.LAST.value, sa_type=_TEXT)
    jitter: float = Field(default=0, sa_type=cast("type[Any]", Float))
    paused: bool = Field(
        default=False, sa_type=cast("type[Any]", Boolean), sa_column_kwargs={"server_default": text("false")}
    )

    def schedule(self) -> Schedule:
        """Return the schedule; raises Pydantic's ValidationError for a row that was written past the command."""
        return Schedule.model_validate(self.model_dump())


class ScheduleTick(SQLModel, table=True):
    """How far a schedule has ticked: everything up to `ticked_at` is a job, or was let go."""

    __tablename__ = "schedule_tick"
    metadata: ClassVar[MetaData] = Entity.metadata

    name: str = Field(primary_key=True, sa_type=_KEY)
    ticked_at: datetime = Field(sa_type=cast("type[Any]", UtcDateTime()))
