"""Whether a worker lives, and whether it claims: what is wrong, in words that name no address."""

from dataclasses import dataclass
from time import monotonic

from worker.engine import Engine
from worker.health.pulse import Pulse
from worker.health.readings import Readings

READY_SECONDS = 8.0
"""How long ago a server's last answer may be: two readings, of which one was in vain."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """Judges a worker from any thread; `stuck_seconds` is how long its event loop may stand still."""

    engine: Engine
    pulse: Pulse
    readings: Readings
    stuck_seconds: float

    def lives(self) -> list[str]:
        """Return why a restart would help: nothing but an event loop that stands still. A server away is no reason."""
        return self._still(self.stuck_seconds)

    def claims(self) -> list[str]:
        """Return why the worker claims nothing now."""
        # While the loop stands still nobody hears a server's answer, which says nothing against the server.
        if still := self._still(min(self.stuck_seconds, READY_SECONDS)):
            return still
        reasons = [] if self.engine.allow_pick_jobs else ["draining: the worker was told to stop"]
        now = monotonic()
        for server, at in (
            ("Redis", self.engine.claiming.claimed_at),
            (self.readings.database, self.readings.database_answered_at),
        ):
            if at is None:
                reasons.append(f"{server} has not answered yet")
            elif now - at > READY_SECONDS:
                reasons.append(f"{server} has not answered for {now - at:.0f} s")
        return reasons

    def _still(self, allowed: float) -> list[str]:
        lag = self.pulse.lag
        return (
            []
            if lag <= allowed
            else [f"the event loop has stood still for {lag:.1f} s, at most {allowed:g} s are allowed"]
        )
