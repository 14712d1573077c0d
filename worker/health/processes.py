"""The processes of one worker, as their parent sees them: each is asked when somebody asks the parent."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from worker.health.local import NoAnswer, NobodyThere, ask

AT_ONCE = 16
"""Processes that are asked at a time, so that one that hangs does not hold up the others' answers."""


@dataclass(frozen=True, slots=True)
class Processes(Collector):
    """Asks processes by their sockets; `sockets` returns those of the running ones, by their place."""

    sockets: Callable[[], Mapping[int, Path]]

    def lives(self) -> list[str]:
        """Return which processes stand still: one is enough, since nothing but a restart helps it."""
        answers = self._ask("/live")
        return [
            reason
            for place, answer in answers.items()
            if not isinstance(answer, NobodyThere)
            for reason in _reasons(place, answer)
        ]

    def claims(self) -> list[str]:
        """Return why no process claims anything, and nothing where one does: the others are about to."""
        found = [_reasons(place, answer) for place, answer in self._ask("/ready").items()]
        if not found:
            return ["no process has been started yet"]
        return [] if any(not reasons for reasons in found) else [reason for reasons in found for reason in reasons]

    def collect(self) -> Iterator[Metric]:
        """Yield every process's figures, with its place as the label `process`."""
        answers = self._ask("/metrics")
        families: dict[str, Metric] = {}
        for place, answer in answers.items():
            if isinstance(answer, NoAnswer):
                continue
            for family in text_string_to_metric_families(answer[1]):
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    merged.add_sample(sample.name, {**sample.labels, "process": str(place)}, sample.value)
        number = sum(not isinstance(answer, NoAnswer) for answer in answers.values())
        yield GaugeMetricFamily("counterfoil_processes", "Processes that answer.", value=number)
        yield from families.values()

    def _ask(self, path: str) -> dict[int, tuple[int, str] | NoAnswer]:
        sockets = self.sockets()
        if not sockets:
            return {}
        with ThreadPoolExecutor(min(AT_ONCE, len(sockets))) as pool:
            return dict(zip(sockets, pool.map(lambda socket: _asked(socket, path), sockets.values()), strict=True))


def _asked(socket: Path, path: str) -> tuple[int, str] | NoAnswer:
    try:
        return ask(socket, path)
    except NoAnswer as error:
        return error


def _reasons(place: int, answer: tuple[int, str] | NoAnswer) -> list[str]:
    if isinstance(answer, NoAnswer):
        return [f"process {place}: no answer ({answer})"]
    return [f"process {place}: {reason}" for reason in json.loads(answer[1]).get("reasons", [])]
