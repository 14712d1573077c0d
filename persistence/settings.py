"""The settings that every process with a database shares, and how the environment is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from domain.entities import Entities, collect
from domain.errors import CounterfoilError, unknown
from persistence.engine import RECYCLE_SECONDS, database_url
from persistence.session_timeouts import Isolation

PREFIX = "COUNTERFOIL_"

_NOT_CALLED = "default_factory_not_called"
"""Pydantic's error for a default that depends on a setting which is wrong itself."""


@dataclass(eq=False)
class SettingsError(CounterfoilError):
    """Settings with wrong values, or names that are no settings: one sentence for each."""

    sentences: tuple[str, ...]

    def __str__(self) -> str:
        """Return the sentences."""
        return "; ".join(self.sentences)


class DatabaseSettings(BaseSettings):
    """What is set of the database: `DATABASE_URL`; every other field is `COUNTERFOIL_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    entities: Annotated[tuple[str, ...], NoDecode] = Field(("domain.task_manager",), min_length=1)
    """Modules whose entities are served, separated by commas."""
    versions: Path | None = None
    """A folder of further migrations, for a team's own entities."""
    reader_url: SecretStr | None = Field(None, validation_alias="COUNTERFOIL_READER_URL")
    """A read replica, to which readers go; unset: they go where writes go."""
    listen_url: SecretStr | None = Field(None, validation_alias="COUNTERFOIL_LISTEN_URL")
    """The same database past PgBouncer, where NOTIFY is heard; unset, behind PgBouncer, the job table is polled."""
    pool_size: int = Field(5, ge=1)
    max_overflow: int = Field(10, ge=0)
    pool_pre_ping: bool = False
    """Whether a connection is asked, on every checkout, whether it still lives."""
    pool_recycle: float = Field(RECYCLE_SECONDS, gt=0, le=86_400)
    """Seconds after which a connection is renewed."""
    pgbouncer: bool = False
    """Whether `DATABASE_URL` is a PgBouncer in transaction mode; `?pgbouncer=true` in the URL says it too."""
    isolation_level: Isolation | None = None
    """The isolation of transactions, unless one says its own; unset: the server's, as below."""
    statement_timeout: float | None = Field(None, gt=0, le=86_400)
    """Seconds that one statement may take."""
    lock_timeout: float | None = Field(None, gt=0, le=86_400)
    """Seconds that a statement may wait for one lock."""
    slow_query: float | None = Field(None, ge=0, le=86_400)
    """Seconds from which on a statement is logged, without its values; unset: none is."""
    repeated_statements: int | None = Field(None, ge=1)
    """How often a request or job may send the same statement before it is logged, for development; unset: always."""
    idle_in_transaction_timeout: float | None = Field(None, gt=0, le=86_400)
    """Seconds that an open transaction may lie idle before the server ends it."""
    cursor_secret: SecretStr | None = Field(None, min_length=32)
    """What signs the cursors of pages. Unset, each process makes its own: a cursor then ends with its process."""

    @field_validator("entities", mode="before")
    @classmethod
    def _split_entities(cls, value: object) -> object:
        return parts(value)

    @field_validator("database_url", "reader_url", "listen_url")
    @classmethod
    def _check_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            database_url(value.get_secret_value())
        return value

    @classmethod
    def hidden(cls) -> tuple[str, ...]:
        """Return the endings of the variables whose values no message shows."""
        return ("_URL", "_SECRET")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what `read_settings` hands over and nothing else: it may be another environment than this process's."""
        return (init_settings,)


AnySettings = TypeVar("AnySettings", bound=DatabaseSettings)


def parts(value: object) -> object:
    """Return the parts of a text that commas separate; anything else as it is."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def read_settings(
    kind: type[AnySettings], environment: Mapping[str, str], *, own: str = PREFIX, others: str | None = None
) -> AnySettings:
    """Return the settings of an environment; raises SettingsError with every problem at once.

    Names that begin with `own` and are no settings are refused, with the nearest one; those that begin with `others`
    are another process's.
    """
    # A variable that is empty is as good as none: so do shells, process managers and compose files unset them.
    given = {name: value for name, value in environment.items() if value}
    fields = {str(info.validation_alias or f"{PREFIX}{name.upper()}"): name for name, info in kind.model_fields.items()}
    mine = [name for name in given if name.startswith(own) and not (others and name.startswith(others))]
    problems = [unknown("setting", name, fields) for name in mine if name not in fields]
    values = {name: given[name] for name in fields if name in given}
    keys = {name: name if name.endswith("_URL") else field for name, field in fields.items()}
    try:
        settings = kind.model_validate({keys[name]: value for name, value in values.items()})
    except ValidationError as error:
        problems += [
            _sentence(str(detail["loc"][0]), detail["msg"], values, kind.hidden())
            for detail in error.errors(include_url=False, include_context=False)
            if detail["type"] != _NOT_CALLED
        ]
        raise SettingsError(tuple(problems)) from None
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def load_entities(settings: DatabaseSettings) -> Entities:
    """Return the entities of the modules that the settings name; raises SettingsError."""
    modules: list[ModuleType] = []
    for name in settings.entities:
        try:
            modules.append(import_module(name))
        except Exception as error:  # whatever a team's module does when it is imported
            sentence = f"{PREFIX}ENTITIES names {name!r}, which cannot be imported ({error}); is it on the Python path?"
            raise SettingsError((sentence,)) from error
    found = collect(modules)
    if not found:
        given = ",".join(settings.entities)
        raise SettingsError((f"{PREFIX}ENTITIES={given} holds no entity; name modules that define some",))
    return found


def _sentence(location: str, message: str, values: Mapping[str, str], hidden: tuple[str, ...]) -> str:
    variable = location if location.endswith("_URL") else f"{PREFIX}{location.upper()}"
    if variable not in values:
        return f"{variable} is not set; `counterfoil dev` starts servers and prints it"
    shown = "(hidden)" if variable.endswith(hidden) else repr(values[variable])
    return f"{variable}={shown}: {message.removeprefix('Value error, ')}"
