"""What every suite shares: one profile for property tests."""

import os

from hypothesis import HealthCheck, settings

# The same examples on every run, so that a failure is the change's own.
# `make suite-slow` looks further with HYPOTHESIS_PROFILE=thorough.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("thorough", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
