"""What every test shares. Asyncio's mode, the time limit and the warnings are set in pyproject.toml."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

#: Real databases; the PostgreSQL server is started once a session (once an xdist worker).
pytest_plugins = ["tests.harness.databases"]

# A slow machine is no failing property, and one that failed once must fail again: no deadline, fixed seeds.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# HYPOTHESIS_PROFILE=searching looks further than a commit's check has time for.
settings.register_profile("searching", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
