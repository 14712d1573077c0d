"""Filters as SQL."""

from persistence.filters.clause import checked_clause, filter_clause

__all__ = ["checked_clause", "filter_clause"]
