"""How far a running job is, as its worker tells it under a key of Redis: for whoever waits, and never for the truth."""

from pydantic import BaseModel, ConfigDict

PROGRESS_KEY = "counterfoil:progress:"
"""The job's id follows; the value is a `Progress` in JSON."""


class Progress(BaseModel):
    """Rows done, bytes read of `size` (None: not known), seconds since this run of the job has `started` (epoch)."""

    model_config = ConfigDict(frozen=True)

    rows: int
    position: int
    size: int | None
    started: float
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second so far."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    @property
    def share(self) -> float | None:
        """The share of the source that is read, from 0 to 1, or None where its size is not known."""
        return min(self.position / self.size, 1.0) if self.size else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the end at the rate so far, or None while nobody can say."""
        return self.seconds * (1 - self.share) / self.share if self.share else None
