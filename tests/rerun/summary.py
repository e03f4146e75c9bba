"""What two runs show together, in words and as an exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from .record import Record

AT_MOST = 2
"""Tests that may need a second run; with more of them the run fails."""
GIVEN_UP = 10
"""Failures beyond which there is no second run: then something is broken, and each test would show it again."""
_WIDTH = 100


def why_not_again(first: Record | None, status: int) -> str | None:
    """Why there is no second run after a first run with this exit status; None if there shall be one.

    Only failures of tests are worth one, and only if all tests ran: not errors while tests were collected, workers that
    crashed, an interrupted run, an error in pytest itself.
    """
    if first is None:
        return f"pytest ended before all tests did (exit status {status})"
    if first.uncollected:
        return f"not collected: {', '.join(first.uncollected)}"
    if first.crashed:
        return f"a worker process crashed: {', '.join(first.crashed)}"
    if status != 1 or not first.complete or not first.failures:
        return f"the run was stopped or broke: {len(first.outcomes)} of {first.collected} tests ran (exit status {status})"
    if len(first.failures) > GIVEN_UP:
        return f"{len(first.failures)} tests failed, more than {GIVEN_UP}"
    return None


def second_outcomes(first: Record, second: Record | None) -> dict[str, str]:
    """What became of each test that failed in the first run: nothing that is known of it if the second run broke."""
    known = second.outcomes if second is not None and second.complete else {}
    return {name: known.get(name, "unknown") for name in first.failures}


def accepted(outcomes: Mapping[str, str]) -> bool:
    """True if few tests needed a second run, and all of them passed it."""
    return len(outcomes) <= AT_MOST and set(outcomes.values()) == {"passed"}


def lines(first: Record, outcomes: Mapping[str, str], seconds: float) -> Iterator[str]:
    """What needed a second run, with its first failure; last, in the form of pytest's closing line, both runs together."""
    yield " second run ".center(_WIDTH, "=")
    for name, failure in first.failures.items():
        yield f"{name} {_told(outcomes[name])}. Its first failure:"
        yield from (f"    {line}" for line in failure.splitlines())
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    verdict = "" if len(outcomes) <= AT_MOST else f", and more than {AT_MOST} fail the build"
    yield f"{len(outcomes)} of {first.collected} tests needed a second run{verdict}; {len(passed)} of them passed it."
    counts = Counter({**first.outcomes, **dict.fromkeys(passed, "passed")}.values())
    both = ", ".join(f"{counts[kind]} {kind}" for kind in ("failed", "passed", "skipped", "xfailed", "xpassed") if counts[kind])
    yield f" {both} in {seconds:.2f}s ".center(_WIDTH, "=")


def _told(outcome: str) -> str:
    words = {"passed": "passed the second time", "failed": "failed again", "unknown": "did not come to an end the second time"}
    return words.get(outcome, f"was {outcome} the second time")
