"""The backoff: exponential, with full jitter, within its bounds; and what becomes of a failed attempt."""

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.job import TRANSIENT_ATTEMPTS, JobState, RetryPolicy, Severity, next_state

bounded = settings(max_examples=100, deadline=None, database=None)
policies = st.builds(RetryPolicy, st.integers(1, 100), st.floats(0.001, 60), st.floats(60, 86_400))


@bounded
@given(policies, st.integers(1, 10_000), st.floats(0, 1))
def test_a_delay_is_a_part_of_a_ceiling_that_doubles_up_to_the_cap(
    policy: RetryPolicy, attempt: int, part: float
) -> None:
    """No attempt, however late, overflows or waits longer than the cap."""
    ceiling = policy.delay(attempt, lambda: 1.0)
    assert policy.delay(attempt, lambda: part) == part * ceiling
    assert ceiling <= policy.cap
    assert policy.delay(1, lambda: 1.0) == min(policy.base, policy.cap)
    assert policy.delay(attempt + 1, lambda: 1.0) in {min(2 * ceiling, policy.cap), policy.cap}


@bounded
@given(st.integers(1, 20), st.lists(st.sampled_from((Severity.TRANSIENT, Severity.UNKNOWN)), max_size=100))
def test_an_outage_costs_none_of_the_attempts_that_nobody_can_explain(
    max_attempts: int, failed: list[Severity]
) -> None:
    """In any mixture, `max_attempts` unknown failures end a job; transient ones end it by their number alone."""
    unknown = 0
    for attempt, severity in enumerate(failed, start=1):
        unknown += severity is Severity.UNKNOWN
        assert next_state(Severity.PERMANENT, attempt, unknown, max_attempts) is JobState.DEAD
        if next_state(severity, attempt, unknown, max_attempts) is JobState.DEAD:
            assert unknown == max_attempts or attempt == TRANSIENT_ATTEMPTS
            return
    assert unknown < max_attempts
    assert len(failed) < TRANSIENT_ATTEMPTS
