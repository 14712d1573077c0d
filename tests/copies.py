"""What a test's own database is: a copy of a migrated one."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

Copy = Callable[[], AbstractAsyncContextManager[str]]
"""Makes a migrated, empty database, yields its URL, and drops it."""
