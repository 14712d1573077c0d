"""When a worker process that has ended is followed by the next."""

FIRST_SECONDS = 0.5
"""The pause after the first death: a single one costs little of a process's work."""

LONGEST_SECONDS = 30.0
"""The longest pause: so long, at most, are workers missing after what killed them has been mended."""

SETTLED_SECONDS = 60.0
"""A process that lived so long had no trouble in starting: its death is a first one again."""


class Restarts:
    """The restarts of one process among several: deaths in a row make the pause before the next longer."""

    def __init__(self) -> None:
        """Begin without a death."""
        self._deaths = 0

    def pause_after(self, *, lived: float, in_order: bool) -> float:
        """Return for how many seconds to wait after a process that lived for `lived` seconds.

        One that ended in order, because it was recycled, is followed at once.
        """
        if in_order:
            self._deaths = 0
            return 0.0
        if lived >= SETTLED_SECONDS:
            self._deaths = 0
        # The exponent is bounded, because a float is: 2.0 ** 1024 is an error.
        pause = min(FIRST_SECONDS * 2.0 ** min(self._deaths, 32), LONGEST_SECONDS)
        self._deaths += 1
        return pause
