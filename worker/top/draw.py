"""A look at the fleet as tables."""

from datetime import timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from worker.cli.cells import one_line, span
from worker.presence import Present
from worker.top.look import Frame, QueueLine

SILENT_SECONDS = 3.0
"""A worker that has not shown itself for longer is marked."""


def drawn(frame: Frame) -> RenderableType:
    """Return the frame: what is missing, the queues, the workers."""
    head = Text(f"counterfoil {frame.at:%Y-%m-%d %H:%M:%S} UTC")
    head.append(f"   workers {len(frame.workers)}")
    head.append(f"   dead jobs {_number(frame.dead)}", style="red" if frame.dead else "")
    missing = [Text(sentence, style="bold red") for sentence in frame.missing]
    return Group(head, *missing, _queues(frame), _workers(frame))


def _queues(frame: Frame) -> Table:
    table = Table("queue", expand=False)
    for name in ("due", "scheduled", "running", "oldest due", "ended/s", "workers"):
        table.add_column(name, justify="right")
    for line in frame.queues:
        oldest = "?" if line.oldest is None else span(timedelta(seconds=line.oldest)) if line.due else "-"
        rate = "?" if line.rate is None else f"{line.rate:,.1f}"
        numbers = (_number(line.due), _number(line.scheduled), _number(line.running), oldest, rate)
        table.add_row(_plain(line.queue), *numbers, _served(line))
    return table


def _served(line: QueueLine) -> Text:
    if line.workers:
        return Text(str(line.workers))
    if line.workers is None:
        return Text("?")
    return Text("stock arq") if line.is_served else Text("none", style="red" if line.due else "")


def _workers(frame: Frame) -> Table:
    table = Table("worker", "queues", expand=False)
    for name in ("slots", "running", "jobs/s", "succeeded", "failed", "tried again", "since"):
        table.add_column(name, justify="right")
    table.add_column("")
    for worker in frame.workers:
        sign = worker.sign
        numbers = [_number(one) for one in (sign.slots, sum(sign.running.values()))]
        totals = [_number(one) for one in (sign.complete, sign.failed, sign.retried)]
        since = span(timedelta(seconds=max(0.0, frame.at.timestamp() - sign.started)))
        cells = (*numbers, f"{sign.rate:,.1f}", *totals, since)
        table.add_row(_plain(sign.worker), _plain(", ".join(sign.queues)), *cells, _remark(worker))
    return table


def _remark(worker: Present) -> Text:
    if worker.silent > SILENT_SECONDS:
        return Text(f"silent for {worker.silent:.0f} s", style="red")
    return Text("stopping", style="yellow") if worker.sign.draining else Text("")


def _number(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _plain(text: str) -> Text:
    return Text(one_line(text))
