"""How large a filter may be: whoever may send one must not be able to keep the database busy with it."""

MAX_DEPTH = 10
"""Levels of and, or and not within one another."""

MAX_CONDITIONS = 200
"""Conditions of one filter; each word of a search is one for each of its fields."""

MAX_VALUES = 10_000
"""Values of an `in`."""

MAX_ITEMS = 100
"""Values of an `overlap`; each is a condition of its own."""

MAX_TEXT = 1_000
"""Characters of a pattern, a piece of text or a search."""
