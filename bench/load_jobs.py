"""What arrives in the benchmark of load, and which nodes are busy with something else: all by lot, from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LOADED = 1 / 3
"""Share of the nodes."""
CORES, SECONDS = (1, 4), (60.0, 300.0)
"""Of a task, from and to, evenly."""


@dataclass(frozen=True, slots=True)
class Job:
    """A task that arrives."""

    name: str
    at: float
    """Seconds after the first."""
    cores: int
    seconds: float
    """On a node where nothing is hidden."""


def workload(tasks: int, burst: int, rate: float, seed: int) -> list[Job]:
    """So many tasks, `burst` at a time, bursts by a Poisson process; `rate`: tasks a second."""
    generator = np.random.default_rng([seed, 1])
    cores = generator.integers(CORES[0], CORES[1] + 1, tasks)
    seconds = generator.uniform(*SECONDS, tasks)
    gaps = generator.exponential(burst / rate, -(-tasks // burst))
    at = np.repeat(gaps.cumsum() - gaps[0], burst)[:tasks]
    columns = zip(at.tolist(), cores.tolist(), seconds.tolist(), strict=True)
    return [Job(f"job-{number}", *each) for number, each in enumerate(columns)]


def loaded(names: Sequence[str], seed: int) -> list[str]:
    """The third of the nodes that carry hidden load, by lot."""
    generator = np.random.default_rng([seed, 2])
    return sorted(generator.permutation(np.array(names))[: round(len(names) * LOADED)].tolist())


def unmeasured(names: Sequence[str], count: int, seed: int) -> frozenset[str]:
    """So many nodes, by lot."""
    generator = np.random.default_rng([seed, 3])
    return frozenset(generator.permutation(np.array(names))[:count].tolist())
