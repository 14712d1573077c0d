"""The worker's settings from the environment."""

import os
from collections.abc import Mapping

from persistence.settings import read_settings
from worker.settings import Settings

WEB_PREFIX = "COUNTERFOIL_WEB_"
"""With which the settings of the web process begin, whose environment is often the same."""


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; raises SettingsError with every problem: the name, the value, the nearest valid name."""
    return read_settings(Settings, os.environ if environment is None else environment, others=WEB_PREFIX)
