"""The pulse of an event loop: how late it is, as any thread can tell, also while a handler blocks it."""

import asyncio
from collections import deque
from time import monotonic
from typing import Never

BEAT_SECONDS = 0.25
"""How often the loop is asked to show that it turns."""

REMEMBERED_SECONDS = 15.0
"""For how long a late beat is remembered: as long as monitoring systems commonly wait between two looks."""


class Pulse:
    """Beats in an event loop; what is read from it may be read from another thread."""

    def __init__(self) -> None:
        """Begin now."""
        self._at = monotonic()
        self._late: deque[float] = deque(maxlen=int(REMEMBERED_SECONDS / BEAT_SECONDS))

    async def beat(self) -> Never:
        """Beat until cancelled."""
        while True:
            self._late.append(self.lag)
            self._at = monotonic()
            await asyncio.sleep(BEAT_SECONDS)

    @property
    def lag(self) -> float:
        """For how many seconds the next beat is overdue."""
        return max(0.0, monotonic() - self._at - BEAT_SECONDS)

    @property
    def worst(self) -> float:
        """The longest lag, in seconds, of the last fifteen seconds."""
        return max(self.lag, *tuple(self._late), 0.0)
