"""Drawn streams of tasks: nothing starves, and what is promised holds."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.model.run_law import RunLaw
from tests.draws import seeds
from tests.unit.placement.admission.streams import Stream, busy, gang, small


def test_a_gang_starts_under_a_stream_that_never_lets_up_and_does_not_without_a_reservation() -> None:
    starts = {}
    for reserve in (0, 1):
        stream = Stream(16, reserve)
        busy(stream, 3, 900.0, 0.0)
        stream.submit(300.0, gang("g", 64, law=RunLaw(50.0)), 50.0)
        stream.run(900.0)
        starts[reserve] = stream.started.get(("g", 0))
    assert starts[0] is None
    assert starts[1] is not None
    assert starts[1] - 300.0 <= 150.0, "what runs when it comes has ended by then, and nothing longer was let in"


@pytest.mark.drawn
def test_when_ends_are_known_a_promise_is_kept_to_the_instant() -> None:
    """Whatever comes behind it, and though it stays within its places."""
    for seed in seeds(3, search=8):
        stream, draws, at = Stream(4), np.random.default_rng(seed), 0.0
        for number in range(300):
            seconds = float(draws.uniform(20.0, 300.0))
            stream.submit(at, [small(number, RunLaw(seconds), int(draws.integers(1, 4)))], seconds)
            at += float(draws.exponential(9.0))
            if number % 40 == 39:
                stream.submit(at, gang(f"g{number}", 4, 8, RunLaw(10.0)), 10.0)
        stream.run(100_000.0)
        kept = stream.decider.promises.kept
        assert len(kept) >= 20, f"seed {seed}"
        assert all(each.started <= each.first for each in kept), f"seed {seed}"
        assert len(stream.started) == 300 + 7 * 4, f"seed {seed}"


@pytest.mark.parametrize("seed", range(4))
def test_when_ends_are_wrong_most_promises_are_kept_and_none_is_late_by_more_than_one_overrun(seed: int) -> None:
    kept = late = 0
    for number in range(25):
        stream = Stream(2)
        busy(stream, 100 * seed + number, 900.0, 0.47)
        stream.submit(400.0, gang("g", 8, law=RunLaw(50.0)), 50.0)
        stream.run(2000.0)
        for each in stream.decider.promises.kept:
            kept += 1
            late += each.started > each.first
            if each.renewals == 0:
                overruns = [each.started - each.first, 0.0]
                assert max(overruns) <= max(_ends(stream, each.first), default=0.0) + 1e-9
    assert late <= 0.15 * kept


def _ends(stream: Stream, instant: float) -> list[float]:
    """How far past an instant each run went that ran then."""
    return [end - instant for start, end in stream.runs.values() if start < instant < end]
