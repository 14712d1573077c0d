"""Settings from the environment: every problem told at once, by the variable's name."""

import os
from collections.abc import Mapping

from pydantic import ValidationError

from domain.errors import unknown
from worker.settings import PREFIX, Settings, SettingsError

_NOT_CALLED = "default_factory_not_called"
"""Pydantic's error for a default that depends on a setting which is wrong itself."""


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; raises SettingsError with every problem: the name, the value, the nearest valid name."""
    # A variable that is empty is as good as none: so do shells, process managers and compose files unset them.
    given = {name: value for name, value in (os.environ if environment is None else environment).items() if value}
    problems = _unknown_names(given)
    values = {name: given[name] for name in _variables() if name in given}
    try:
        settings = Settings.model_validate({_field(name): value for name, value in values.items()})
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            if detail["type"] != _NOT_CALLED:
                problems.append(_sentence(str(detail["loc"][0]), detail["msg"], values))
        raise SettingsError(tuple(problems)) from None
    if problems:
        raise SettingsError(tuple(problems))
    return settings


def _variables() -> list[str]:
    return [str(info.validation_alias or f"{PREFIX}{name.upper()}") for name, info in Settings.model_fields.items()]


def _field(variable: str) -> str:
    return variable if variable.endswith("_URL") else variable.removeprefix(PREFIX).lower()


def _unknown_names(given: Mapping[str, str]) -> list[str]:
    known = _variables()
    return [unknown("setting", name, known) for name in given if name.startswith(PREFIX) and name not in known]


def _sentence(location: str, message: str, values: Mapping[str, str]) -> str:
    variable = location if location.endswith("_URL") else f"{PREFIX}{location.upper()}"
    if variable not in values:
        return f"{variable} is not set; `counterfoil dev` starts servers and prints it"
    shown = "(hidden)" if variable.endswith(("_URL", "_SOURCES")) else repr(values[variable])
    return f"{variable}={shown}: {message.removeprefix('Value error, ')}"
