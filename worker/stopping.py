"""How long a worker may take to stop, and how it tells that it was not let."""

LAST_SECONDS = 15.0
"""How long after the grace time a worker may take to say good-bye to its servers."""

CUT_OFF = 3
"""The exit code of a worker that could not end in order: its servers, or a handler, did not let it."""
