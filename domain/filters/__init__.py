"""The filter language: one meaning, in words or as typed objects, for commands, services, the command line and HTTP."""

from domain.filters.allowed import client_filter, client_load, client_sort
from domain.filters.check import checked
from domain.filters.fields import Field, field, search
from domain.filters.operators import Operator
from domain.filters.parse import parse_filter, render_filter
from domain.filters.texts import words_of_texts
from domain.filters.tree import And, Condition, Filter, Not, Or, Search

__all__ = [
    "And",
    "Condition",
    "Field",
    "Filter",
    "Not",
    "Operator",
    "Or",
    "Search",
    "checked",
    "client_filter",
    "client_load",
    "client_sort",
    "field",
    "parse_filter",
    "render_filter",
    "search",
    "words_of_texts",
]
