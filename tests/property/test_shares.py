"""Shares of slots: all of them are given out, and over time as the weights say."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from worker.shares import Strict, Weighted

weights = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 9), min_size=1)


@given(weights, st.lists(st.integers(0, 20), max_size=30))
def test_over_time_each_queue_gets_its_share(given_weights: dict[str, int], free: list[int]) -> None:
    """However few slots are free at a time, each queue is within one slot a queue of its part of them all."""
    shares = Weighted(given_weights)
    got: Counter[str] = Counter()
    for slots in free:
        divided = dict(shares.divide(slots))
        assert sum(divided.values()) == slots
        got.update(divided)
    total = sum(given_weights.values())
    for queue, weight in given_weights.items():
        assert abs(got[queue] - sum(free) * weight / total) <= len(given_weights)


@given(weights)
def test_one_slot_at_a_time_starves_nobody(given_weights: dict[str, int]) -> None:
    """In as many slots as the weights come to, each queue gets exactly its weight."""
    shares = Weighted(given_weights)
    got: Counter[str] = Counter()
    for _ in range(sum(given_weights.values())):
        got.update(dict(shares.divide(1)))
    assert got == given_weights


def test_strict_offers_every_slot_to_each_in_order() -> None:
    """The first queue takes what it can."""
    assert Strict(("high", "low")).divide(3) == [("high", 3), ("low", 3)]
