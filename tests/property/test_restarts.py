"""Restarts: the pause grows with deaths in a row, up to a bound, and is forgotten after a long life."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from worker.processes.restarts import FIRST_SECONDS, LONGEST_SECONDS, SETTLED_SECONDS, Restarts

bounded = settings(max_examples=100, deadline=None, database=None)
short_lives = st.floats(0, SETTLED_SECONDS, exclude_max=True)


@bounded
@given(st.lists(short_lives, min_size=1, max_size=2000))
def test_deaths_in_a_row_double_the_pause_up_to_the_bound(lives: list[float]) -> None:
    """The first waits shortest; no number of deaths overflows, or waits longer than the bound."""
    restarts = Restarts()
    pauses = [restarts.pause_after(lived=lived, in_order=False) for lived in lives]
    assert pauses[0] == FIRST_SECONDS
    for before, after in pairwise(pauses):
        assert after == min(2 * before, LONGEST_SECONDS)


@bounded
@given(st.lists(short_lives, max_size=20), st.floats(SETTLED_SECONDS, 1e6))
def test_a_process_that_has_settled_dies_a_first_death(lives: list[float], settled: float) -> None:
    """Whatever came before: what hindered the start is over."""
    restarts = Restarts()
    for lived in lives:
        restarts.pause_after(lived=lived, in_order=False)
    assert restarts.pause_after(lived=settled, in_order=False) == FIRST_SECONDS


@bounded
@given(st.lists(short_lives, max_size=20), st.floats(0, 1e6))
def test_an_end_in_order_is_followed_at_once(lives: list[float], lived: float) -> None:
    """A recycled process leaves no gap, and clears what was counted."""
    restarts = Restarts()
    for one in lives:
        restarts.pause_after(lived=one, in_order=False)
    assert restarts.pause_after(lived=lived, in_order=True) == 0
    assert restarts.pause_after(lived=0, in_order=False) == FIRST_SECONDS
