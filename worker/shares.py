"""Shares: how many of a worker's free slots each of its queues may fill."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class Shares(Protocol):
    """Divides free slots among queues."""

    def divide(self, free: int) -> list[tuple[str, int]]:
        """Return the queues in the order in which they are asked, each with how many slots it may fill at first.

        What a queue leaves free goes to the others, in the same order.
        """


class Strict:
    """Every slot for the first queue, and only what it leaves for the next."""

    def __init__(self, queues: Sequence[str]) -> None:
        """Take the queues, the most urgent first."""
        self._queues = tuple(queues)

    def divide(self, free: int) -> list[tuple[str, int]]:
        """Return all slots for each: the first queue takes what it can, and the others what is left."""
        return [(queue, free) for queue in self._queues]


class Weighted:
    """Slots in proportion to weights, also where only one is free at a time.

    Smooth weighted round robin: each slot goes to the queue that has waited longest for its share. Source: nginx,
    `ngx_http_upstream_round_robin.c`.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        """Take the weight of each queue, in any order."""
        self._weights = dict(weights)
        self._credits = dict.fromkeys(weights, 0)

    def divide(self, free: int) -> list[tuple[str, int]]:
        """Return each queue's share, the largest first."""
        shares = dict.fromkeys(self._weights, 0)
        total = sum(self._weights.values())
        for _ in range(free):
            for queue, weight in self._weights.items():
                self._credits[queue] += weight
            chosen = max(self._credits, key=lambda queue: self._credits[queue])
            self._credits[chosen] -= total
            shares[chosen] += 1
        return sorted(shares.items(), key=lambda share: -share[1])
