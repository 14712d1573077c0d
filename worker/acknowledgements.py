"""Acknowledgements: what became of deliveries, told to Redis in batches, and kept while Redis is away."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from arq.connections import ArqRedis

from worker.leases import Held, Leases

AGAIN_SECONDS = 0.5
"""After which acknowledgements are sent again to a Redis that did not answer."""

PATIENCE_SECONDS = 10.0
"""How long one batch may take: a connection that is lost without a word would keep all that follow for ever."""

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that is over: its result as arq keeps it (empty: none), for so many ms (0: for ever)."""

    job_id: str
    queue: str
    result: bytes = b""
    keep_ms: int = 0


@dataclass(frozen=True, slots=True)
class PutBack:
    """A delivery that is to be tried again after so many ms; one that is uncounted was none, by arq's count."""

    job_id: str
    queue: str
    delay_ms: int = 0
    is_uncounted: bool = False


class Acknowledgements:
    """Sends what is added, all that has gathered at a time: one alone goes at once, many go together."""

    def __init__(self, redis: ArqRedis, leases: Leases) -> None:
        """Take the connection, and the leases that end with their acknowledgement."""
        self._finish, self._put_back = (_script(redis, name) for name in ("finish", "put_back"))
        self._leases = leases
        self._waiting: list[Finished | PutBack] = []
        self._then: dict[str, Callable[[], None]] = {}
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()

    def add(self, one: Finished | PutBack, then: Callable[[], None] | None = None) -> None:
        """Have it sent, and `then` called as soon as it is."""
        self._waiting.append(one)
        if then is not None:
            self._then[one.job_id] = then
        self._none.clear()
        self._some.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            try:
                await self._send_waiting()
            except Exception as error:  # noqa: BLE001 - whatever it is: without acknowledgements every job would hang
                structlog.get_logger("counterfoil.engine").warning(
                    "acknowledgements.kept", number=len(self._waiting), error=type(error).__name__
                )
                await asyncio.sleep(AGAIN_SECONDS)
                self._some.set()

    async def sent(self, seconds: float) -> None:
        """Return when all are sent, or after so many seconds: what is not is delivered again, without effect."""
        try:
            async with asyncio.timeout(seconds):
                await self._none.wait()
        except TimeoutError:
            return

    async def _send_waiting(self) -> None:
        while batch := self._waiting[:]:
            held = self._leases.let_go(one.job_id for one in batch)
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._send(self._finish, [one for one in batch if isinstance(one, Finished)], held)
                    await self._send(self._put_back, [one for one in batch if isinstance(one, PutBack)], held)
            except BaseException:
                self._leases.hold_again(held)
                raise
            del self._waiting[: len(batch)]
            for one in batch:
                if then := self._then.pop(one.job_id, None):
                    then()
        self._none.set()

    async def _send(self, script: Any, batch: Sequence[Finished | PutBack], held: Held) -> None:  # noqa: ANN401
        if batch:
            words = (word for one in batch for word in (*_words(one), held.get(one.job_id, ("", ""))[1]))
            await script(args=[self._leases.holder, *words])


def _script(redis: ArqRedis, name: str) -> Any:  # noqa: ANN401 - redis-py's script
    texts = ((_FOLDER / f"{part}.lua").read_text(encoding="utf-8") for part in ("make_room", name))
    return redis.register_script("".join(texts))


def _words(one: Finished | PutBack) -> tuple[str | bytes | int, ...]:
    if isinstance(one, Finished):
        return one.job_id, one.queue, one.result, one.keep_ms
    return one.job_id, one.queue, one.delay_ms, int(one.is_uncounted)
