"""Filters as SQL."""

from persistence.filters.clause import filter_clause

__all__ = ["filter_clause"]
