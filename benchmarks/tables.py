"""What a run says, as tables of text: the same on the terminal and in the README."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.contenders import OURS, PEERS, Contender
from benchmarks.figures import Figures
from benchmarks.further import FURTHER
from benchmarks.targets import Judged, judged

NOTHING = "-"
FAILED = "failed"


@dataclass(frozen=True)
class Table:
    """Headers and rows; the first column is words, the others are figures."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


def side_by_side(figures: Figures, parts: frozenset[str]) -> Table:
    """Return every contender in a row, and pgbench below them, as far as these parts measured them."""
    headers = ("", "no-op, jobs/s", "audited updates/s", "the same in one statement/s", "idle p50, ms", "idle p99, ms")
    rows = [_contender(one, figures) for one in (OURS, *PEERS) if "engine" in parts]
    for name, figure in (("four statements", "limit.four"), ("one statement", "limit.one")):
        rows += [(f"pgbench, {name}", "", amount(figures.median(figure)), "", "", "")] if "limit" in parts else []
    return Table(headers, rows)


def _contender(one: Contender, figures: Figures) -> Sequence[str]:
    names = ("noop", "update", None, "p50", "p99") if one is OURS else ("noop", "orm", "set", "p50", "p99")
    return (one.name, *("" if name is None else _cell(one, name, figures) for name in names))


def _cell(one: Contender, name: str, figures: Figures) -> str:
    value = figures.median(one.figure(name))
    body = "orm" if name in {"p50", "p99"} and one is not OURS else name
    return FAILED if value is None and one.figure(body) in figures.failures else amount(value)


def targets(figures: Figures, parts: frozenset[str]) -> Table:
    """Return every target of the parts with its figure, its bound, and `met` or `falls short`."""
    return Table(("target", "figure", "bound", ""), [_target(one) for one in judged(figures, parts)])


def _target(one: Judged) -> Sequence[str]:
    target = one.target
    bound = f"{target.sense.value} {target.bound:,g} {target.unit}"
    rival = {contender.figure(body): contender.name for contender in PEERS for body in ("orm", "noop", "p50", "p99")}
    name = f"{target.name} ({rival[one.rival]})" if one.rival in rival else target.name
    return name, f"{amount(one.value)} {target.unit}" if one.value is not None else NOTHING, bound, one.verdict.value


def further(figures: Figures) -> Table:
    """Return the figures that have no target."""
    rows = [(one.name, f"{amount(value)} {one.unit}") for one in FURTHER if (value := one.value(figures)) is not None]
    return Table(("also measured", "figure"), rows)


def failures(figures: Figures) -> Iterator[str]:
    """Yield one line for everything that failed in some repetition."""
    names = {one.figure(body): f"{one.name}, {body}" for one in (OURS, *PEERS) for body in (*one.guesses, "cost")}
    for figure, error in figures.failures.items():
        yield f"{names.get(figure, figure)}: {error}"


def amount(value: float | None) -> str:
    """Return a figure with as many digits as it deserves."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits are enough


def markdown(table: Table) -> str:
    """Return a table in Markdown."""
    rule = ["---", *("---:" for _ in table.headers[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (table.headers, rule, *table.rows))
