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
@given(st.sampled_from(Severity), st.integers(1, 100), st.integers(1, 100))
def test_attempts_end(severity: Severity, attempt: int, max_attempts: int) -> None:
    """A permanent failure ends at once, an unknown one after `max_attempts`, a transient one at its own bound."""
    bound = {Severity.PERMANENT: 1, Severity.UNKNOWN: max_attempts, Severity.TRANSIENT: TRANSIENT_ATTEMPTS}[severity]
    assert next_state(severity, attempt, max_attempts) is (JobState.DEAD if attempt >= bound else JobState.QUEUED)
