"""Clients filter, sort and load by what an entity allows, and learn of nothing else."""

from typing import Any

import pytest

import domain.task_manager
from domain.entities import collect
from domain.errors import UnknownName
from domain.filters import client_filter, client_load, client_sort, render_filter
from domain.filters.names import Names, resolve
from tests.specimens import ENTITIES

SPECIMEN = ENTITIES["specimen"]
SHIPPED = collect([domain.task_manager])


@pytest.mark.parametrize(
    "words",
    [
        {"key": "a"},
        {"count__gt": 1},
        {"whole.key": "a"},
        {"whole__is_null": True},
        {"labels__key": "a"},
        {"labels__created_at__is_null": False},
        {"search": "a"},
        {"or": [{"key": "a"}, {"not": {"count": 1}}]},
    ],
    ids=str,
)
def test_what_is_allowed_is_taken(words: dict[str, Any]) -> None:
    """Columns, relations with what their entity allows, and single fields of related rows."""
    assert render_filter(client_filter(ENTITIES, SPECIMEN, words))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"note": "a"}, "unknown field 'note'; known: count, key, labels__key, whole__key"),
        ({"ocunt": 1}, "unknown field 'ocunt'; did you mean 'count'?"),
        ({"whole.note": "a"}, "unknown field 'whole.note'; did you mean 'whole.key'?"),
        ({"whole.whole.key": "a"}, "unknown field 'whole.whole.key'"),
        ({"parts.key": "a"}, "unknown field 'parts.key'"),
        ({"deleted_at": None}, "unknown field 'deleted_at'"),
        ({"not": {"note": "a"}}, "unknown field 'note'"),
        ({"search": {"text": "a", "fields": ["note"]}}, "unknown field 'note'"),
    ],
    ids=str,
)
def test_what_is_not_allowed_is_unknown(words: dict[str, Any], message: str) -> None:
    """The message proposes allowed names alone."""
    with pytest.raises(UnknownName) as refused:
        client_filter(ENTITIES, SPECIMEN, words)
    assert message in str(refused.value)
    assert not {"note", "extra", "deleted_at", "parts"} & {name.partition(".")[0] for name in refused.value.known}


def test_a_search_without_fields_looks_where_clients_may_look() -> None:
    """Not in `note`, which is a text as well."""
    assert "note" not in str(client_filter(ENTITIES, SPECIMEN, {"search": "a"}))


def test_a_member_cannot_be_found_by_the_email_of_an_assignee() -> None:
    """What a relation leads to is as hidden there as it is at home."""
    with pytest.raises(UnknownName, match="unknown field 'assignee__email'"):
        client_filter(SHIPPED, SHIPPED["task"], {"assignee__email__startswith": "a"})
    assert render_filter(client_filter(SHIPPED, SHIPPED["task"], {"assignee__key__startswith": "a"}))


def test_sorts_and_loads_are_allowed_one_by_one() -> None:
    """A sort may be descending; what leads to an allowed relation is allowed too."""
    assert client_sort(SPECIMEN, ["-count", "key"]) == ("-count", "key")
    assert client_load(SPECIMEN, ["parts", "parts.labels"]) == ("parts", "parts.labels")
    with pytest.raises(UnknownName, match="unknown sort field 'ocunt'; did you mean 'count'"):
        client_sort(SPECIMEN, ["-ocunt"])
    with pytest.raises(UnknownName, match="unknown relation to load 'labels'"):
        client_load(SPECIMEN, ["labels"])


def test_the_shipped_entities_allow_what_they_have() -> None:
    """A name in a list that leads nowhere would be a silent gap."""
    for entity in SHIPPED.values():
        for name in entity.model.filterable or ():
            word = name if name in entity.table.c else f"{name}__is_null"
            value = None if name in entity.table.c else True
            assert render_filter(client_filter(SHIPPED, entity, {word: value}))
        assert set(entity.model.sortable or ()) <= set(entity.table.c.keys())
        for name in entity.model.loadable or ():
            resolve(Names(SHIPPED, entity), f"{name}.id")
