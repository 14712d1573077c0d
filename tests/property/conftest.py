"""How much is drawn, and how long it may take: what counts is the outcome, not the load of the machine."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tests",
    max_examples=50,
    deadline=None,
    database=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")
