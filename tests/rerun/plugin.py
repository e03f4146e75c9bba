"""A pytest plugin that writes what a run showed into a file: `-p tests.rerun.plugin --record FILE`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .record import Record

_LINES = 12
"""Lines of a failure that are kept, from its end: the error's words and where it was raised."""


class _Recorder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._record = Record()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and report.nodeid not in self._record.uncollected:
            self._record.uncollected.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has up to three reports (setup, call, teardown); a failed one outweighs the others."""
        name = report.nodeid
        if report.when not in ("setup", "call", "teardown"):  # xdist's own report about a worker that ended
            self._record.crashed.append(name)
        if report.failed:
            self._record.failures.setdefault(name, "\n".join(report.longreprtext.rstrip().splitlines()[-_LINES:]))
            self._record.outcomes[name] = "failed"
        elif report.when == "call" or report.skipped:
            self._record.outcomes.setdefault(name, _outcome(report))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._record.collected = session.testscollected
        self._record.write(self._path)


def _outcome(report: pytest.TestReport) -> str:
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return report.outcome


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, metavar="FILE", help="write what the run showed into this file, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Record in the process that sees all tests: with xdist, that is the one that starts the workers."""
    path = config.getoption("--record")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Recorder(path))
