"""The goals of reliability: which there are, how far each test run goes, and what was reached.

``pytest tests/faults --faults-full`` walks all of them and prints one line per goal; without it a
short form of each runs among the other tests. ``ONLY=R1,R6`` chooses goals.
"""

import os
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.reporting.conftest import files, hurried, relay

__all__ = ["files", "hurried", "relay"]

TRIED: defaultdict[str, set[str]] = defaultdict(set)  # by goal, the tests that began
MISSED: defaultdict[str, set[str]] = defaultdict(set)  # and those that failed at any step


def pytest_addoption(parser: pytest.Parser) -> None:
    """The long form."""
    parser.addoption("--faults-full", action="store_true", help="as often as the goals say")


def pytest_configure(config: pytest.Config) -> None:
    """Every test here counts for a goal."""
    config.addinivalue_line("markers", "goal(name): the goal that a test counts for")
    config.addinivalue_line("markers", "repeated(times, short=1): how often it is seen")


def goal_of(item: pytest.Item) -> str:
    marker = item.get_closest_marker("goal")
    return str(marker.args[0]) if marker else ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave only the goals that ONLY names."""
    only = set(filter(None, os.environ.get("ONLY", "").split(",")))
    left = [item for item in items if only and goal_of(item) and goal_of(item) not in only]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Iterator[None]:
    """Keep for each goal which tests began and which failed."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # pytest sends the report in
    goal = goal_of(item)
    if goal:
        TRIED[goal].add(item.nodeid)
        if not report.passed:
            MISSED[goal].add(item.nodeid)
    return report  # type: ignore[return-value]  # see above


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """One line per goal, in the long form."""
    if not config.getoption("faults_full", default=False):
        return
    for goal, tried in sorted(TRIED.items()):
        missed = len(MISSED[goal])
        verdict = "FAILED" if missed else "ok"
        terminalreporter.write_line(f"{goal} {len(tried) - missed}/{len(tried)} {verdict}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``repetition``: how often a goal wants the same thing seen; once in the short form."""
    if "repetition" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("repeated")
        assert marker is not None, "a repeated test says how often"
        full = metafunc.config.getoption("faults_full", default=False)
        short: int = marker.kwargs.get("short", 1)
        metafunc.parametrize("repetition", range(marker.args[0] if full else short))
