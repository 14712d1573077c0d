"""The data layer: services beside bare SQLAlchemy and beside two well-known layers, the same work in turns."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from benchmarks.bench import Bench
from benchmarks.child import Child, running
from benchmarks.contenders import ENVIRONMENTS, OURS
from benchmarks.databases import connected
from benchmarks.layers.work import TIMES

SEED: Final = Path(__file__).parents[1] / "layers" / "seed.sql"
OTHERS: Final = ENVIRONMENTS / "layers" / "bin" / "python"
LAYERS: Final[Mapping[str, Path]] = {
    "bare": OURS.python,
    "declarative": OURS.python,
    "ours": OURS.python,
    "fastcrud_layer": OTHERS,
    "advanced": OTHERS,
}
"""Each layer's module, and the interpreter that has what it needs."""
ROWS: Final = (200_000, 12_000)
"""Tasks in the table; the second is for a quick run."""
SUBTASKS: Final = 10_000
ROUNDS: Final = (15, 1)
"""Turns of every work in one repetition; the second is for a quick run."""
FIRST_CREATED: Final = 1_000_000
"""Far apart, so that no two layers create the same key."""


async def layers(bench: Bench) -> None:
    """Measure on a database of its own."""
    async with bench.clean() as url:
        await layers_on(bench, url)


async def layers_on(bench: Bench, url: str) -> None:
    """Let all layers have their turns at each work on this database; who fails is named, and leaves the rest."""
    rows = ROWS[bench.quick]
    async with connected(url) as connection:
        await connection.execute(SEED.read_text(encoding="utf-8").format(rows=rows, deep=rows - SUBTASKS))
        await connection.execute("VACUUM (FREEZE, ANALYZE)")
    async with AsyncExitStack() as stack:
        open_: dict[str, tuple[Child, list[str]]] = {}
        for number, (name, python) in enumerate(LAYERS.items()):
            try:
                open_[name] = await _open(bench, stack, url, name, python, (number + 1) * FIRST_CREATED)
            except Exception as error:  # noqa: BLE001 - a peer that is not installed costs the others no figure
                bench.figures.fail(f"layers.{name}", error)
        for name, (child, work) in open_.items():  # once before it counts: connections open, plans and caches fill
            for one in work:
                await _turn(bench, child, name, one, counts=False)
        for _ in range(ROUNDS[bench.quick]):
            for one in TIMES:
                for name, (child, work) in open_.items():
                    if one in work:
                        await _turn(bench, child, name, one)


async def _open(  # noqa: PLR0913, PLR0917 - what a child is started with
    bench: Bench, stack: AsyncExitStack, url: str, name: str, python: Path, begin: int
) -> tuple[Child, list[str]]:
    command = [str(python), "-m", "benchmarks.layers.child", name, str(begin)]
    given = {**bench.environment(OURS, "update", url), "LAYERS_ROWS": str(ROWS[bench.quick])}
    child = await stack.enter_async_context(running(f"layer {name}", command, given, bench.logs))
    ready = await child.expect("ready")
    return child, ready["work"]


async def _turn(bench: Bench, child: Child, name: str, work: str, *, counts: bool = True) -> None:
    await child.tell(work)
    said = await child.expect("turn")
    if counts:
        bench.figures.record(f"layers.{work}.{name}", said["milliseconds"])
