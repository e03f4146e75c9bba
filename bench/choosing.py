"""Choosing among candidate models by performance: the regret over many graphs, beside taking always the first, and chance.

    python -m bench.choosing [--seeds 0-99] [--graphs 200] [--candidates 5] [--delay 0] [--json FILE]

Each seed draws a problem: per candidate a true mean accuracy (uniform between 0.6 and 0.95) and a spread of its runs (uniform
between 0.005 and 0.1). Graph after graph chooses a candidate, which then reports its mean plus normal noise; `--delay` is how
many graphs later that is known. The regret of a graph is the best candidate's true mean less that of the chosen one; the
figure is its sum over the graphs. `first` is blind to what the order means, so it does as well as chance on average.
"""

import argparse
import json
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bayplan.collaboration.choosing import Contender, Learned, Occasion, by_performance
from bayplan.model.arrays import FloatArray
from bench.options import count
from bench.packing import seeds

METHODS = ("performance", "first", "chance")


@dataclass(frozen=True)
class Models:
    """The candidates of one problem as they truly are; shape of both: (candidates,)."""

    means: FloatArray
    spreads: FloatArray

    @classmethod
    def drawn(cls, number: int, seed: int) -> "Models":
        """The problem of a seed."""
        generator = np.random.default_rng([seed, 0])
        return cls(generator.uniform(0.6, 0.95, number), generator.uniform(0.005, 0.1, number))


@dataclass
class _Seen:
    """Of one candidate."""

    figures: list[float] = field(default_factory=list)
    under_way: int = 0

    def contender(self, name: str) -> Contender:
        found = self.figures
        variance = float(np.var(found, ddof=1)) if len(found) > 1 else 0.0
        learned = Learned(len(found), float(np.mean(found)), variance) if found else Learned()
        return Contender(name, learned, self.under_way)


def main() -> int:
    """Run the benchmark; answers the exit code."""
    arguments = _arguments()
    figures = []
    for seed in arguments.seeds:
        models = Models.drawn(arguments.candidates, seed)
        for method in METHODS:
            lost = regrets(models, arguments.graphs, method, seed, arguments.delay)
            late = lost[len(lost) // 2 :]
            figures.append({
                "seed": seed,
                "method": method,
                "regret": float(lost.sum()),
                "late_regret": float(late.sum()),
                "best_chosen": float(np.mean(late == 0)),
            })  # fmt: skip
    print(f"{'method':<13}{'regret':>8}{'90 %':>8}{'worst':>8}{'2nd half':>10}{'best chosen there':>19}")
    for method in METHODS:
        rows = [each for each in figures if each["method"] == method]
        all_of = np.array([each["regret"] for each in rows])
        late, best = (np.mean([each[name] for each in rows]) for name in ("late_regret", "best_chosen"))
        print(
            f"{method:<13}{all_of.mean():>8.2f}{np.quantile(all_of, 0.9):>8.2f}{all_of.max():>8.2f}{late:>10.2f}{best:>19.0%}"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def regrets(models: Models, graphs: int, method: str, seed: int, delay: int = 0) -> FloatArray:
    """Of each graph, in their order; shape (graphs,)."""
    noise = np.random.default_rng([seed, 1])
    chance = np.random.default_rng([seed, 2])
    seen = [_Seen() for _ in models.means]
    open_graphs: deque[tuple[int, float]] = deque()
    lost = np.empty(graphs)
    for graph in range(graphs):
        ways: dict[str, Callable[[], int]] = {
            "performance": lambda graph=graph: _chosen(seen, f"{seed}-{graph}"),
            "first": lambda: 0,
            "chance": lambda: int(chance.integers(len(seen))),
        }
        chosen = ways[method]()
        lost[graph] = models.means.max() - models.means[chosen]
        seen[chosen].under_way += 1
        open_graphs.append((chosen, models.means[chosen] + models.spreads[chosen] * float(noise.standard_normal())))
        if len(open_graphs) > delay:
            ended, figure = open_graphs.popleft()
            seen[ended].under_way -= 1
            seen[ended].figures.append(figure)
    return lost


def _chosen(seen: list[_Seen], graph: str) -> int:
    contenders = [each.contender(str(number)) for number, each in enumerate(seen)]
    winner = by_performance(contenders, Occasion(graph, "task"), metric="accuracy").winner
    assert winner is not None
    return int(winner)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=seeds, default=list(range(100)), metavar="A-B", help="problems; default 0-99")
    parser.add_argument("--graphs", type=count, default=200)
    parser.add_argument("--candidates", type=count, default=5)
    parser.add_argument("--delay", type=int, default=0, metavar="GRAPHS", help="how many graphs later a run's figure is known")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures, one flat object per run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
