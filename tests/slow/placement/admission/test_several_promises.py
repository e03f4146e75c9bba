"""Several reservations at once, over drawn streams: all of them hold."""

from __future__ import annotations

import numpy as np
import pytest

from bayplan.model.run_law import RunLaw
from tests.draws import seeds
from tests.unit.placement.admission.streams import Stream, gang, of, several, small


def drawn(seed: int, nodes: int, shared: int | None, part: float) -> Stream:
    """Forty units, which may all hold a promise. `part`: the least part of its bound that each runs."""
    draws = np.random.default_rng(seed)
    stream = several(nodes, reserve=32, own=shared)
    most, at = 8 * nodes if shared is None else min(8, 3 * shared), 0.0
    for number in range(40):
        at += float(draws.exponential(20.0))
        seconds = float(draws.uniform(5.0, 100.0))
        gpus = int(draws.choice([1, 2, 4, 8]))
        members = int(draws.integers(2, 5)) if draws.random() < 0.3 else 1
        if members * gpus > most or gpus > 8:
            members = 1
        law = RunLaw(seconds)
        unit = gang(f"g{number}", members, gpus, law) if members > 1 else [small(number, law, min(gpus, most))]
        stream.submit(at, of(str(draws.choice(list("abc"))), unit), seconds * float(draws.uniform(part, 1.0)))
    stream.run(100_000.0)
    return stream


@pytest.mark.parametrize(("nodes", "shared"), [(1, None), (6, 4)])
@pytest.mark.parametrize("part", [1.0, 0.3])
@pytest.mark.drawn
def test_all_promises_are_kept_to_the_instant_where_ends_are_upper_bounds(nodes: int, shared: int | None, part: float) -> None:
    kept, drawn_seeds = 0, seeds(6, search=40)
    for seed in drawn_seeds:
        stream = drawn(seed, nodes, shared, part)
        assert not stream.decider.wishes
        late = [each for each in stream.decider.promises.kept if each.started > each.first + 1e-6]
        assert not late, (seed, late)
        kept += len(stream.decider.promises.kept)
    assert kept > 10 * len(drawn_seeds)


def test_the_second_promise_is_kept_as_surely_as_the_first() -> None:
    """Ends are log-normal, and the first is a gang, which ends with its last member. An instant that left out its run would be
    kept in none of these."""
    kept = dict.fromkeys(("a", "b", "c"), 0)
    law = RunLaw(100.0, 0.47)
    for seed in range(100):
        draws, stream = np.random.default_rng(seed), several(1)
        real = law.median * np.exp(law.sigma * draws.standard_normal(11))
        stream.submit(0.0, of("a", [small("runs", law, 8)]), real[0])
        stream.submit(1.0, of("a", gang("a", 8, 1, law)), *real[1:9])
        stream.submit(2.0, of("b", [small("b", law, 8)]), real[9])
        stream.submit(3.0, of("c", [small("c", law, 8)]), real[10])
        stream.run(1e6)
        for each in stream.decider.promises.kept:
            kept[each.owner if isinstance(each.owner, str) else "a"] += each.started <= each.first
    assert all(85 <= count <= 97 for count in kept.values()), kept
