"""The resources that settings name."""

from importlib import import_module

from persistence.settings import SettingsError, load_entities
from web.resources.resource import Resource
from web.settings import OWN, WebSettings


def load_resources(settings: WebSettings) -> tuple[Resource, ...]:
    """Return the resources of the modules that the settings name, less those whose entity is not served.

    Raises SettingsError for a module that cannot be imported or has none.
    """
    found = [resource for name in settings.web_resources for resource in _resources(name)]
    entities = load_entities(settings)
    return tuple(one for one in found if one.name in entities and entities[one.name].model is one.service.model)


def _resources(name: str) -> tuple[Resource, ...]:
    try:
        found: tuple[Resource, ...] = import_module(name).RESOURCES
    except Exception as error:  # whatever a team's module does when it is imported
        way_out = "is it on the Python path, and has it a tuple RESOURCES?"
        raise SettingsError((f"{OWN}RESOURCES names {name!r}, which has no resources ({error}); {way_out}",)) from error
    return found
