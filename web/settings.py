"""The settings of the web process; it shares those of the database with the worker, and no other."""

import os
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from persistence.settings import DatabaseSettings, parts, read_settings
from web.tokens import KnownToken, parse_tokens

OWN = "COUNTERFOIL_WEB_"
"""With which the settings begin that are the web process's alone."""


class WebSettings(DatabaseSettings):
    """Everything that can be set for the web process, with its environment variable, unit and default."""

    pool_pre_ping: bool = True
    """Whether a connection is asked, on every checkout, whether it still lives: a request is not tried again."""
    redis_url: SecretStr | None = Field(None, validation_alias="REDIS_URL")
    """Where workers tell the progress of jobs; unset: events of a job tell its states alone."""
    queue: str | None = None
    """The queue of jobs whose senders name none; unset: stock arq's."""
    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    web_host: str = "127.0.0.1"
    web_port: int = Field(8000, ge=0, le=65_535)
    """The port to listen on; 0: any free one, which the log names."""
    web_tokens: Annotated[tuple[KnownToken, ...], NoDecode] = Field((), repr=False)
    """Who may ask: `actor=hash`, separated by commas, or JSON; `counterfoil-web token NAME` makes one."""
    web_public_reads: bool = False
    """Whether live rows may be read without a token; deleted ones, jobs, the audit log and figures never are."""
    web_resources: Annotated[tuple[str, ...], NoDecode] = ("web.resources.shipped",)
    """Modules with a tuple `RESOURCES`, separated by commas, whose entities get routes."""
    web_cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins whose scripts a browser lets in, such as https://app.example.com, separated by commas; unset: none."""
    web_max_bytes: int = Field(16 * 1024 * 1024, ge=1024)
    """Bytes that the body of a request may have."""
    web_shutdown_grace: int = Field(10, ge=1, le=3600)
    """Seconds that a stopping process gives to the requests that it still answers."""

    @field_validator("web_tokens", mode="before")
    @classmethod
    def _parse_tokens(cls, value: object) -> object:
        return parse_tokens(value) if isinstance(value, str) else value

    @field_validator("web_cors_origins", "web_resources", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return parts(value)

    @classmethod
    def hidden(cls) -> tuple[str, ...]:
        """Return the endings of the variables whose values no message shows."""
        return ("_URL", "_TOKENS")


def load_settings(environment: Mapping[str, str] | None = None) -> WebSettings:
    """Return the settings; raises SettingsError with every problem: the name, the value, the nearest valid name."""
    return read_settings(WebSettings, os.environ if environment is None else environment, own=OWN)
