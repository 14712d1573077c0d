"""The operators of filters: what each asks, of which kinds of columns, with which shape of value."""

from enum import StrEnum
from typing import NamedTuple

from domain.filters.kinds import Kind


class Operator(StrEnum):
    """What `field__operator` may say; the bare field is `eq`."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    GTE = "gte"
    LT = "lt"
    LE = "le"
    LTE = "lte"
    BETWEEN = "between"
    IN = "in"
    NOT_IN = "not_in"
    IS = "is"
    IS_NOT = "is_not"
    LIKE = "like"
    NOT_LIKE = "not_like"
    ILIKE = "ilike"
    NOT_ILIKE = "not_ilike"
    STARTSWITH = "startswith"
    ISTARTSWITH = "istartswith"
    ENDSWITH = "endswith"
    IENDSWITH = "iendswith"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    MATCH = "match"
    IS_NULL = "is_null"
    HAS_KEY = "has_key"
    CONTAINS_JSON = "contains_json"
    OVERLAP = "overlap"


class Shape(StrEnum):
    """The value that an operator takes."""

    VALUE = "a value of the field"
    NULLABLE = "a value of the field, or null"
    PAIR = "a list of two values of the field, the lower one first"
    VALUES = "a list of values of the field"
    SINGULAR = "null, true or false"
    PATTERN = "a text in which % stands for any characters and _ for one; \\% and \\_ are those themselves"
    PIECE = "a text that is not empty"
    WORDS = "a text with at least one word"
    TRUTH = "true or false"
    KEY = "a text, the name of a key"
    JSON = "a list or an object that is not empty, a text, a number, true or false"
    ITEMS = "a list of texts, numbers, true or false that is not empty"


class Rule(NamedTuple):
    """Which columns an operator takes, and with what."""

    shape: Shape
    kinds: frozenset[Kind]


_COLUMNS = frozenset(Kind) - {Kind.RELATION}
_ORDERED = frozenset({Kind.TEXT, Kind.NUMBER, Kind.TIME, Kind.UUID})
_TEXT = frozenset({Kind.TEXT})
_JSON = frozenset({Kind.JSON})

_ORDER = Rule(Shape.VALUE, _ORDERED)
_LIKE = Rule(Shape.PATTERN, _TEXT)
_PIECE = Rule(Shape.PIECE, _TEXT)

RULES: dict[Operator, Rule] = {
    Operator.EQ: Rule(Shape.NULLABLE, _COLUMNS),
    Operator.NE: Rule(Shape.NULLABLE, _COLUMNS),
    Operator.GT: _ORDER,
    Operator.GE: _ORDER,
    Operator.GTE: _ORDER,
    Operator.LT: _ORDER,
    Operator.LE: _ORDER,
    Operator.LTE: _ORDER,
    Operator.BETWEEN: Rule(Shape.PAIR, _ORDERED),
    Operator.IN: Rule(Shape.VALUES, _COLUMNS),
    Operator.NOT_IN: Rule(Shape.VALUES, _COLUMNS),
    Operator.IS: Rule(Shape.SINGULAR, _COLUMNS),
    Operator.IS_NOT: Rule(Shape.SINGULAR, _COLUMNS),
    Operator.LIKE: _LIKE,
    Operator.NOT_LIKE: _LIKE,
    Operator.ILIKE: _LIKE,
    Operator.NOT_ILIKE: _LIKE,
    Operator.STARTSWITH: _PIECE,
    Operator.ISTARTSWITH: _PIECE,
    Operator.ENDSWITH: _PIECE,
    Operator.IENDSWITH: _PIECE,
    Operator.CONTAINS: _PIECE,
    Operator.ICONTAINS: _PIECE,
    Operator.MATCH: Rule(Shape.WORDS, _TEXT),
    Operator.IS_NULL: Rule(Shape.TRUTH, frozenset(Kind)),
    Operator.HAS_KEY: Rule(Shape.KEY, _JSON),
    Operator.CONTAINS_JSON: Rule(Shape.JSON, _JSON),
    Operator.OVERLAP: Rule(Shape.ITEMS, frozenset({Kind.JSON, Kind.ARRAY})),
}

ALIASES = {Operator.GTE: Operator.GE, Operator.LTE: Operator.LE}
"""Second spellings, and what a checked tree has in their place."""

NEGATIVE = {
    Operator.NE: Operator.EQ,
    Operator.NOT_IN: Operator.IN,
    Operator.IS_NOT: Operator.IS,
    Operator.NOT_LIKE: Operator.LIKE,
    Operator.NOT_ILIKE: Operator.ILIKE,
}
"""Operators that let through exactly the values that the other one does not, null among them."""

OPPOSITES = {**NEGATIVE, **{positive: negative for negative, positive in NEGATIVE.items()}}
"""Operators by those that let through what they do not; `is_null` is its own, with the other value."""


def operators_of(kind: Kind) -> tuple[Operator, ...]:
    """Return the operators that a column of this kind takes."""
    return tuple(operator for operator, rule in RULES.items() if kind in rule.kinds)
