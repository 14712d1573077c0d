"""What a worker's health port tells, and short ways to read it."""

import json
from http.client import HTTPConnection
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.processes import Running

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def get(port: int, path: str) -> tuple[int, str]:
    """Return status and text of one request."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def told(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of /live or /ready."""
    status, text = get(port, path)
    return status, json.loads(text)


def port_of(worker: Running) -> int:
    """Return the port on which a worker process says that it listens."""
    (line,) = [line for line in worker.lines() if line["event"] == "health.listening"]
    return int(line["port"])


class Figures:
    """The figures of one scrape, as a monitoring system parses them."""

    def __init__(self, port: int) -> None:
        """Scrape."""
        status, self.text = get(port, "/metrics")
        assert status == 200
        self.families = {family.name: family for family in text_string_to_metric_families(self.text)}
        self._samples: Samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """Return the value of the one series with this name, less its prefix, and these labels."""
        return self._samples[f"counterfoil_{name}", frozenset(labels.items())]

    def labels(self, label: str) -> set[str]:
        """Return every value of a label."""
        return {value for _, labels in self._samples for name, value in labels if name == label}
