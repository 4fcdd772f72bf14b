"""What every suite shares: one profile for property tests, and which tests count as coverage."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run, so that a failure is the change's own.
# `make suite-slow` looks further with HYPOTHESIS_PROFILE=thorough.
settings.register_profile("quick", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("thorough", deadline=None, max_examples=2000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(trylast=True)  # after Hypothesis has marked its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sets what is traced, and the order."""
    # Property tests run dozens of times what others run once, and tracing triples their time.
    for item in items:
        if item.get_closest_marker("hypothesis"):
            item.add_marker("no_cover")
    # Those of real servers wait more than they work: begun first, they do so while others work.
    items.sort(key=lambda item: "server" not in item.path.parts)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What a test starts is traced as the test itself is."""
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("no_cover"):
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Processes of tests inherit the environment, by which coverage would trace where `no_cover` cannot pause it.

    pytest-cov starts in each the tracing that it can pause.
    """
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """pytest-cov (7.1) begins to trace in a process of tests before it knows that it is one, and here once more.

    Unless the first ends, `no_cover` pauses only the second.
    """
    tracing = session.config.pluginmanager.getplugin("_cov")
    if hasattr(session.config, "workerinput") and tracing is not None and tracing.cov_controller is not None:
        tracing.cov_controller.cov.stop()
